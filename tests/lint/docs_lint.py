"""What a page names is there: files, folders, and the other pages that it links to."""

import re

from tree import ROOT, files, text

LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")
QUOTED = re.compile(r"`([\w.-]+(?:/[\w.-]+)+)/?`")
# The last part of a name that is one of a file.
FILE = re.compile(r".+\.(?:c|h|py|sh|proto|md|def|json|csv|tsv|txt|yaml|pml|cmake)$")
# `lease_publish()`, `struct call`, `enum rpc_company`
NAMED = re.compile(r"`(?:(\w+)\(\)|((?:struct|enum) [a-z]\w*))`")
# Functions of the libraries that pages speak of.
FOREIGN = {"nng_close", "uv_async_send", "get_packed_size", "_exit", "main", "statvfs"}
# Folders that a page may leave out: includes are written from common/.
BASES = ("", "common", "services", "proto")
# Made by a build or a run.
MADE = ("build/", "var/")


def pages():
    for path in files(".md"):
        yield path, text(path)


def test_links_lead_to_something():
    wrong = [
        f"{path}: {target}"
        for path, content in pages()
        for target, _ in LINK.findall(content)
        if "://" not in target and not (ROOT / path.parent / target).exists()
    ]
    assert not wrong, "\n".join(wrong)


def test_files_that_pages_name_are_there():
    wrong = []
    for path, content in pages():
        bases = [ROOT / base for base in BASES] + [ROOT / path.parent]
        wrong += [
            f"{path}: {name}"
            for name in QUOTED.findall(content)
            if FILE.fullmatch(name) and not name.startswith(MADE)
            if not any((base / name).exists() for base in bases)
        ]
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_functions_and_types_that_pages_name_are_there():
    sources = "\n".join(text(path) for path in files(".c", ".h", ".py"))
    words = set(re.findall(r"\w+", sources))
    types = set(re.findall(r"(?:struct|enum) \w+", sources))
    wrong = [
        f"{path}: {function or kind}"
        for path, content in pages()
        for function, kind in NAMED.findall(content)
        if (function and function not in words | FOREIGN) or (kind and kind not in types)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_library_and_service_has_its_page():
    folders = [
        folder.relative_to(ROOT)
        for top in ("common", "services")
        for folder in (ROOT / top).iterdir()
        if (folder / "CMakeLists.txt").exists()
    ]
    assert len(folders) > 10
    assert not [folder for folder in folders if not (ROOT / folder / "README.md").exists()]
    map_of_common = text((ROOT / "common" / "README.md").relative_to(ROOT))
    for folder in folders:
        if folder.parts[0] == "common":
            assert f"]({folder.name}/README.md)" in map_of_common, folder

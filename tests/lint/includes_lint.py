"""Which part of the tree may include what: style.md's Layers, kept by machine."""

import re
from pathlib import Path

from tree import ROOT, files, text

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)

# base <- loop, pb <- rpc, store, http <- serve <- services; only the gateway uses http.
LOWER = {"base", "loop", "pb"}
MAY_USE = {
    "base": {"base"},
    "loop": {"base", "loop"},
    "pb": {"base", "pb"},
    "rpc": LOWER | {"rpc"},
    "store": LOWER | {"store"},
    "http": LOWER | {"http"},
    "serve": LOWER | {"rpc", "store", "serve"},
}
SERVICE = LOWER | {"rpc", "store", "serve"}
GATEWAY = LOWER | {"rpc", "serve", "http"}

# Foreign headers that only some folders know.
ONLY_IN = {
    r"nng/.*": {"common/rpc"},
    r"llhttp.*|nghttp2/.*|openssl/ssl\.h": {"common/http"},
    r"sqlite3.*|libpq.*": {"common/store"},
    r"hiredis/.*": {"services/gateway"},
    r"openssl/.*|utf8proc\.h": {"common/base", "common/http"},
    r"uv\.h": {"common/loop", "common/http", "common/serve", "services/gateway"},
}
ENVIRONMENT = re.compile(r"\b(getenv|secure_getenv)\s*\(|\benviron\b")


def sources():
    """(path, folder such as common/rpc, includes) of the C code that is not a test."""
    for path in files(".c", ".h"):
        if path.parts[0] in ("common", "services") and len(path.parts) > 2:
            yield path, "/".join(path.parts[:2]), INCLUDE.findall(text(path))


def allowed(folder):
    top, name = folder.split("/")
    if top == "common":
        return MAY_USE[name]
    return GATEWAY if name == "gateway" else SERVICE


def test_includes_of_our_headers_point_one_way():
    wrong = [
        f"{path} includes {name}"
        for path, folder, includes in sources()
        for quote, name in includes
        if quote == '"' and "/" in name and name.split("/")[0] in MAY_USE
        if name.split("/")[0] not in allowed(folder)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_part_includes_the_private_headers_of_another():
    wrong = [
        f"{path} includes {name}"
        for path, folder, includes in sources()
        for quote, name in includes
        if quote == '"' and ("/" not in name or name.startswith(("..", "services/")))
        if name != "api.h" and ("/" in name or not (ROOT / folder / name).exists())
    ]
    assert not wrong, "\n".join(wrong)


def test_only_their_own_folder_includes_foreign_libraries():
    wrong = [
        f"{path} includes {name}"
        for path, folder, includes in sources()
        for _, name in includes
        for pattern, folders in ONLY_IN.items()
        if re.fullmatch(pattern, name) and folder not in folders
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_start_of_a_program_reads_the_environment():
    # service_main() is the whole of a service's main().
    wrong = [
        str(path)
        for path, folder, _ in sources()
        if ENVIRONMENT.search(text(path))
        and path.name != "main.c"
        and not (folder == "common/serve" and path.name in ("service.c", "service_main.c"))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_variable_is_in_the_list_of_known_names():
    """A program refuses a name that is nearly a known one, and tells of others."""
    literal = re.compile(r'"(DONGKHOI_[A-Z_]+)"')
    known = literal.findall(text(Path("common/base/config_names.c")))
    used = {name for path, _, _ in sources() for name in literal.findall(text(path))}
    assert known == sorted(set(known)) and len(known) > 10
    assert not used - {*known, "DONGKHOI_"}, f"add to known[]: {used - {*known}}"

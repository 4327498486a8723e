"""Headers, format, size and words of the code; scripts."""

import concurrent.futures
import json
import re
import shlex
import subprocess
import warnings
from pathlib import Path

import pytest

from tree import BUILD, ROOT, bash_scripts, files, text

LINES_MAX = 600
# The release whose output the tree has; others differ in small things.
CLANG_FORMAT_MAJOR = "14"
# What makes headers of protos, and takes the protos of others from where they are.
GENERATES = re.compile(r"--c_out=|\bunzip\b")
# In two halves, or this file would find itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def run(*command, cwd=ROOT, **more):
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, errors="replace", check=False, **more
    )


def generate_headers():
    """protoc's headers and what they are made from. Of the commands that ninja would run only these:
    nothing is compiled."""
    if not (BUILD / "build.ninja").exists():
        done = run("cmake", "--preset", BUILD.name)
        assert done.returncode == 0, done.stdout + done.stderr
    ninja = ("ninja", "-C", str(BUILD), "-t")
    listed = run(*ninja, "targets", "rule", "CUSTOM_COMMAND").stdout.splitlines()
    headers = sorted(line for line in listed if line.endswith(".pb-c.h"))
    commands = run(*ninja, "commands", *headers).stdout.splitlines()
    generating = [line for line in commands if GENERATES.search(line)]
    assert headers and generating, listed
    newest = max((ROOT / path).stat().st_mtime for path in files(".proto"))
    made = [BUILD / header for header in headers]
    if all(path.exists() and path.stat().st_mtime >= newest for path in made):
        return  # else the next build would compile everything again
    for command in generating:
        done = run("bash", "-c", command, cwd=BUILD)
        assert done.returncode == 0, done.stderr


def flags_by_folder():
    """For each folder the command that compiles a file of it, less the file and the output."""
    generate_headers()
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    flags = {}
    for command in commands:
        words = shlex.split(command["command"])
        path = Path(command["file"])
        if not path.is_relative_to(ROOT) or path.is_relative_to(ROOT / "build"):
            continue
        if Path(words[0]).name == "ccache":
            words = words[1:]
        output = words.index("-o")
        kept = [w for w in words[:output] + words[output + 2 :] if w not in ("-c", str(path))]
        flags.setdefault(path.parent.relative_to(ROOT), (kept, command["directory"]))
    return flags


def test_every_header_compiles_alone():
    flags = flags_by_folder()

    def compile_alone(header):
        if header.parent not in flags:
            return f"{header}: no file of its folder is compiled"
        words, directory = flags[header.parent]
        done = run(
            *words, "-fsyntax-only", "-x", "c", "-",
            cwd=directory, input=f'#include "{ROOT / header}"\n',
        )
        return None if done.returncode == 0 else f"{header}:\n{done.stderr}"

    headers = [path for path in files(".h") if path.parts[0] in ("common", "services", "proto")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [problem for problem in pool.map(compile_alone, headers) if problem]
    assert headers and not wrong, "\n".join(wrong)


def test_every_file_is_formatted():
    version = re.search(r"version (\d+)", run("clang-format", "--version").stdout).group(1)
    if version != CLANG_FORMAT_MAJOR:
        pytest.skip(f"clang-format {version}; the tree is formatted by {CLANG_FORMAT_MAJOR}")
    done = run("clang-format", "--dry-run", "-Werror", *map(str, files(".c", ".h")))
    assert done.returncode == 0, done.stderr


def test_no_file_is_long():
    for path in files(".c", ".h", ".py"):
        lines = text(path).count("\n")
        if lines > LINES_MAX:
            warnings.warn(f"{path} has {lines} lines, more than {LINES_MAX}: is there a seam?")


def test_no_word_says_that_something_is_unfinished():
    wrong = [
        f"{path}:{number}: {line.strip()}"
        for path in files(".c", ".h", ".py", ".sh", ".proto", ".md", ".txt", ".cmake", "run")
        for number, line in enumerate(text(path).splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_c_file_opens_with_its_banner():
    wrong = [
        str(path)
        for path in files(".c", ".h")
        if not re.match(rf"/\*[\s*]*{re.escape(path.name)} - ", text(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_scripts_pass_shellcheck():
    done = run("shellcheck", "-x", *map(str, bash_scripts()))
    assert done.returncode == 0, done.stdout


def test_python_files_compile():
    for path in files(".py"):
        compile(text(path), str(path), "exec")


# What these give is never NULL (base/arena.h, base/memory.h, pb/message.h).
NEVER_NULL = re.compile(
    r"^\s*(?:[\w\s]+\*+\s*)?([\w.>\[\]-]+) =\s+(?:\([^()]*\*\)\s*)?"
    r"(?:arena_(?:new|alloc|array|copy|strdup|printf|vprintf)|ARENA_NEW|memory_(?:zeroed|resized)"
    r"|message_(?:new|clone)|time_wrap|(?:double|int32|bool)_wrap)\([^;]*;\n"
    r"(?:[^\n]*\n){0,2}?\s*if \(\1 [!=]= NULL",
    re.MULTILINE,
)


def test_nobody_asks_whether_an_arena_gave_something():
    wrong = [
        f"{path}: {found.group(1)} is never NULL"
        for path in files(".c")
        if path.parts[0] in ("common", "services")
        for found in NEVER_NULL.finditer(text(path))
    ]
    assert not wrong, "\n".join(wrong)

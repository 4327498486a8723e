"""tree.py - the project's files, for the checks beside it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "asan"
SKIPPED = {".git", "build", "var", "__pycache__"}


def files(*suffixes):
    """All files with one of the suffixes, as paths below ROOT."""
    for directory, names, found in os.walk(ROOT):
        names[:] = sorted(name for name in names if name not in SKIPPED)
        for name in sorted(found):
            if not suffixes or name.endswith(suffixes):
                yield (Path(directory) / name).relative_to(ROOT)


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def bash_scripts():
    for path in files():
        shebang = (ROOT / path).open("rb").read(64).startswith(b"#!/usr/bin/env bash")
        if path.suffix == ".sh" or not path.suffix and shebang:
            yield path

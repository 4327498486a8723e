"""The list of end-to-end tests that run in the image names files that are there."""

import re

from tree import ROOT, text


def test_every_file_of_the_list_is_there():
    script = text("tests/compose/inside.sh")
    listed = re.search(r"^inside=\(\n(.*?)^\)", script, re.MULTILINE | re.DOTALL).group(1)
    names = re.sub(r"#.*", "", listed).split()
    assert names
    missing = [name for name in names if not (ROOT / "tests" / "e2e" / f"test_{name}.py").exists()]
    assert not missing

"""The patches of tests/mutants: each fits the sources and names a test that is there."""

import re
import sys

import pytest

from tree import ROOT, files, text

sys.path.insert(0, str(ROOT / "tests" / "mutants"))

import plant  # noqa: E402

# Each row of the table of models that is a mutant of the protocol with one owner.
OF_THE_MODEL = re.compile(r"^(M\d+|ML\d+)\|", re.MULTILINE)


@pytest.mark.parametrize("mutant", plant.mutants(), ids=lambda mutant: mutant.name)
def test_a_planted_bug_fits_the_sources(mutant):
    assert not mutant.fits(), f"tests/mutants/README.md says how to bring it up to date: {mutant.fits()}"


def test_every_planted_bug_is_caught_by_a_test_that_is_there():
    tests = "".join(text(path) for path in files("_test.c", ".py") if path.parts[0] == "tests")
    for mutant in plant.mutants():
        assert re.match(rf"{mutant.name} - .+\.$", mutant.bug), mutant.bug
        assert set(mutant.said) >= {"test", "caught-by", "program"}, mutant.name
        assert re.search(rf"\b{mutant.said['caught-by']}\(", tests), mutant.said


def test_every_mutant_of_the_model_is_planted():
    wanted = set(OF_THE_MODEL.findall(text("tests/models/run.sh")))
    assert {"M1", "M20", "ML1"} <= wanted
    assert wanted <= {mutant.name for mutant in plant.mutants()}

"""conftest.py - running systems as fixtures."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import harness  # noqa: E402


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    """A system with the data of 2022, shared: tests only read it, or clean up."""
    system = harness.System(tmp_path_factory.mktemp("loaded")).start()
    system.load()
    yield system
    system.stop()


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """An empty system for the tests of one module; each uses names of its own."""
    system = harness.System(tmp_path_factory.mktemp("system")).start()
    yield system
    system.stop()


@pytest.fixture
def fresh(tmp_path):
    """A system of its own, for tests that kill, stop or count."""
    system = harness.System(tmp_path).start()
    yield system
    system.stop()


@pytest.fixture
def impatient(tmp_path):
    """The same, but its gateway waits for no service that is away: for tests that kill one and want
    to know what is said of it (test_patience.py is about the waiting)."""
    system = harness.System(tmp_path, DONGKHOI_PATIENCE_MS="0").start()
    yield system
    system.stop()


@pytest.fixture
def client(system):
    return system.client

"""planted_bugs.py - programs with one bug each, which tests have to catch (tests/mutants)."""

import harness


def program(name, mutant):
    """The program's path."""
    path = harness.BUILD / "tests" / "mutants" / f"dongkhoi-{name}-{mutant}"
    assert path.exists(), f"{path} is not built: ninja -C {harness.BUILD} planted_bugs"
    return path


def plant(system, name, mutant):
    """The program of a system that has not been started, and those of its kind added later, have
    the bug."""
    path = program(name, mutant)
    if name == "gateway":
        system.gateway_binary = path
    system[name].command = lambda: [path]

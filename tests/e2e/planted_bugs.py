"""planted_bugs.py - programs with one bug each, which tests have to catch (tests/mutants)."""

import sys

import harness

sys.path.insert(0, str(harness.ROOT / "tests" / "mutants"))

import plant as mutants  # noqa: E402


def program(name, mutant):
    """The path of the program with the bug, which is made when it is not there yet."""
    return mutants.Build(harness.BUILD).make(mutants.Mutant(mutant), f"dongkhoi-{name}")


def plant(system, name, mutant):
    """The program of a system that has not been started, and those of its kind added later, have
    the bug."""
    path = program(name, mutant)
    if name == "gateway":
        system.gateway_binary = path
    system[name].command = lambda: [path]

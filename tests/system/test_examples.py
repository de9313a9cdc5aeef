"""The examples of the system's docstrings, and of what kernels are compiled and kept with."""

import doctest
import importlib

import pytest

MODULES = [f"system.{name}" for name in ("atomic", "interruption", "memory", "provenance", "streams")]
MODULES += [f"kernels.{name}" for name in ("jit", "trust", "vectors")]


@pytest.mark.parametrize("name", MODULES)
def test_a_docstrings_example_does_what_it_says(name):
    found = doctest.testmod(importlib.import_module(f"fastsoftq.{name}"))
    assert found.attempted > 0
    assert found.failed == 0

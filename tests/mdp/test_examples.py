"""What docstrings of environments show is so."""

import doctest
import importlib

import pytest

pytest.importorskip("gymnasium")


@pytest.mark.parametrize("name", ["cliff_walking", "grid", "gymnasium", "multi_goal", "point_mass", "tabular"])
def test_examples(name):
    done = doctest.testmod(importlib.import_module(f"fastsoftq.mdp.{name}"))
    assert done.attempted > 0
    assert done.failed == 0

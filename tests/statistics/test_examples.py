"""The examples in the docstrings and in docs/statistics.md give what they say."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import fastsoftq.statistics

MODULES = [f"fastsoftq.statistics.{m.name}" for m in pkgutil.iter_modules(fastsoftq.statistics.__path__)]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_page():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0

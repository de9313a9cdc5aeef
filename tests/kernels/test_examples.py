"""The examples of the kernels: those of their docstrings, and those of docs/kernels.md, which tells of all of them."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

from tests.kernels.test_arguments import KERNELS

PAGE = Path(__file__).parents[2] / "docs" / "kernels.md"


@pytest.mark.parametrize("name", KERNELS)
def test_a_docstrings_example_does_what_it_says(name):
    kernel = KERNELS[name]
    namespace = vars(inspect.getmodule(inspect.unwrap(kernel))) | {name: kernel}
    example = doctest.DocTestParser().get_doctest(inspect.getdoc(kernel), dict(namespace), name, None, None)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_page_does_what_it_says():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 40
    assert found.failed == 0


@pytest.mark.parametrize("name", KERNELS)
def test_the_page_tells_of_it_and_calls_it(name):
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"`{name}\([^`]*\)", text)
    calls = "\n".join(line for line in text.splitlines() if line.startswith((">>> ", "... ")))
    assert re.search(rf"\b{name}\(", calls)

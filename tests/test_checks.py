"""Every check returns a plain value or names the argument, the value and what is allowed."""

import ast
import doctest
import importlib
import math
from pathlib import Path

import numpy as np
import pytest

from fastsoftq import checks


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(1)])
@pytest.mark.parametrize("check", [checks.number, checks.positive, checks.in_unit_interval])
def test_numbers_become_floats(check, value):
    result = check("x", value)
    assert type(result) is float
    assert result == float(value)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, [1.0], np.ones(1)])
@pytest.mark.parametrize("check", [checks.number, checks.positive, checks.in_unit_interval, checks.count])
def test_another_kind_is_a_type_error(check, value):
    with pytest.raises(TypeError, match=r"step_size is .*; it must be a"):
        check("step_size", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("check", [checks.number, checks.positive, checks.in_unit_interval])
def test_what_is_not_finite_is_refused(check, value):
    with pytest.raises(ValueError, match=f"x is {value}; it must"):
        check("x", value)


def test_the_ends_of_the_unit_interval():
    assert checks.in_unit_interval("discount", 0) == 0.0
    assert checks.in_unit_interval("discount", 1) == 1.0
    for value in (-1e-300, 1.0000001):
        with pytest.raises(ValueError, match=r"discount is .*; it must lie in \[0, 1\]"):
            checks.in_unit_interval("discount", value)
    with pytest.raises(ValueError, match=r"step_size is 0.0; it must lie in \(0, 1\]"):
        checks.in_unit_interval("step_size", 0, open_below=True)


def test_positive_leaves_out_zero():
    for value in (0, -0.0, -2):
        with pytest.raises(ValueError, match=r"temperature is .*; it must be above 0"):
            checks.positive("temperature", value)
    assert checks.positive("temperature", 5e-324) == 5e-324


def test_a_count_is_an_integer_and_large_enough():
    assert checks.count("episodes", np.int32(3)) == 3
    assert type(checks.count("episodes", np.int32(3))) is int
    assert checks.count("index", 0, least=0) == 0
    with pytest.raises(ValueError, match="episodes is 0; it must be at least 1"):
        checks.count("episodes", 0)
    with pytest.raises(TypeError, match=r"episodes is 3.0; it must be an integer"):
        checks.count("episodes", 3.0)
    with pytest.raises(ValueError, match="episodes is 2147483648; it must be at most 2147483647"):
        checks.count("episodes", 2**31)
    assert checks.count("seeds", 2**31, most=2**40) == 2**31


def test_threads_are_all_cores_or_a_count():
    assert checks.threads(None) >= 1
    assert checks.threads(3) == 3
    with pytest.raises(ValueError, match="threads is 4096; it must be at most 1024"):
        checks.threads(4096)


def test_a_flag_is_true_or_false():
    assert checks.flag("keep_q", np.True_) is True
    for value in (1, 0.0, "yes", None, np.ones(1)):
        with pytest.raises(TypeError, match=r"keep_q is .*; it must be True or False"):
            checks.flag("keep_q", value)


def test_an_array_has_rows_of_one_length_and_one_of_the_kinds_allowed():
    assert checks.array("x", [1, 2], "iu").tolist() == [1, 2]
    with pytest.raises(TypeError, match="x has dtype float64; it must hold integers"):
        checks.array("x", [1.0], "iu", holds="integers")
    with pytest.raises(ValueError, match="x is no array"):
        checks.array("x", [[1], [1, 2]])


def test_an_unknown_name_is_answered_with_the_nearest():
    assert checks.choice("metric", "return", ("return", "length")) == "return"
    with pytest.raises(
        ValueError, match="metric is 'retrun'; did you mean 'return'\\? It must be one of 'return', 'le"
    ):
        checks.choice("metric", "retrun", ("return", "length"))
    with pytest.raises(ValueError, match="metric is 'xyz'; it must be one of"):
        checks.choice("metric", "xyz", ("return", "length"))
    with pytest.raises(TypeError, match="metric is 3; it must be one of"):
        checks.choice("metric", 3, ("return", "length"))


def test_every_entry_is_looked_at_and_the_first_bad_one_named():
    checks.finite("x", np.zeros((0, 2)))
    checks.finite("x", np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"^x\[1, 0\] is nan; it must be finite$"):
        checks.finite("x", np.array([[0.0, 1.0], [np.nan, np.inf]]))
    with pytest.raises(ValueError, match=r"^x is inf; it must be finite$"):
        checks.finite("x", np.array(np.inf))
    values = np.array([[3, -2], [-1, 4]])
    with pytest.raises(ValueError, match=r"^x\[0, 1\] is -2; it must be at least 0$"):
        checks.every("x", values, values >= 0, "it must be at least 0")


def test_whole_and_real_numbers():
    assert checks.whole("x", np.uint8(3)) == 3
    assert type(checks.whole("x", np.uint8(3))) is int
    assert checks.real("x", -math.inf) == -math.inf
    assert math.isnan(checks.real("x", np.float32("nan")))
    for value in (True, 1.0, "1", None, [1]):
        with pytest.raises(TypeError, match=r"x is .*; it must be an integer"):
            checks.whole("x", value)
    with pytest.raises(ValueError, match="x is too large for a float"):
        checks.real("x", 10**400)


FILES = sorted(Path(checks.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_examples(path):
    name = "fastsoftq.checks" if path.stem == "__init__" else f"fastsoftq.checks.{path.stem}"
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_imports_nothing_of_the_package_but_system(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in getattr(node, "names", ())]
        ours = [n for n in names if n.startswith("fastsoftq")]
        assert not [n for n in ours if not n.startswith(("fastsoftq.checks", "fastsoftq.system"))]


class Unspeakable:
    def __repr__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 2)), "array([[0., 0.], [0., 0.]])"),
        ("two\nlines  and a gap", r"'two\nlines  and a gap'"),
        ("x" * 500, f"'{'x' * 196}..."),
        (10**5000, "of type int"),
        (Unspeakable(), "of type Unspeakable"),
        (0.5, "0.5"),
    ],
    ids=["array", "lines", "long", "digits", "no repr", "plain"],
)
def test_a_message_shows_any_value_on_one_line_of_bounded_length(value, text):
    assert checks.shown(value) == text
    if not isinstance(value, float):
        with pytest.raises(TypeError, match=r"^x is .*; it must be a number$") as refused:
            checks.number("x", value if not isinstance(value, int) else [value])
        assert len(str(refused.value)) < 250


def test_an_integer_too_long_to_be_written_is_refused_by_name():
    with pytest.raises(ValueError, match="episodes is of type int; it must be at most 2147483647"):
        checks.count("episodes", 10**5000)
    with pytest.raises(ValueError, match=r"state is of type int; it must lie in 0\.\.3"):
        checks.index("state", -(10**5000), 4)

"""Every kernel in every form that it takes, from Python and compiled, against what its definition says.

Rows and tables are float64 and float32, contiguous, strided, reversed, read-only or tuples, of one action to many.
"""

import math

import numba
import numpy as np
import pytest

from fastsoftq.kernels import numerics, random, simd
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.random import Draw
from tests.kernels.calling import from_njit, from_python
from tests.kernels.test_arguments import KERNELS
from tests.reference import operators as slow
from tests.reference import policies as choosing
from tests.reference import updates as learning
from tests.reference.updates import fused

# A Python function passed to compiled code, where none is taken.
pytestmark = pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaExperimentalFeatureWarning")

SIZES = (1, 2, 3, 8, 17)
HIGH, LOW = 2**31 + 12345, 3 * 2**30 + 54321
DRAW = Draw(np.uint32(HIGH), np.uint32(LOW))
TEMPERATURE, EPSILON = 0.5, 0.625
WAYS = {"python": from_python, "njit": from_njit}


def locked(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def strided(x):
    wide = np.full((2 * len(x), *x.shape[1:]), 99.0, x.dtype)
    wide[::2] = x
    return wide[::2]


# Forms of a row, and of a table that is written to.
ROWS = {
    "contiguous": np.copy,
    "strided": strided,
    "reversed": lambda x: x[::-1].copy()[::-1],
    "read-only": locked,
    "tuple": tuple,
}
TABLES = {
    "contiguous": np.copy,
    "strided": strided,
    "reversed": lambda x: x[::-1].copy()[::-1],
    "by columns": np.asfortranarray,
    "every other column": lambda x: strided(x.T).T,
}


@inlined
def plus(so_far, x, action):
    return so_far + x


@inlined
def doubled(x, action):
    return x + x


def numbers(n, dtype):
    """Values with a tie at the top where there is room, exact in float32."""
    row = np.round(np.random.default_rng(n).normal(0.0, 2.0, n), 3).astype(dtype)
    row[-1] = row[0] = row.max() + dtype(0.25)
    return row


def shares(n, dtype):
    part = np.arange(1.0, n + 1)
    return (part / part.sum()).astype(dtype)


def of_row(make, twin, rows=numbers):
    """A kernel of a row: arguments from a row in some form, and the answer from a list."""
    return make, twin, rows


def greedy_policy(row, epsilon=0.0):
    best = [x == max(row) for x in row]
    return [epsilon / len(row) + (1 - epsilon) * b / sum(best) for b in best]


def room(row):
    return np.empty(len(row), getattr(row, "dtype", np.float64))


SHARPNESS = numerics.LOG2_E / TEMPERATURE
OF_ROWS = {
    "hard_value": of_row(lambda row: (row,), slow.hard_value),
    "soft_value": of_row(lambda row: (row, TEMPERATURE), lambda row: slow.soft_value(row, TEMPERATURE)),
    "mellowmax": of_row(lambda row: (row, TEMPERATURE), lambda row: slow.mellowmax(row, TEMPERATURE)),
    "softmax": of_row(lambda row: (row, TEMPERATURE, room(row)), lambda row: slow.softmax(row, TEMPERATURE)),
    "entropy": of_row(lambda row: (row,), slow.entropy, shares),
    "sum_of_weights": of_row(
        lambda row: (row, float(max(row)), SHARPNESS),
        lambda row: sum(math.exp((q - max(row)) / TEMPERATURE) for q in row),
    ),
    "greedy_policy": of_row(lambda row: (row, room(row)), greedy_policy),
    "epsilon_greedy_policy": of_row(lambda row: (row, EPSILON, room(row)), lambda row: greedy_policy(row, EPSILON)),
    "expected_value": of_row(
        lambda row: (row, shares(len(row), np.float64)),
        lambda row: sum(p * q for p, q in zip(shares(len(row), np.float64).tolist(), row, strict=True)),
    ),
    "first": of_row(lambda row: (row,), lambda row: row[0]),
    "highest": of_row(lambda row: (row,), max),
    "first_highest": of_row(lambda row: (row,), lambda row: row.index(max(row))),
    "total": of_row(lambda row: (row,), math.fsum),
    "pick": of_row(lambda row: (row, len(row) - 1), lambda row: row[-1]),
    "replaced": of_row(lambda row: (row, len(row) - 1, 7.0), lambda row: [*row[:-1], 7.0]),
    "read_row": of_row(lambda row: (np.array([row, row], getattr(row, "dtype", np.float64)), 1, row), lambda row: row),
    "fold": of_row(lambda row: (plus, 0.0, row, ()), math.fsum),
    "each": of_row(lambda row: (doubled, row, ()), lambda row: [2 * x for x in row]),
    "each_pair": of_row(lambda row: (plus, row, row, ()), lambda row: [2 * x for x in row]),
    "greedy": of_row(lambda row: (row, DRAW), lambda row: choosing.greedy(row, LOW)),
    "epsilon_greedy": of_row(
        lambda row: (row, EPSILON, DRAW), lambda row: choosing.epsilon_greedy(row, EPSILON, HIGH, LOW)
    ),
    "greedy_given": of_row(lambda row: (row, max(row), False, DRAW.low), lambda row: choosing.greedy(row, LOW)),
    "boltzmann": of_row(lambda row: (row, TEMPERATURE, DRAW), lambda row: choosing.boltzmann(row, TEMPERATURE, LOW)),
    "by_weight": of_row(lambda row: (row, DRAW.low), lambda row: choosing.by_weight(row, LOW), shares),
}
UPDATES = {
    "q_learning_update": lambda n: (False, 0.5, 0.9),
    "soft_q_learning_update": lambda n: (False, 0.5, 0.9, TEMPERATURE),
    "sarsa_update": lambda n: (n - 1, False, 0.5, 0.9),
    "expected_sarsa_update": lambda n: (shares(n, np.float64), False, 0.5, 0.9),
}
# Kernels of numbers: arguments that change their dtype, the others, and the answer.
OF_NUMBERS = {
    "exp2": ((-3.25,), (), lambda x: 2.0**x),
    "log2": ((3.25,), (), math.log2),
    "sqrt": ((3.25,), (), math.sqrt),
    "exponent": ((1.5, 2.0), (SHARPNESS, 1.0), lambda q, top: (q - top) / TEMPERATURE / math.log(2)),
    "weight": ((1.5, 2.0), (SHARPNESS,), lambda q, top: math.exp((q - top) / TEMPERATURE)),
    "select": ((1.5, 2.5), (), None),
    "fma": ((1.5, 2.5, 0.25), (), lambda x, y, z: fused(x, y, z)),
    "maximum": ((1.5, 2.5), (), max),
    "minimum": ((1.5, 2.5), (), min),
    "moved": ((2.0, 4.0, 0.25), (), lambda q, target, step: q + step * (target - q)),
    "unit": ((), (), None),
    "convert": ((1.5,), (np.float64(0),), lambda x: x),
}
# What is of integers, flags or bits, or takes float64 alone; `test_arguments.py` and files of their own try these.
OF_NO_FLOATS = {
    *("seed", "advance", "draw", "outcome_draw", "start_draw", "uniform", "integer", "any_action", "explores"),
    *("unless_exploring", "any_lane", "whole", "bitcast", "lookup", "polynomial", "td_target", "sin", "cos", "sin_cos"),
}


def test_every_kernel_is_here():
    assert {*OF_ROWS, *UPDATES, *OF_NUMBERS, *OF_NO_FLOATS} == set(KERNELS)


def kept(result):
    return list(map(float, result)) if np.ndim(result) else float(result)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ROWS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", OF_ROWS)
def test_a_kernel_of_a_row_is_its_definition(name, dtype, form, way):
    make, twin, rows = OF_ROWS[name]
    kernel = WAYS[way](KERNELS[name])
    for n in (1, 3) if form == "tuple" else SIZES:
        plain = rows(n, dtype)
        result = kernel(*make(ROWS[form](plain)))
        tolerance = 1e-14 if dtype is np.float64 else 1e-6  # differences of float32 are rounded to float32
        assert kept(result) == pytest.approx(twin(plain.tolist()), rel=tolerance, abs=tolerance), n


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_its_definition(name, dtype, form, way):
    kernel, more = WAYS[way](KERNELS[name]), UPDATES[name]
    for n in SIZES:
        plain = np.array([numbers(n, dtype), -numbers(n, dtype), numbers(n, dtype) + 1])
        q, twin = TABLES[form](plain), plain.tolist()
        error = kernel(q, 0, n - 1, -1.0, 2, *more(n))
        after = [x.tolist() if isinstance(x, np.ndarray) else x for x in more(n)]
        expected = getattr(learning, name)(twin, 0, n - 1, -1.0, 2, *after)
        assert error == pytest.approx(expected, rel=1e-14 if dtype is np.float64 else 1e-6)
        np.testing.assert_allclose(q, np.array(twin), rtol=1e-14 if dtype is np.float64 else 1e-6)
        assert q.dtype == dtype


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", [name for name, case in OF_NUMBERS.items() if case[2]])
def test_a_kernel_of_numbers_is_its_definition(name, dtype, way):
    floats, others, twin = OF_NUMBERS[name]
    result = WAYS[way](KERNELS[name])(*map(dtype, floats), *others)
    tolerance = 4e-7 if dtype is np.float32 and name in ("exp2", "log2", "sqrt") else 1e-14
    assert float(result) == pytest.approx(twin(*floats), rel=tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_select_and_unit_take_both_precisions(dtype):
    for way in WAYS.values():
        assert way(simd.select)(False, dtype(1.5), dtype(2.5)) == 2.5
        assert way(random.unit)(np.uint32(2**31), dtype(0)) == 0.5


# The dtype of a result, in compiled code, for rows of float32: it is documented in docs/kernels.md.
SINGLE = ("hard_value", "highest", "first", "total", "pick")
DOUBLE = ("soft_value", "mellowmax", "entropy", "expected_value", "sum_of_weights")


@pytest.mark.parametrize("name", [*SINGLE, *DOUBLE])
def test_values_of_float32_rows_have_the_documented_dtype(name):
    make, _, rows = OF_ROWS[name]
    kernel = KERNELS[name]

    @numba.njit
    def size(*arguments):
        return np.array([kernel(*arguments)]).itemsize

    assert size(*make(rows(3, np.float32))) == (4 if name in SINGLE else 8)
    assert size(*make(rows(3, np.float64))) == 8

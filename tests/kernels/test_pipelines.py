"""Whatever Numba compiles is compiled here too, though passes are left out where they have nothing to do."""

import gc
import subprocess
import sys
from functools import reduce
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba import literal_unroll, types
from numba.core import interpreter
from numba.core.runtime import _nrt_python, rtsys

from fastsoftq.kernels.jit import apart, by_type, compiled, inlined
from fastsoftq.kernels.pipelines import _NEEDED, _PEEPHOLES, _only_yields
from fastsoftq.kernels.simd import minimum

ROW = np.array([3.0, 1.0, 2.0])


class Parts(NamedTuple):
    array: np.ndarray
    number: float
    inner: tuple


def array_of_a_list(row):
    return np.array([2.0 * x for x in row]).sum()


def comprehension(row):
    squares = [x * x for x in row]
    return squares[0] + squares[-1]


def closure(row):
    def shifted(x):
        return x + row[1]

    return shifted(row[0])


def function_within(row):
    return reduce(lambda a, b: a + 2.0 * b, row, 1.0)


def array_expression(row):
    made = 2.0 * row + row * row - np.exp(row)
    return made[0] - made[2]


def array_of_numbers(row):
    return np.array([row[0], row[1], 7.0])[2]


def doubled(row):
    for x in row:
        yield 2.0 * x


def branches(row):
    kept = None
    best = row[0]
    for x in row:
        if x < best:
            best = x
        elif x == 2.0:
            continue
    if kept is None:
        best += 1.0
    return best


def unrolled(row):
    total = 0.0
    for x in literal_unroll((1, 2.5, True)):
        total += x * row[0]
    return total


def by_isinstance(row):
    x = row[0]
    return x + 1.0 if isinstance(x, float) else 0.0


def by_name(row):
    record = np.zeros(2, POINT)
    record[1].x, record[1].y = row[0], row[1]
    record["x"][0] = 5.0
    return record[0]["x"] + record[1]["x"] * record.y[1]


def assigned_again(row):
    x = row[0]
    x = x * x
    x, y = row[1], x
    return x - y


def by_power(row):
    return row[0] ** 3 + row[2] ** 0.5


def one_block_and_constants(row):
    pair = (row[0], row[1])
    return pair[1] - len(pair) + row.ndim


POINT = np.dtype([("x", np.float64), ("y", np.float64)])
WRITTEN = [
    array_of_a_list, comprehension, closure, function_within, array_expression, array_of_numbers, branches, unrolled,
    by_isinstance, assigned_again, by_power, one_block_and_constants,
]  # fmt: skip


def around(function, **options):
    helper = inlined(function)
    loop = compiled(lambda row: helper(row), **options)
    loop._cache.disable()  # loops around different functions have one name there
    return loop


@pytest.mark.parametrize("function", WRITTEN, ids=lambda f: f.__name__)
@pytest.mark.parametrize("options", [{}, {"plainly": True}, {"at_once": True}], ids=str)
def test_a_loop_may_be_written_as_python_is(function, options):
    assert around(function, **options)(ROW) == pytest.approx(function(ROW), rel=1e-15)


def test_a_record_is_written_by_name():
    assert around(by_name)(ROW) == 8.0


def test_a_loop_may_generate():
    helper = inlined(doubled)

    @compiled
    def total(row):
        total = 0.0
        for x in helper(row):
            total += x
        return total

    assert total(ROW) == 12.0


def test_a_loop_may_raise():
    @inlined
    def refused(x):
        if x > 2.0:
            raise ValueError("too large")
        return x

    both = compiled(lambda x: refused(x))
    assert both(1.0) == 1.0
    with pytest.raises(ValueError, match="too large"):
        both(3.0)


def test_types_choose_code_with_a_loop_of_its_own():
    @by_type
    def total(row):
        if isinstance(row, types.BaseTuple):
            return lambda row: sum([2.0 * x for x in row])

        def of_array(row):
            return np.sum(2.0 * row)

        return of_array

    assert total((1.0, 2.0)) == 6.0
    assert total(ROW) == 12.0


@apart(types.float64(types.float64, types.float64))
def _lesser(x, y):
    return minimum(x, y)


def test_what_is_compiled_apart_can_be_called_from_python():
    assert _lesser.ctypes(2.0, 1.0) == 1.0


@pytest.mark.parametrize("constant", [None, True, 3, -2, 0.5, "text"])
def test_what_only_yields_a_constant_is_written_in_place(constant):
    @by_type
    def chosen(x):
        return lambda x: constant

    assert _only_yields(lambda x: constant) == ("constant", constant)
    asked = compiled(lambda x: chosen(x))
    asked._cache.disable()  # those of other constants have one name there
    assert asked(1.0) == constant
    assert type(asked(1.0)) is type(constant)


def test_what_only_yields_an_argument_is_written_in_place():
    @by_type
    def second(x, y):
        return lambda x, y: y

    @compiled
    def passed_on(array, times):
        kept = second(times, array)
        for i in range(times):
            kept = second(i, kept)
        return kept, second(1, None), second(1.5, times)

    assert _only_yields(lambda x, y: y) == ("argument", 1)
    array = np.ones(3)
    before = sys.getrefcount(array)
    kept, nothing, times = passed_on(array, 10)
    assert (kept.tolist(), nothing, times) == ([1.0] * 3, None, 10)
    del kept
    gc.collect()
    assert sys.getrefcount(array) == before


@pytest.mark.parametrize("function", [lambda x: -x, lambda x: x.size, lambda x: (x, x), lambda x: ROW, doubled])
def test_what_does_more_is_not(function):
    assert _only_yields(function) is None


def test_dictionaries_may_be_joined():
    @compiled
    def joined(x):
        return {1: x, **{2: 2.0 * x}}[2]  # noqa: PIE800 # what the peephole is for

    assert joined(1.5) == 3.0


def test_arrays_within_tuples_are_counted():
    @inlined
    def swapped(parts):
        made = np.zeros(3)
        for i in range(3):
            made[i] = parts.array[i] + parts.inner[0][i]
        return Parts(made, parts.number, (parts.array, 1))

    @compiled
    def repeated(parts, times):
        for _ in range(times):
            parts = swapped(parts)
        return parts

    array, inner = np.ones(3), np.zeros(3)
    before = sys.getrefcount(array), sys.getrefcount(inner)
    result = repeated(Parts(array, 1.0, (inner, 1)), 10)
    assert result.array.tolist() == [89.0] * 3  # of 1, 0: each is the sum of the two before
    assert result.inner[0].tolist() == [55.0] * 3
    del result
    gc.collect()
    assert (sys.getrefcount(array), sys.getrefcount(inner)) == before


@pytest.fixture
def counting():
    _nrt_python.memsys_enable_stats()
    yield rtsys.get_allocation_stats
    _nrt_python.memsys_disable_stats()


def test_arrays_that_are_made_are_freed(counting):
    @inlined
    def pair(n):
        return np.full(n, 1.0), (np.full(n, 2.0), n)

    @compiled
    def total(n, times):
        s = 0.0
        for _ in range(times):
            a, (b, m) = pair(n)
            if m > 2:
                s += a[0] + b[1]
        return s

    assert total(4, 3) == 9.0
    before = counting()
    assert total(4, 100) == 300.0
    after = counting()
    assert after.alloc - before.alloc == after.free - before.free > 0


def test_numba_calls_what_is_linked_into_callers():
    first = inlined(lambda x: x + 1.0)
    second = inlined(lambda x: 2.0 * first(x))
    third = inlined(lambda x: second(x) + first(x))

    @numba.njit
    def numbas(x):
        return third(x) + second(x)

    @numba.njit
    def outer(x):
        return numbas(x) * first(x)

    assert outer(1.0) == (2.0 * 2.0 + 2.0 + 4.0) * 2.0


def test_passes_are_left_out_only_of_those_that_numba_has():
    assert all(name.__module__.startswith("numba.core") for name in _NEEDED)
    assert all(hasattr(interpreter, name) and instructions for name, instructions in _PEEPHOLES.items())


WITHOUT_COLLECTOR = """
import gc, weakref
from fastsoftq.kernels.jit import without_collector

class Cyclic:
    def __init__(self):
        self.itself = self

gc.collect()
with without_collector():
    lost = weakref.ref(Cyclic())
    kept = [[] for _ in range(100_000)]
    print(gc.isenabled())
    gone_through = []
    gc.callbacks.append(lambda phase, about: gone_through.append(about["generation"]))
print(gc.isenabled(), gc.get_freeze_count())
more = [[] for _ in range(10)]
print(gone_through, lost() is None)
gc.collect()
print(lost() is None)
gc.freeze()
frozen = gc.get_freeze_count()
with without_collector():
    pass
print(gc.get_freeze_count() - frozen)
"""


def test_what_is_made_without_the_collector_is_not_gone_through_at_once_and_nothing_else_is_let_go():
    done = subprocess.run([sys.executable, "-c", WITHOUT_COLLECTOR], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["False", "True 0", "[] False", "True", "0", ""]

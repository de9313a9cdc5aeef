"""Each operation on a vector of numbers, however wide, gives the bits that it gives on one."""

import functools
import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import types
from numba.extending import overload

from fastsoftq.engine.lane_memory import load, store
from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.kernels.lookup import lookup
from fastsoftq.kernels.mixing import halves
from fastsoftq.kernels.numerics import exp2, log2
from fastsoftq.kernels.over_actions import pick
from fastsoftq.kernels.simd import (
    any_lane,
    bitcast,
    convert,
    element,
    fma,
    maximum,
    minimum,
    polynomial,
    select,
    sqrt,
    whole,
)
from tests.kernels.lane_stack import stack

COUNT = 16  # numbers in each test: one vector of them, or several
WIDTHS = [1, 2, 4, 8, 16]
TABLE = tuple(np.int32(n * n - 7) for n in range(16))
POSITIVE = tuple(np.int32(n * n) for n in range(16))
COEFFICIENTS = (1.0, 0.5, -0.25, 2.0, 0.125)
FLOATS, WHOLE = (np.float64, np.float32), (np.int32, np.int64, np.uint32, np.uint64)


def of_width(width):
    """Functions that make vectors of so many lanes, and put them into arrays."""

    @inlined
    def vector(x, dtype, start):
        memory = stack(dtype, width)
        for lane in range(width):
            memory[lane] = x[start + lane]
        return load(memory, 0)

    @inlined
    def spill(v, dtype, out, start):
        memory = stack(dtype, width)
        store(memory, 0, v)
        for lane in range(width):
            out[start + lane] = memory[lane]

    return vector, spill


RESULTS, COMPARISONS = 22, 11  # of floats; which of them is the first of the comparisons


def operations(x, y, z):
    """Every operation there is for numbers of this kind, each result in their type; one or many."""
    raise NotImplementedError


@overload(operations, jit_options={"forceinline": True}, strict=False)
def _operations(x, y, z):
    def of_floats(x, y, z):
        return (
            x + y, x - y, x * y, x / y, fma(x, y, z), maximum(x, y), minimum(x, y),
            polynomial(x, COEFFICIENTS), exp2(x), log2(z * z + x * x), sqrt(x * x),
            select(x < y, x, z), select(x <= y, x, z), select(x > y, x, z), select(x >= y, x, z),
            select(x == y, x, z), select(x != y, x, z), select((x < y) & (y < z), x, y),
            select((x < y) | (y < z), x, y), select((x < y) ^ (y < z), x, y),
            select(x < y, x, convert(0, x)), convert(convert(x, np.int32(0)), x),
        )  # fmt: skip

    def of_whole_numbers(x, y, z):
        three = convert(3, x)
        return (
            convert(x + y, x), convert(x - y, x), convert(x * y, x), convert(x & y, x), convert(x | y, x),
            convert(x ^ y, x), convert(x << three, x), convert(x >> three, x), maximum(x, y), minimum(x, y),
            select(x < y, x, z), select(x <= y, x, z), select(x > y, x, z), select(x >= y, x, z),
            select(x == y, x, z), select(x != y, x, z),
        )  # fmt: skip

    return of_floats if element(x) in (types.float64, types.float32) else of_whole_numbers


@compiled
def on_one(x, y, z, out):
    for lane in range(COUNT):
        results = operations(x[lane], y[lane], z[lane])
        for k in range(len(results)):
            out[k, lane] = results[k]
    return len(results)


@functools.cache
def on_vectors(width):
    vector, spill = of_width(width)

    @numba.njit
    def on_vectors(x, y, z, out, dtype):
        for start in range(0, COUNT, width):
            results = operations(vector(x, dtype, start), vector(y, dtype, start), vector(z, dtype, start))
            for k in range(len(results)):
                spill(results[k], dtype, out[k], start)
        return len(results)

    return on_vectors


def lanes_of(dtype):
    bits = 8 * np.dtype(dtype).itemsize
    if dtype in FLOATS:
        # finite and not so large that a square would not be; ties, zeros of both signs
        elements = st.sampled_from([-0.0, 0.0, 1.0, -1.5]) | st.floats(-(2.0**20), 2.0**20, width=bits)
        elements = elements.map(lambda v: v + 1e-3 if 0 < abs(v) < 1e-6 else v)
    else:
        low = -(2 ** (bits - 1)) if np.dtype(dtype).kind == "i" else 0
        elements = st.integers(0, 3) | st.integers(low, low + 2**bits - 1)
    return arrays(dtype, COUNT, elements=elements, fill=st.nothing())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE])
@given(data=st.data())
@settings(max_examples=20)
def test_many_have_the_bits_of_one(dtype, width, data):
    x, y = (data.draw(lanes_of(dtype)) for _ in range(2))
    z = np.abs(data.draw(lanes_of(dtype))) + dtype(1)
    if dtype in FLOATS:
        x = np.clip(x, -1000, 1000) if dtype is np.float64 else np.clip(x, -120, 120)
        y[y == 0] = dtype(0.5)
    one, many = np.zeros((RESULTS, COUNT), dtype), np.zeros((RESULTS, COUNT), dtype)
    count = on_one(x, y, z, one)
    assert count == on_vectors(width)(x, y, z, many, dtype)
    assert one[:count].tobytes() == many[:count].tobytes()


@pytest.mark.parametrize("width", WIDTHS)
def test_comparisons_with_nan_are_pythons(width):
    x = np.array([np.nan, 1.0, np.nan, 2.0] * 4)
    y = np.array([1.0, np.nan, np.nan, 2.0] * 4)
    one, many = np.zeros((RESULTS, COUNT)), np.zeros((RESULTS, COUNT))
    on_one(x, y, np.ones(COUNT), one)
    on_vectors(width)(x, y, np.ones(COUNT), many, np.float64)
    for k, compare in enumerate((np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)):
        expected = np.where(compare(x, y), x, 1.0)
        np.testing.assert_array_equal(one[COMPARISONS + k], expected)
        np.testing.assert_array_equal(many[COMPARISONS + k], expected)


@compiled
def convert_one(x, like, out):
    for lane in range(COUNT):
        out[lane] = convert(x[lane], like)


@functools.cache
def convert_vectors(width):
    vector, spill = of_width(width)

    @numba.njit
    def convert_vectors(x, like, out, source, target):
        for start in range(0, COUNT, width):
            spill(convert(vector(x, source, start), like), target, out, start)

    return convert_vectors


@pytest.mark.parametrize("width", [1, 8, 16])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        (np.float64, np.float32), (np.float32, np.float64), (np.float64, np.int32), (np.float32, np.int32),
        (np.int32, np.float64), (np.int32, np.float32), (np.uint32, np.float64), (np.uint32, np.float32),
        (np.int64, np.int32), (np.int32, np.int64), (np.uint32, np.int32), (np.uint32, np.uint64),
        (np.uint64, np.uint32), (np.int32, np.int32),
    ],
)  # fmt: skip
def test_conversions(source, target, width):
    if np.dtype(source).kind == "f":
        x = np.linspace(-99.9, 1e6, COUNT).astype(source)
        if source == np.float64 and np.dtype(target).kind == "i":
            x[0], x[-1] = -(2.0**31), 2.0**31 - 2**-20
    else:
        info = np.iinfo(source)
        x = np.linspace(info.min // 2, info.max // 2, COUNT).astype(source)
        x[0], x[-1] = info.min, info.max
    one, many = np.zeros(COUNT, target), np.zeros(COUNT, target)
    convert_one(x, target(0), one)
    convert_vectors(width)(x, target(0), many, source, target)
    assert one.tobytes() == many.tobytes() == x.astype(target).tobytes()


@functools.cache
def halves_of(width):
    vector, spill = of_width(width)

    @numba.njit
    def halves_of(words, high, low):
        for start in range(0, COUNT, width):
            draw = halves(vector(words, np.uint64, start))
            spill(convert(draw.high, np.uint32(0)), np.uint32, high, start)
            spill(convert(draw.low, np.uint32(0)), np.uint32, low, start)

    return halves_of


@pytest.mark.parametrize("width", WIDTHS)
def test_the_halves_of_words(width):
    words = np.random.default_rng(0).integers(0, 2**64, COUNT, np.uint64)
    high, low = np.zeros(COUNT, np.uint32), np.zeros(COUNT, np.uint32)
    halves_of(width)(words, high, low)
    np.testing.assert_array_equal(high, words // 2**32)
    np.testing.assert_array_equal(low, words % 2**32)


@functools.cache
def picked_from(width, actions):
    vector, spill = of_width(width)

    @numba.njit
    def picked_from(rows, action, out):
        for start in range(0, COUNT, width):
            row = (
                vector(rows[0], np.float64, start), vector(rows[1], np.float64, start),
                vector(rows[2], np.float64, start), vector(rows[3], np.float64, start),
            )  # fmt: skip
            spill(pick(row[:actions], vector(action, np.int32, start)), np.float64, out, start)

    return picked_from


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("actions", [3, 4])
def test_the_entry_of_each_lanes_action(actions, width):
    rows, action = np.arange(4.0 * COUNT).reshape(4, COUNT), np.arange(COUNT, dtype=np.int32) % actions
    out = np.zeros(COUNT)
    picked_from(width, actions)(rows, action, out)
    np.testing.assert_array_equal(out, rows[action, np.arange(COUNT)])


@functools.cache
def odds_and_ends(width):
    vector, spill = of_width(width)

    @numba.njit
    def odds_and_ends(x, doubles, singles, wide, narrow, out, any_of):
        for start in range(0, COUNT, width):
            v, d, s = vector(x, np.int32, start), vector(doubles, np.float64, start), vector(singles, np.float32, start)
            spill(lookup(TABLE, v & np.int32(15)), np.int32, out[0], start)
            spill(bitcast(s, np.int32(0)), np.int32, narrow, start)
            spill(bitcast(d, 0), np.int64, wide, start)
            # numbers beside vectors are spread over their lanes, on either side
            spill(100 - v, np.int32, out[1], start)
            spill(v - 100, np.int32, out[2], start)
            spill(select(v > 3, 1, v), np.int32, out[3], start)
            spill(select(v > 3, v, -1), np.int32, out[4], start)
            spill(select(len(x) == 16, v, -1), np.int32, out[5], start)
            spill(convert(v > 3, np.int32(0)), np.int32, out[6], start)
            # integers beside float64 and float32, and tables of integers as wide as either
            spill(whole(d > 0.5, d), np.int32, out[8], start)
            spill(whole(s > np.float32(0.5), s), np.int32, out[9], start)
            spill(whole(v - 100, d), np.int32, out[10], start)
            spill(lookup(TABLE, convert(v & np.int32(15), 0)), np.int32, out[11], start)
            spill(lookup(POSITIVE, convert(v & np.int32(15), 0)), np.int32, out[12], start)
            any_of[start] = any_lane(v == 7 + x[0])
        for lane in range(COUNT):
            out[7, lane] = lookup(TABLE, x[lane] & np.int32(15))

    return odds_and_ends


@pytest.mark.parametrize("width", WIDTHS)
def test_what_else_there_is(width):
    x = (np.arange(COUNT, dtype=np.int32) * 7) % 16
    doubles, singles = np.linspace(-3, 3, COUNT), np.linspace(-3, 3, COUNT).astype(np.float32)
    wide, narrow = np.zeros(COUNT, np.int64), np.zeros(COUNT, np.int32)
    out, any_of = np.zeros((13, COUNT), np.int32), np.zeros(COUNT, bool)
    odds_and_ends(width)(x, doubles, singles, wide, narrow, out, any_of)
    found = np.array(TABLE)[x]
    expected = [found, 100 - x, x - 100, np.where(x > 3, 1, x), np.where(x > 3, x, -1), x, x > 3, found]
    expected += [doubles > 0.5, singles > 0.5, x - 100, found, np.array(POSITIVE)[x]]
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(wide, doubles.view(np.int64))
    np.testing.assert_array_equal(narrow, singles.view(np.int32))
    assert np.flatnonzero(any_of).tolist() == [np.flatnonzero(x == 7)[0] // width * width]


def test_whether_a_number_is_not_zero_or_a_flag_is_set():
    assert [any_lane(1), any_lane(0), any_lane(True), any_lane(False)] == [True, False, True, False]


@given(st.floats(0, allow_infinity=False))
def test_a_square_root_is_rounded_to_the_nearest(x):
    assert sqrt(x) == math.sqrt(x)
    assert sqrt(np.float32(1e-30 + x % 1e30)) == np.sqrt(np.float32(1e-30 + x % 1e30))

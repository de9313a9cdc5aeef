"""Each operation on sixteen numbers gives the bits that it gives on one."""

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
from fastsoftq.kernels.numerics import exp2, log2
from fastsoftq.kernels.simd import (
    LANES,
    any_lane,
    bitcast,
    convert,
    element,
    fma,
    maximum,
    minimum,
    polynomial,
    select,
)
from tests.kernels.sixteen import stack

TABLE = tuple(np.int32(n * n - 7) for n in range(16))
COEFFICIENTS = (1.0, 0.5, -0.25, 2.0, 0.125)
FLOATS, WHOLE = (np.float64, np.float32), (np.int32, np.int64, np.uint32, np.uint64)


@inlined
def vector(x, dtype):
    memory = stack(dtype)
    for lane in range(LANES):
        memory[lane] = x[lane]
    return load(memory, 0)


@inlined
def spill(v, dtype, out):
    memory = stack(dtype)
    store(memory, 0, v)
    for lane in range(LANES):
        out[lane] = memory[lane]


def operations(x, y, z):
    """Every operation there is for numbers of this kind, each result in their type; one or sixteen."""
    raise NotImplementedError


@overload(operations, jit_options={"forceinline": True}, strict=False)
def _operations(x, y, z):
    def of_floats(x, y, z):
        return (
            x + y, x - y, x * y, x / y, fma(x, y, z), maximum(x, y), minimum(x, y),
            polynomial(x, COEFFICIENTS), exp2(x), log2(z * z + x * x),
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
    for lane in range(LANES):
        results = operations(x[lane], y[lane], z[lane])
        for k in range(len(results)):
            out[k, lane] = results[k]
    return len(results)


@compiled
def on_sixteen(x, y, z, out, dtype):
    results = operations(vector(x, dtype), vector(y, dtype), vector(z, dtype))
    for k in range(len(results)):
        spill(results[k], dtype, out[k])
    return len(results)


def lanes_of(dtype):
    bits = 8 * np.dtype(dtype).itemsize
    if dtype in FLOATS:
        # finite and not so large that a square would not be; ties, zeros of both signs
        elements = st.sampled_from([-0.0, 0.0, 1.0, -1.5]) | st.floats(-(2.0**20), 2.0**20, width=bits)
        elements = elements.map(lambda v: v + 1e-3 if 0 < abs(v) < 1e-6 else v)
    else:
        low = -(2 ** (bits - 1)) if np.dtype(dtype).kind == "i" else 0
        elements = st.integers(0, 3) | st.integers(low, low + 2**bits - 1)
    return arrays(dtype, LANES, elements=elements, fill=st.nothing())


@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE])
@given(data=st.data())
@settings(max_examples=40)
def test_sixteen_have_the_bits_of_one(dtype, data):
    x, y = (data.draw(lanes_of(dtype)) for _ in range(2))
    z = np.abs(data.draw(lanes_of(dtype))) + dtype(1)
    if dtype in FLOATS:
        x = np.clip(x, -1000, 1000) if dtype is np.float64 else np.clip(x, -120, 120)
        y[y == 0] = dtype(0.5)
    one, sixteen = np.zeros((21, LANES), dtype), np.zeros((21, LANES), dtype)
    count = on_one(x, y, z, one)
    assert count == on_sixteen(x, y, z, sixteen, dtype)
    assert one[:count].tobytes() == sixteen[:count].tobytes()


def test_comparisons_with_nan_are_pythons():
    x = np.array([np.nan, 1.0, np.nan, 2.0] * 4)
    y = np.array([1.0, np.nan, np.nan, 2.0] * 4)
    one, sixteen = np.zeros((21, LANES)), np.zeros((21, LANES))
    on_one(x, y, np.ones(LANES), one)
    on_sixteen(x, y, np.ones(LANES), sixteen, np.float64)
    for k, compare in enumerate((np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)):
        expected = np.where(compare(x, y), x, 1.0)
        np.testing.assert_array_equal(one[10 + k], expected)
        np.testing.assert_array_equal(sixteen[10 + k], expected)


@compiled
def convert_one(x, like, out):
    for lane in range(LANES):
        out[lane] = convert(x[lane], like)


@compiled
def convert_sixteen(x, like, out, source, target):
    spill(convert(vector(x, source), like), target, out)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (np.float64, np.float32), (np.float32, np.float64), (np.float64, np.int32), (np.float32, np.int32),
        (np.int32, np.float64), (np.int32, np.float32), (np.uint32, np.float64), (np.uint32, np.float32),
        (np.int64, np.int32), (np.int32, np.int64), (np.uint32, np.int32), (np.uint32, np.uint64),
        (np.uint64, np.uint32), (np.int32, np.int32),
    ],
)  # fmt: skip
def test_conversions(source, target):
    if np.dtype(source).kind == "f":
        x = np.linspace(-99.9, 1e6, LANES).astype(source)
    else:
        info = np.iinfo(source)
        x = np.linspace(info.min // 2, info.max // 2, LANES).astype(source)
        x[0], x[-1] = info.min, info.max
    one, sixteen = np.zeros(LANES, target), np.zeros(LANES, target)
    convert_one(x, target(0), one)
    convert_sixteen(x, target(0), sixteen, source, target)
    assert one.tobytes() == sixteen.tobytes() == x.astype(target).tobytes()


@compiled
def odds_and_ends(x, doubles, singles, wide, narrow, out, any_of):
    v, d, s = vector(x, np.int32), vector(doubles, np.float64), vector(singles, np.float32)
    spill(lookup(TABLE, v & np.int32(15)), np.int32, out[0])
    spill(bitcast(s, np.int32(0)), np.int32, narrow)
    spill(bitcast(d, 0), np.int64, wide)
    # numbers beside vectors are spread over their lanes, on either side
    spill(100 - v, np.int32, out[1])
    spill(v - 100, np.int32, out[2])
    spill(select(v > 3, 1, v), np.int32, out[3])
    spill(select(v > 3, v, -1), np.int32, out[4])
    spill(select(len(x) == 16, v, -1), np.int32, out[5])
    spill(convert(v > 3, np.int32(0)), np.int32, out[6])
    for lane in range(LANES):
        out[7, lane] = lookup(TABLE, x[lane] & np.int32(15))
    any_of[0], any_of[1], any_of[2] = any_lane(v > 3), any_lane(v > 1000), any_lane(v == v)
    any_of[3], any_of[4] = any_lane(x[0] > 1000), any_lane(x[0] == x[0])


def test_what_else_there_is():
    x = (np.arange(LANES, dtype=np.int32) * 7) % 16
    doubles, singles = np.linspace(-3, 3, LANES), np.linspace(-3, 3, LANES).astype(np.float32)
    wide, narrow = np.zeros(LANES, np.int64), np.zeros(LANES, np.int32)
    out, any_of = np.zeros((8, LANES), np.int32), np.zeros(5, bool)
    odds_and_ends(x, doubles, singles, wide, narrow, out, any_of)
    looked_up = np.array(TABLE)[x]
    expected = [looked_up, 100 - x, x - 100, np.where(x > 3, 1, x), np.where(x > 3, x, -1), x, x > 3, looked_up]
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(wide, doubles.view(np.int64))
    np.testing.assert_array_equal(narrow, singles.view(np.int32))
    assert any_of.tolist() == [True, False, True, False, True]

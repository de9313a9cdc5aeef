"""exp2 and log2: exact where they can be, as accurate as they say, the same bits for ever."""

import hashlib
import math

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.kernels.numerics import LN_2, LOG2_E, exp2, log2
from tests.kernels.calling import both_ways


def each(kernel, x):
    @numba.njit
    def loop(x):
        out = np.empty_like(x)
        for i in range(len(x)):
            out[i] = kernel(x[i])
        return out

    return loop(x)


def error(result, exact):
    """The largest relative error, the exact values being long doubles."""
    return float(np.max(np.abs((result.astype(np.longdouble) - exact) / exact)))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_constants():
    assert math.log(2) == LN_2
    assert 1 / math.log(2) == LOG2_E


@both_ways
def test_whole_powers_are_exact(called):
    power, logarithm = called(exp2), called(log2)
    for n in range(-1020, 1024):
        assert power(float(n)) == 2.0**n
        assert logarithm(2.0**n) == n
    for n in range(-126, 128):
        assert power(np.float32(n)) == np.float32(2.0**n)
        assert logarithm(np.float32(2.0**n)) == n


@pytest.mark.parametrize(("dtype", "bound", "most"), [(np.float64, 7e-16, 1020), (np.float32, 2.6e-7, 126)])
def test_accuracy_of_exp2(rng, dtype, bound, most):
    x = np.concatenate([rng.uniform(-1, 1, 50_000), rng.uniform(-most, most, 50_000), np.arange(-20, 20) / 2])
    x = x.astype(dtype)
    assert error(each(exp2, x), np.exp2(x.astype(np.longdouble))) < bound


@pytest.mark.parametrize(("dtype", "bound", "most"), [(np.float64, 7e-16, 1020), (np.float32, 2.6e-7, 125)])
def test_accuracy_of_log2(rng, dtype, bound, most):
    x = np.concatenate(
        [rng.uniform(0.5, 2, 50_000), 2.0 ** rng.uniform(-most, most, 50_000), 1 + 2.0 ** -np.arange(1, 24)]
    )
    x = x.astype(dtype)
    x = x[x != 1]
    assert error(each(log2, x), np.log2(x.astype(np.longdouble))) < bound


@given(st.floats(-1e300, -1021))
def test_below_the_smallest_power_results_stay_there(x):
    assert exp2(x) == 2.0**-1020
    assert exp2(-math.inf) == 2.0**-1020
    assert exp2(np.float32(max(x, -1e38))) == 2.0**-126


@given(st.integers(-100, 100))
def test_integers_are_taken_as_float64(n):
    assert exp2(n) == 2.0**n
    assert log2(2 ** abs(n % 60)) == abs(n % 60)


@given(st.floats(-300, 300), st.floats(0, 1e-3))
def test_exp2_does_not_fall(x, step):
    assert exp2(x + step) >= exp2(x) * (1 - 4e-16)


@given(st.floats(-900, 900))
def test_log2_undoes_exp2(x):
    assert math.isclose(log2(exp2(x)), x, rel_tol=1e-15, abs_tol=2e-15)


@pytest.mark.parametrize(
    ("kernel", "dtype", "digest"),
    [
        (exp2, np.float64, "ef9492920e441419"),
        (exp2, np.float32, "79deab6c2fb6b74d"),
        (log2, np.float64, "5cf4cac8063896b8"),
        (log2, np.float32, "2fcceb9ee336cc66"),
    ],
)
def test_the_bits_are_these_on_every_machine(kernel, dtype, digest):
    x = (np.arange(1, 4097) / 128).astype(dtype)
    results = each(kernel, x - 16 if kernel is exp2 else x)
    assert hashlib.sha256(results.astype(f"<f{results.itemsize}").tobytes()).hexdigest()[:16] == digest

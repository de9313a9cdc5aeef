"""Sine and cosine: within 1 ulp of exact rational values, everywhere they say, the same bits for ever."""

import hashlib
import math
from fractions import Fraction

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.trigonometry import LARGEST_ANGLE, cos, sin, sin_cos
from tests.kernels.calling import both_ways
from tests.kernels.test_simd import of_width

DIGITS = 2**300  # fractions are kept as multiples of 1/DIGITS


def pi():
    """As a multiple of 1/DIGITS, by Machin's formula."""

    def inverse_tangent(n):
        term, total, k = DIGITS // n, DIGITS // n, 1
        while term:
            term, k = -term // (n * n), k + 2
            total += term // k
        return total

    return 4 * (4 * inverse_tangent(5) - inverse_tangent(239))


PI = pi()


def exact(x):
    """Sine and cosine by Taylor's series, in whole multiples of 1/DIGITS."""
    angle = Fraction(x) * DIGITS
    turns = round(angle / (2 * PI))
    r = int(angle) - turns * 2 * PI
    found = []
    for term, k in ((r, 1), (DIGITS, 0)):
        total = 0
        while term:
            total += term
            k += 2
            term = -term * r * r // (DIGITS * DIGITS * k * (k - 1)) if abs(term) > 1 else 0
        found.append(Fraction(total, DIGITS))
    return found


def ulps(found, true):
    """How far off, in units of the last place of the true value."""
    return abs(Fraction(found) - true) / Fraction(math.ulp(float(true)))


@numba.njit
def each(x):
    sines, cosines = np.empty_like(x), np.empty_like(x)
    for i in range(len(x)):
        sines[i], cosines[i] = sin_cos(x[i])
    return sines, cosines


def near_multiples(most):
    """The doubles next to multiples of half a right angle, where most digits cancel."""
    rng = np.random.default_rng(1)
    factors = np.unique(np.concatenate([np.arange(1, 200), np.exp(rng.uniform(0, math.log(most), 800)).astype(int)]))
    return [float(Fraction(int(k) * PI, 4 * DIGITS)) for k in factors]


def test_they_are_within_an_ulp_of_exact_values():
    rng = np.random.default_rng(0)
    x = [*rng.uniform(-1, 1, 500), *rng.uniform(-1e5, 1e5, 1000), *rng.uniform(-1, 1, 1000) * LARGEST_ANGLE]
    x += [*np.exp2(rng.uniform(-60, 40, 1000)), *near_multiples(LARGEST_ANGLE)]
    x = np.array(x)
    worst = 0
    for value, *found in zip(x, *each(x), strict=True):
        for one, true in zip(found, exact(value), strict=True):
            worst = max(worst, ulps(one, true))
    assert worst < 0.75  # rounding alone may be 0.5 off


@given(st.floats(-LARGEST_ANGLE, LARGEST_ANGLE))
@settings(max_examples=300)
def test_any_angle(x):
    found = sin_cos(x)
    assert all(ulps(one, true) < 1 for one, true in zip(found, exact(x), strict=True) if abs(true) > 1e-60)
    assert (sin(x), cos(x)) == found
    assert sin_cos(-x) == (-found[0], found[1])


@both_ways
def test_what_is_exact_is(called):
    assert called(sin_cos)(0.0) == (0.0, 1.0)
    assert called(sin)(5e-324) == 5e-324
    assert called(cos)(1e-200) == 1.0


def test_the_reference_is_what_libm_says_to_an_ulp():
    for x in np.random.default_rng(2).uniform(-100, 100, 200):
        assert ulps(math.sin(x), exact(x)[0]) < 1
        assert ulps(math.cos(x), exact(x)[1]) < 1


def test_beyond_the_largest_angle_python_is_told_and_compiled_code_gets_nan():
    beyond = np.nextafter(LARGEST_ANGLE, np.inf)
    for function in (sin, cos, sin_cos):
        with pytest.raises(ValueError, match=r"(sin|cos|sin_cos): x is 1099511627776.*; it must lie within ±2\*\*40"):
            function(beyond)
        with pytest.raises(ValueError, match="x is -inf"):
            function(-math.inf)
        with pytest.raises(TypeError, match="x is 'a'; it must be a number"):
            function("a")
    for x in (beyond, -beyond, math.inf, -math.inf, math.nan):
        assert np.isnan(each(np.array([x]))).all()
    assert np.isnan(sin_cos(math.nan)).all()


def test_other_numbers_are_taken_as_float64():
    assert sin(1) == sin(1.0)
    assert cos(np.float32(0.1)) == cos(float(np.float32(0.1)))


def test_bits_are_the_same_for_ever():
    x = np.concatenate([np.linspace(-10, 10, 4001), np.linspace(-1e5, 1e5, 4001), np.ldexp(1.0, np.arange(-40, 40))])
    digest = hashlib.sha256(np.stack(each(x)).astype("<f8").tobytes()).hexdigest()
    assert digest[:16] == "eeb059aac5a86c68"


@pytest.mark.parametrize("width", [2, 4, 8])
def test_vectors_give_the_bits_of_one_number(width):
    vector, spill = of_width(width)

    @compiled
    def in_vectors(x, sines, cosines):
        for start in range(0, len(x), width):
            sine, cosine = sin_cos(vector(x, np.float64, start))
            spill(sine, np.float64, sines, start)
            spill(cosine, np.float64, cosines, start)

    x = np.concatenate([np.random.default_rng(3).normal(size=60) * 1000, [0.0, math.nan, math.inf, 2.0**41]])
    sines, cosines = np.empty_like(x), np.empty_like(x)
    in_vectors(x, sines, cosines)
    for found, one in zip((sines, cosines), each(x), strict=True):
        np.testing.assert_array_equal(found, one)

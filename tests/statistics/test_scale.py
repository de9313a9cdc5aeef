"""Powers of two round nothing: what is measured in other units is the same, far beyond where squares end."""

import numpy as np
import pytest

from fastsoftq.statistics import (
    compare_samples,
    confidence_band,
    confidence_interval,
    difference_band,
    permutation_test,
    pointwise_intervals,
    seeds_needed,
    suite_interval,
    welch_test,
)

POWERS = [-900, -600, -300, 300, 600, 900]
RNG = np.random.default_rng(0)
X, Y = RNG.exponential(size=(2, 12))
CURVES, OTHER = RNG.normal(size=(2, 8, 30))


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("method", ["skew", "student", "binomial"])
def test_intervals_of_means(power, method):
    sample = X if method != "binomial" else np.array([0.0, 3.0, 3.0, 3.0, 0.0, 3.0])
    plain = confidence_interval(sample, method=method)
    far = confidence_interval(np.ldexp(sample, power), method=method)
    assert (far.estimate, far.low, far.high) == tuple(np.ldexp([plain.estimate, plain.low, plain.high], power))


def test_least_numbers_of_all():
    """Of 2, 3 and 4 times the least number there is, Student's interval in whole such numbers."""
    ci = confidence_interval(np.ldexp([2.0, 3.0, 4.0], -1074))
    assert np.ldexp([ci.estimate, ci.low, ci.high], 1074) == pytest.approx([3.0, 3.0 - 2.48, 3.0 + 2.48], abs=2.0)
    assert ci.low < ci.estimate < ci.high


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("paired", [True, False])
def test_comparisons(power, paired):
    plain = compare_samples(X, Y, paired)
    far = compare_samples(np.ldexp(X, power), np.ldexp(Y, power), paired)
    for name in ("difference", "low", "high", "mean_a", "mean_b"):
        assert getattr(far, name) == np.ldexp(getattr(plain, name), power), name
    for name in ("p_value", "effect_size", "probability_of_improvement", "correlation", "seeds_saved"):
        np.testing.assert_equal(getattr(far, name), getattr(plain, name), name)


@pytest.mark.parametrize("power", POWERS)
def test_tests(power):
    for paired in (True, False):
        plain, far = (permutation_test(np.ldexp(X, p), np.ldexp(Y[::-1], p), paired) for p in (0, power))
        assert plain == far
    assert welch_test(np.ldexp(X, power), np.ldexp(Y, power)) == welch_test(X, Y)


@pytest.mark.parametrize("power", [-1000, -560, 520, 950])
def test_small_p_values_of_drawn_permutations(power):
    """Those are compared with the interval, which is of the same numbers."""
    rng = np.random.default_rng(4)
    for a, b in (
        (3.0 * rng.exponential(size=10) + 2.0, rng.exponential(size=40)),
        (np.repeat([0.0, 1.0], (11, 1)), np.repeat([0.0, 1.0], (12, 12))),
    ):
        plain, far = (permutation_test(np.ldexp(a, p), np.ldexp(b, p), paired=False) for p in (0, power))
        assert plain.p_value < 0.1
        assert plain == far


@pytest.mark.parametrize("power", POWERS)
def test_curves(power):
    for call in (
        lambda p: pointwise_intervals(np.ldexp(CURVES, p)),
        lambda p: confidence_band(np.ldexp(CURVES, p), resamples=200),
        lambda p: difference_band(np.ldexp(CURVES, p), np.ldexp(OTHER, p), resamples=200),
        lambda p: difference_band(np.ldexp(CURVES, p), np.ldexp(OTHER, p), paired=False, resamples=200),
    ):
        plain, far = call(0), call(power)
        for name in ("center", "low", "high"):
            np.testing.assert_allclose(
                np.ldexp(getattr(far, name), -power), getattr(plain, name), rtol=1e-13, atol=1e-15
            )


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("paired", [True, False])
def test_curves_with_episodes_at_0(power, paired):
    """At which all runs agree, among others at which they take two values."""
    a, b = (np.random.default_rng(5).random((2, 8, 30)) < 0.3) * 1.0
    a[:, :3] = b[:, 2:5] = 0.0
    plain, far = (difference_band(np.ldexp(a, p), np.ldexp(b, p), paired, resamples=200) for p in (0, power))
    for name in ("center", "low", "high"):
        np.testing.assert_allclose(np.ldexp(getattr(far, name), -power), getattr(plain, name), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("method", ["percentile", "bca", "expanded"])
@pytest.mark.parametrize("statistic", ["mean", "median", "interquartile_mean", "tail_mean"])
def test_bootstraps(power, method, statistic):
    plain, far = (confidence_interval(np.ldexp(X, p), statistic, method=method, resamples=500) for p in (0, power))
    assert np.ldexp([far.low, far.high], -power) == pytest.approx([plain.low, plain.high], rel=1e-12)


@pytest.mark.parametrize("x", [[1.7e308, -1.7e308, 0.0], [1e291, 0.0, 1.0]])
def test_numbers_whose_sums_would_overflow_are_refused(x):
    named = r"\[0\] is (1\.7e\+308|1e\+291); it must be no larger than 1e\+290"
    curves = np.array(x)[:, None]
    for call in (
        lambda: confidence_interval(x),
        lambda: compare_samples(x, x, paired=False),
        lambda: permutation_test(x, x),
        lambda: seeds_needed(x, x, 1.0),
    ):
        with pytest.raises(ValueError, match=named):
            call()
    for of_curves in (confidence_band, pointwise_intervals, suite_interval):
        with pytest.raises(ValueError, match=r"\[0, 0\] is .* no larger than 1e\+290"):
            of_curves(curves)
    with pytest.raises(ValueError, match=r"bounds is .* no larger than 1e\+290"):
        confidence_interval([0.0, 1.0], bounds=(0.0, x[0]))


def test_the_largest_numbers_have_ends():
    x = np.array([1e290, -1e290, 0.5e290])
    far, plain = confidence_interval(x), confidence_interval(x / 1e290)
    assert (far.low / 1e290, far.high / 1e290) == pytest.approx((plain.low, plain.high))


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("paired", [True, False])
def test_plans(power, paired):
    plain = seeds_needed(X, Y, 0.5, paired=paired)
    far = seeds_needed(np.ldexp(X, power), np.ldexp(Y, power), float(np.ldexp(0.5, power)), paired=paired)
    assert (far.seeds, far.power) == (plain.seeds, plain.power)
    assert (far.std, far.planning_std) == tuple(np.ldexp([plain.std, plain.planning_std], power))


def test_an_episode_of_another_size_does_not_touch_the_others():
    """Each episode is scaled by itself: one in units of 2^600 and one in units of 2^-600 are what they are alone."""
    mixed = np.stack([np.ldexp(X, 600), X, np.ldexp(X, -600)], axis=1)
    low = pointwise_intervals(mixed).low
    np.testing.assert_array_equal(np.ldexp(low, [-600, 0, 600]), low[1])
    assert low[1] == pytest.approx(confidence_interval(X).low, rel=1e-13)


@pytest.mark.parametrize("size", [1e9, 1e12, 1e14])
def test_one_huge_pair_does_not_erase_the_others(size):
    a, b = np.array([1.0, 2.0, 3.0, size]), np.array([2.0, 3.0, 4.0, size])
    result = compare_samples(a, b)
    assert result.difference == -0.75
    assert result.low < -0.75 < result.high
    assert result.p_value == 0.25
    # Beside samples that differ in the last digits only, all but rounding is gone.
    assert compare_samples([0.1 + 0.2, 0.7, size], [0.3, 0.1 + 0.6, size]).difference == 0.0

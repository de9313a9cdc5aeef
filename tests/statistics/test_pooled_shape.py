"""Few runs that are not paired: what one sample is too small to show, the other may."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import compare_samples
from fastsoftq.statistics.pooled_shape import _interquartile_range, studentised_errors
from tests.statistics.populations import KINDS


def told_apart(kind, sizes, ratio, shift=0.0, replications=200):
    """How often p is at most 0.05, and the interval leaves out 0; shifts are in standard deviations of a."""
    (population, std), rng, found = KINDS[kind], np.random.default_rng(0), []
    for _ in range(replications):
        a, b = (population.draw(rng, (size,)) - population.mean for size in sizes)
        result = compare_samples(ratio * (a + shift * std), b, paired=False, resamples=199)
        found.append((result.p_value <= 0.05, not result.low <= 0.0 <= result.high))
    return np.mean(found, axis=0)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("mixture, 90:10", (10, 40)),
        ("mixture, 90:10", (20, 20)),
        ("lognormal, sigma 1", (10, 40)),
        ("exponential", (10, 40)),
        ("fails once in ten (0 or 1)", (10, 40)),
        ("fails once in ten (0 or 1)", (20, 20)),
    ],
)
def test_equal_means_are_told_apart_no_more_often_than_said(kind, sizes, ratio):
    """Without the other sample's shape 33, 10, 10 and 13 % were, of mixtures, lognormal runs and rare failures."""
    assert (told_apart(kind, sizes, ratio) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 200)).all()


@pytest.mark.parametrize("kind", ["Poisson, mean 1", "rounded normal"])
@pytest.mark.parametrize(("sizes", "ratio"), [((3, 3), 1.0), ((5, 50), 1.0), ((6, 40), 1.0), ((5, 20), 3.0)])
def test_few_runs_of_two_values_may_have_missed_a_third(kind, sizes, ratio):
    """As if there were none, intervals left out 0 in 6 to 20 % of samples; at three against three p never did."""
    p, interval = told_apart(kind, sizes, ratio, replications=150)
    assert max(p, interval) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 150)
    assert abs(p - interval) <= 0.03


@pytest.mark.parametrize(("kind", "least"), [("normal", 0.6), ("exponential", 0.85), ("lognormal, sigma 1", 0.85)])
def test_power_is_kept_where_runs_are_continuous(kind, least):
    """Ten runs against forty, one standard deviation apart: Welch's test finds 78 % of normal ones."""
    assert (told_apart(kind, (10, 40), 3.0, shift=1.0, replications=100) >= least).all()


def test_errors_of_normal_samples_are_about_students():
    a, b = stats.norm.ppf((np.arange(30) + 0.5) / 30), 2.0 * stats.norm.ppf((np.arange(40) + 0.5) / 40)
    errors = studentised_errors(a, b, 0.001)
    low, high = np.quantile(errors, [0.025, 0.975])
    assert (low, high) == pytest.approx((-2.0, 2.0), abs=0.25)
    assert len(errors) == 12_000


def test_errors_turn_round_with_the_samples_and_do_not_depend_on_units():
    rng = np.random.default_rng(1)
    for sizes in ((7, 7), (7, 30)):
        a, b = (rng.exponential(size=size) for size in sizes)
        errors = studentised_errors(a, b, 0.05)
        np.testing.assert_array_equal(studentised_errors(b, a, 0.05), -errors[::-1])
        np.testing.assert_array_equal(studentised_errors(a[::-1] * 2.0**40, b * 2.0**40, 0.05), errors)


def test_large_samples_and_such_as_have_no_range_lend_nothing():
    rng = np.random.default_rng(2)
    x = rng.normal(size=100)
    assert studentised_errors(x, x + 1.0, 0.05) is None
    assert studentised_errors(np.repeat([0.0, 1.0], (9, 1)), x, 0.05) is None
    larger = studentised_errors(x[:10], rng.normal(size=100_000), 0.05)  # of which no more than 200 are drawn
    assert np.quantile(larger, 0.975) == pytest.approx(2.3, abs=0.4)


def chance_of_no_variance(shape, runs):
    """Not drawn: every way to draw a shape anew, and from each the chance that both samples take one value."""
    drawn = np.array(list(product(shape, repeat=len(shape))))
    shares = np.stack([(drawn == value).mean(axis=1) for value in set(shape)])
    return ((shares ** runs[0]).sum(axis=0) * (shares ** runs[1]).sum(axis=0)).mean()


@pytest.mark.parametrize(
    ("runs", "shape", "finite"),
    [((2, 2), (-1, 1, -1, 1), False), ((2, 3), (-1, 1, 2, 0, 3), False), ((3, 3), (1, 0, 2, 3, 0, 4), True)],
)
def test_an_end_is_infinite_where_more_draws_than_the_error_do_not_vary(runs, shape, finite):
    """Two runs are one range from their median, and a median of three is one of them: these residuals are equal."""
    rng, chance = np.random.default_rng(3), chance_of_no_variance(shape, runs)
    assert (chance <= 0.05) == finite
    for _ in range(20):
        a, b = (rng.normal(size=size) for size in runs)
        errors = studentised_errors(a, b, 0.005)
        assert np.isinf(errors).mean() == pytest.approx(chance, abs=4.0 * np.sqrt(chance / len(errors)))
        for shift in (0.0, 1e3):
            result = compare_samples(a + shift, b + shift, paired=False)
            assert np.isfinite([result.low, result.high]).tolist() == [finite, finite]
            assert not finite or result.high - result.low < 1e4
            assert ("too few for an end" in result.caution) != finite


def test_ends_of_three_against_three_are_no_rounding_noise():
    a, b = np.array([1.3, 0.9, -0.7]), np.array([-1.3, -0.6, 0.0])
    result, moved = compare_samples(a, b, paired=False), compare_samples(a + 7.0, b + 7.0, paired=False)
    assert -10.0 < result.low < 0.0 < result.high < 10.0
    assert (moved.low, moved.high) == pytest.approx((result.low, result.high), rel=1e-9)


def test_a_range_of_rounding_is_none():
    x = np.array([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 5.0, 0.3])
    assert np.ptp(np.sort(x)[1:-1]) > 0.0
    assert studentised_errors(x, np.random.default_rng(4).normal(size=9), 0.05) is None


@pytest.mark.parametrize("runs", [2, 3, 4, 5, 6, 13, 40])
def test_interquartile_ranges_are_those_of_numpy(runs):
    x = np.random.default_rng(runs).normal(size=(20, runs))
    np.testing.assert_allclose(_interquartile_range(x), stats.iqr(x, axis=1), rtol=1e-12)

"""Simulation: do 95 % intervals cover 95 % of the time, bands whole curves, and do A/A comparisons reject 5 %?

Seeds are fixed, so nothing here is flaky. Tolerances are the 1.5 points that the package promises, and three binomial
standard errors on top where few replications make them matter.
"""

import numpy as np
import pytest

from fastsoftq.statistics import (
    compare_samples,
    confidence_band,
    confidence_interval,
    difference_band,
    pointwise_intervals,
    probability_of_improvement,
    significant_stretches,
)
from fastsoftq.statistics.moments import moments, skew_corrected_interval
from tests.statistics.populations import POPULATIONS, cliff_curves, smooth_curves


def noise(rate, replications):
    return 3.0 * np.sqrt(rate * (1.0 - rate) / replications)


def coverage_of_mean(name, runs, replications=20_000):
    """Replications are the columns of one array: the interval is the same for each column as for a sample alone."""
    population = POPULATIONS[name]
    intervals = pointwise_intervals(population.draw(np.random.default_rng(20), (runs, replications)))
    return np.mean((intervals.low <= population.mean) & (population.mean <= intervals.high))


@pytest.mark.parametrize("runs", [20, 50])
@pytest.mark.parametrize(
    "name", ["normal", "exponential", "Student, 3 degrees", "lognormal 0.5", "cliff, last 100 episodes"]
)
def test_interval_of_the_mean_covers(name, runs):
    assert abs(coverage_of_mean(name, runs) - 0.95) <= 0.015


@pytest.mark.parametrize(("name", "runs"), [("cliff, one episode", 100), ("lognormal 1", 200)])
def test_interval_of_the_mean_covers_hard_cases_from_the_documented_number_of_runs_on(name, runs):
    assert abs(coverage_of_mean(name, runs) - 0.95) <= 0.015


@pytest.mark.parametrize("runs", [10, 50])
@pytest.mark.parametrize("name", list(POPULATIONS))
@pytest.mark.parametrize("paired", [True, False])
def test_interval_of_a_difference_of_equals_misses_no_more_than_it_says(name, runs, paired):
    a, b = POPULATIONS[name].draw(np.random.default_rng(23), (2, runs, 4000))
    low, high = skew_corrected_interval(moments([a - b] if paired else [a, -b]), 0.05)
    assert np.mean((low > 0.0) | (high < 0.0)) <= 0.05 + noise(0.05, 4000)


def test_columns_are_samples():
    x = np.random.default_rng(1).exponential(size=(20, 3))
    together = pointwise_intervals(x)
    for column in range(3):
        alone = confidence_interval(x[:, column])
        assert (together.low[column], together.high[column]) == pytest.approx((alone.low, alone.high), rel=1e-12)


@pytest.mark.parametrize("runs", [20, 50])
@pytest.mark.parametrize("name", ["normal", "exponential"])
def test_interval_of_the_median_covers(name, runs):
    truth = {"normal": 0.0, "exponential": np.log(2.0)}[name]
    samples = POPULATIONS[name].draw(np.random.default_rng(3), (2000, runs))
    inside = [ci.low <= truth <= ci.high for ci in (confidence_interval(x, "median") for x in samples)]
    assert abs(np.mean(inside) - 0.95) <= 0.015


def test_interval_of_the_interquartile_mean_covers():
    samples = np.random.default_rng(4).normal(size=(800, 20))
    ends = [confidence_interval(x, "interquartile_mean", rng=k, resamples=400) for k, x in enumerate(samples)]
    assert abs(np.mean([ci.low <= 0.0 <= ci.high for ci in ends]) - 0.95) <= 0.015 + noise(0.95, 800)


def test_interval_of_an_unpaired_difference_covers():
    rng = np.random.default_rng(5)
    a, b = rng.exponential(3.0, (20, 20_000)), rng.normal(0.0, 1.0, (30, 20_000))
    low, high = skew_corrected_interval(moments([a, -b]), 0.05)
    assert abs(np.mean((low <= 3.0) & (high >= 3.0)) - 0.95) <= 0.015


@pytest.mark.parametrize("paired", [True, False])
def test_interval_of_the_probability_of_improvement_covers(paired):
    rng = np.random.default_rng(6)
    shared = rng.normal(size=(1000, 20, 1)) * paired
    pairs = shared + rng.normal(size=(1000, 20, 2))
    pairs[:, :, 0] += 0.5 * np.sqrt(2.0) * np.sqrt(1.0 + paired)
    truth = 0.6914624612740131  # the normal distribution function at one half
    inside = [
        ci.low <= truth <= ci.high
        for ci in (probability_of_improvement(p[:, 0], p[:, 1], paired=paired) for p in pairs)
    ]
    assert abs(np.mean(inside) - 0.95) <= 0.015 + noise(0.95, 1000)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("runs", [20, 50])
def test_interval_of_the_probability_of_improvement_covers_with_ties(runs, paired):
    values, p, q = np.array([-13.0, -15.0, -17.0, -113.0]), [0.7, 0.15, 0.1, 0.05], [0.5, 0.25, 0.15, 0.1]
    truth = np.outer(p, q).ravel() @ ((np.sign(values[:, None] - values) + 1.0) / 2.0).ravel()
    rng, inside = np.random.default_rng(24), []
    for _ in range(800):
        ci = probability_of_improvement(rng.choice(values, runs, p=p), rng.choice(values, runs, p=q), paired)
        inside.append(ci.low <= truth <= ci.high)
    assert abs(np.mean(inside) - 0.95) <= 0.015 + noise(0.95, 800)


@pytest.mark.parametrize(
    "curves",
    [
        pytest.param(lambda rng: smooth_curves(rng, 20, 60), id="smooth, 20 runs"),
        pytest.param(lambda rng: smooth_curves(rng, 50, 60, memory=0.0), id="white, 50 runs"),
        pytest.param(lambda rng: cliff_curves(rng, 50, 30, block=10), id="cliff, blocks of 10, 50 runs"),
        pytest.param(lambda rng: smooth_curves(rng, 5, 1), id="one episode, 5 runs"),
    ],
)
def test_band_covers_whole_curves(curves):
    rng, inside = np.random.default_rng(7), []
    for _ in range(1000):
        x, truth = curves(rng)
        band = confidence_band(x, rng=rng, resamples=500)
        inside.append(bool(((band.low <= truth) & (truth <= band.high)).all()))
    assert abs(np.mean(inside) - 0.95) <= 0.015 + noise(0.95, 1000)


def test_pointwise_intervals_do_not_cover_whole_curves():
    rng, inside = np.random.default_rng(8), []
    for _ in range(200):
        x, truth = smooth_curves(rng, 20, 60)
        band = pointwise_intervals(x)
        inside.append(bool(((band.low <= truth) & (truth <= band.high)).all()))
    assert np.mean(inside) < 0.7


@pytest.mark.parametrize("paired", [True, False])
def test_comparison_of_equals_rejects_at_its_rate(paired):
    rng = np.random.default_rng(9)
    draws = POPULATIONS["cliff, last 100 episodes"].draw(rng, (1000, 2, 20))
    results = [compare_samples(a, b, paired=paired, rng=rng, resamples=199) for a, b in draws]
    for rejected in ([r.p_value <= 0.05 for r in results], [not r.low <= 0.0 <= r.high for r in results]):
        assert abs(np.mean(rejected) - 0.05) <= 0.01 + noise(0.05, 1000)


def test_unpaired_comparison_of_equal_means_and_unequal_spread_rejects_at_its_rate():
    """Where relabelling raw differences would reject three times too often."""
    rng = np.random.default_rng(10)
    results = [
        compare_samples(rng.normal(0.0, 5.0, 15), rng.normal(0.0, 1.0, 45), paired=False, rng=rng, resamples=199)
        for _ in range(1000)
    ]
    assert np.mean([r.p_value <= 0.05 for r in results]) <= 0.05 + 0.015 + noise(0.05, 1000)


@pytest.mark.parametrize("paired", [True, False])
def test_curves_of_equals_differ_nowhere_at_the_stated_rate(paired):
    rng, found = np.random.default_rng(11), []
    for _ in range(1000):
        a, b = smooth_curves(rng, 20, 40)[0], smooth_curves(rng, 20, 40)[0]
        band = difference_band(a, b, paired=paired, rng=rng, resamples=400)
        found.append(bool(significant_stretches(band)))
    assert np.mean(found) <= 0.05 + 0.015 + noise(0.05, 1000)


@pytest.mark.parametrize("runs", [100, 200])
def test_interval_of_the_tail_covers_from_the_documented_number_of_runs_on(runs):
    truth = -2.0627128075074257  # the normal density at its 5 % quantile, over 5 %, below zero
    samples = np.random.default_rng(12).normal(size=(3000, runs))
    inside = [ci.low <= truth <= ci.high for ci in (confidence_interval(x, "tail_mean") for x in samples)]
    assert abs(np.mean(inside) - 0.95) <= 0.015 + noise(0.95, 3000)

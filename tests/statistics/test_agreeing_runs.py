"""Runs that all agree: no more is said than their number allows, of any statistic, difference or curve."""

import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import (
    compare_samples,
    confidence_band,
    confidence_interval,
    difference_band,
    interquartile_mean,
    pointwise_intervals,
    suite_interval,
    tail_mean,
)

STATISTICS = {"mean": np.mean, "median": np.median, "interquartile_mean": interquartile_mean, "tail_mean": tail_mean}


@pytest.mark.parametrize("runs", [2, 5, 10, 20, 30, 35, 36, 40, 50, 100])
@pytest.mark.parametrize("p", [0.1, 0.9])
def test_shares_are_held_without_bounds(runs, p):
    """Not simulated: the sum over all numbers of failures, where bounds are not known and runs may all agree."""
    held = 0.0
    for k in range(runs + 1):
        ci = confidence_interval(np.repeat([0.0, 1.0], (runs - k, k)))
        held += stats.binom.pmf(k, runs, p) * (ci.low <= p <= ci.high)
    assert held >= 0.95


@pytest.mark.parametrize(("level", "enough"), [(0.5, 14), (0.9, 29), (0.95, 36), (0.99, 51)])
def test_from_where_on_agreeing_runs_are_taken_for_known(level, enough):
    """A tenth of all runs stays unseen with probability 0.9^n; half of the error is at either end."""
    assert 0.9**enough <= (1.0 - level) / 2.0 < 0.9 ** (enough - 1)
    few, many = (confidence_interval(np.full(n, 7.0), level=level) for n in (enough - 1, enough))
    assert (few.low, few.estimate, few.high) == (-np.inf, 7.0, np.inf)
    assert (many.low, many.high) == (7.0, 7.0)
    assert all(f"all {ci.runs} runs agree" in ci.caution for ci in (few, many))
    assert "bounds=" in few.caution


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("runs", [7, 12, 40, 400])
def test_ends_are_those_of_the_worst_distribution_within_bounds(name, runs):
    """A share of 1 - 0.025^(1 / n) of a million runs is put at either bound."""
    ci = confidence_interval(np.full(runs, 3.0), name, bounds=(-10.0, 4.0))
    others = round(1e6 * (1.0 - 0.025 ** (1.0 / runs)))
    for end, bound in ((ci.low, -10.0), (ci.high, 4.0)):
        worst = np.r_[np.full(others, bound), np.full(1_000_000 - others, 3.0)]
        assert end == pytest.approx(float(STATISTICS[name](worst, axis=0)), abs=1e-3)


@pytest.mark.parametrize(
    ("statistic", "runs", "low", "high"),
    [
        ("interquartile_mean", 8, -np.inf, np.inf),
        ("interquartile_mean", 13, 3.0, 3.0),  # a quarter of all is cut from either end
        ("median", 6, 3.0, 3.0),
        ("tail_mean", 30, -np.inf, 3.0),  # of the worst only the lower end is open
        ("tail_mean", 800, 3.0, 3.0),
        (np.std, 35, -np.inf, np.inf),
        (np.std, 36, 0.0, 0.0),
        (0.25, 20, 3.0, 3.0),
    ],
)
def test_without_bounds_ends_are_infinite_where_a_statistic_depends_on_runs_unseen(statistic, runs, low, high):
    ci = confidence_interval(np.full(runs, 3.0), statistic)
    assert (ci.low, ci.high) == pytest.approx((low, high))


@pytest.mark.parametrize("method", ["skew", "student", "percentile", "bca", "expanded", "binomial"])
def test_no_method_makes_them_surer(method):
    ci = confidence_interval(np.full(10, 3.0), method=method)
    assert (ci.low, ci.high, ci.method) == (-np.inf, np.inf, method)


def test_a_function_of_them_ends_at_its_bounds():
    ci = confidence_interval(np.full(10, 3.0), np.std, bounds=(0.0, 5.0))
    assert (ci.low, ci.high, ci.caution) == (0.0, 5.0, "")


@pytest.mark.parametrize(("runs", "p", "q"), [(5, 0.1, 0.0), (10, 0.1, 0.1), (20, 0.05, 0.0), (30, 0.0, 0.1)])
def test_paired_differences_of_rare_failures_are_held(runs, p, q):
    """Pairs that are all alike are no proof that pairs do not differ."""
    rng, held = np.random.default_rng(1), []
    for _ in range(400):
        a, b = -112.0 * (rng.random(runs) < p), -112.0 * (rng.random(runs) < q)
        result = compare_samples(a, b, resamples=100)
        held.append(result.low <= -112.0 * (p - q) <= result.high)
    assert np.mean(held) >= 0.95 - 0.015 - 3.0 * np.sqrt(0.05 * 0.95 / 400)


def test_differences_that_agree_are_no_farther_off_than_runs_lie_apart():
    share, a = 1.0 - 0.025 ** (1.0 / 10.0), np.linspace(-60.0, -40.0, 10)
    same, known = compare_samples(a, a), compare_samples(a, a, bounds=(-100.0, 0.0))
    assert (same.low, same.high) == pytest.approx((-20.0 * share, 20.0 * share))
    assert (known.low, known.high) == pytest.approx((-100.0 * share, 100.0 * share))
    nothing = compare_samples(np.zeros(10), np.zeros(10), bounds=(0.0, 1.0))
    assert (nothing.low, nothing.high) == pytest.approx((-share, share))
    assert nothing.p_value == 1.0
    many = compare_samples(np.zeros(36), np.zeros(36))
    assert (many.low, many.high) == (0.0, 0.0)


@pytest.mark.parametrize("paired", [True, False])
def test_differences_end_where_values_do(paired):
    a, b = np.array([0.0, 0.1, 0.9]), np.array([1.0, 0.2, 0.1])
    free, cut = compare_samples(a, b, paired), compare_samples(a, b, paired, bounds=(0.0, 1.0))
    assert (cut.low, cut.high) == (max(free.low, -1.0), min(free.high, 1.0))
    assert free.low < -1.0
    with pytest.raises(ValueError, match=r"b\[0\] is 1\.0; it must lie within bounds"):
        compare_samples(a, b, paired, bounds=(0.0, 0.9))


def test_a_sample_that_agrees_may_have_missed_what_the_other_shows():
    """Of values so rare that twenty runs may have missed them, at another scale; not of values that both share."""
    rare = np.repeat([-0.1, 0.9], (18, 2))
    unlike = compare_samples(np.full(20, -0.3), rare, paired=False)
    assert (unlike.low, unlike.high) == (-np.inf, np.inf)
    assert unlike.p_value > 0.05
    alike = compare_samples(np.full(20, 0.9), rare, paired=False)
    assert alike.low > 0.0
    assert alike.p_value < 0.05
    common = compare_samples(np.full(20, -12.0), np.random.default_rng(2).normal(-49.0, 4.0, 20), paired=False)
    assert common.low > 0.0
    assert common.p_value < 0.05


@pytest.mark.parametrize("power", [-600, -1, 0, 600])
@pytest.mark.parametrize("shift", [-3.0, 0.0])
def test_agreement_is_the_same_at_any_place_and_scale(power, shift):
    scale, base = 2.0**power, confidence_interval(np.ones(9), bounds=(0.0, 4.0))
    ci = confidence_interval(np.full(9, (1.0 + shift) * scale), bounds=(shift * scale, (4.0 + shift) * scale))
    assert (ci.low / scale - shift, ci.high / scale - shift) == pytest.approx((base.low, base.high))


def test_truth_values_are_bounded_without_being_told():
    truth = np.ones((9, 4), dtype=bool)
    for told, untold in (
        (confidence_interval(truth[:, 0], bounds=(0.0, 1.0)), confidence_interval(truth[:, 0])),
        (compare_samples(truth[:, 0], truth[:, 1], bounds=(0.0, 1.0)), compare_samples(truth[:, 0], truth[:, 1])),
        (suite_interval(truth, "mean", bounds=(0.0, 1.0)), suite_interval(truth, "mean")),
        (confidence_band(truth, bounds=(0.0, 1.0)), confidence_band(truth)),
        (pointwise_intervals(truth, bounds=(0.0, 1.0)), pointwise_intervals(truth)),
        (difference_band(truth, ~truth, bounds=(0.0, 1.0)), difference_band(truth, ~truth)),
    ):
        np.testing.assert_array_equal(told.low, untold.low)
        np.testing.assert_array_equal(told.high, untold.high)
        assert np.isfinite(untold.low).all()

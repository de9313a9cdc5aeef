"""The worst runs: intervals, ties at the edge of the tail, comparisons."""

import numpy as np
import pytest

from fastsoftq.statistics import compare_tails, confidence_interval, tail_interval, tail_mean

RNG = np.random.default_rng(0)


def test_of_the_worst_twentieth_it_is_the_interval_that_there_was():
    x = RNG.normal(size=120)
    assert tail_interval(x) == confidence_interval(x, "tail_mean")


@pytest.mark.parametrize("fraction", [0.1, 0.25])
def test_other_parts_hold_as_well(fraction):
    rng = np.random.default_rng(1)
    # Of the uniform distribution the worst part has the mean fraction / 2.
    found = [tail_interval(rng.random(80), fraction) for _ in range(600)]
    held = np.mean([ci.low <= fraction / 2.0 <= ci.high for ci in found])
    assert held >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 600)
    assert not any(ci.caution for ci in found)
    assert tail_interval(rng.random(9), fraction).caution


def test_it_holds_where_runs_are_tied_at_the_edge_of_the_tail():
    rng = np.random.default_rng(2)
    truth = float(tail_mean(rng.poisson(3.0, 2_000_000)))
    found = [tail_interval(rng.poisson(3.0, 100)) for _ in range(400)]
    held = np.mean([ci.low - 1e-3 <= truth <= ci.high + 1e-3 for ci in found])
    assert held >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 400)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("runs", [20, 100])
def test_equals_are_told_apart_no_more_often_than_it_says(paired, runs):
    rng = np.random.default_rng(3)
    found = [compare_tails(*rng.normal(size=(2, runs)), paired=paired, rng=rng, resamples=199) for _ in range(200)]
    assert np.mean([not one.low <= 0.0 <= one.high for one in found]) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 200)


def test_a_comparison_is_of_tail_means():
    a, b = RNG.normal(size=200), RNG.normal(size=200) - 2.0
    found = compare_tails(a, b, 0.1)
    assert found.difference == pytest.approx(np.sort(a)[:20].mean() - np.sort(b)[:20].mean())
    assert (found.mean_a, found.mean_b) == pytest.approx((np.sort(a)[:20].mean(), np.sort(b)[:20].mean()))
    assert 0.0 < found.low < found.difference < found.high


def test_runs_that_agree_leave_their_tail_open():
    assert tail_interval([1.0] * 50).low == -np.inf
    assert tail_interval([1.0] * 50, bounds=(0.0, 1.0)).low == 0.0
    found = compare_tails([1.0] * 50, np.arange(50.0))
    assert (found.low, found.p_value) == (-np.inf, 1.0)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"fraction is 1\.0"):
        tail_interval([1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="a has shape"):
        compare_tails([1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("share", [1e-320, 1e-300, 1e-13, 1.0 - 1e-13])
def test_a_share_of_runs_that_is_none_or_all_is_refused(share):
    x = np.arange(8.0)
    for name, call in (
        ("fraction", lambda: tail_interval(x, share)),
        ("fraction", lambda: compare_tails(x, -x, share)),
        ("statistic, where it is a quantile,", lambda: confidence_interval(x, share)),
    ):
        with pytest.raises(ValueError, match=rf"{name} is {share}; it must lie in \[1e-12, 1 - 1e-12\]"):
            call()

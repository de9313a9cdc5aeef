"""Kaplan and Meier: by hand and by SciPy's curve, bands that hold, restricted means and pseudo-values."""

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf, kstwo

from fastsoftq.statistics import confidence_interval, kaplan_meier, pseudo_times

RNG = np.random.default_rng(0)


def test_the_curve_is_scipys():
    time, censored = np.round(RNG.exponential(5.0, 40)), RNG.random(40) < 0.3
    found = kaplan_meier(time, censored)
    theirs = ecdf(CensoredData.right_censored(time, censored)).sf
    assert found.share[1:] == pytest.approx(theirs.evaluate(found.time[1:]), abs=1e-12)
    assert found.time[1:].tolist() == np.unique(time[~censored]).tolist()


def test_the_restricted_mean_is_the_area():
    # By hand: 1 up to 2, then 2/3 up to 4 (one of two left gets there), 1/3 up to 5.
    found = kaplan_meier([2.0, 4.0, 5.0], [False, False, True])
    assert found.restricted_mean.estimate == pytest.approx(2.0 + 2.0 * 2.0 / 3.0 + 1.0 / 3.0)
    # One is lost at 3: of the two at risk at 2 one gets there, and the last at 4.
    lost = kaplan_meier([2.0, 3.0, 4.0], [False, True, False])
    assert lost.restricted_mean.estimate == pytest.approx(2.0 + 2.0 * 2.0 / 3.0)


def test_without_censoring_the_band_is_kolmogorovs():
    time = RNG.exponential(size=25)
    found = kaplan_meier(time, np.zeros(25, dtype=bool))
    half = kstwo.ppf(0.95, 25)
    assert found.high == pytest.approx(np.minimum(found.share + half, 1.0))
    assert found.low == pytest.approx(np.maximum(found.share - half, 0.0))


def test_pseudo_values_are_the_jackknifes_and_times_where_none_is_lost_before_the_horizon():
    time, censored = np.array([1.0, 2.0, 3.0, 5.0, 8.0]), np.array([False, True, False, False, True])
    found = pseudo_times(time, censored, 6.0)
    whole = kaplan_meier(time, censored, horizon=6.0).restricted_mean.estimate
    for i in range(5):
        rest = np.arange(5) != i
        area = kaplan_meier(time[rest], censored[rest], horizon=min(6.0, time[rest].max())).restricted_mean.estimate
        # The curve of the others stays as it is beyond their last time.
        if time[rest].max() < 6.0:
            area += (6.0 - time[rest].max()) * kaplan_meier(time[rest], censored[rest]).share[-1]
        assert found[i] == pytest.approx(5 * whole - 4 * area)
    known = np.array([1.0, 2.0, 9.0])
    assert pseudo_times(known, [False, False, True], 6.0).tolist() == [1.0, 2.0, 6.0]
    plain = confidence_interval([1.0, 2.0, 6.0], bounds=(0.0, 6.0))
    assert kaplan_meier(known, [False, False, True], horizon=6.0).restricted_mean == plain


@pytest.mark.parametrize(("runs", "watched"), [(5, np.inf), (5, 2.0), (10, 2.0), (10, 1.0), (40, 1.0)])
def test_band_and_restricted_mean_hold(runs, watched):
    rng, held = np.random.default_rng(1), []
    for _ in range(300):
        time = rng.exponential(size=runs)
        until = rng.exponential(watched, size=runs) if np.isfinite(watched) else np.full(runs, np.inf)
        curve = kaplan_meier(np.minimum(time, until), until < time)
        later = np.append(curve.time[1:], curve.horizon)
        band = (curve.low <= np.exp(-later) + 1e-12).all() and (np.exp(-curve.time) <= curve.high + 1e-12).all()
        mean = curve.restricted_mean
        held.append([band, mean.low <= 1.0 - np.exp(-curve.horizon) <= mean.high])
    assert (np.mean(held, axis=0) >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 300)).all()


def test_nobody_gets_there():
    found = kaplan_meier([5.0, 5.0, 5.0], [True, True, True])
    assert found.share.tolist() == [1.0]
    assert found.restricted_mean.estimate == 5.0


@pytest.mark.parametrize(
    ("time", "censored", "horizon", "message"),
    [
        ([1.0, -1.0], [True, False], None, r"time\[1\]"),
        ([1.0, 2.0], [True], None, "time has shape"),
        ([1.0, 2.0], [True, False], 3.0, "horizon is 3.0; no run was watched beyond 2.0"),
        ([1.0, 2.0], [True, False], 0.0, "horizon is 0"),
        ([1.0], [True], None, "time holds 1 run"),
    ],
)
def test_bad_times_are_refused_by_name(time, censored, horizon, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier(time, censored, horizon=horizon)

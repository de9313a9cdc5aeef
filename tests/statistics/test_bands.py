import numpy as np
import pytest
from scipy import stats

import fastsoftq.statistics.bands as bands
from fastsoftq.statistics import (
    Band,
    confidence_band,
    confidence_interval,
    difference_band,
    pointwise_intervals,
    significant_stretches,
)
from tests.statistics.populations import smooth_curves

CURVES = smooth_curves(np.random.default_rng(0), 30, 40)[0]


def band_of(low, high):
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    return Band((low + high) / 2.0, low, high, 0.95, simultaneous=True)


def test_center_is_the_mean_curve_and_band_contains_the_pointwise_intervals():
    band, pointwise = confidence_band(CURVES), pointwise_intervals(CURVES)
    np.testing.assert_allclose(band.center, CURVES.mean(axis=0))
    np.testing.assert_array_equal(band.center, pointwise.center)
    assert (band.low < pointwise.low).all()
    assert (band.high > pointwise.high).all()
    assert band.simultaneous
    assert not pointwise.simultaneous


def test_one_episode_needs_no_widening():
    """The calibrated error of a single episode is the nominal one, to within the noise of the resampling."""
    half = np.random.default_rng(1).normal(size=(6, 1))
    x = np.concatenate([half, -half])  # no skewness, so that the t interval is the wider one
    band, ci = confidence_band(x, resamples=100_000), confidence_interval(x[:, 0], method="student")
    assert band.high[0] - band.low[0] == pytest.approx(ci.high - ci.low, rel=0.06)


def test_equal_episodes_count_once_and_independent_ones_as_sidak_says():
    rng = np.random.default_rng(2)
    column, independent = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 50))
    for x, error in ((np.repeat(column, 50, axis=1), 0.05), (independent, 1.0 - 0.95 ** (1.0 / 50.0))):
        band = confidence_band(x, resamples=5000)
        half = (band.high - band.low)[0] / 2.0 / (x[:, 0].std(ddof=1) / np.sqrt(4000))
        assert half == pytest.approx(stats.norm.isf(error / 2.0), rel=0.02)


def test_resampling_in_blocks_keeps_within_memory_and_changes_nothing(monkeypatch):
    whole = confidence_band(CURVES, rng=5, resamples=300)
    monkeypatch.setattr(bands, "BLOCK", 1000)
    np.testing.assert_allclose(confidence_band(CURVES, rng=5, resamples=300).low, whole.low, rtol=1e-12)


def test_episodes_without_variation_have_no_width_and_leave_the_others_alone():
    constant = np.full((30, 3), 0.1)
    band = confidence_band(np.hstack([CURVES, constant]))
    np.testing.assert_array_equal(band.low[40:], 0.1)
    np.testing.assert_array_equal(band.high[40:], 0.1)
    np.testing.assert_allclose(band.low[:40], confidence_band(CURVES).low, rtol=1e-9)
    flat = confidence_band(constant)
    np.testing.assert_array_equal(flat.low, flat.high)


def test_paired_difference_is_the_band_of_the_differences():
    other = np.random.default_rng(3).normal(size=CURVES.shape)
    difference, direct = difference_band(CURVES, other), confidence_band(CURVES - other)
    np.testing.assert_array_equal(difference.low, direct.low)
    np.testing.assert_allclose(difference.center, (CURVES - other).mean(axis=0))


def test_unpaired_difference_has_welchs_width():
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.0, 3.0, (40, 1)), rng.normal(0.0, 1.0, (25, 1))
    band = difference_band(a, b, paired=False, resamples=100_000)
    ci = stats.ttest_ind(a[:, 0], b[:, 0], equal_var=False).confidence_interval()
    assert band.high[0] - band.low[0] == pytest.approx(ci.high - ci.low, rel=0.06)
    swapped = difference_band(b, a, paired=False, resamples=100_000)
    np.testing.assert_allclose(swapped.center, -band.center)


def test_pairing_narrows_the_band_of_correlated_runs():
    rng = np.random.default_rng(5)
    b = CURVES + 0.1 * rng.normal(size=CURVES.shape)
    paired, unpaired = difference_band(CURVES, b), difference_band(CURVES, b, paired=False)
    assert ((paired.high - paired.low) < 0.5 * (unpaired.high - unpaired.low)).all()


def test_stretches_are_where_the_band_leaves_the_reference():
    band = band_of([-1, 1, 2, -1, -5, -4, 1], [1, 2, 3, 1, -1, -2, 4])
    assert significant_stretches(band) == ((1, 3, 1), (4, 6, -1), (6, 7, 1))
    assert significant_stretches(band, 1.0) == ((2, 3, 1), (4, 6, -1))
    assert significant_stretches(band, [0, 9, 0, 0, -3, 0, 0]) == ((1, 2, -1), (2, 3, 1), (5, 6, -1), (6, 7, 1))
    assert significant_stretches(band_of([-1, -1], [1, 1])) == ()
    assert significant_stretches(band)[0].start == 1


def test_a_reference_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"reference has shape \(2,\)"):
        significant_stretches(band_of([0, 0, 0], [1, 1, 1]), [0.0, 0.0])


def test_a_true_difference_is_found_where_it_is():
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(50, 30)), rng.normal(size=(50, 30))
    a[:, 12:] += 2.0
    assert significant_stretches(difference_band(a, b)) == ((12, 30, 1),)

import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import (
    Band,
    confidence_band,
    confidence_interval,
    difference_band,
    pointwise_intervals,
    significant_stretches,
    sup_t,
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
    monkeypatch.setattr(sup_t, "BLOCK", 1000)
    np.testing.assert_allclose(confidence_band(CURVES, rng=5, resamples=300).low, whole.low, rtol=1e-12)


def test_episodes_at_which_many_runs_agree_have_no_width_and_leave_the_others_alone():
    curves, constant = smooth_curves(np.random.default_rng(0), 36, 40)[0], np.full((36, 3), 0.1)
    band = confidence_band(np.hstack([curves, constant]))
    np.testing.assert_array_equal(band.low[40:], 0.1)
    np.testing.assert_array_equal(band.high[40:], 0.1)
    np.testing.assert_allclose(band.low[:40], confidence_band(curves).low, rtol=1e-9)
    flat = confidence_band(constant)
    np.testing.assert_array_equal(flat.low, flat.high)


@pytest.mark.parametrize(("runs", "level"), [(2, 0.95), (35, 0.95), (50, 0.99)])
@pytest.mark.parametrize("kind", ["band", "pointwise", "difference"])
def test_episodes_at_which_few_runs_agree_are_known_to_their_bounds_only(runs, level, kind):
    """A tenth of all runs stays unseen with probability 0.9^runs, which is more than half of the error."""
    assert 0.9**runs > (1.0 - level) / 2.0
    x = np.hstack([np.random.default_rng(1).normal(size=(runs, 15)), np.full((runs, 30), 4.0)])
    call, reach = {
        "band": (confidence_band, 20.0),
        "pointwise": (pointwise_intervals, 20.0),
        "difference": (lambda x, **given: difference_band(x, 0.0 * x, **given), 40.0),
    }[kind]
    free, cut = call(x, level=level), call(x, level=level, bounds=(-20.0, 20.0))
    far = slice(-5, None)  # ten episodes away from those that vary
    np.testing.assert_array_equal((free.low[far], free.high[far]), [[-np.inf] * 5, [np.inf] * 5])
    assert np.isfinite(free.low[:15]).all()
    share = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / runs)  # at each episode by itself
    assert -reach <= cut.low[-1] <= 4.0 - (reach + 4.0) * share + 1e-9
    assert reach >= cut.high[-1] >= 4.0 + (reach - 4.0) * share - 1e-9
    if kind == "pointwise":
        assert cut.low[-1] == pytest.approx(confidence_interval(x[:, -1], level=level, bounds=(-20.0, 20.0)).low)


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


def test_two_runs_do_not_make_all_episodes_one():
    """Any two episodes of two runs are perfectly correlated in the sample; the band must not believe it."""
    rng, found = np.random.default_rng(7), []
    for runs in (2, 3, 5):
        for _ in range(200):
            a, b = rng.normal(size=(2, runs, 60))
            found.append(
                [bool(significant_stretches(difference_band(a, b, p, rng=rng, resamples=300))) for p in (False, True)]
            )
    assert (np.mean(found, axis=0) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 600)).all()


def test_a_few_equal_differences_are_no_proof():
    a, b = np.full((4, 6), -12.0), np.full((4, 6), -14.0)
    b[:, :2] = a[:, :2]
    for paired in (True, False):
        band = difference_band(a, b, paired)
        np.testing.assert_array_equal(band.center, [0, 0, 2, 2, 2, 2])
        np.testing.assert_array_equal((band.low, band.high), ([-np.inf] * 6, [np.inf] * 6))
        assert significant_stretches(band) == ()
        many = difference_band(np.repeat(a, 9, axis=0), np.repeat(b, 9, axis=0), paired)
        np.testing.assert_array_equal((many.low, many.high), [[0, 0, 2, 2, 2, 2]] * 2)
        assert significant_stretches(many) == ((2, 6, 1),)


def test_differences_that_vary_by_rounding_do_not_vary():
    rng = np.random.default_rng(8)
    blocks = rng.integers(-50, 0, (40, 40)) / 3.0
    band = difference_band(blocks + 1.0 / 3.0, blocks)
    np.testing.assert_array_equal(band.low, band.high)
    np.testing.assert_allclose(band.center, 1.0 / 3.0)
    nothing = difference_band(0.1 + blocks + 0.2, blocks + 0.3)
    np.testing.assert_array_equal((nothing.low, nothing.high), np.zeros((2, 40)))


def test_one_odd_run_does_not_lengthen_the_band_beyond_measure():
    """Where the cubic that takes out skewness is flat its inverse is not followed."""
    x = np.random.default_rng(9).normal(size=(20, 60))
    for odd in np.linspace(2.0, 40.0, 20):
        x[0, 0] = odd
        band = confidence_band(x)
        assert band.high[0] - band.center[0] < 2.7 * (band.center - band.low)[0]


def test_bands_end_where_values_do():
    lengths = np.where(np.random.default_rng(10).random((10, 30)) < 0.1, 400.0, 1000.0)
    free, cut = confidence_band(lengths), confidence_band(lengths, bounds=(1.0, 1000.0))
    assert free.high.max() > 1000.0
    np.testing.assert_array_equal(cut.high, np.minimum(free.high, 1000.0))
    np.testing.assert_array_equal(cut.low, np.maximum(free.low, 1.0))
    points = pointwise_intervals(lengths, bounds=(1.0, 1000.0))
    assert points.high.max() == 1000.0
    shares = (lengths > 500.0) * 1.0
    apart = difference_band(shares, shares[:, ::-1], paired=False, bounds=(0.0, 1.0), level=0.999999)
    assert apart.low.min() >= -1.0
    assert apart.high.max() <= 1.0
    for call in (confidence_band, pointwise_intervals, lambda x, bounds: difference_band(x, x, bounds=bounds)):
        with pytest.raises(ValueError, match=r"^(x|a)\[0, .* is 1000.0; it must lie within bounds"):
            call(lengths, bounds=(1.0, 999.0))
        with pytest.raises(ValueError, match="the first must be below the second"):
            call(lengths, bounds=(1.0, 1.0))


def test_stretches_of_something_else_are_refused():
    with pytest.raises(TypeError, match="band is 3; it must be a Band"):
        significant_stretches(3)

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats

from fastsoftq.statistics import area_under_curve, confidence_interval, final_performance, sample_efficiency

CURVES = np.array(
    [
        [-9.0, -5.0, -1.0, -1.0],
        [-1.0, -9.0, -9.0, -1.0],
        [-9.0, -9.0, -9.0, -9.0],
        [-9.0, -9.0, -1.0, -9.0],
    ]
)


def test_time_is_that_of_the_first_episode_at_the_threshold_and_infinite_where_there_is_none():
    result = sample_efficiency(CURVES, -1.0)
    np.testing.assert_array_equal(result.time, [3.0, 1.0, np.inf, 3.0])
    assert result.reached.estimate == 0.75
    assert result.restricted_mean.estimate == (3 + 1 + 4 + 3) / 4
    assert result.horizon == 4.0
    assert result.median is None


def test_a_window_must_be_filled():
    np.testing.assert_array_equal(sample_efficiency(CURVES, -3.0, window=2).time, [3.0, np.inf, np.inf, np.inf])
    np.testing.assert_array_equal(sample_efficiency(CURVES, -5.0, window=2).time, [3.0, 2.0, np.inf, 3.0])


def test_time_in_steps_adds_the_lengths_and_stops_where_the_first_unfinished_run_stops():
    lengths = np.array([[10, 5, 3, 2], [7, 5, 3, 2], [4, 4, 4, 4], [9, 9, 9, 9]])
    result = sample_efficiency(CURVES, -1.0, lengths)
    np.testing.assert_array_equal(result.time, [18.0, 7.0, np.inf, 27.0])
    assert result.horizon == 16.0
    assert result.restricted_mean.estimate == (16 + 7 + 16 + 16) / 4


def test_where_all_arrive_the_median_is_that_of_confidence_interval():
    curves = np.random.default_rng(0).normal(size=(15, 40)).cumsum(axis=1)
    result = sample_efficiency(np.maximum.accumulate(curves, axis=1), -1.0)
    expected = confidence_interval(result.time, "median")
    assert (result.median.estimate, result.median.low, result.median.high) == (
        expected.estimate,
        expected.low,
        expected.high,
    )
    assert result.reached.estimate == 1.0


def test_median_is_infinite_where_most_runs_never_arrive():
    curves = np.zeros((20, 5))
    curves[:4] = 1.0
    result = sample_efficiency(curves, 1.0)
    assert (result.median.estimate, result.median.high) == (np.inf, np.inf)
    exact = stats.binomtest(4, 20).proportion_ci(method="exact")
    assert (result.reached.low, result.reached.high) == pytest.approx((exact.low, exact.high))


def test_median_of_censored_times_covers():
    """Times are geometric; the runs are watched for thirty episodes only, a quarter of them in vain."""
    rng, inside = np.random.default_rng(1), []
    median = np.ceil(np.log(0.5) / np.log(0.955))
    for _ in range(400):
        curves = (rng.random((25, 30)) < 0.045).astype(float)
        ci = sample_efficiency(curves, 1.0).median
        inside.append(ci.low <= median <= ci.high)
    assert np.mean(inside) >= 0.95 - 0.015 - 3.0 * np.sqrt(0.95 * 0.05 / 400)


def test_area_and_final_performance():
    np.testing.assert_array_equal(area_under_curve(CURVES), CURVES.mean(axis=1))
    np.testing.assert_array_equal(final_performance(CURVES, 2), CURVES[:, 2:].mean(axis=1))
    np.testing.assert_array_equal(final_performance(CURVES, 4), CURVES.mean(axis=1))


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="window is 5; it must be at most the number of episodes, 4"):
        sample_efficiency(CURVES, -1.0, window=5)
    with pytest.raises(ValueError, match="threshold is nan"):
        sample_efficiency(CURVES, np.nan)
    with pytest.raises(ValueError, match=r"curves has shape \(4, 4\) and lengths \(4, 3\)"):
        sample_efficiency(CURVES, -1.0, np.ones((4, 3)))
    with pytest.raises(ValueError, match="last is 5"):
        final_performance(CURVES, 5)


def test_steps_are_not_negative():
    with pytest.raises(ValueError, match=r"lengths\[1, 0\] is -3.0; it must hold numbers of steps"):
        sample_efficiency(np.ones((2, 2)), 1.0, lengths=[[1, 1], [-3, 1]])


@settings(max_examples=100, deadline=None)
@given(st.integers(-99, 99), st.integers(1, 12), st.integers(1, 3))
def test_a_constant_reaches_itself_whatever_the_window(tenths, window, digits):
    value = tenths / 10**digits
    result = sample_efficiency(np.full((2, 12), value), value, window=window)
    np.testing.assert_array_equal(result.time, [window, window])
    above = sample_efficiency(np.full((2, 12), value), value + 1e-9, window=window)
    np.testing.assert_array_equal(above.time, [np.inf, np.inf])


def test_an_average_reaches_what_fractions_say():
    curves = np.array([[0.1, 0.2, 0.6, 0.0], [0.7, 0.1, 0.1, 0.0], [0.3, 0.3, 0.29, 0.0]])
    np.testing.assert_array_equal(sample_efficiency(curves, 0.3, window=3).time, [3.0, 3.0, np.inf])


def test_a_huge_return_does_not_blur_the_others():
    curves = np.array([[-1e12, 0.0, 0.0, 0.0], [-1e12, 1e-3, 1e-3, 1e-3]])
    np.testing.assert_array_equal(sample_efficiency(curves, 1e-3, window=2).time, [np.inf, 3.0])


@pytest.mark.parametrize("late", [0, 1, 4, 9, 10])
def test_restricted_means_end_at_0_and_at_their_horizon(late):
    curves = np.zeros((10, 50))
    curves[late:, 2] = 1.0
    mean = sample_efficiency(curves, 1.0).restricted_mean
    assert mean.estimate == pytest.approx((50.0 * late + 3.0 * (10 - late)) / 10)
    assert 0.0 <= mean.low < mean.high <= 50.0
    at_once = sample_efficiency(curves, 0.0, lengths=np.zeros((10, 50)))
    assert (at_once.horizon, at_once.restricted_mean.high) == (0.0, 0.0)

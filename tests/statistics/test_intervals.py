import subprocess
import sys

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from scipy import stats

from fastsoftq.statistics import (
    compare_samples,
    confidence_band,
    confidence_interval,
    difference_band,
    interquartile_mean,
    pointwise_intervals,
    suite_interval,
)
from fastsoftq.statistics.bootstraps import expanded_level
from fastsoftq.statistics.moments import _untransform
from fastsoftq.statistics.order_statistics import order_statistic_bounds

SAMPLE = np.random.default_rng(0).gamma(2.0, size=25)
samples = arrays(float, st.integers(2, 30), elements=st.floats(-1000.0, 1000.0, width=32))


def test_student_interval_is_that_of_scipy():
    ci = confidence_interval(SAMPLE, method="student", level=0.9)
    expected = stats.ttest_1samp(SAMPLE, 0.0).confidence_interval(0.9)
    assert (ci.low, ci.high) == pytest.approx(tuple(expected), rel=1e-12)
    assert (ci.estimate, ci.level, ci.method, ci.runs) == (pytest.approx(SAMPLE.mean()), 0.9, "student", 25)


def test_skew_interval_solves_halls_equation():
    """At its longer end Hall's transform of the studentised error is the t quantile; the other is that of t alone."""
    n, mean, deviation = len(SAMPLE), SAMPLE.mean(), SAMPLE.std(ddof=1)
    skew = np.mean((SAMPLE - mean) ** 3) / deviation**3
    ci = confidence_interval(SAMPLE)
    error = (mean - ci.high) / deviation
    transformed = error + skew * error**2 / 3.0 + skew**2 * error**3 / 27.0 + skew / (6.0 * n)
    assert skew > 0.0
    assert np.sqrt(n) * transformed == pytest.approx(stats.t.ppf(0.025, n - 1), rel=1e-10)
    assert ci.low == confidence_interval(SAMPLE, method="student").low
    assert ci.method == "skew"


def test_skew_interval_leans_to_the_long_tail_and_is_students_without_skew():
    ci = confidence_interval(SAMPLE)
    assert ci.high - ci.estimate > ci.estimate - ci.low
    even = np.concatenate([SAMPLE, -SAMPLE])
    student = confidence_interval(even, method="student")
    assert (confidence_interval(even).low, confidence_interval(even).high) == pytest.approx(
        (student.low, student.high), rel=1e-9
    )


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize(("name", "function"), [("mean", np.mean), ("median", np.median)])
def test_bootstraps_are_those_of_scipy(method, name, function):
    ci = confidence_interval(SAMPLE, name, method=method, rng=3, resamples=2000)
    expected = stats.bootstrap((SAMPLE,), function, method=method, n_resamples=2000, rng=np.random.default_rng(3))
    assert (ci.low, ci.high) == pytest.approx(tuple(expected.confidence_interval), rel=1e-12)


def test_a_function_may_be_the_statistic():
    ci = confidence_interval(SAMPLE, np.std, rng=1, resamples=1000)
    assert ci.estimate == pytest.approx(SAMPLE.std())
    assert ci.low < ci.estimate < ci.high
    assert ci.method == "expanded"


def test_expanded_level_gives_a_normal_mean_the_length_of_students_interval():
    level, n = 0.95, 20
    bootstrap_half = stats.norm.isf((1.0 - expanded_level(level, n)) / 2.0) * np.sqrt((n - 1) / n)
    assert bootstrap_half == pytest.approx(stats.t.isf(0.025, n - 1))


def test_interquartile_mean_is_scipys_trimmed_mean():
    x = np.random.default_rng(2).normal(size=(11, 7))
    np.testing.assert_allclose(interquartile_mean(x, axis=0), stats.trim_mean(x, 0.25, axis=0))
    np.testing.assert_allclose(interquartile_mean(x), stats.trim_mean(x, 0.25, axis=None))
    assert confidence_interval(SAMPLE, "interquartile_mean").estimate == pytest.approx(stats.trim_mean(SAMPLE, 0.25))


def test_median_interval_lies_between_the_order_statistics_of_the_binomial():
    """For ten runs P(Bin(10, 1/2) <= 1) < 2.5 % < P(Bin(10, 1/2) <= 2): between second and third, from either end."""
    ci = confidence_interval(np.arange(1.0, 11.0), "median")
    assert (ci.estimate, ci.method) == (5.5, "order")
    gamma, attained, beyond = 0.025, stats.binom.cdf(1, 10, 0.5), stats.binom.cdf(2, 10, 0.5)
    inner = (gamma - attained) / (beyond - attained)
    weight = (10 - 2) * inner / (2 + (10 - 4) * inner)  # Hettmansperger and Sheather (1986)
    assert (ci.low, ci.high) == pytest.approx((2.0 + weight, 9.0 - weight))


def test_levels_are_said_to_the_digits_that_tell_them_from_1():
    """All of n runs lie on one side of the median with probability 2^(1 - n): at most 1e-7 from 25 runs on."""
    with pytest.raises(ValueError, match=r"at level 0\.9999999 from 25 runs on, got 10"):
        confidence_interval(np.arange(10.0), "median", level=0.9999999)
    found = compare_samples([-1.0, 0.0, 1.0], [1.0, 2.0, 3.0], paired=False, level=0.9999999)
    assert found.caution.endswith("too few for an end at level 0.9999999")


@pytest.mark.parametrize(("quantile", "least"), [(0.5, 6), (0.05, 72), (0.9, 36)])
def test_quantiles_say_from_how_many_runs_on_they_have_an_interval(quantile, least):
    with pytest.raises(ValueError, match=f"from {least} runs on, got {least - 1}"):
        confidence_interval(np.arange(least - 1.0), quantile)
    ci = confidence_interval(np.arange(float(least)), quantile)
    assert 0.0 <= ci.low < ci.estimate < ci.high <= least - 1.0
    assert confidence_interval(np.arange(least - 1.0), quantile, method="percentile").method == "percentile"


def test_order_statistics_may_be_infinite():
    ordered = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, np.inf, np.inf, np.inf])
    low, high = order_statistic_bounds(ordered, 0.5, 0.95)
    assert 2.0 < low < 3.0
    assert high == np.inf


@settings(max_examples=50, deadline=None)
@given(samples, st.floats(-100.0, 100.0), st.floats(0.5, 20.0))
def test_interval_of_the_mean_moves_with_shift_scale_and_sign(x, shift, scale):
    ci = confidence_interval(x)
    size = 1e-6 * (1.0 + abs(shift) + scale * np.abs(x).max())
    moved = confidence_interval(scale * x + shift)
    assert (moved.low, moved.high) == pytest.approx((scale * ci.low + shift, scale * ci.high + shift), abs=size)
    mirrored = confidence_interval(-x)
    assert (mirrored.low, mirrored.high) == pytest.approx((-ci.high, -ci.low), abs=size)


@pytest.mark.filterwarnings("error")
def test_bca_says_when_ties_leave_it_without_an_interval():
    with pytest.raises(ValueError, match="use method='percentile'"):
        confidence_interval([0.0] * 30 + [1.0], "median", method="bca")


def test_the_package_is_light_to_import():
    code = "import sys, fastsoftq.statistics; print([m for m in ('scipy', 'matplotlib', 'numba') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("statistic", ["mean", "median", "interquartile_mean"])
def test_intervals_end_where_values_do(statistic):
    shares = [0.98, 1.0, 1.0, 0.99, 1.0, 0.97, 1.0]
    free = confidence_interval(shares, statistic, level=0.999 if statistic == "mean" else 0.95)
    cut = confidence_interval(shares, statistic, level=free.level, bounds=(0.0, 1.0))
    assert cut.high == min(free.high, 1.0)
    assert cut.low == free.low
    assert free.high > 1.0 or statistic != "mean"
    with pytest.raises(ValueError, match="outside of it"):
        confidence_interval(shares, statistic, bounds=(0.0, 0.5))


def test_skewness_is_taken_out_without_a_leap():
    """The inverse of Hall's cubic, straight where it would be steep: continuous, increasing, and nowhere steeper."""
    y = np.linspace(-6.0, 6.0, 4001)
    for skew in (-0.9, -0.3, 0.0, 0.05, 0.25, 0.9):
        t = _untransform(y, np.full_like(y, skew))
        slope = np.diff(t) / np.diff(y)
        assert (slope > 0.0).all()
        assert slope.max() <= 3.0 + 1e-6
        if skew:
            cubic = (np.cbrt(1.0 + skew * (y - skew / 6.0)) - 1.0) * 3.0 / skew
            assert (np.abs(t) <= np.abs(cubic) + 1e-9).all()
            gentle = 1.0 + skew * (y - skew / 6.0) > 3.0**-1.5
            np.testing.assert_allclose(t[gentle], cubic[gentle], atol=1e-9)
        else:
            np.testing.assert_array_equal(t, y)


def test_a_statistic_that_cannot_go_along_an_axis_is_refused():
    with pytest.raises(TypeError, match=r"statistic is .*; it must take an array and axis=, as numpy.std does"):
        confidence_interval(np.arange(5.0), lambda values: 1.0)


def test_more_resamples_than_one_waits_for_are_refused():
    with pytest.raises(ValueError, match="resamples is 1000001; it must be at most 1000000"):
        confidence_interval(np.arange(5.0), method="percentile", resamples=1_000_001)


def test_a_function_is_no_surer_than_the_jackknife():
    """Its interval reaches at least as far as that of Tukey's pseudo-values."""
    n, whole = len(SAMPLE), SAMPLE.std()
    pseudo = np.array([n * whole - (n - 1) * np.delete(SAMPLE, i).std() for i in range(n)])
    ci, mean = confidence_interval(SAMPLE, np.std), confidence_interval(pseudo)
    assert ci.low <= mean.low
    assert ci.high >= mean.high
    assert "25 runs are few" in ci.caution
    mean_itself = confidence_interval(SAMPLE, np.mean)  # whose pseudo-values are the runs
    assert mean_itself.low <= confidence_interval(SAMPLE).low + 1e-12


@pytest.mark.parametrize(
    ("name", "runs", "least"), [("normal", 10, 0.92), ("normal", 50, 0.95), ("exponential", 50, 0.93)]
)
def test_standard_deviations_are_held(name, runs, least):
    """A bootstrap alone holds 73, 90 and 82 % of them."""
    rng = np.random.default_rng(7)
    draw = {"normal": rng.normal, "exponential": rng.exponential}[name]
    ends = [confidence_interval(draw(size=runs), np.std, rng=rng, resamples=1000) for _ in range(200)]
    assert np.mean([ci.low <= 1.0 <= ci.high for ci in ends]) >= least - 3.0 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(
    ("level", "runs", "method", "message"),
    [
        (0.99999, 30, "expanded", "more runs, or a lower level"),
        (0.9999, 30, "percentile", "it takes resamples=20"),
        (0.9999, 30, "bca", "it takes resamples=20"),
        (0.99, 10, "expanded", "it takes resamples="),
        (0.95, 4, "expanded", "x holds 4 runs; method 'expanded' takes 5"),
    ],
)
def test_levels_finer_than_the_resamples_are_refused(level, runs, method, message):
    with pytest.raises(ValueError, match=message):
        confidence_interval(np.arange(float(runs)), np.std, level, method=method, resamples=2000)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_statistic_that_is_not_finite_is_called_so(value):
    def never(x, axis):
        return np.full(x.shape[:-1] if axis == -1 else x.shape[1:], value)

    def sometimes(x, axis):
        return np.where(x.max(axis=axis) == 24.0, x.mean(axis=axis), value)

    with pytest.raises(ValueError, match=r"statistic is .*; it gives (nan|inf) for the runs"):
        confidence_interval(SAMPLE, never)
    with pytest.raises(ValueError, match=r"statistic is not finite for \d+ of 9999 resamples"):
        confidence_interval(np.arange(25.0), sometimes)


def test_intervals_say_what_is_doubtful():
    x = np.random.default_rng(8).normal(size=100)
    assert confidence_interval(x).caution == ""
    assert "10 runs are enough where returns are nearly normal" in confidence_interval(x[:10]).caution
    assert "all 30 runs agree" in confidence_interval(np.ones(30)).caution
    nearly = np.r_[np.zeros(57), 1.0, 2.0, 5.0]
    assert "only 3 of 60 runs differ" in confidence_interval(nearly).caution
    assert "worst 5%" in confidence_interval(x[:30], "tail_mean").caution
    assert confidence_interval(x, "tail_mean").caution == ""
    assert confidence_interval(x, "median").caution == ""
    assert confidence_interval(x, np.std).caution == ""
    assert "60 runs are few" in confidence_interval(x[:60], np.std).caution


@pytest.mark.parametrize("runs", [100, 1000])
def test_heavy_tails_are_called_so_at_any_number_of_runs(runs):
    """Standard deviations of such runs are held by 87 to 94 % of intervals, however many runs there are."""
    rng, said = np.random.default_rng(9), {"heavy": [], "normal": [], "robust": []}
    for _ in range(20):
        heavy, normal = rng.standard_t(3.0, runs), rng.normal(size=runs)
        said["heavy"].append("tails are heavy" in confidence_interval(heavy, np.std, resamples=200).caution)
        said["normal"].append("tails are heavy" in confidence_interval(normal, np.std, resamples=200).caution)
        median = confidence_interval(heavy, np.median, resamples=200)  # which tails do not move
        said["robust"].append("tails are heavy" in median.caution)
    assert np.mean(said["heavy"]) >= 0.9
    assert np.mean(said["normal"]) <= 0.1
    assert not any(said["robust"])


def test_a_tail_that_is_heavy_is_said_to_be():
    heavy = np.random.default_rng(10).standard_t(3.0, 300)
    assert "tails are heavy" in confidence_interval(heavy[:100], "tail_mean").caution
    assert confidence_interval(heavy, "tail_mean").caution == ""


def test_what_few_runs_of_any_kind_leave_open_is_said():
    """A tenth of all runs stays unseen in 36 with half of an error of 5 %; lumps in a tail need five runs there."""
    x = np.random.default_rng(10).normal(size=400)
    assert "35 runs are enough where returns are nearly normal; elsewhere it takes 36" in (
        confidence_interval(x[:35]).caution
    )
    assert confidence_interval(x[:36]).caution == ""
    for method in ("percentile", "bca"):
        assert "49 runs are few" in confidence_interval(x[:49], method=method).caution
        assert confidence_interval(x[:50], method=method).caution == ""
    assert "it takes 36" in confidence_interval(x[:20], method="expanded").caution
    assert "it takes 100" in confidence_interval(x[:99], "tail_mean").caution
    two = np.repeat([0.0, 1.0], (200, 200))
    for statistic in ("tail_mean", np.std):
        assert "take two values" in confidence_interval(two, statistic).caution
        assert confidence_interval(two > 0.5, statistic).caution == ""
    assert confidence_interval(two, "median").caution == confidence_interval(two, "interquartile_mean").caution == ""


def test_curves_and_suites_say_what_may_be_unseen():
    rng = np.random.default_rng(11)
    two, many = (rng.random((40, 3)) < 0.3) * 1.0, rng.normal(size=(40, 3))
    mixed = np.c_[two[:, :2], many[:, :1]]
    assert pointwise_intervals(mixed).caution == (
        "runs take two values at 2 of 3 episodes, where rarer ones leave no trace"
    )
    assert pointwise_intervals(two > 0.5).caution == pointwise_intervals(two, bounds=(0.0, 1.0)).caution == ""
    assert "30 runs are enough" in pointwise_intervals(many[:30]).caution
    assert confidence_band(mixed).caution == confidence_band(many[:30]).caution == ""
    assert "two values throughout" in confidence_band(two).caution
    assert confidence_band(two, bounds=(0.0, 1.0)).caution == ""
    assert "two values throughout" in difference_band(two, two[::-1], paired=False).caution
    assert difference_band(two, two[::-1], paired=False, bounds=(0.0, 1.0)).caution == ""
    assert "take two values" in suite_interval(two, "mean").caution
    assert suite_interval(two > 0.5, "mean").caution == suite_interval(mixed, "mean").caution == ""
    assert "30 runs in all are enough" in suite_interval(many[:10], "mean").caution

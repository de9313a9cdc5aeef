import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fastsoftq.statistics import empirical_distribution, performance_profile, tail_mean
from fastsoftq.statistics.distributions import tail_contributions

SAMPLE = np.random.default_rng(0).normal(size=40).round(1)
TAUS = np.linspace(-3.0, 3.0, 25)


def test_distribution_is_that_of_scipy():
    ours, expected = empirical_distribution(SAMPLE), stats.ecdf(SAMPLE).cdf
    np.testing.assert_array_equal(ours.thresholds, expected.quantiles)
    np.testing.assert_allclose(ours.share, expected.probabilities)


def test_band_excludes_exactly_what_the_kolmogorov_smirnov_test_rejects():
    result = empirical_distribution(SAMPLE)
    half = (result.high - result.share).max()
    assert stats.kstwo.sf(half, len(SAMPLE)) == pytest.approx(0.05)
    assert (result.low >= 0.0).all()
    assert (result.high <= 1.0).all()


def test_profile_is_the_share_above_each_threshold_in_any_order():
    profile = performance_profile(SAMPLE, TAUS[::-1])
    np.testing.assert_allclose(profile.share, [(tau < SAMPLE).mean() for tau in TAUS[::-1]], atol=1e-15)


def test_profile_agrees_with_rliable(rliable):
    library = rliable("library")
    expected, _ = library.create_performance_profile({"a": SAMPLE[:, None]}, TAUS, reps=50)
    np.testing.assert_allclose(performance_profile(SAMPLE, TAUS).share, expected["a"], atol=1e-15)


def test_profile_band_covers_the_whole_profile():
    truth, rng = stats.norm.sf(TAUS), np.random.default_rng(1)
    profiles = [performance_profile(rng.normal(size=20), TAUS) for _ in range(1000)]
    inside = np.mean([((p.low <= truth) & (truth <= p.high)).all() for p in profiles])
    # Few thresholds see a little less than the largest deviation, so the band may cover more than its level.
    assert 0.935 <= inside <= 0.98


def test_tail_mean_of_whole_and_partial_runs():
    x = np.array([5.0, 1.0, 3.0, 2.0])
    assert tail_mean(x, 0.25) == 1.0
    assert tail_mean(x, 0.5) == 1.5
    assert tail_mean(x, 0.375) == pytest.approx((1.0 + 0.5 * 2.0) / 1.5)
    assert tail_mean(x, 0.05) == 1.0
    np.testing.assert_allclose(tail_mean(np.stack([x, -x]), 0.5, axis=1), [1.5, -4.0])
    np.testing.assert_allclose(tail_mean(np.stack([x, -x]), 0.5, axis=0), -x)


def test_tail_mean_is_conditional_value_at_risk():
    """Of a standard normal: -phi(q) / fraction at its quantile q."""
    x = np.random.default_rng(2).normal(size=1_000_000)
    assert tail_mean(x) == pytest.approx(-stats.norm.pdf(stats.norm.ppf(0.05)) / 0.05, abs=0.01)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1000.0, 1000.0), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_tail_mean_lies_between_the_worst_run_and_the_mean(x, fraction):
    assert min(x) - 1e-9 <= tail_mean(x, fraction) <= np.mean(x) + 1e-9


def test_rounding_brings_in_no_sliver_of_another_run():
    x = np.concatenate([[-1e12], np.zeros(9)])
    assert tail_mean(x, 0.1) == -1e12
    assert tail_mean(np.concatenate([[0.0] * 3, [1e12] * 7]), 0.1 + 0.2) == 0.0


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="fraction is 1"):
        tail_mean(SAMPLE, 1.0)
    with pytest.raises(ValueError, match="thresholds has shape"):
        performance_profile(SAMPLE, [])
    with pytest.raises(ValueError, match=r"x\[1\] is nan"):
        empirical_distribution([1.0, np.nan])


def test_contributions_average_to_the_tail_mean_and_vary_as_it_does():
    rng = np.random.default_rng(3)
    x = rng.exponential(size=200)
    assert tail_contributions(x, 0.05).mean() == pytest.approx(tail_mean(x))
    samples = rng.exponential(size=(4000, 1000))
    error = np.mean([tail_contributions(row, 0.2).std() for row in samples[:400]]) / np.sqrt(1000)
    assert error == pytest.approx(tail_mean(samples, 0.2).std(), rel=0.05)


@pytest.mark.parametrize("fraction", [1e-10, 1e-15, 1e-300, 5e-324])
def test_the_least_tail_is_the_worst_run(fraction):
    assert tail_mean([2.0, 1.0], fraction) == 1.0

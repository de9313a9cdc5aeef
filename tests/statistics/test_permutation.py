import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import least_p_value, permutation_test


def welch_t(x, y, axis=-1):
    return np.abs(stats.ttest_ind(x, y, equal_var=False, axis=axis).statistic)


@pytest.mark.parametrize("shift", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("n", [3, 8, 13])
def test_exact_paired_p_value_is_that_of_scipy(n, shift):
    rng = np.random.default_rng(n)
    a, b = rng.normal(shift, 1.0, n), rng.exponential(1.0, n)
    ours = permutation_test(a, b)
    expected = stats.permutation_test((a - b,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert ours.exact
    assert ours.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert ours.statistic == pytest.approx(stats.ttest_rel(a, b).statistic)


@pytest.mark.parametrize(("n", "m"), [(3, 4), (6, 6), (4, 9)])
def test_exact_unpaired_p_value_is_that_of_scipy(n, m):
    rng = np.random.default_rng(n)
    a, b = rng.normal(1.0, 1.0, n), rng.exponential(1.0, m)
    ours = permutation_test(a, b, paired=False)
    expected = stats.permutation_test((a, b), welch_t, n_resamples=np.inf, alternative="greater")
    assert ours.exact
    assert ours.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert ours.statistic == pytest.approx(stats.ttest_ind(a, b, equal_var=False).statistic)


@pytest.mark.parametrize("paired", [True, False])
def test_drawn_p_value_is_near_that_of_scipy(paired):
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.45, 1.0, 30), rng.normal(0.0, 1.0, 30)
    ours = permutation_test(a, b, paired, rng=1, resamples=20_000)
    if paired:
        expected = stats.permutation_test((a - b,), np.mean, permutation_type="samples", n_resamples=20_000, rng=2)
    else:
        expected = stats.permutation_test((a, b), welch_t, n_resamples=20_000, alternative="greater", rng=2)
    assert not ours.exact
    assert ours.p_value == pytest.approx(expected.pvalue, abs=4.0 * np.sqrt(2.0 * 0.25 / 20_000))


def test_exact_p_value_counts_ties_in_spite_of_rounding():
    """All four differences equal: of sixteen sign patterns only two are as extreme."""
    assert permutation_test([0.1, 0.2, 0.3, 0.4], [0.0, 0.1, 0.2, 0.3]).p_value == 2.0 / 16.0


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("n", [5, 40])
def test_equal_samples_are_not_told_apart(paired, n):
    assert permutation_test(np.full(n, 0.1), np.full(n, 0.1), paired).p_value == 1.0


def test_samples_without_variation_that_differ_are_told_apart_as_far_as_their_number_allows():
    result = permutation_test(np.full(4, 1.0), np.full(4, 0.0), paired=False)
    assert (result.statistic, result.p_value) == (np.inf, 2.0 / 70.0)
    assert permutation_test(np.full(4, 1.0), np.full(4, 0.0)).p_value == 2.0 / 16.0


def test_a_drawn_p_value_is_never_zero():
    assert permutation_test(np.arange(50.0) + 1000.0, np.arange(50.0), paired=False, resamples=999).p_value == 1 / 1000


def test_sign_of_the_statistic_is_that_of_a_minus_b():
    rng = np.random.default_rng(4)
    a, b = rng.normal(1.0, 1.0, 6), rng.normal(0.0, 1.0, 6)
    for paired in (True, False):
        ab, ba = permutation_test(a, b, paired), permutation_test(b, a, paired)
        assert ab.statistic == pytest.approx(-ba.statistic)
        assert ab.p_value == ba.p_value


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("runs", [2, 3, 5])
def test_no_sample_has_less_than_the_least_p_value(runs, paired):
    x = np.random.default_rng(runs).normal(size=runs)
    assert permutation_test(x + 1e6, x[::-1], paired).p_value == pytest.approx(least_p_value(runs, runs, paired))


def test_the_least_p_value_of_unequal_samples():
    assert permutation_test([5.0, 6.0, 7.5], [0.0, 1.0], paired=False).p_value == pytest.approx(
        least_p_value(3, 2, paired=False)
    )
    assert least_p_value(100_000, 100_000) == 0.0

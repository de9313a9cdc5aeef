import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import (
    compare_samples,
    confidence_interval,
    holm,
    permutation_test,
    probability_of_improvement,
    welch_test,
)

SHARED, OWN_A, OWN_B = np.random.default_rng(0).normal(size=(3, 30))
A, B = SHARED + 0.5 * OWN_A + 1.0, SHARED + 0.5 * OWN_B


def test_paired_comparison_joins_the_parts():
    result, interval = compare_samples(A, B), confidence_interval(A - B)
    assert (result.difference, result.low, result.high) == (interval.estimate, interval.low, interval.high)
    assert result.p_value == permutation_test(A, B).p_value
    assert result.probability_of_improvement == probability_of_improvement(A, B).estimate
    assert result.correlation == pytest.approx(stats.pearsonr(A, B).statistic)
    assert (result.mean_a, result.mean_b) == pytest.approx((A.mean(), B.mean()))
    assert (result.runs_a, result.runs_b, result.level, result.paired) == (30, 30, 0.95, True)


def test_seeds_saved_are_those_that_unpaired_runs_would_need_for_the_same_standard_error():
    result = compare_samples(A, B)
    needed = 30 + result.seeds_saved
    unpaired = np.sqrt((A.var(ddof=1) + B.var(ddof=1)) / needed)
    assert unpaired == pytest.approx((A - B).std(ddof=1) / np.sqrt(30))
    assert result.seeds_saved > 30
    assert compare_samples(A, -B).seeds_saved < 0
    assert compare_samples(np.arange(5.0), np.arange(5.0) - 1.0).seeds_saved == np.inf
    assert compare_samples(A, B, paired=False).seeds_saved == 0.0


def test_unpaired_comparison_uses_welchs_degrees_of_freedom():
    a, b = np.concatenate([A, 2.0 - A]), np.concatenate([2.0 * B, -2.0 * B])[:50]
    result = compare_samples(a, b, paired=False)
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert result.difference == pytest.approx(a.mean() - b.mean())
    assert result.high - result.low == pytest.approx(np.diff(welch.confidence_interval())[0], rel=0.02)
    assert np.isnan(result.correlation)
    assert (result.runs_a, result.runs_b) == (60, 50)


def test_effect_size_is_hedges_g_and_does_not_depend_on_pairing():
    paired, unpaired = compare_samples(A, B), compare_samples(A, B, paired=False)
    pooled = np.sqrt((A.var(ddof=1) + B.var(ddof=1)) / 2.0)
    assert paired.effect_size == pytest.approx((A.mean() - B.mean()) / pooled * (1.0 - 3.0 / (4.0 * 58 - 1.0)))
    assert paired.effect_size == pytest.approx(unpaired.effect_size)


def test_swapping_the_samples_turns_every_sign():
    ab, ba = compare_samples(A, B), compare_samples(B, A)
    assert (ba.difference, ba.low, ba.high) == pytest.approx((-ab.difference, -ab.high, -ab.low))
    assert ba.effect_size == pytest.approx(-ab.effect_size)
    assert ba.probability_of_improvement == pytest.approx(1.0 - ab.probability_of_improvement)
    assert ba.p_value == ab.p_value


def test_samples_without_variation():
    equal, apart = compare_samples([1.0] * 5, [1.0] * 5), compare_samples([2.0] * 5, [1.0] * 5)
    assert (equal.difference, equal.p_value, equal.effect_size) == (0.0, 1.0, 0.0)
    assert (equal.low, equal.high) == (-np.inf, np.inf)
    assert equal.probability_of_improvement == 0.5
    assert np.isnan(equal.correlation)
    assert (apart.effect_size, apart.seeds_saved) == (np.inf, 0.0)


@pytest.mark.parametrize("paired", [True, False])
def test_probability_of_improvement_is_the_mann_whitney_statistic(paired):
    a, b = np.random.default_rng(1).integers(0, 6, (2, 25)).astype(float)
    ci = probability_of_improvement(a, b, paired)
    assert ci.estimate == pytest.approx(stats.mannwhitneyu(a, b).statistic / 25**2)
    assert 0.0 < ci.low < ci.estimate < ci.high < 1.0


def test_unpaired_interval_of_the_probability_agrees_with_brunner_and_munzel():
    """The interval excludes one half exactly where a logit version of their statistic exceeds the t quantile."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.4, 1.0, 25), rng.normal(0.0, 2.0, 35)
    ci = probability_of_improvement(a, b, paired=False)
    result = stats.brunnermunzel(a, b)
    wins = [(a_i > b).mean() for a_i in a], [(a > b_j).mean() for b_j in b]
    error = np.sqrt(np.var(wins[0], ddof=1) / 25 + np.var(wins[1], ddof=1) / 35)
    assert abs(result.statistic) == pytest.approx(abs(ci.estimate - 0.5) / error)
    logit_half = np.log(ci.high / (1.0 - ci.high)) - np.log(ci.estimate / (1.0 - ci.estimate))
    quantile = logit_half / error * ci.estimate * (1.0 - ci.estimate)
    assert 2.0 * stats.t.sf(abs(result.statistic), welch_dof(a, b)) == pytest.approx(result.pvalue)
    assert quantile == pytest.approx(stats.t.ppf(0.975, welch_dof(a, b)))


def welch_dof(a, b):
    u = np.var([(a_i > b).mean() for a_i in a], ddof=1) / len(a)
    v = np.var([(a > b_j).mean() for b_j in b], ddof=1) / len(b)
    return (u + v) ** 2 / (u**2 / (len(a) - 1) + v**2 / (len(b) - 1))


def test_samples_wholly_apart_have_the_binomial_interval():
    up, down = probability_of_improvement(A + 100.0, B), probability_of_improvement(A - 100.0, B)
    exact = stats.binomtest(30, 30).proportion_ci(0.95, method="exact")
    assert (up.estimate, up.low, up.high) == (1.0, pytest.approx(exact.low), 1.0)
    assert (down.estimate, down.low, down.high) == (0.0, 0.0, pytest.approx(1.0 - exact.low))


def test_probability_of_improvement_agrees_with_rliable(rliable):
    metrics = rliable("metrics")
    expected = metrics.probability_of_improvement(A[:, None], B[:20, None])
    assert probability_of_improvement(A, B[:20], paired=False).estimate == pytest.approx(expected)


def test_welch_is_that_of_scipy():
    expected = stats.ttest_ind(A, B[:20], equal_var=False)
    result = welch_test(A, B[:20])
    assert (result.statistic, result.dof, result.p_value) == (expected.statistic, expected.df, expected.pvalue)
    with pytest.raises(ValueError, match="neither a nor b varies"):
        welch_test([1.0, 1.0], [2.0, 2.0])


def test_holm_steps_down():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.9, 0.8]), [1.0, 1.0])
    np.testing.assert_allclose(holm([0.2]), [0.2])
    with pytest.raises(ValueError, match="must lie in"):
        holm([0.5, 1.5])


def test_holm_agrees_with_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(3).random(40) ** 3
    np.testing.assert_allclose(holm(p), multitest.multipletests(p, method="holm")[1])


def test_holm_keeps_the_familywise_error():
    p = np.random.default_rng(1).random((4000, 8))
    assert np.mean([(holm(row) <= 0.05).any() for row in p]) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 4000)


def test_ties_alone_prove_little():
    for a, b, p in (([1.0] * 3, [1.0] * 3, 0.5), ([2.0] * 3, [1.0] * 3, 1.0), ([1.0] * 3, [2.0] * 3, 0.0)):
        ci = probability_of_improvement(a, b)
        q = 0.025 ** (1.0 / 3.0)
        assert (ci.estimate, ci.low, ci.high) == (p, pytest.approx(p * q), pytest.approx(1.0 - (1.0 - p) * q))
        assert ci.method == "binomial"

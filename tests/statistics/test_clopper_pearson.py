"""Runs that take two values: exact where the values are known, and no more claimed than the number of runs allows."""

import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import compare_samples, confidence_interval, permutation_test
from fastsoftq.statistics.moments import moments, skew_corrected_interval, skew_corrected_p_value


def clopper_pearson(successes, runs, level=0.95):
    ends = stats.binomtest(successes, runs).proportion_ci(level, method="exact")
    return pytest.approx((ends.low, ends.high), abs=1e-12)


def sample(successes, runs, values=(0.0, 1.0)):
    return np.repeat(values, (runs - successes, successes))


@pytest.mark.parametrize("runs", [2, 5, 20, 60])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_shares_have_the_exact_binomial_interval(runs, level):
    for k in {0, 1, runs // 2, runs}:
        ci = confidence_interval(sample(k, runs), level=level, bounds=(0.0, 1.0))
        truth = confidence_interval(sample(k, runs).astype(bool), level=level)
        assert (truth.low, truth.high, truth.method) == (ci.low, ci.high, ci.method)
        if runs > 2 or k in (0, runs):  # of two runs any sample takes two values
            assert (ci.low, ci.high) == clopper_pearson(k, runs, level)
            assert (ci.estimate, ci.method, ci.caution) == (k / runs, "binomial", "")


def test_two_values_need_not_be_0_and_1():
    low, high = confidence_interval(sample(30, 40, (-112.0, -12.0))).low, confidence_interval(sample(30, 40)).high
    assert ((low + 112.0) / 100.0, high) == clopper_pearson(30, 40)


def test_few_runs_may_have_missed_a_third_value():
    """Poisson counts of which five take two values: the interval is no shorter than that of a mean."""
    x = np.array([3.0, 3.0, 3.0, 3.0, 2.0])
    low, high = skew_corrected_interval(moments([x]), 0.05)
    ci = confidence_interval(x)
    assert ci.high >= high > 3.0
    assert ci.low <= low
    known = confidence_interval(x, bounds=(2.0, 3.0))
    assert (known.low - 2.0, known.high - 2.0) == clopper_pearson(4, 5)


def test_what_bounds_leave_open_where_all_runs_agree():
    """A share p of other runs lets five agree with probability (1 - p)^5; they lie at the bounds at worst."""
    differ = 1.0 - 0.025 ** (1 / 5)
    ci = confidence_interval([-12.0] * 5, bounds=(-100.0, 0.0))
    assert (ci.low, ci.high) == pytest.approx((-12.0 - 88.0 * differ, -12.0 + 12.0 * differ))
    assert ci.caution == ""
    alone = confidence_interval([-12.0] * 5)
    assert (alone.low, alone.estimate, alone.high) == (-np.inf, -12.0, np.inf)
    assert "all 5 runs agree" in alone.caution
    assert f"{differ:.2g}" in alone.caution
    assert "bounds=" in alone.caution


@pytest.mark.parametrize("runs", [5, 10, 20, 50])
@pytest.mark.parametrize("p", [0.02, 0.1, 0.5])
def test_exact_coverage_of_shares(runs, p):
    """Not simulated: the sum over all numbers of successes."""
    held = 0.0
    for k in range(runs + 1):
        ci = confidence_interval(sample(k, runs), bounds=(0.0, 1.0))
        held += stats.binom.pmf(k, runs, p) * (ci.low <= p <= ci.high)
    assert held >= 0.95


@pytest.mark.parametrize("runs", [2, 5, 10, 50])
@pytest.mark.parametrize("distribution", [stats.bernoulli(0.1), stats.beta(0.3, 2.0), stats.uniform()])
def test_betting_holds_whatever_the_distribution_within_its_bounds(runs, distribution):
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(100):
        x = -10.0 + 20.0 * distribution.rvs(runs, random_state=rng)
        ci = confidence_interval(x, method="betting", bounds=(-10.0, 10.0))
        assert -10.0 <= ci.low <= ci.high <= 10.0
        inside.append(ci.low <= -10.0 + 20.0 * distribution.mean() <= ci.high)
    assert np.mean(inside) >= 0.95 - 3.0 * np.sqrt(0.05 * 0.95 / 100)


def test_betting_narrows_with_runs():
    x = np.random.default_rng(4).beta(2.0, 2.0, 2000)
    ci = confidence_interval(x, method="betting", bounds=(0.0, 1.0))
    assert ci.high - ci.low < 0.05


def test_methods_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="method is 'betting'; it needs bounds"):
        confidence_interval([1.0, 2.0, 3.0], method="betting")
    with pytest.raises(ValueError, match=r"method is 'binomial'; x takes 3 values"):
        confidence_interval([1.0, 2.0, 3.0], method="binomial")
    with pytest.raises(ValueError, match=r"x\[\d\] is 3\.0; it"):
        confidence_interval([1.0, 2.0, 3.0], method="betting", bounds=(0.0, 2.5))


def test_bounds_are_not_left_by_rounding():
    for statistic in ("mean", "median", "interquartile_mean", "tail_mean"):
        ci = confidence_interval([-0.7] * 10, statistic, bounds=(-0.7, 0.0))
        assert (ci.estimate, ci.low) == (-0.7, -0.7)
    assert confidence_interval([0.1 + 0.2, 0.3, 0.3], bounds=(0.0, 0.3)).high == 0.3
    with pytest.raises(ValueError, match="outside of it"):
        confidence_interval([0.31, 0.31, 0.32], bounds=(0.0, 0.3))


@pytest.mark.parametrize("runs", range(2, 9))
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("size", [1.0, 1e-8, 1e8])
def test_samples_that_do_not_vary_are_told_apart_by_interval_where_p_does(runs, paired, size):
    """Pairs at any level; where not paired Newcombe's interval agrees at 95 %."""
    result = compare_samples([size] * runs, [2.0 * size] * runs, paired)
    assert result.difference == -size
    assert result.low == pytest.approx(-size)
    assert (result.high < 0.0) == (result.p_value <= 0.05)
    assert "all" in result.caution
    back = compare_samples([2.0 * size] * runs, [size] * runs, paired)
    assert (back.low, back.high) == pytest.approx((-result.high, -result.low))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.99])
def test_pairs_that_all_differ_alike_are_no_surer_than_the_sign_test(level):
    for runs in range(2, 12):
        result = compare_samples([3.0] * runs, [1.0] * runs, level=level)
        assert (result.low > 0.0) == (2.0 * 0.5**runs < 1.0 - level)


def test_pairs_whose_differences_take_two_values_do_not_contradict_p():
    for wins in range(1, 12):
        a = np.r_[np.ones(wins), np.zeros(12 - wins)]
        result = compare_samples(a, np.zeros(12))
        assert result.p_value == pytest.approx(min(1.0, 2.0 * 0.5**wins))
        assert result.p_value <= 0.05 or result.low <= 0.0


def test_a_little_jitter_does_not_make_few_alike_a_proof():
    rng = np.random.default_rng(5)
    for runs in (2, 3, 4, 5):
        jitter = 1e-3 * rng.normal(size=runs)
        result = compare_samples(1.0 + jitter, np.zeros(runs))
        assert result.low <= 0.0 < result.high
    surely = compare_samples(1.0 + 1e-3 * rng.normal(size=8), np.zeros(8))
    assert surely.low > 0.99


def test_unpaired_shares_have_newcombes_interval_of_exact_ones():
    a, b = sample(7, 30), sample(20, 40)
    (low_a, high_a), (low_b, high_b) = (
        stats.binomtest(*counts).proportion_ci(0.95, method="exact") for counts in ((7, 30), (20, 40))
    )
    result = compare_samples(a, b, paired=False)
    d = 7 / 30 - 0.5
    assert result.low == pytest.approx(d - np.hypot(7 / 30 - low_a, high_b - 0.5))
    assert result.high == pytest.approx(d + np.hypot(high_a - 7 / 30, 0.5 - low_b))


def test_unpaired_runs_of_two_values_may_have_missed_a_third_unless_these_are_bounds():
    a, b = sample(2, 10), sample(11, 12)
    (low_a, high_a), (low_b, high_b) = (
        stats.binomtest(*counts).proportion_ci(0.95, method="exact") for counts in ((2, 10), (11, 12))
    )
    d = 2 / 10 - 11 / 12
    exact = d - np.hypot(2 / 10 - low_a, high_b - 11 / 12), d + np.hypot(high_a - 2 / 10, 11 / 12 - low_b)
    for known in (
        compare_samples(a.astype(bool), b.astype(bool), paired=False),
        compare_samples(a, b, paired=False, bounds=(0.0, 1.0)),
    ):
        assert (known.low, known.high) == pytest.approx(exact)
        assert known.caution == ""
    unknown = compare_samples(a, b, paired=False)
    assert unknown.low < exact[0] - 0.01
    assert unknown.high >= exact[1]
    assert "a: 10 runs are enough where" in unknown.caution
    assert "b: 12 runs are enough where" in unknown.caution


def test_unpaired_counts_do_not_contradict_p():
    rng = np.random.default_rng(8)
    for _ in range(60):
        a, b = rng.poisson(1.0, 3) + 2.0 * rng.integers(0, 2), rng.poisson(1.0, 3)
        result = compare_samples(a, b, paired=False)
        assert result.p_value <= 0.05 or result.low <= 0.0 <= result.high


def test_the_p_value_of_truth_values_is_where_their_interval_leaves_out_0():
    """Drawn permutations of shares agree with Newcombe's interval of exact ones; of counts with one that is wider."""
    a, b = sample(1, 12), sample(12, 24)
    truth = permutation_test(a.astype(bool), b.astype(bool), paired=False)
    counts = permutation_test(a, b, paired=False)
    assert truth.p_value <= counts.p_value
    p = truth.p_value
    assert 1e-3 < p < 0.1
    for level, out in ((1.0 - p * 1.01, True), (1.0 - p * 0.99, False)):
        ends = [stats.binomtest(*k).proportion_ci(level, method="exact") for k in ((1, 12), (12, 24))]
        high = 1 / 12 - 1 / 2 + np.hypot(ends[0].high - 1 / 12, 1 / 2 - ends[1].low)
        assert (high < 0.0) == out


@pytest.mark.parametrize("sizes", [(10, 40), (40, 10), (10, 10), (5, 20)])
def test_equal_shares_are_told_apart_no_more_often_than_said(sizes):
    """Not simulated: the sum over all numbers of successes at a share of one in ten."""
    wrong = 0.0
    for i in range(sizes[0] + 1):
        for j in range(sizes[1] + 1):
            chance = stats.binom.pmf(i, sizes[0], 0.1) * stats.binom.pmf(j, sizes[1], 0.1)
            if chance > 1e-6:
                result = compare_samples(sample(i, sizes[0]), sample(j, sizes[1]), paired=False, resamples=100)
                wrong += chance * (not result.low <= 0.0 <= result.high)
    assert wrong <= 0.05


@pytest.mark.parametrize("skew", ["right", "left", "none"])
def test_the_p_value_of_an_interval_is_where_it_leaves_out_0(skew):
    rng = np.random.default_rng(6)
    for _ in range(20):
        a, b = rng.exponential(size=(2, 12))
        a, b = {"right": (a + 0.5, b * 0.3), "left": (-a, -0.3 * b - 0.2), "none": (a, b)}[skew]
        m = moments([a, -b])
        p = float(skew_corrected_p_value(m))
        for alpha, out in ((p * 1.001, True), (p * 0.999, False)):
            if alpha < 1.0:
                low, high = skew_corrected_interval(m, alpha)
                assert (low > 0.0 or high < 0.0) == out


def test_a_guarded_p_value_leaves_large_ones_alone():
    rng = np.random.default_rng(7)
    a, b = 3.0 * rng.exponential(size=10), rng.exponential(size=40) + 2.0
    assert permutation_test(a, b, paired=False).p_value > 0.1


VALUES, SHARES = np.array([0.0, 1.0, 10.0]), np.array([0.8, 0.17, 0.03])


def three_values(runs):
    """All samples of 0, 1 and 10 of so many runs, as numbers of each, with their probabilities."""
    counts = [(runs - i - j, i, j) for i in range(runs + 1) for j in range(runs + 1 - i)]
    return zip(counts, stats.multinomial.pmf(counts, runs, SHARES), strict=True)


@pytest.mark.parametrize("runs", [5, 10, 20, 36, 50])
def test_a_third_value_that_may_be_unseen_is_allowed_for_or_said(runs):
    """Not simulated: the sum over all samples of 0, 1 and 10, of which 20 hold no 10 more often than not."""
    silent, bounded = 0.0, 0.0
    for counts, chance in three_values(runs):
        if chance > 1e-7:
            x = np.repeat(VALUES, counts)
            ci = confidence_interval(x)
            silent += chance * (not ci.low <= 0.47 <= ci.high and not ci.caution)
            if sum(n > 0 for n in counts) == 2:
                assert ci.caution
                known = confidence_interval(x, bounds=(0.0, 10.0))
                bounded += chance * (not known.low <= 0.47 <= known.high)
                assert known.caution == ""
    assert silent <= 0.05
    assert bounded <= 0.05


@pytest.mark.parametrize("runs", [20, 36, 100])
def test_runs_of_two_values_say_what_may_be_unseen_unless_bounds_are_known(runs):
    x = np.repeat([3.0, 5.0], (runs - 7, 7))
    unseen = 1.0 - 0.025 ** (1.0 / runs)
    said = confidence_interval(x).caution
    if runs < 36:
        assert said == f"{runs} runs are enough where returns are nearly normal; elsewhere it takes 36"
    else:
        assert said == (
            f"all {runs} runs take two values, as they may where a share of up to {unseen:.2g} differs by any amount; "
            "bounds= would say by how much"
        )
    other = np.random.default_rng(0).normal(size=runs)
    assert f"a: {said}" in compare_samples(x, other, paired=False).caution
    assert said in compare_samples(x, other).caution  # differences vary, and know no more than x does
    for bounds in ((3.0, 5.0), (0.0, 9.0)):
        assert confidence_interval(x, bounds=bounds).caution == ""
        assert compare_samples(x, x[::-1], paired=False, bounds=bounds).caution == ""
    assert confidence_interval(x > 4.0).caution == ""


@pytest.mark.parametrize("runs", [4, 12, 40, 400])
def test_bounds_say_how_far_a_third_value_may_draw_the_mean(runs):
    """The two ends of Clopper and Pearson, drawn to a bound by the largest share that so many runs may all miss."""
    share = 1.0 - 0.025 ** (1.0 / runs)
    ends = stats.binomtest(runs // 4, runs).proportion_ci(0.95, method="exact")
    ci = confidence_interval(sample(runs // 4, runs, (-12.0, -11.0)), bounds=(-100.0, -11.0))
    low, high = -12.0 + ends.low, -12.0 + ends.high
    assert ci.low == pytest.approx((1.0 - share) * low + share * -100.0)
    assert ci.high == pytest.approx((1.0 - share) * high + share * -11.0)

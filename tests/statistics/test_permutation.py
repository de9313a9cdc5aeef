from fractions import Fraction
from itertools import combinations, product
from math import comb

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
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
    assert least_p_value(2000, 1, paired=False) == pytest.approx(1 / 2001, rel=1e-9)
    assert least_p_value(3, 1997, paired=False) == pytest.approx(6 / (2000 * 1999 * 1998), rel=1e-9)


def exact(values):
    """The decimals that were written, as fractions."""
    return [Fraction(repr(float(value))) for value in values]


def t_squared(a, b):
    """The square of Welch's t of two lists of fractions: (1, 0) for infinity."""
    means = [sum(x) / len(x) for x in (a, b)]
    variance = sum(
        sum((value - mean) ** 2 for value in x) / (len(x) * (len(x) - 1)) for x, mean in zip((a, b), means, strict=True)
    )
    difference = (means[0] - means[1]) ** 2
    if variance == 0:
        return (int(difference > 0), Fraction(0))
    return (0, difference / variance)


def enumerated(a, b):
    """The exact p-value, by fractions and every relabelling."""
    pooled, n = exact(a) + exact(b), len(a)
    given, found = t_squared(pooled[:n], pooled[n:]), []
    for chosen in combinations(range(len(pooled)), n):
        inside = [pooled[i] for i in chosen]
        found.append(t_squared(inside, [pooled[i] for i in range(len(pooled)) if i not in chosen]) >= given)
    return sum(found) / len(found)


def flipped(a, b):
    """The exact p-value, by fractions and every pattern of signs."""
    differences = [x - y for x, y in zip(exact(a), exact(b), strict=True)]
    given = abs(sum(differences))
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in product((1, -1), repeat=len(a))
    ]
    return sum(x >= given for x in sums) / len(sums)


@pytest.mark.parametrize(
    ("a", "b", "p"),
    [
        ([0.1, 0.2, 0.7, 0.3], [0.1, 0.2, 0.7, 0.3], 1.0),
        ([0.4, 0.0, 0.3, 0.1, 0.5], [0.1, 0.2, 0.4, 0.2, 0.4], 1.0),
        ([-992.95, -992.98, -992.99, -992.95, -993.0], [-992.94, -992.93, -992.94, -992.97, -992.93], 14 / 252),
        ([2.0**-600 * x for x in (-1, 0, 1)], [2.0**-600 * x for x in (1, 2, 3)], 0.2),
    ],
)
def test_ties_count_wherever_t_is(a, b, p):
    assert permutation_test(a, b, paired=False).p_value == pytest.approx(p, abs=1e-12)
    assert permutation_test(b, a, paired=False).p_value == pytest.approx(p, abs=1e-12)


@st.composite
def tied(draw, paired):
    """Two samples of few decimals about some offset."""
    offset, unit = draw(st.sampled_from([(0, 1), (0, 10), (-993, 100), (10**6, 100), (10**9, 10)]))
    most = draw(st.sampled_from([1, 3, 9]))
    n = draw(st.integers(2, 6 if paired else 5))
    sizes = (n, n) if paired else (n, draw(st.integers(2, 5)))
    numbers = [draw(st.lists(st.integers(0, most), min_size=size, max_size=size)) for size in sizes]
    return tuple([float(Fraction(offset * unit + k, unit)) for k in x] for x in numbers)


@settings(max_examples=150, deadline=None)
@given(tied(paired=False))
def test_unpaired_p_values_are_those_of_fractions_either_way_round(samples):
    a, b = samples
    p = permutation_test(a, b, paired=False).p_value
    assert p == pytest.approx(enumerated(a, b), abs=1e-12)
    assert permutation_test(b, a, paired=False).p_value == p


@settings(max_examples=100, deadline=None)
@given(tied(paired=True))
def test_paired_p_values_are_those_of_fractions_either_way_round(samples):
    a, b = samples
    p = permutation_test(a, b).p_value
    assert p == pytest.approx(flipped(a, b), abs=1e-12)
    assert permutation_test(b, a).p_value == p


@pytest.mark.parametrize(("n", "m"), [(12, 12), (10, 40), (7, 30)])
def test_drawn_p_values_do_not_depend_on_which_sample_comes_first(n, m):
    rng = np.random.default_rng(n)
    for _ in range(5):
        a, b = rng.integers(0, 4, n) / 10, rng.integers(0, 4, m) / 10
        one, other = (permutation_test(*pair, paired=False, resamples=500) for pair in ((a, b), (b, a)))
        assert not one.exact
        assert one.p_value == other.p_value


def test_a_sample_that_varies_little_beside_a_huge_number_still_varies():
    """Variances are sums about a middle, not differences of sums of squares that a huge number swallows."""
    a, b = [1e12, 0.0, 1.0, 3.0], [1.0, 2.0, 4.0, 2.0]
    result = permutation_test(a, b, paired=False)
    assert result.p_value == enumerated(a, b)
    assert result.statistic == pytest.approx(stats.ttest_ind(a, b, equal_var=False).statistic)


def rejections(draw_a, draw_b, replications=300):
    rng = np.random.default_rng(11)
    return np.mean(
        [
            permutation_test(draw_a(rng), draw_b(rng), paired=False, rng=rng, resamples=199).p_value <= 0.05
            for _ in range(replications)
        ]
    )


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_runs_that_fail_once_in_ten_are_not_told_apart_by_their_spread(ratio):
    """Ten runs of a failure in ten are all alike one time in three, and then show no spread."""
    rate = rejections(lambda rng: ratio * (rng.binomial(1, 0.1, 10) - 0.1), lambda rng: rng.binomial(1, 0.1, 40) - 0.1)
    assert rate <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 300)


def test_skewed_runs_of_unequal_spread_are_told_apart_little_more_often_than_said():
    """Relabelling alone rejects 12 % here."""
    rate = rejections(
        lambda rng: 3.0 * (rng.exponential(size=10) - 1.0), lambda rng: rng.exponential(size=40) - 1.0, 600
    )
    assert rate <= 0.065 + 3.0 * np.sqrt(0.065 * 0.935 / 600)
    assert rate < 0.12 - 3.0 * np.sqrt(0.12 * 0.88 / 600) + 0.015


def test_the_least_p_value_is_a_probability():
    assert least_p_value(1, 1, False) == 1.0
    for a in range(1, 6):
        for b in range(1, 6):
            ways = comb(a + b, a)
            assert least_p_value(a, b, False) == pytest.approx(min(1.0, (2 if a == b else 1) / ways), rel=1e-12)
            assert least_p_value(a, b, False) <= 1.0

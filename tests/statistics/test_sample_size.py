import math

import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import compare_samples, permutation_test, power, seeds_needed
from tests.statistics.populations import KINDS


@pytest.mark.parametrize("paired", [True, False])
def test_power_is_what_simulated_t_tests_find(paired):
    rng = np.random.default_rng(0)
    if paired:
        p = stats.ttest_1samp(rng.normal(0.5, 1.0, (20_000, 20)), 0.0, axis=1).pvalue
    else:
        p = stats.ttest_ind(rng.normal(0.5, 1.0, (20_000, 20)), rng.normal(size=(20_000, 20)), axis=1).pvalue
    assert power(20, 0.5, 1.0, paired=paired) == pytest.approx(np.mean(p < 0.05), abs=3.0 * np.sqrt(0.25 / 20_000))


def test_power_agrees_with_statsmodels():
    sm = pytest.importorskip("statsmodels.stats.power")
    for n, effect, level in ((5, 1.0, 0.95), (30, 0.3, 0.9), (200, 0.25, 0.99)):
        paired = sm.TTestPower().power(effect, n, 1.0 - level)
        unpaired = sm.TTestIndPower().power(effect, n, 1.0 - level)
        assert power(n, -2.0 * effect, 2.0, level) == pytest.approx(paired, rel=1e-6)
        assert power(n, effect, 1.0, level, paired=False) == pytest.approx(unpaired, rel=1e-6)


def test_power_without_a_difference_is_the_error_and_far_out_is_one():
    assert power(10, 0.0, 1.0) == pytest.approx(0.05)
    for n in (3, 10, 100, 1000, 10**6):
        for effect in (10.0, 33.0, 1e4):
            assert power(n, effect, 0.1) == pytest.approx(1.0)


@pytest.mark.parametrize("paired", [True, False])
def test_seeds_needed_are_the_fewest_with_the_power(paired):
    a, b = np.random.default_rng(1).normal(size=(2, 12))
    plan = seeds_needed(a, b, 0.4, power=0.85, paired=paired)
    assert power(plan.seeds, 0.4, plan.planning_std, paired=paired) == plan.power >= 0.85
    assert power(plan.seeds - 1, 0.4, plan.planning_std, paired=paired) < 0.85
    expected = (a - b).std(ddof=1) if paired else np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2.0)
    assert plan.std == pytest.approx(expected)


KEPT = ["normal", "Student, 3 degrees", "exponential", "fails once in ten (0 or 1)", "Poisson, mean 1"]


def kept(kind, runs, paired, replications=400):
    """How often a plan rests on no less than the true spread, and has at least the power asked for."""
    population, std = KINDS[kind]
    rng, enough = np.random.default_rng(2), []
    true = std * np.sqrt(2.0) if paired else std
    for _ in range(replications):
        pilot = population.draw(rng, (2, runs))
        if np.ptp(pilot[0] - pilot[1]) > 0.0:  # there is no plan without
            plan = seeds_needed(*pilot, 20.0 * true, paired=paired)
            enough.append(plan.planning_std >= (1.0 - 1e-12) * true)
    return np.mean(enough)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("kind", KEPT)
def test_plans_keep_their_assurance(kind, paired):
    """Four times out of five the study that a pilot of ten plans has at least its power."""
    assert kept(kind, 10, paired) >= 0.8


@pytest.mark.parametrize("runs", [10, 30])
def test_plans_of_heavy_tails_keep_it_too(runs):
    assert kept("lognormal, sigma 1", runs, False) >= 0.8 - 3.0 * np.sqrt(0.16 / 400)


@pytest.mark.parametrize("kind", ["exponential", "Student, 3 degrees"])
def test_planned_studies_find_what_they_are_to_find(kind):
    """Nine in ten of the studies that four in five of the pilots plan, simulated from pilot to test."""
    population, std = KINDS[kind]
    rng, found = np.random.default_rng(3), []
    for _ in range(50):
        seeds = seeds_needed(*population.draw(rng, (2, 10)), 0.8 * std, paired=False).seeds
        a, b = population.draw(rng, (2, 200, seeds))
        p = stats.ttest_ind(a + 0.8 * std, b, axis=1, equal_var=False).pvalue
        found.append(np.mean(p <= 0.05) >= 0.9 - 0.03)
    assert np.mean(found) >= 0.8


def test_a_pilot_of_few_runs_is_doubtful():
    a, b = np.random.default_rng(6).normal(size=(2, 12))
    assert "5 runs" in seeds_needed(a[:5], b[:5], 0.5).caution
    assert seeds_needed(a, b, 0.5).caution == ""


def test_plans_reach_as_far_as_is_said():
    a, b = np.random.default_rng(4).normal(size=(2, 12))
    std = seeds_needed(a, b, 1.0).planning_std
    difference = 3.2416 * std / np.sqrt(9.5e6)
    assert 2**23 < seeds_needed(a, b, difference).seeds < 10_000_000
    with pytest.raises(ValueError, match="out of reach of 10000000 seeds"):
        seeds_needed(a, b, 0.97 * difference)


def test_correlated_pilots_need_fewer_seeds_in_pairs():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=15)
    a, b = shared + 0.3 * rng.normal(size=15), shared + 0.3 * rng.normal(size=15)
    assert seeds_needed(a, b, 0.3).seeds < seeds_needed(a, b, 0.3, paired=False).seeds / 2


def test_a_large_difference_needs_the_fewest_seeds_there_can_be():
    a, b = np.random.default_rng(4).normal(size=(2, 10))
    # Of all 2^n signs two are as extreme as the sample, and of all ways to deal 2 n runs.
    for level in (0.9, 0.95, 0.99, 1.0 - 0.05 / 7.0):
        pairs = next(n for n in range(2, 99) if 2 / 2**n <= 1.0 - level)
        dealt = next(n for n in range(2, 99) if 2 / math.comb(2 * n, n) <= 1.0 - level)
        for fewest, planned, paired in ((pairs, pairs, True), (dealt, 3 * dealt, False)):
            plan = seeds_needed(a, b, 1e6, level=level, paired=paired)
            assert (plan.seeds, plan.power) == (planned, 1.0)
            enough, few = (np.arange(n) + np.array([[1e6], [0.5]]) for n in (fewest, fewest - 1))
            assert permutation_test(*enough, paired).p_value <= 1.0 - level
            assert permutation_test(*few, paired).p_value > 1.0 - level


@pytest.mark.parametrize(("paired", "effects"), [(True, (1.45, 1.7, 2.2)), (False, (2.8,))])
def test_small_plans_find_by_permutation_what_they_promise(paired, effects):
    """Where 5 to 7 pairs, or 4 runs, are enough for a t test: in 6 pairs 3 studies in 4 find it, not 9 in 10."""
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=(2, 40))
    std = seeds_needed(a, b, 1.0, paired=paired).planning_std
    studies = 300 if paired else 100
    for effect in effects:
        seeds = seeds_needed(a, b, effect * std, paired=paired).seeds
        x = effect + rng.normal(size=(studies, seeds))
        y = np.zeros_like(x) if paired else rng.normal(size=x.shape)
        found = [compare_samples(*each, paired=paired).p_value <= 0.05 for each in zip(x, y, strict=True)]
        assert np.mean(found) >= 0.9 - 0.03 - 3.0 * np.sqrt(0.09 / studies)


def test_bad_plans_are_refused():
    a, b = np.random.default_rng(5).normal(size=(2, 10))
    with pytest.raises(ValueError, match="difference is 0"):
        seeds_needed(a, b, 0.0)
    with pytest.raises(ValueError, match="out of reach"):
        seeds_needed(a, b, 1e-6)
    with pytest.raises(ValueError, match="paired differences do not vary"):
        seeds_needed(np.arange(5.0), np.arange(5.0) + 1.0, 0.5)
    with pytest.raises(ValueError, match="runs do not vary"):
        seeds_needed(np.ones(5), np.zeros(5), 0.5, paired=False)
    with pytest.raises(ValueError, match="to be paired"):
        seeds_needed(a, b[:5], 0.5)
    with pytest.raises(ValueError, match="std is 0"):
        power(10, 1.0, 0.0)
    with pytest.raises(ValueError, match="seeds is 1"):
        power(1, 1.0, 1.0)

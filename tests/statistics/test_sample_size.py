import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import power, seeds_needed


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


def test_a_plan_keeps_its_assurance():
    """Four times out of five the study that a pilot of ten plans has at least its power."""
    rng = np.random.default_rng(2)
    enough = [
        power(seeds_needed(rng.normal(size=10), np.zeros(10), 0.5).seeds, 0.5, 1.0) >= 0.9 - 1e-9 for _ in range(1000)
    ]
    assert np.mean(enough) == pytest.approx(0.8, abs=0.015 + 3.0 * np.sqrt(0.16 / 1000))


def test_correlated_pilots_need_fewer_seeds_in_pairs():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=15)
    a, b = shared + 0.3 * rng.normal(size=15), shared + 0.3 * rng.normal(size=15)
    assert seeds_needed(a, b, 0.3).seeds < seeds_needed(a, b, 0.3, paired=False).seeds / 2


def test_a_large_difference_needs_the_fewest_seeds_there_can_be():
    a, b = np.random.default_rng(4).normal(size=(2, 10))
    assert seeds_needed(a, b, 1e6).seeds == 2


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

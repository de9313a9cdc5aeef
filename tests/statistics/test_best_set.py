"""Multiple comparisons with the best: against a slow twin, by simulation, and at its edges."""

import time

import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import best_set
from fastsoftq.statistics.moments import moments, skew_corrected_interval
from fastsoftq.statistics.pairwise import Pairwise
from tests.statistics.populations import KINDS

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("paired", [True, False])
def test_moments_of_all_pairs_are_those_of_each(paired):
    x = [RNG.gamma(2.0, size=30) * (i + 1.0) + 1e6 for i in range(4)]
    found = Pairwise.of(x, paired)
    for i in range(4):
        for j in range(4):
            if i == j:
                continue
            m = moments([x[j] - x[i]] if paired else [x[j], -x[i]])
            each = [float(values[i, j]) for values in found.moments]
            assert each == pytest.approx([float(value) for value in m], rel=1e-6)


def test_pairs_of_unequal_numbers_have_welchs_degrees_of_freedom():
    a, b = RNG.normal(size=12), 5.0 * RNG.normal(size=40)
    found = Pairwise.of([a, b], paired=False)
    welch = stats.ttest_ind(b, a, equal_var=False)
    assert found.moments.dof[0, 1] == pytest.approx(welch.df)
    assert found.moments.estimate[0, 1] / found.moments.error[0, 1] == pytest.approx(welch.statistic)


def test_of_two_conditions_it_is_the_one_sided_bound_of_their_difference():
    a, b = RNG.normal(size=25), RNG.normal(size=25) + 0.4
    found = best_set([a, b], level=0.9)
    low, high = (float(end) for end in skew_corrected_interval(moments([a - b]), 0.2))
    assert found.estimate.tolist() == pytest.approx([(a - b).mean(), (b - a).mean()])
    assert found.high[0] == pytest.approx(max(high, 0.0))
    assert found.low[0] == pytest.approx(min(low, 0.0) if found.members[1] else 0.0)
    assert found.members.tolist() == [high >= 0.0, low <= 0.0]
    assert found.best == 1


@pytest.mark.parametrize("paired", [True, False])
def test_comparisons_are_as_strict_as_dunnetts(paired):
    """Of independent conditions of equal spread: SciPy's critical value, by its own integration."""
    x = RNG.normal(size=(6, 400))
    errors = Pairwise.of(list(x), paired)._calibrated(np.arange(6), 0.05, np.random.default_rng(1), 20_000)
    limit = stats.dunnett(*x[1:], control=x[0], alternative="greater", rng=np.random.default_rng(2))
    critical = (limit.confidence_interval(0.95).low - (x[1:].mean(axis=1) - x[0].mean())) / -np.sqrt(
        2.0 / 400 * np.mean(x.var(axis=1, ddof=1))
    )
    assert stats.norm.isf(errors) == pytest.approx(np.full(6, critical.mean()), abs=0.05)


def test_perfectly_correlated_conditions_pay_for_one_comparison_only():
    rows = RNG.normal(size=200)
    x = [rows, *(2.0 * rows + shift for shift in range(9))]
    errors = Pairwise.of(x, True)._calibrated(np.array([0]), 0.05, np.random.default_rng(1), 4000)
    assert errors[0] == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("name", ["normal", "lognormal, sigma 1", "Poisson, mean 1", "cliff, one episode"])
@pytest.mark.parametrize(("conditions", "runs", "paired"), [(2, 10, True), (10, 12, True), (10, 20, False)])
def test_the_best_is_in_the_set_as_often_as_it_says(name, conditions, runs, paired):
    rng, kind = np.random.default_rng(3), KINDS[name][0]
    inside = [
        best_set(kind.draw(rng, (conditions, runs)), paired=paired, rng=rng, resamples=400).members[0]
        for _ in range(300)
    ]
    assert np.mean(inside) >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 300)


def test_it_is_no_wider_than_it_need_be():
    rng = np.random.default_rng(4)
    inside = [best_set(rng.normal(size=(10, 40)), rng=rng, resamples=400).members[0] for _ in range(600)]
    assert np.mean(inside) <= 0.95 + 3.0 * np.sqrt(0.95 * 0.05 / 600)


def test_intervals_hold_together_where_conditions_differ():
    rng, ahead = np.random.default_rng(5), np.array([0.0, 0.3, 0.3, 0.5])
    truth = np.array([-0.5, -0.2, -0.2, 0.2])
    held = []
    for _ in range(400):
        found = best_set(rng.normal(size=(4, 30)) + ahead[:, None], rng=rng, resamples=400)
        held.append(((found.low <= truth) & (truth <= found.high)).all())
    assert np.mean(held) >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 400)


def test_what_is_far_behind_is_out_and_one_that_is_told_best_starts_at_nothing():
    found = best_set(RNG.normal(size=(50, 30)) + 3.0 * (np.arange(50) == 7)[:, None])
    assert np.flatnonzero(found.members).tolist() == [7]
    assert found.low[7] == 0.0 < found.high[7]
    assert (found.high[np.arange(50) != 7] == 0.0).all()


def test_where_lower_is_better_signs_turn_round():
    x = RNG.normal(size=(5, 30))
    up, down = best_set(x), best_set(-x, higher_is_better=False)
    for name in ("members", "estimate", "low", "high"):
        assert np.array_equal(getattr(up, name), getattr(down, name)), name


def test_conditions_that_are_the_same_stay_together():
    x = RNG.normal(size=30)
    found = best_set([x, x, x - 5.0, x + 1e-18])
    assert found.members.tolist() == [True, True, False, True]
    assert found.estimate[0] == 0.0


def test_runs_that_agree_are_told_apart_once_they_are_enough():
    def members(runs, **more):
        return best_set(np.tile([[-13.0], [-17.0]], runs), **more).members.tolist()

    assert members(4) == [True, True]
    assert members(8) == [True, False]
    assert members(8, bounds=(-1000.0, 0.0)) == [True, True]
    assert members(2000, bounds=(-1000.0, 0.0)) == [True, False]


@pytest.mark.parametrize(("conditions", "enough"), [(2, 5), (100, 11)])
def test_fewer_runs_than_can_prove_anything_tell_nobody_apart(conditions, enough):
    x = 100.0 * np.arange(conditions)[:, None] + RNG.normal(size=(conditions, enough))
    assert best_set(x).members.sum() == 1
    assert best_set(x[:, :4]).members.all()  # four pairs have one sign by chance one time in sixteen


def test_one_condition_is_the_best_of_one():
    found = best_set([[1.0, 2.0]])
    assert (found.members.tolist(), found.best, found.estimate.tolist()) == ([True], 0, [0.0])
    assert (found.low.tolist(), found.high.tolist()) == ([-np.inf], [np.inf])  # there are no others


def test_the_same_seed_gives_the_same_set_and_units_do_not_matter():
    x = RNG.normal(size=(20, 15))
    one, other, large = best_set(x), best_set(x), best_set(x * 2.0**300)
    assert np.array_equal(one.low, other.low)
    assert np.array_equal(one.low * 2.0**300, large.low)


@pytest.mark.parametrize(
    ("samples", "more", "message"),
    [
        ([], {}, "samples is empty"),
        ([[1.0, 2.0], [1.0, np.nan]], {}, r"samples\[1\]"),
        ([[1.0, 2.0], [1.0]], {}, r"samples\[1\] holds 1 run"),
        ([[1.0, 2.0], [1.0, 2.0, 3.0]], {}, "samples hold 2, 3 runs; they must be equally many"),
        ([[1.0, 2.0], [1.0, 2.0]], {"level": 1.0}, "level is 1.0"),
        ([[1.0, 2.0], [1.0, 9.0]], {"bounds": (0.0, 3.0)}, r"samples\[1\]"),
    ],
)
def test_bad_arguments_are_refused_by_name(samples, more, message):
    with pytest.raises(ValueError, match=message):
        best_set(samples, **more)
    with pytest.raises(TypeError, match="samples is 3"):
        best_set(3)


def test_hundreds_of_conditions_are_compared_in_seconds():
    start = time.process_time()
    members = best_set(np.random.default_rng(9).normal(size=(300, 300))).members
    assert time.process_time() - start < 20.0
    assert members.sum() > 200

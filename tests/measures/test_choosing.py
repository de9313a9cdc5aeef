"""The best of several conditions, and what others are compared with: cases small enough to be worked out by hand."""

import numpy as np
import pytest

from fastsoftq.measures import MEASURES, Measured, measure
from fastsoftq.measures.choosing import best_of, choice_bias, reference_among
from fastsoftq.statistics import selection_bias


def sample(*values, censored=None, horizon=None):
    seeds = np.arange(len(values), dtype=np.uint64)
    return Measured(np.array(values), seeds, None if censored is None else np.array(censored), horizon)


def test_more_is_better_or_less_as_the_measure_has_it():
    samples = [sample(1.0, 2.0, 9.0), sample(3.0, 3.0, 0.0), sample(4.0, 4.0, 4.0)]
    for name, all_runs, two_runs in (("area", 0, 2), ("length", 1, 0)):
        one = measure(name)
        assert best_of(one, samples).place == all_runs
        assert best_of(one, samples).estimates.tolist() == [4.0, 2.0, 4.0]
        assert best_of(one, samples, runs=2).place == two_runs
        assert best_of(one, samples, runs=2).estimates.tolist() == [1.5, 3.0, 4.0]
    wanted = [pattern.partition("[")[0].replace("R", "1").replace("E", "1") for pattern in MEASURES]
    of_curves = {name.partition(":")[0] for name in wanted if measure(name).of_mean_curves}
    assert of_curves == {"last", "area", "length", "regret"}
    lower = {name.partition(":")[0] for name in wanted if not measure(name).higher_is_better}
    assert lower == {"length", "steps_to", "episodes_to", "regret", "episodes_within", "steps_within"}


def test_conditions_with_fewer_runs_were_given_up():
    samples = [sample(9.0), sample(1.0, 1.0), sample(2.0, 0.0, 8.0)]
    found = best_of(measure("area"), samples, runs=2)
    assert (found.place, found.candidates) == (1, (1, 2))
    assert [one.values.tolist() for one in found.tuned] == [[1.0, 1.0], [2.0, 0.0]]
    assert best_of(measure("area"), samples).candidates == (2,)
    assert best_of(measure("area"), samples, runs=4).candidates == (0, 1, 2)


def test_times_are_chosen_by_up_to_the_horizon_that_candidates_share():
    slow = sample(2.0, 9.0, 1.0, censored=[False, True, False], horizon=9.0)
    quick = sample(4.0, 4.0, 50.0, censored=[False, False, False], horizon=6.0)
    found = best_of(measure("steps_to:0"), [slow, quick], runs=2)
    assert (found.place, found.estimates.tolist()) == (0, [4.0, 4.0])  # (2 + 6) / 2
    assert [one.censored.tolist() for one in found.tuned] == [[False, True], [False, False]]
    assert [one.seeds.tolist() for one in found.tuned] == [[0, 1], [0, 1]]
    assert best_of(measure("steps_to:0"), [slow, quick]).estimates.tolist() == [3.0, 14.0 / 3.0]


def test_what_choosing_adds_is_told_of_means_up_to_a_common_horizon():
    rng = np.random.default_rng(0)
    times = [rng.uniform(1.0, 9.0, 20) for _ in range(3)]
    never = np.zeros(20, bool)
    tuned = [sample(*times[0], censored=never, horizon=9.0), sample(*times[1], censored=never, horizon=5.0)]
    found = choice_bias(measure("steps_to:0"), tuned, sample(*times[2], censored=never, horizon=8.0), 0.9)
    cut = [np.minimum(time, 5.0) for time in times]
    assert found == selection_bias(cut[:2], [cut[2]] * 2, 0.9, higher_is_better=False)
    with pytest.raises(ValueError, match=r"the measure is 'worst:0.05'; it must be a mean over runs"):
        choice_bias(measure("worst"), tuned, tuned[0], 0.9)


@pytest.mark.parametrize(
    ("tables", "against", "expected"),
    [
        ({"soft": "soft_q_learning", "sarsa": "sarsa"}, None, "soft"),
        ({"soft": "soft_q_learning", "q": "q_learning", "q2": "q_learning"}, None, "q"),
        ({"q": "q_learning", "hard": "sarsa"}, None, "hard"),
        ({"q": "q_learning", "hard": "sarsa", "soft": "soft_q_learning"}, "soft", "soft"),
        ({"q": "q_learning", "hard": "sarsa"}, "a condition", "hard"),
        ({"soft": "soft_q_learning", "q": "q_learning"}, "a condition", "q"),
    ],
)
def test_others_are_compared_with_what_is_asked_for_or_else_with_hard(tables, against, expected):
    assert reference_among(tables, against) == expected

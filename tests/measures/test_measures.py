"""Measures by name: values against plain loops, times cut at a common horizon, comparisons, and what is refused."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.attainable_returns import episode_bounds, return_span
from fastsoftq.measures import MEASURES, Measured, common_horizon, measure
from fastsoftq.statistics import compare_samples, confidence_interval, probability_of_improvement, tail_interval
from tests.planning.possible_episodes import episodes_of

RNG = np.random.default_rng(0)


def curves(runs=12, episodes=150, shift=0.0, first=0):
    returns = -20.0 + shift - 60.0 * np.exp(-np.arange(episodes) / 20.0) + 3.0 * RNG.normal(size=(runs, episodes))
    return SimpleNamespace(
        returns=returns,
        lengths=RNG.integers(10, 30, size=(runs, episodes)).astype(np.int32),
        truncated=np.zeros((runs, episodes), dtype=bool),
        seeds=np.arange(first, first + runs, dtype=np.uint64),
    )


HARD, SOFT = curves(), curves(shift=2.0)
EXACT = SimpleNamespace(returns=np.full(150, -20.0), optimum=-13.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("last", HARD.returns[:, -100:].mean(axis=1)),
        ("last:7", HARD.returns[:, -7:].mean(axis=1)),
        ("last:1000", HARD.returns.mean(axis=1)),
        ("area", HARD.returns.mean(axis=1)),
        ("length:5", HARD.lengths[:, -5:].mean(axis=1)),
        ("worst", HARD.returns[:, -100:].mean(axis=1)),
        ("improvement", HARD.returns[:, -100:].mean(axis=1)),
        ("regret", -13.0 * 150 - HARD.returns.sum(axis=1)),
    ],
)
def test_values_are_what_they_are_called(name, expected):
    found = measure(name).values(HARD, EXACT)
    assert found.values == pytest.approx(expected)
    assert found.seeds.tolist() == HARD.seeds.tolist()
    assert (found.censored, found.horizon) == (None, None)


@pytest.mark.parametrize(("threshold", "window"), [(-22.0, 1), (-20.0, 10), (-14.0, 3), (0.0, 1)])
def test_times_are_those_of_a_plain_loop(threshold, window):
    steps = measure(f"steps_to:{threshold}:{window}").values(HARD)
    episodes = measure(f"episodes_to:{threshold}:{window}").values(HARD)
    for run in range(12):
        at = next((k for k in range(window, 151) if HARD.returns[run, k - window : k].mean() >= threshold), None)
        assert steps.censored[run] == episodes.censored[run] == (at is None)
        assert steps.values[run] == HARD.lengths[run, :at].sum()
        assert episodes.values[run] == (150 if at is None else at)
    assert episodes.horizon == 150.0
    watched = HARD.lengths.sum(axis=1)
    assert steps.horizon == (watched[steps.censored].min() if steps.censored.any() else watched.min())


@pytest.mark.parametrize(("distance", "window"), [(1.0, 20), (0.2, 50), (500.0, 10), (2.0, 400)])
def test_staying_near_the_exact_answer_is_counted_from_the_end(distance, window):
    found, steps = (measure(f"{unit}_within:{distance}:{window}").values(HARD, EXACT) for unit in ("episodes", "steps"))
    wide = min(window, 150)
    for run in range(12):
        near = [abs((HARD.returns[run, k - wide : k] + 20.0).mean()) <= distance for k in range(wide, 151)]
        first = next((k for k in range(len(near)) if all(near[k:])), None)
        assert found.censored[run] == (first is None)
        assert found.values[run] == (150 if first is None else first + wide)
        assert steps.values[run] == HARD.lengths[run, : 150 if first is None else first + wide].sum()
    assert found.horizon == 150.0
    assert steps.censored.tolist() == found.censored.tolist()
    watched = HARD.lengths.sum(axis=1)
    assert steps.horizon == (watched[steps.censored].min() if steps.censored.any() else watched.min())


@pytest.mark.parametrize("name", ["last", "area", "length"])
def test_plain_measures_are_estimated_and_compared_by_their_means(name):
    one = measure(name)
    a, b = one.values(SOFT), one.values(HARD)
    assert one.estimate(a, level=0.9) == confidence_interval(a.values, level=0.9)
    assert one.compare(a, b) == compare_samples(a.values, b.values)


def test_runs_are_matched_by_seed():
    one = measure("area")
    a, b = one.values(SOFT), one.values(HARD)
    order = RNG.permutation(12)
    assert one.compare(Measured(a.values[order], a.seeds[order]), b) == one.compare(a, b)
    with pytest.raises(ValueError, match="seeds do not match"):
        one.compare(a, one.values(curves(first=5)))
    assert not one.compare(a, one.values(curves(runs=5)), paired=False).paired


def test_times_are_cut_at_the_horizon_that_both_have():
    seeds = np.arange(6, dtype=np.uint64)
    a = Measured(np.array([5.0, 8.0, 20.0, 20.0, 3.0, 9.0]), seeds, np.arange(6) % 6 == 2, 20.0)
    b = Measured(np.array([2.0, 12.0, 12.0, 7.0, 12.0, 30.0]), seeds, np.array([0, 1, 1, 0, 1, 0], bool), 12.0)
    one = measure("steps_to:-20")
    assert common_horizon([a, b, measure("area").values(HARD)]) == 12.0
    assert one.estimate(a).estimate == pytest.approx(np.minimum(a.values, 20.0).mean())
    expected = compare_samples(np.minimum(a.values, 12.0), np.minimum(b.values, 12.0), bounds=(0.0, 12.0))
    assert one.compare(a, b) == expected
    cut = a.restricted(12.0)
    assert cut.censored.tolist() == [False, False, True, True, False, False]
    with pytest.raises(ValueError, match=r"horizon is 13.0; every run was watched up to 12.0 only"):
        b.restricted(13.0)


def test_the_worst_and_the_better_have_their_own_statistics():
    worst, better = measure("worst:0.25"), measure("improvement")
    a, b = worst.values(SOFT), worst.values(HARD)
    assert worst.estimate(a) == tail_interval(a.values, 0.25)
    assert worst.compare(a, b).difference == pytest.approx(np.sort(a.values)[:3].mean() - np.sort(b.values)[:3].mean())
    chance, found = probability_of_improvement(a.values, b.values), better.compare(a, b)
    assert (found.difference, found.low, found.high) == pytest.approx(
        (2 * chance.estimate - 1, 2 * chance.low - 1, 2 * chance.high - 1)
    )
    assert found.probability_of_improvement == pytest.approx(chance.estimate)
    assert better.comparison_only
    with pytest.raises(ValueError, match="'improvement' compares two conditions"):
        better.estimate(a)


@pytest.mark.parametrize("shift", [0.0, 0.5, 9.0])
def test_the_p_value_of_improvement_is_the_error_at_which_its_interval_is_clear(shift):
    seeds = np.arange(15, dtype=np.uint64)
    a, b = (Measured(x, seeds) for x in RNG.normal(size=(2, 15)) + np.array([[shift], [0.0]]))
    found = measure("improvement").compare(a, b)
    for error, clear in ((found.p_value * 1.01, True), (found.p_value * 0.99, False)):
        if error < 1.0:
            chance = probability_of_improvement(a.values, b.values, level=1.0 - error)
            assert (not chance.low <= 0.5 <= chance.high) == clear


def test_names_are_one_for_one_measure():
    assert measure("last") == measure("last:100") == measure(" last:100.0 ")
    assert measure("steps_to:-20:1") == measure("steps_to:-20.0")
    assert measure("worst").name == "worst:0.05"
    assert measure("worst").title == "mean of the worst 5% of runs over the last 100 episodes"
    assert measure("last:1").title == "mean return over the last episode"
    assert measure("steps_to:-1000").title == "steps until a return reaches −1,000"
    made = [measure(pattern.partition("[")[0].replace("R", "1").replace("E", "1")) for pattern in MEASURES]
    assert [one.name for one in made if one.needs_exact] == ["episodes_within:1", "steps_within:1"]
    assert [one.name for one in made if one.needs_optimum] == ["regret"]
    assert [one.name for one in made if one.comparison_only] == ["improvement"]


@pytest.mark.parametrize(
    ("name", "within", "title"),
    [
        ("last:1000", "last:150", "mean return over the last 150 episodes"),
        ("last:100", "last:100", "mean return over the last 100 episodes"),
        ("length:400", "length:150", "mean steps of an episode over the last 150 episodes"),
        ("episodes_within:5:900", "episodes_within:5:150", "episodes until the mean return of 150 stays within 5"),
        ("worst:0.1", "worst:0.1", "mean of the worst 10% of runs over the last 100 episodes"),
        ("area", "area", "mean return over all episodes"),
    ],
)
def test_a_measure_says_no_more_episodes_than_there_are(name, within, title):
    one, cut = measure(name), measure(name).within(150)
    assert (cut.name, cut.title[: len(title)]) == (within, title)
    np.testing.assert_array_equal(one.values(HARD, EXACT).values, cut.values(HARD, EXACT).values)
    assert measure("improvement").within(1).title == "probability of improvement over the last episode"
    assert measure("worst").within(60).title.endswith("over the last 60 episodes")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lst", "measure is 'lst'; did you mean 'last"),
        ("", "measure is ''; it must be one of 'last"),
        ("steps_to", "R is missing"),
        ("steps_to:x", "R is 'x'; it must be a number"),
        ("steps_to:nan", "measure is 'steps_to:nan': R is nan"),
        ("last:0", "N is 0; it must be at least 1"),
        ("last:1.5", "N is 1.5"),
        ("last:3:4", "without more numbers"),
        ("worst:1", "P is 1"),
        ("episodes_within:-1", "E is -1"),
    ],
)
def test_bad_names_are_refused_with_what_is_allowed(name, message):
    with pytest.raises(ValueError, match=message):
        measure(name)


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="measure is 3"):
        measure(3)
    with pytest.raises(ValueError, match="'regret' needs the optimum"):
        measure("regret").values(HARD)
    with pytest.raises(ValueError, match="'episodes_within:1' needs exact answers"):
        measure("episodes_within:1").values(HARD, SimpleNamespace(optimum=0.0))
    with pytest.raises(ValueError, match="curves have 150 episodes"):
        measure("episodes_within:1").values(HARD, SimpleNamespace(returns=np.zeros(3), optimum=0.0))
    with pytest.raises(TypeError, match="learning curves"):
        measure("last").values([1.0])
    with pytest.raises(ValueError, match="window is 200"):
        measure("steps_to:-20:200").values(HARD)


def test_regret_needs_no_agent():
    optimum = SimpleNamespace(optimum=-13.0)
    assert measure("regret").values(HARD, optimum).values == pytest.approx(-13.0 * 150 - HARD.returns.sum(axis=1))


def every_run(mdp, episodes, max_steps):
    """The curves of all runs that there can be, each episode being any other than there can be."""
    played = [one for s in np.flatnonzero(mdp.start) for one in episodes_of(mdp, int(s), max_steps)]
    runs = list(product(played, repeat=episodes))
    returns, lengths = (np.array([[episode[i] for episode in run] for run in runs]) for i in (0, 1))
    return SimpleNamespace(returns=returns, lengths=lengths, seeds=np.arange(len(runs), dtype=np.uint64))


@pytest.mark.parametrize(
    "name", ["last:1", "last:2", "last", "area", "length:1", "length", "regret", "worst:0.1", "improvement"]
)
def test_bounds_are_the_least_and_the_most_of_all_runs_that_there_can_be(name):
    mdp = fsq.from_map("S.\n#G", goal_reward=2.5)
    every, optimum = every_run(mdp, episodes=3, max_steps=3), return_span(mdp, 3)
    bounds = measure(name).bounds(episode_bounds(mdp, 3), 3, optimum)
    values = measure(name).values(every, optimum).values
    assert bounds == pytest.approx((values.min(), values.max()), rel=1e-15)


@pytest.mark.parametrize("name", ["steps_to:-1", "steps_to:-1:2", "episodes_to:-1:2", "episodes_within:0.5:2"])
def test_times_lie_within_their_bounds(name):
    mdp = fsq.from_map("S.\n#G", goal_reward=2.5)
    every = every_run(mdp, episodes=3, max_steps=3)
    exact = SimpleNamespace(returns=np.zeros(3), optimum=1.5)
    low, high = measure(name).bounds(episode_bounds(mdp, 3), 3, exact)
    values = measure(name).values(every, exact).values
    assert low <= values.min()
    assert values.max() <= high
    # An episode of two steps is as soon as anything can be.
    assert values.min() == low


def test_bounds_leave_room_between_their_ends_and_are_none_where_nothing_is_known():
    one_way = episode_bounds(fsq.TabularMDP([[0]], [[-1.0]], [[False]]), 40)
    low, high = measure("last").bounds(one_way, 9)
    assert low < -40.0 < high < low + 1e-9
    same = Measured(np.full(5, -40.0), np.arange(5, dtype=np.uint64))
    assert measure("last").estimate(same, bounds=(low, high)).low == pytest.approx(-40.0)
    unknown = one_way._replace(returns=(-np.inf, np.inf))
    assert measure("last").bounds(unknown, 9) is None
    assert measure("length").bounds(unknown, 9) is not None
    assert measure("regret").bounds(one_way, 9) is None


@pytest.mark.parametrize(
    ("name", "columns", "letter"),
    [
        ("last:500", 10, "N"),
        ("last:101", 100, "N"),
        ("length:11", 10, None),
        ("length:101", 10, "N"),
        ("steps_to:-20:11", 10, "W"),
        ("steps_to:-20:10", 10, None),
        ("episodes_to:-20:2", 1, "W"),
        ("episodes_within:5:101", 60, "W"),
        ("last", 10, None),
        ("last:100", 10, None),
        ("episodes_within:5", 10, None),
        ("area", 1, None),
        ("worst:0.05", 1, None),
        ("regret", 1, None),
    ],
)
def test_a_window_that_nobody_has_is_refused_but_for_the_usual_one(name, columns, letter):
    if letter is None:
        measure(name).check_fits(columns)
        return
    counted = "1 episode" if columns == 1 else f"{columns} episodes"
    words = rf"measure is '{name}': {letter} is \d+; curves have {counted}, so it must be at most {columns}$"
    with pytest.raises(ValueError, match=words):
        measure(name).check_fits(columns)


def test_of_points_the_usual_window_is_ten():
    measure("last", "points").check_fits(3)
    measure("last:10", "points").check_fits(3)
    with pytest.raises(ValueError, match="N is 11; curves have 3 points"):
        measure("last:11", "points").check_fits(3)

"""What there is to earn in a world: against trying every action and every outcome, and every episode that is played."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq import attainable_returns
from fastsoftq.attainable_returns import EpisodeBounds, apart, episode_bounds, length_bounds, return_span
from fastsoftq.exact_curves import exact_curves
from fastsoftq.planning.cut_episodes import Meter, OverBudgetError, extreme_totals
from tests.planning.possible_episodes import episodes_of
from tests.planning.strategies import mdps

SLIPPERY = fsq.cliff_walking(height=3, width=4, slippery=True)
HARD = fsq.QLearning(0.8, 0.95, epsilon=0.5)


@settings(max_examples=60, deadline=None)
@given(mdps(max_states=3, max_actions=2, max_outcomes=2), st.integers(1, 5))
def test_bounds_are_the_least_and_the_most_of_all_episodes_that_there_can_be(mdp, max_steps):
    found = {one for s in np.flatnonzero(mdp.start) for one in episodes_of(mdp, int(s), max_steps)}
    returns, lengths = zip(*found, strict=True)
    # Quarters are added without rounding, so that both are the same numbers.
    expected = EpisodeBounds(apart(min(returns), max(returns)), apart(min(lengths), max(lengths)))
    assert episode_bounds(mdp, max_steps) == expected


@pytest.mark.parametrize("scale", [1.0, 0.1, 1e-3 / 3.0])
def test_no_episode_that_is_played_leaves_its_bounds(scale):
    rewards = SLIPPERY.reward * scale
    mdp = fsq.TabularMDP(SLIPPERY.next_state, rewards, SLIPPERY.terminated, SLIPPERY.probability, SLIPPERY.start)
    bounds = episode_bounds(mdp, 30)
    curves = fsq.train(mdp, HARD, seeds=200, episodes=40, max_steps=30)
    assert bounds.returns[0] <= curves.returns.min()
    assert curves.returns.max() <= bounds.returns[1]
    assert bounds.lengths[0] <= curves.lengths.min()
    assert curves.lengths.max() == bounds.lengths[1] == 30.0
    assert curves.returns.max() == pytest.approx(bounds.returns[1], rel=1e-9)  # somebody is as lucky as can be


def test_rewards_that_are_rounded_leave_room_for_their_sums():
    tenths = fsq.TabularMDP([[0]], [[0.1]], [[False]])
    low, high = episode_bounds(tenths, 1000).returns
    assert low < sum([0.1] * 1000) < high  # 99.9999999999986
    assert high - low < 1e-9
    whole = fsq.TabularMDP([[0]], [[0.25]], [[False]])
    (low, high), lengths = episode_bounds(whole, 1000)
    assert low < 250.0 < high
    assert (low, high) == (pytest.approx(250.0, rel=1e-12),) * 2
    assert lengths == (pytest.approx(1000.0, rel=1e-12),) * 2


def test_rewards_above_zero_are_earned_once_at_least():
    either = fsq.TabularMDP([[0, 1], [1, 1]], [[2.0, 3.0], [0.0, 0.0]], [[False, True], [True, True]])
    assert episode_bounds(either, 4).returns == (3.0, 9.0)


def test_a_large_world_has_wider_bounds_that_take_no_time(monkeypatch):
    monkeypatch.setattr(attainable_returns, "FREE", 1.0)
    mdp = fsq.cliff_walking()
    assert episode_bounds(mdp, 50) == ((-5000.0, 0.0), (1.0, 50.0))
    assert return_span(mdp, 50) is None
    assert return_span(mdp, 50, steps=1e9).optimum == -12.0
    with pytest.raises(OverBudgetError):
        extreme_totals(mdp, mdp.reward, 50, Meter(10.0))


def test_the_span_is_that_of_the_exact_curve_and_takes_no_agent():
    exact = exact_curves(SLIPPERY, HARD, episodes=3, max_steps=40)
    assert return_span(SLIPPERY, 40) == (exact.optimum, exact.random)


def test_lengths_of_any_world():
    assert length_bounds(1000) == (1.0, 1000.0)
    low, high = length_bounds(1)
    assert low < 1.0 < high < low + 1e-9


@pytest.mark.parametrize("function", [return_span, episode_bounds])
def test_what_is_no_world_is_refused(function):
    with pytest.raises(TypeError, match="mdp is 3"):
        function(3)
    with pytest.raises(ValueError, match="max_steps is 0"):
        function(SLIPPERY, 0)

"""How many lanes run an MDP: fewer where their tables take more memory, and none where they would take too much."""

from unittest import mock

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.engine import dispatch
from fastsoftq.engine.dispatch import checked_engine
from fastsoftq.mdp.tables import tables
from tests.engine.running import bits, train


def ring(n_states, n_actions=4):
    """Each action leads to another state; none ends the episode."""
    ahead = (np.arange(n_states)[:, None, None] * 7 + np.arange(1, n_actions + 1)[None, :, None] * 1009) % n_states
    return fsq.TabularMDP(
        next_state=ahead,
        reward=-np.ones(ahead.shape),
        terminated=np.zeros(ahead.shape, bool),
        probability=np.ones(ahead.shape),
        start=0,
    )


@pytest.mark.parametrize(
    ("states", "lanes"),
    [(512, "lanes_64"), (513, "lanes_32"), (2**19, "lanes_32"), (2**19 + 1, "lanes_16"), (2**20, "lanes_16")],
)
def test_most_lanes_whose_tables_fit(states, lanes):
    mdp, agent = ring(states), fsq.QLearning(0.8, 0.95)
    with mock.patch.object(dispatch, "packed", side_effect=StopIteration) as packed:
        for engine in ("lanes", lanes):
            with pytest.raises(StopIteration):  # before any memory is taken
                dispatch.engine_for(tables(mdp), agent, 100, np.float64, engine, 1000)
    assert packed.call_args_list[0].args[1] == packed.call_args_list[1].args[1]


def test_too_large_ones_are_refused():
    largest = ring(2**20)
    assert (checked_engine("lanes", largest), checked_engine("lanes_16", largest)) == ("lanes", "lanes_16")
    with pytest.raises(ValueError, match=r"engine is 'lanes_32'; .* is too large for lanes"):
        checked_engine("lanes_32", largest)
    with pytest.raises(ValueError, match=r"engine is 'lanes'; .* is too large for lanes"):
        checked_engine("lanes", ring(2**20 + 1))


def test_tables_that_lie_apart_give_the_same_bits():
    mdp = ring(3000, 5)
    for agent in fsq.QLearning(0.8, 0.95, 0.2), fsq.SoftQLearning(0.8, 0.95, reward_scale=2.0):
        task = {"seeds": 3, "episodes": 2, "max_steps": 500}
        assert bits(train(16, mdp, agent, **task)) == bits(train(0, mdp, agent, **task))


@pytest.mark.parametrize(
    "agent",
    [
        fsq.QLearning(0.8, 0.95, 0.2),
        fsq.SoftQLearning(0.8, 0.95, reward_scale=2.0),
        fsq.Sarsa(0.8, 0.95, 0.2),
        fsq.DoubleQLearning(0.8, 0.95, 0.2),
    ],
)
@pytest.mark.parametrize("near", [0, 1 << 20])  # records are fetched ahead, too, or rows alone
def test_what_is_fetched_ahead_changes_no_bits(agent, near):
    task = {"seeds": 40, "episodes": 2, "max_steps": 300}
    for mdp in ring(3000), fsq.cliff_walking(slippery=True):
        one_by_one = train(0, mdp, agent, **task)
        with mock.patch.object(dispatch, "_NEAR_BYTES", near):
            assert bits(train(32, mdp, agent, **task)) == bits(one_by_one)


def test_fresh_tables_begin_as_they_are_told():
    """Rows of zeros are not written, but minus nought is no zero, and of a table that had a run they are."""
    mdp, agent = ring(600), fsq.QLearning(0.8, 0.95, 0.2)
    initial_q = np.zeros((600, 4))
    initial_q[::3], initial_q[1::7, 2] = -0.0, 1.0
    task = {"seeds": 50, "episodes": 2, "max_steps": 50, "initial_q": initial_q}
    assert bits(train(32, mdp, agent, **task)) == bits(train(0, mdp, agent, **task))

"""Agents that learn a soft policy along paths, or with a critic: path consistency learning, actor-critic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.running import bits, train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SHARES
from tests.reference.actor_critic import actor_critic
from tests.reference.path_consistency import path_consistency

SMALL, COLD = st.floats(0.01, 0.2), st.floats(-2, 0).map(lambda x: 10.0**x)
falling = st.builds(lambda stop, fall, rate: fsq.LinearDecay(stop + fall, stop, rate), *[st.floats(0.01, 0.1)] * 3)
LENGTHS = st.integers(1, 5)
paths = st.builds(
    fsq.PathConsistency, SMALL, DISCOUNTS, LENGTHS, st.floats(0.1, 10), st.floats(0.1, 2), SHARES | st.just(0.0)
)
paths_falling = st.builds(fsq.PathConsistency, falling, DISCOUNTS, LENGTHS, falling, st.floats(0.1, 2), falling)
actors = st.builds(
    fsq.ActorCritic, SMALL, DISCOUNTS, SMALL, st.just(0.0) | st.floats(0.01, 2), st.booleans(), st.floats(0.1, 2)
)
actors_falling = st.builds(fsq.ActorCritic, falling, DISCOUNTS, falling, falling, st.booleans(), st.floats(0.1, 2))
KINDS = {
    "paths": Twinned(paths, path_consistency, 4, exact=False, lanes=(0,)),
    "paths, schedules, slippery, many starts": Twinned(
        paths_falling, path_consistency, 3, 2, True, exact=False, lanes=(0,)
    ),
    "paths, twenty actions": Twinned(paths, path_consistency, 20, exact=False, lanes=(0,)),
    "actors": Twinned(actors, actor_critic, 4, exact=False, lanes=(0,)),
    "actors, schedules, slippery, many starts": Twinned(
        actors_falling, actor_critic, 3, 2, True, exact=False, lanes=(0,)
    ),
    "actors, twenty actions": Twinned(actors, actor_critic, 20, exact=False, lanes=(0,)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


CLIFF = fsq.cliff_walking(height=3, width=5)


@pytest.mark.parametrize("world", [CLIFF, fsq.cliff_walking(height=3, width=5, slippery=True)])
def test_on_paths_of_one_step_it_is_soft_q_learning(world):
    task = {"seeds": 5, "episodes": 20, "max_steps": 60}
    paths = train(0, world, fsq.PathConsistency(0.5, 0.9, 1, 0.7, 2.0, 0.1), **task)
    assert bits(paths) == bits(train(0, world, fsq.SoftQLearning(0.5, 0.9, 0.7, 2.0, 0.1), **task))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_along_paths_of_any_length_a_deterministic_world_is_learned(n):
    room = fsq.from_map("S..\n...\n..G")
    agent = fsq.PathConsistency(0.2, 0.9, n, temperature=1.0, epsilon=0.2, reward_scale=2.0)
    exact = fsq.soft_value_iteration(room, 0.9, temperature=1.0, reward_scale=2.0)
    learned = fsq.train(room, agent, 4, 4000, 100, keep_q=True).final_q
    np.testing.assert_allclose(learned[:, :8], np.broadcast_to(exact.q[:8], (4, 8, 4)), rtol=0, atol=1e-6)


def policy_of(preferences):
    weights = np.exp(preferences - preferences.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_with_entropy_the_actor_learns_the_soft_policy():
    room = fsq.from_map("S..\n...\n..G")
    agent = fsq.ActorCritic(0.1, 0.9, 0.2, temperature=0.5)
    exact = fsq.soft_value_iteration(room, 0.9, temperature=0.5)
    found = fsq.train(room, agent, 4, 40_000, 100, keep_q=True).final_q
    np.testing.assert_allclose(policy_of(found)[:, :8], np.broadcast_to(exact.policy[:8], (4, 8, 4)), atol=0.01)
    values = 0.5 * found[:, :8]  # but for a constant in each state
    differences = values - values.mean(axis=2, keepdims=True)
    expected = exact.q[:8] - exact.q[:8].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(differences, np.broadcast_to(expected, (4, 8, 4)), atol=0.05)


def test_without_it_the_actor_learns_the_best_way():
    """Where no detour is safer: on a cliff it comes to rest on one."""
    room = fsq.from_map("S..\n...\n..G")
    curves = fsq.train(room, fsq.ActorCritic(0.2, 0.95, 0.2), 20, 3000, 200)
    best = fsq.value_iteration(room, 1.0).v[0]
    assert (np.median(curves.returns[:, -100:], axis=1) == best).all()


def test_the_books_weight_is_the_discount_to_the_time():
    """In the second state of a corridor, a preference moves by the discount as much."""
    corridor = fsq.TabularMDP([[1, 1], [1, 1]], [[0.0, 0.0], [1.0, 1.0]], [[False, False], [True, True]])
    moves = {
        discounted: fsq.train(corridor, fsq.ActorCritic(0.5, 0.8, 0.5, 0.0, discounted), 5, 1, keep_q=True).final_q
        for discounted in (False, True)
    }
    np.testing.assert_allclose(np.abs(moves[False][:, 1]), 0.25)
    np.testing.assert_allclose(np.abs(moves[True][:, 1]), 0.25 * 0.8)
    assert (moves[True][:, 0] == 0.0).all()


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        (fsq.PathConsistency(0.5, 0.9, 0), "PathConsistency.n is 0; it must be at least 1"),
        (fsq.PathConsistency(0.5, 0.9, temperature=0.0), "PathConsistency.temperature is 0.0"),
        (fsq.ActorCritic(0.5, 0.9, 0.0), r"ActorCritic.critic_step_size is 0.0; it must lie in \(0, 1\]"),
        (fsq.ActorCritic(0.5, 0.9, temperature=-0.1), "ActorCritic.temperature is -0.1; it must be at least 0"),
        (fsq.DynaQ(0.5, 0.9, -1), "DynaQ.planning_steps is -1; it must be at least 0"),
        (fsq.DynaQ(0.5, 0.9, time_bonus=-1), "DynaQ.time_bonus is -1.0; it must be at least 0"),
        (fsq.PrioritizedSweeping(0.5, 0.9, 0), "PrioritizedSweeping.planning_steps is 0; it must be at least 1"),
        (fsq.PrioritizedSweeping(0.5, 0.9, threshold=-1), "PrioritizedSweeping.threshold is -1.0; it must be at least"),
    ],
)
def test_bad_hyperparameters_are_refused_by_name(agent, message):
    with pytest.raises(ValueError, match=message):
        fsq.train(CLIFF, agent, 2, 2)


def test_flags_and_counts_are_such():
    for agent, message in (
        (fsq.ActorCritic(0.5, 0.9, discounted=1), "ActorCritic.discounted is 1"),
        (fsq.DynaSoftQ(0.5, 0.9, 2.5), "DynaSoftQ.planning_steps is 2.5; it must be an integer"),
    ):
        with pytest.raises(TypeError, match=message):
            fsq.train(CLIFF, agent, 2, 2)

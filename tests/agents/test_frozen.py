"""Frozen agents act as another would, and never learn."""

import numpy as np
import pytest

import fastsoftq as fsq

CLIFF = fsq.cliff_walking()


@pytest.fixture
def table():
    return np.random.default_rng(0).normal(size=(48, 4))


@pytest.mark.parametrize(
    "agent",
    [fsq.QLearning(0.5, 0.9, 0.3), fsq.SoftQLearning(0.5, 0.9, 0.7, 1.0, 0.1), fsq.Sarsa(0.5, 0.9, 0.3)],
)
def test_the_table_stays_as_it_was(agent, table):
    curves = fsq.train(CLIFF, fsq.Frozen(agent), 20, 5, 100, initial_q=table, keep_q=True)
    assert (curves.final_q == table).all()


def test_a_greedy_one_on_the_exact_table_walks_the_shortest_way():
    exact = fsq.value_iteration(CLIFF, 0.95)
    curves = fsq.train(CLIFF, fsq.Frozen(fsq.QLearning(0.5, 0.95, 0.0)), 50, 4, 100, initial_q=exact.q)
    assert (curves.returns == -12).all()
    assert (curves.lengths == 13).all()


def test_a_soft_one_on_the_exact_table_behaves_as_planning_says():
    exact = fsq.soft_value_iteration(CLIFF, 0.95, reward_scale=2.0)
    agent = fsq.Frozen(fsq.SoftQLearning(0.5, 0.95, 1.0, 2.0))
    curves = fsq.train(CLIFF, agent, 1000, 20, 5000, initial_q=exact.q)
    per_run = curves.returns.mean(axis=1)
    expected = fsq.evaluate_policy(CLIFF, exact.policy).expected_return
    assert abs(per_run.mean() - expected) < 4 * per_run.std() / np.sqrt(1000)


def test_it_draws_as_the_one_within_would(table):
    """Until the first update shows: the first step of every run is the same."""
    agent = fsq.SoftQLearning(0.5, 0.9, 0.7, 10.0, 0.1)
    frozen, learning = (
        fsq.train(CLIFF, a, 200, 1, 1, initial_q=table, keep_q=True) for a in (fsq.Frozen(agent), agent)
    )
    assert frozen.returns.tobytes() == learning.returns.tobytes()
    assert (frozen.final_q != learning.final_q).any()

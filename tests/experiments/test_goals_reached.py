import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.experiments.goals_reached import NEAR_TIES, first_of_the_best, goal_entropy, goals_visited, reached


def test_goal_entropy():
    shares = np.array([[0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0], [0, 0.1, 0.1, 0], [0, 0, 0, 0], [3, 1, 0, 0]])
    expected = [np.log(4), 0, np.log(2), 0, -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))]
    np.testing.assert_allclose(goal_entropy(shares), expected)


def test_the_first_of_the_best():
    q = np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(first_of_the_best(q), [[0, 1, 0], [1, 0, 0]])


def test_the_soft_policy_reaches_all_goals_evenly_by_symmetry_and_nearly_so_in_near_ties():
    even, near = (fsq.multi_goal(9, goal_rewards=rewards) for rewards in (0.0, NEAR_TIES))
    policies = [fsq.soft_value_iteration(mdp, 0.95, reward_scale=2.0).policy for mdp in (even, near)]
    np.testing.assert_allclose(reached(even, policies[:1], 100).shares, 0.25)
    (shares,) = reached(near, policies[1:], 100).shares
    assert list(shares) == sorted(shares, reverse=True)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] - shares[3] < 0.02


def test_reached_against_an_absorbing_chain():
    mdp = fsq.multi_goal(5)
    policy = np.random.default_rng(0).dirichlet(np.ones(4), 25)
    onward = np.zeros((25, 25))
    for state in range(25):
        for action in range(4):
            onward[state, mdp.next_state[state, action, 0]] += policy[state, action]
    inner = ~mdp.terminal
    start = np.flatnonzero(np.flatnonzero(inner) == 12)[0]
    visits = np.linalg.inv(np.eye(21) - onward[np.ix_(inner, inner)])[start]
    up, right, down, left = 2, 14, 22, 10
    result = reached(mdp, [policy], 100)
    np.testing.assert_allclose(result.shares[0], visits @ onward[np.ix_(inner, [up, right, down, left])])
    np.testing.assert_allclose(result.visits[inner], visits)
    assert result.lengths[0] == pytest.approx(visits.sum())


def test_a_policy_that_never_arrives_is_cut():
    mdp = fsq.multi_goal(5)
    stuck = np.tile(np.eye(4)[1], (25, 1))
    stuck[13] = np.eye(4)[3]
    result = reached(mdp, [stuck], max_steps=7)
    assert result.shares.sum() == 0.0
    assert result.lengths[0] == 7.0
    right = np.tile(np.eye(4)[1], (25, 1))
    assert reached(mdp, [right], max_steps=1, cut=True).shares.sum() == 0.0
    assert reached(mdp, [right], max_steps=2, cut=True).shares[0].tolist() == [0, 1, 0, 0]


def test_returns_tell_the_goal():
    mdp = fsq.multi_goal(5, goal_rewards=NEAR_TIES)
    agent = fsq.Frozen(fsq.QLearning(1.0, 1.0, epsilon=0.0))
    for goal in range(4):
        towards = np.zeros((25, 4))
        towards[:, goal] = 1.0
        assert (goals_visited(fsq.train(mdp, agent, 2, 3, 10, initial_q=towards)) == goal).all()
        assert (goals_visited(fsq.train(mdp, agent, 2, 3, 1, initial_q=towards)) == 4).all()

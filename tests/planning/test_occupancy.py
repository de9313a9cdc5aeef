from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.planning.strategies import mdps
from tests.reference.total_reward import solve


@pytest.fixture(scope="module")
def slippery():
    mdp = fsq.cliff_walking(slippery=True)
    return mdp, fsq.soft_value_iteration(mdp, 0.95, reward_scale=0.5).policy


@given(mdps(), st.sampled_from([0.0, 0.5, 0.95]), st.integers(0, 2**32))
def test_rewards_weighed_by_visits_are_the_value(mdp, discount, seed):
    policy = np.random.default_rng(seed).dirichlet(np.ones(mdp.n_actions), mdp.n_states)
    stays = fsq.occupancy(mdp, policy, discount)
    value = mdp.start @ fsq.evaluate_policy(mdp, policy, discount).v
    earned = (stays.visits[:, None] * policy * mdp.expected_reward).sum()
    assert earned == pytest.approx(value, abs=1e-9)
    # What is discounted away, ends or goes on: 1 = (1 - discount) sum of visits + endings.
    assert (1 - discount) * stays.visits.sum() + stays.endings.sum() == pytest.approx(1.0)


def test_undiscounted_against_the_evaluation(slippery):
    mdp, policy = slippery
    stays = fsq.occupancy(mdp, policy)
    evaluation = fsq.evaluate_policy(mdp, policy)
    assert stays.visits.sum() == pytest.approx(evaluation.expected_length)
    assert (stays.visits[:, None] * policy * mdp.expected_reward).sum() == pytest.approx(evaluation.expected_return)
    assert stays.endings[47] == pytest.approx(1.0)
    assert stays.visits[47] == 0.0


def test_within_a_horizon_against_sampled_trajectories(slippery):
    mdp, policy = slippery
    stays = fsq.occupancy(mdp, policy, horizon=40)
    sampled = fsq.sample_trajectories(mdp, policy, 20_000, horizon=40, rng=0)
    before = np.where(np.arange(41) < sampled.lengths[:, None], sampled.states, -1)
    visits = np.bincount(before[before >= 0], minlength=48) / 20_000
    np.testing.assert_allclose(visits, stays.visits, atol=0.15, rtol=0.1)
    assert sampled.terminated.mean() == pytest.approx(stays.endings.sum(), abs=0.015)
    long = fsq.occupancy(mdp, policy, horizon=60_000)
    np.testing.assert_allclose(long.visits, fsq.occupancy(mdp, policy).visits, rtol=1e-9)


def test_a_policy_of_every_step():
    mdp = fsq.from_map("1S.2")
    right, left = np.eye(4)[1], np.eye(4)[3]
    policy = np.array([[right] * 4, [left] * 4, [left] * 4])
    stays = fsq.occupancy(mdp, policy, discount=0.5)
    np.testing.assert_allclose(stays.visits, [0, 1 + 0.25, 0.5, 0])
    np.testing.assert_allclose(stays.endings, [0.125, 0, 0, 0])


def test_staying_for_ever():
    mdp = fsq.from_map("1S..")
    policy = np.tile([0.0, 0.5, 0.0, 0.5], (4, 1))
    policy[2] = [0, 1, 0, 0]
    policy[3] = [1, 0, 0, 0]
    stays = fsq.occupancy(mdp, policy)
    np.testing.assert_allclose(stays.visits, [0, 1, 0.5, np.inf])
    np.testing.assert_allclose(stays.endings, [0.5, 0, 0, 0])
    policy[1] = [1, 0, 0, 0]
    np.testing.assert_array_equal(fsq.occupancy(mdp, policy).visits, [0, np.inf, 0, 0])


def test_soft_reaches_all_goals_evenly():
    mdp = fsq.multi_goal(21)
    endings = fsq.occupancy(mdp, fsq.soft_value_iteration(mdp, 0.95, reward_scale=2.0).policy).endings
    np.testing.assert_allclose(endings[mdp.terminal], 0.25, atol=1e-10)


def test_horizons_beyond_all_counting(slippery):
    mdp, policy = slippery
    long = fsq.occupancy(mdp, policy, horizon=10**9)
    np.testing.assert_allclose(long.visits, fsq.occupancy(mdp, policy).visits, rtol=1e-9)
    assert long.endings[47] == pytest.approx(1.0)
    swings = fsq.TabularMDP([[1], [0]], [[1.0], [-1.0]], [[False], [False]])
    np.testing.assert_allclose(fsq.occupancy(swings, np.ones((2, 1)), horizon=10**9 + 1).visits, [5e8 + 1, 5e8])
    for horizon in (49, 64, 97, 1000):  # by doubling, against step by step
        steps = np.broadcast_to(policy, (horizon, 48, 4)).copy()
        one, other = fsq.occupancy(mdp, policy, 0.97, horizon), fsq.occupancy(mdp, steps, 0.97)
        np.testing.assert_allclose(one.visits, other.visits, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(one.endings, other.endings, rtol=1e-11, atol=1e-14)
    goal = fsq.from_map("S.G")
    drawn = fsq.sample_trajectories(goal, fsq.value_iteration(goal, 0.9).policy, 1, horizon=10**6, rng=0)
    assert drawn.lengths.tolist() == [2]


def test_bad_input():
    mdp = fsq.from_map("S1")
    with pytest.raises(ValueError, match="discount is 2"):
        fsq.occupancy(mdp, np.full((2, 4), 0.25), 2.0)
    with pytest.raises(ValueError, match=r"policy has shape \(4,\)"):
        fsq.occupancy(mdp, np.full(4, 0.25))


@pytest.mark.parametrize("block", range(4))
def test_visits_of_any_length_are_known_to_the_last_digit(block):
    # What lasts for 1e10 steps must not blur what is over in two; in fractions.
    for seed in range(30 * block, 30 * block + 30):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(2, 7))
        following, terminated = rng.integers(0, size, (size, 2, 2)), rng.random((size, 2, 2)) < 0.15
        first, chosen = rng.integers(0, 9, (size, 2)) / 8, rng.integers(0, 9, size) / 8
        chance, policy = np.stack([first, 1 - first], -1), np.stack([chosen, 1 - chosen], -1)
        start = rng.multinomial(8, np.full(size, 1 / size)) / 8
        discount = 1 - 2.0 ** -int(rng.integers(2, 45))
        absorbing = (terminated | (following == np.arange(size)[:, None, None])).all(axis=(1, 2))
        if start[absorbing].any():
            continue
        mdp = fsq.TabularMDP(following, -1.0, terminated, chance, start=start)
        system = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
        for s, a, k in np.argwhere(~terminated & ~mdp.terminal[:, None, None]):
            goes = Fraction(policy[s, a]) * Fraction(chance[s, a, k])
            system[following[s, a, k]][s] -= Fraction(discount) * goes
        right = np.array([float(row[0]) for row in solve(system, [[Fraction(p)] for p in start])])
        right[mdp.terminal] = 0.0
        np.testing.assert_allclose(fsq.occupancy(mdp, policy, discount).visits, right, rtol=1e-14, atol=0.0)


def test_a_class_that_lasts_does_not_blur_what_is_left_at_once():
    mdp = fsq.TabularMDP(
        [[1, 0], [0, 0], [1, 2], [2, 0]],
        -1.0,
        [[False, False], [False, False], [True, False], [False, False]],
        start=[0, 0.5, 0.5, 0],
    )
    stays = fsq.occupancy(mdp, [[0.125, 0.875], [1, 0], [1, 0], [0.375, 0.625]], 1 - 1e-10)
    assert stays.visits[2:].tolist() == [0.5, 0.0]
    assert stays.endings.sum() == pytest.approx(0.5 * (1 - 1e-10), rel=1e-15)

"""What a policy is worth: exact answers, the slow twin, and policies that never stop."""

import doctest
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.planning import evaluation
from tests.planning.strategies import mdps, policies
from tests.reference import planning as slow

CLIFF = fsq.cliff_walking()


@given(st.data(), st.sampled_from([0.0, 0.5, 0.97]))
def test_bellmans_equations_hold(data, discount):
    mdp = data.draw(mdps())
    policy = data.draw(policies(mdp))
    worth = fsq.evaluate_policy(mdp, policy, discount)
    np.testing.assert_allclose(worth.v, (policy * worth.q).sum(axis=1), rtol=0, atol=1e-10)
    np.testing.assert_allclose(worth.q, slow.action_values(mdp, worth.v, discount), rtol=0, atol=1e-10)


@given(st.data())
def test_undiscounted_matches_a_long_roll_out(data):
    mdp = data.draw(mdps(ending=True))
    policy = data.draw(policies(mdp))
    worth = fsq.evaluate_policy(mdp, policy)
    total, length, ended = slow.roll_out(mdp, [policy] * 60)  # 5/8 ** 60 = 6e-13 are left
    assert worth.expected_return == pytest.approx(total, abs=1e-10)
    assert worth.expected_length == pytest.approx(length, abs=1e-10)
    assert worth.termination_probability == 1.0 == pytest.approx(ended)
    assert worth.expected_return == pytest.approx(float(mdp.start @ worth.v), abs=1e-10)


@given(st.data(), st.integers(1, 6), st.booleans())
def test_a_horizon_cuts_the_episode(data, horizon, stationary):
    mdp = data.draw(mdps())
    policy = data.draw(policies(mdp, None if stationary else horizon))
    steps = [policy] * horizon if stationary else policy
    worth = fsq.evaluate_policy(mdp, policy, horizon=horizon)
    found = (worth.expected_return, worth.expected_length, worth.termination_probability)
    assert found == pytest.approx(slow.roll_out(mdp, steps), abs=1e-12)
    assert worth.q.shape == (horizon, mdp.n_states, mdp.n_actions)
    assert worth.expected_return == pytest.approx(float(mdp.start @ worth.v[0]), abs=1e-12)
    discounted = fsq.evaluate_policy(mdp, policy, 0.5, horizon)
    following = np.zeros(mdp.n_states)
    for t in reversed(range(horizon)):
        np.testing.assert_allclose(discounted.q[t], slow.action_values(mdp, following, 0.5), rtol=0, atol=1e-12)
        following = discounted.v[t]
    assert discounted.expected_return == worth.expected_return


@given(st.data())
def test_how_likely_the_episode_ends(data):
    mdp = data.draw(mdps())
    policy = data.draw(policies(mdp))
    steps = np.zeros((mdp.n_states + 1, mdp.n_states + 1))
    steps[-1, -1] = 1.0  # the end, which is never left
    for state in range(mdp.n_states):
        for action in range(mdp.n_actions):
            for p, following, _, terminated in mdp.outcomes(state, action):
                steps[state, -1 if terminated else following] += policy[state, action] * p
    for _ in range(60):  # 2 ** 60 steps
        steps = steps @ steps
        steps /= steps.sum(axis=1, keepdims=True)
    ended = float(mdp.start @ steps[:-1, -1])
    worth = fsq.evaluate_policy(mdp, policy)
    assert worth.termination_probability == pytest.approx(ended, abs=1e-9)
    assert (worth.termination_probability == 1.0) == np.isfinite(worth.expected_length)


def looping(reward, start=0):
    """State 0 may end or go to 1 or 2; 1 and 2 are never left and pay as told."""
    return fsq.TabularMDP(
        next_state=[[0, 1, 2], [1, 1, 1], [2, 2, 2]],
        reward=[[-1.0, -1.0, -1.0], [reward[0]] * 3, [reward[1]] * 3],
        terminated=[[True, False, False], [False] * 3, [False] * 3],
        start=start,
    )


@pytest.mark.parametrize(
    ("reward", "total"),
    [((-1.0, 0.0), -np.inf), ((2.0, 0.0), np.inf), ((-1.0, 1.0), np.nan), ((0.0, 0.0), -1.0), ((-1.0, -2.0), -np.inf)],
)
def test_policies_that_never_stop(reward, total):
    mdp = looping(reward)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        worth = fsq.evaluate_policy(mdp, np.full((3, 3), 1.0 / 3.0))
    assert worth.expected_return == pytest.approx(total, nan_ok=True)
    assert worth.expected_length == np.inf
    assert worth.termination_probability == pytest.approx(1.0 / 3.0, abs=1e-15)
    assert worth.v[0] == pytest.approx(total, nan_ok=True)
    stops = np.array([[1.0, 0.0, 0.0]] * 3)
    worth = fsq.evaluate_policy(mdp, stops)
    assert (worth.expected_return, worth.expected_length, worth.termination_probability) == (-1.0, 1.0, 1.0)


@pytest.mark.parametrize(("pays", "total"), [((1.0, -3.0), -np.inf), ((3.0, -1.0), np.inf), ((1.0, -1.0), 0.5)])
def test_the_mean_reward_of_a_loop_decides_its_sign(pays, total):
    mdp = fsq.TabularMDP(next_state=[[1], [0]], reward=[[pays[0]], [pays[1]]], terminated=[[False]] * 2, start=0)
    worth = fsq.evaluate_policy(mdp, np.ones((2, 1)))
    assert worth.expected_return == pytest.approx(total, nan_ok=True)
    assert (worth.expected_length, worth.termination_probability) == (np.inf, 0.0)


@pytest.mark.parametrize(("loss", "total"), [(-0.04, -np.inf), (-1e-11, -np.inf), (1e-300, np.inf), (0.0, 1e13)])
def test_what_goes_on_is_told_whatever_was_paid_elsewhere(loss, total):
    mdp = fsq.TabularMDP([[1], [1]], [[1e13], [loss]], [[False], [False]])
    worth = fsq.evaluate_policy(mdp, np.ones((2, 1)))
    assert worth.v.tolist() == [total, 0.0 if loss == 0.0 else total]
    assert worth.expected_return == total


@pytest.mark.parametrize("seed", range(20))
def test_totals_that_swing_for_ever_count_by_their_running_mean(seed):
    """Two classes that are never left, with mean rewards of 0, and states before them, against discounts near 1."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 5))
    chain = np.zeros((2 * size + 3, 2 * size + 3))
    for block in (slice(0, size), slice(size, 2 * size)):
        chain[block, block] = np.roll(np.eye(size), 1, axis=1) if seed % 2 else rng.dirichlet(np.ones(size), size)
    chain[2 * size :] = rng.dirichlet(np.ones(len(chain)), 3)
    worth = rng.integers(-4, 5, len(chain))
    reward = worth[:, None] - np.broadcast_to(worth, chain.shape)  # of each step: the mean is 0 in every class
    after = np.broadcast_to(np.arange(len(chain)), chain.shape)[:, None]
    mdp = fsq.TabularMDP(after, reward[:, None], np.zeros_like(after, bool), chain[:, None], start=2 * size)
    found = fsq.evaluate_policy(mdp, np.ones((len(chain), 1)))
    # Richardson's extrapolation of discounted values, whose errors begin in proportion to 1 - discount.
    paid = (chain * reward).sum(axis=1)
    coarse, fine = (np.linalg.solve(np.eye(len(chain)) - (1.0 - gap) * chain, paid) for gap in (2e-5, 1e-5))
    np.testing.assert_allclose(found.v, 2.0 * fine - coarse, atol=1e-7)
    assert found.expected_return == found.v[2 * size]
    np.testing.assert_allclose(found.q[:, 0], found.v, atol=1e-12)


def test_means_that_only_rounding_keeps_from_zero():
    thrice = fsq.TabularMDP([[0, 0, 0]], [[0.1, 0.2, -0.3]], [[False] * 3])  # 0.1 + 0.2 - 0.3 is 3e-17
    assert fsq.evaluate_policy(thrice, np.full((1, 3), 1.0 / 3.0)).v.tolist() == [0.0]
    mixed = fsq.TabularMDP([[[0, 0, 0]]], [[[1.0, -1.0, -1.0]]], [[False]], [[[0.5, 1 / 6, 1 / 3]]])
    assert fsq.evaluate_policy(mixed, [[1.0]]).v.tolist() == [0.0]


def test_many_classes_and_large_ones():
    rng = np.random.default_rng(0)
    size = 3000
    order = rng.permutation(size)
    ring = np.empty((size, 1), int)
    ring[order, 0] = np.roll(order, -1)
    reward = np.where(order[:, None] == 0, 2999.0 - 2.0**-20, -1.0)
    mdp = fsq.TabularMDP(ring, reward, np.zeros((size, 1), bool))
    assert (fsq.evaluate_policy(mdp, np.ones((size, 1))).v == -np.inf).all()
    loops = fsq.TabularMDP(
        np.arange(size)[:, None], np.sign(np.arange(size) - 1500.0)[:, None], np.zeros((size, 1), bool)
    )
    assert np.unique(fsq.evaluate_policy(loops, np.ones((size, 1))).v).tolist() == [-np.inf, 0.0, np.inf]


def test_walls_shut_in_without_a_crash():
    up = np.tile([1.0, 0.0, 0.0, 0.0], (48, 1))
    worth = fsq.evaluate_policy(CLIFF, up)
    assert (worth.expected_return, worth.expected_length, worth.termination_probability) == (-np.inf, np.inf, 0.0)
    assert np.isfinite(fsq.evaluate_policy(CLIFF, up, 0.95).v).all()


def test_a_policy_that_all_but_never_stops():
    mdp = fsq.TabularMDP(next_state=[[0, 0]], reward=[[-1.0, -1.0]], terminated=[[False, True]], start=0)
    assert fsq.evaluate_policy(mdp, [[1.0 - 2.0**-30, 2.0**-30]]).expected_length == 2.0**30
    assert fsq.evaluate_policy(mdp, [[1.0, 1e-40]]).expected_length == np.inf


@pytest.mark.parametrize(
    ("policy", "options", "error", "message"),
    [
        (np.full((47, 4), 0.25), {}, ValueError, r"policy has shape \(47, 4\); it must be .* \(48, 4\) or"),
        (np.full(4, 0.25), {}, ValueError, r"policy has shape \(4,\)"),
        (np.full((48, 4), 0.3), {}, ValueError, r"policy\[0\] sums to 1.2; probabilities must sum to 1"),
        (np.tile([1.5, -0.5, 0.0, 0.0], (48, 1)), {}, ValueError, r"policy\[0, 1\] is -0.5; probabilities"),
        (np.full((48, 4), np.nan), {}, ValueError, r"policy\[0, 0\] is nan"),
        (np.full((48, 4), "a"), {}, TypeError, "policy has dtype <U1; it must hold probabilities"),
        (np.full((48, 4), 0.25), {"horizon": 0}, ValueError, "horizon is 0; it must be at least 1"),
        (np.full((48, 4), 0.25), {"horizon": 2.0}, TypeError, "horizon is 2.0; it must be an integer"),
        (np.full((5, 48, 4), 0.25), {"horizon": 4}, ValueError, "horizon is 4; the policy has 5 steps"),
        (np.full((48, 4), 0.25), {"discount": -0.1}, ValueError, "discount is -0.1"),
        (np.full((48, 4), 0.25), {"discount": True}, TypeError, "discount is True"),
    ],
)
def test_bad_input(policy, options, error, message):
    with pytest.raises(error, match=message):
        fsq.evaluate_policy(CLIFF, policy, **options)


def test_examples():
    assert doctest.testmod(evaluation).failed == 0


def test_a_horizon_whose_values_would_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"horizon is 2147483647; it needs .* of memory"):
        fsq.evaluate_policy(fsq.cliff_walking(), np.full((48, 4), 0.25), horizon=2**31 - 1)

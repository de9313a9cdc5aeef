"""The critical reward scale: spectral radii, closed forms, and the side of it on which values grow without bound."""

import doctest
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import brentq

import fastsoftq as fsq
from fastsoftq.planning import critical
from tests.planning.strategies import mdps
from tests.reference import planning as slow


def test_cliff_walking():
    scale = fsq.critical_reward_scale(fsq.cliff_walking())
    assert scale == pytest.approx(1.3376435, abs=5e-8)
    assert 1.0 / scale == pytest.approx(0.7475833, abs=5e-8)
    assert slow.spectral_radius(fsq.cliff_walking(), scale) == pytest.approx(1.0, abs=1e-12)


@given(mdps(max_outcomes=1, rewards=(-12, -1)))
def test_deterministic_dynamics_have_a_spectral_radius(mdp):
    scale = fsq.critical_reward_scale(mdp)
    if scale == 0.0:
        assert slow.spectral_radius(mdp, 1e-6) < 1.0
    else:
        exact = brentq(lambda k: slow.spectral_radius(mdp, k) - 1.0, 0.0, 4.0 * np.log(3.0) + 1.0, xtol=1e-14)
        assert scale == pytest.approx(exact, rel=1e-9)


@given(mdps(max_outcomes=1, rewards=(-6, 4)))
def test_gains_on_the_way_round(mdp):
    scale = fsq.critical_reward_scale(mdp)
    if scale == np.inf:
        assert slow.spectral_radius(mdp, 20.0) >= 1.0 - 1e-9
    elif scale > 0.0:
        assert slow.spectral_radius(mdp, scale) == pytest.approx(1.0, abs=1e-9)
        assert slow.spectral_radius(mdp, 1.01 * scale) < 1.0


@settings(max_examples=40)
@given(mdps(max_actions=2, rewards=(-12, -1), anywhere=True))
def test_stochastic_values_are_finite_above_and_not_below(mdp):
    mdp = with_exit(mdp)
    scale = fsq.critical_reward_scale(mdp)
    enough = max(1.05 * scale, 0.1)
    v = fsq.soft_value_iteration(mdp, 1.0, reward_scale=enough).v
    np.testing.assert_allclose(sweep(mdp, v, enough), v, rtol=1e-10, atol=1e-10)
    if scale > 0.0:
        v, highest = np.zeros(mdp.n_states), []
        for _ in range(400):
            v = sweep(mdp, v, 0.95 * scale)
            highest.append(v.max())
        assert highest[399] > highest[199] + 1e-3


def with_exit(mdp):
    """One more action everywhere, which pays -1 and terminates."""
    more = mdp.next_state[:, :1]
    return fsq.TabularMDP(
        next_state=np.concatenate([mdp.next_state, more], axis=1),
        reward=np.concatenate([mdp.reward, np.full(more.shape, -1.0)], axis=1),
        terminated=np.concatenate([mdp.terminated, np.ones(more.shape, bool)], axis=1),
        probability=np.concatenate([mdp.probability, mdp.probability[:, :1]], axis=1),
        start=mdp.start,
    )


def sweep(mdp, v, scale):
    return np.logaddexp.reduce(np.array(slow.action_values(mdp, v, 1.0, scale)), axis=1)


@pytest.mark.parametrize("slip", [0.0, 0.1, 0.5])
def test_slipping_between_two_states_has_a_closed_form(slip):
    # Two ways round at each of two states, each paying -1; slipping only changes which state follows.
    p = np.tile([1.0 - slip, slip], (2, 2, 1))
    next_state = np.array([[[0, 1], [1, 0]], [[0, 1], [1, 0]]])
    mdp = fsq.TabularMDP(next_state, -1.0 * np.ones((2, 2)), np.zeros((2, 2), bool), p, start=0)
    assert fsq.critical_reward_scale(mdp) == pytest.approx(np.log(2.0), rel=1e-14)


def test_an_action_that_may_end_is_no_way_to_stay():
    # Going on costs nothing, but ends with probability 1/2: values are finite at every scale.
    leaky = fsq.TabularMDP(
        next_state=np.zeros((1, 2, 2), int),
        reward=np.zeros((1, 2, 2)),
        terminated=np.tile([False, True], (1, 2, 1)),
        probability=np.full((1, 2, 2), 0.5),
        start=0,
    )
    assert fsq.critical_reward_scale(leaky) == 0.0
    assert fsq.soft_value_iteration(leaky, 1.0).v[0] == pytest.approx(2.0 * np.log(2.0), rel=1e-14)


@pytest.mark.parametrize(
    ("reward", "scale"),
    [
        ([[-1.0, -1.0, 0.0]], np.log(2.0)),
        ([[-1.0, -1e100, 0.0]], 0.0),
        ([[0.0, -1.0, 0.0]], np.inf),
        ([[0.0, 0.0, 0.0]], np.inf),
        ([[1.0, -5.0, 0.0]], np.inf),
    ],
)
def test_staying_put(reward, scale):
    mdp = fsq.TabularMDP(next_state=[[0, 0, 0]], reward=reward, terminated=[[False, False, True]], start=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fsq.critical_reward_scale(mdp) == pytest.approx(scale)


def test_no_way_round_and_one_way_round():
    assert fsq.critical_reward_scale(fsq.TabularMDP([[1], [1]], -1.0, [[False], [True]], start=0)) == 0.0
    assert fsq.critical_reward_scale(fsq.TabularMDP([[1], [0]], [[5.0], [-6.0]], [[False]] * 2, start=0)) == 0.0
    assert fsq.critical_reward_scale(fsq.TabularMDP([[1], [0]], [[6.0], [-6.0]], [[False]] * 2, start=0)) == np.inf


def test_only_what_can_be_reached_counts():
    mdp = fsq.TabularMDP([[0, 0], [1, 1]], [[-1.0, -1.0], [9.0, 9.0]], [[False, True], [False, False]], start=0)
    assert fsq.critical_reward_scale(mdp) == 0.0
    mdp = fsq.TabularMDP(
        [[0, 0], [1, 1]], [[-1.0, -1.0], [9.0, 9.0]], [[False, True], [False, False]], start=[0.5, 0.5]
    )
    assert fsq.critical_reward_scale(mdp) == np.inf


def test_several_ways_to_go_round_count_the_worst():
    # 0 leads to 1 or 2; one costs 1 a step with two ways to stay, the other 0.5 with three
    mdp = fsq.TabularMDP(
        next_state=[[1, 2, 1], [1, 1, 1], [2, 2, 2]],
        reward=[[-1.0] * 3, [-1.0] * 3, [-0.5] * 3],
        terminated=[[False] * 3, [False, False, True], [False] * 3],
        start=0,
    )
    assert fsq.critical_reward_scale(mdp) == pytest.approx(2.0 * np.log(3.0), rel=1e-14)


def test_large_grids_tend_to_the_entropy_of_four_ways():
    scale = fsq.critical_reward_scale(fsq.cliff_walking(height=60, width=60))
    assert scale == pytest.approx(np.log(4.0), rel=1e-3)
    assert scale < np.log(4.0)


def test_examples():
    assert doctest.testmod(critical).failed == 0

"""The critical reward scale: spectral radii, closed forms, and the side of it on which values grow without bound."""

import doctest
import itertools
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

import fastsoftq as fsq
from fastsoftq.planning import critical
from fastsoftq.planning.critical import is_above_critical, side_of_critical
from fastsoftq.planning.markov_chains import excursions
from fastsoftq.planning.mean_rewards import best_means
from tests.planning.exact_means import sign_of_best_mean
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


# ---- large beside small ----------------------------------------------------------------------------------------------


def round_trip(there, back, away):
    """0 -> 1 -> 0; either may end, or stay where it is."""
    return fsq.TabularMDP(
        next_state=[[1, 0, 0], [0, 1, 1]],
        reward=[[there, 0.0, away], [back, 0.0, away]],
        terminated=[[False, True, False]] * 2,
        start=0,
    )


@pytest.mark.parametrize("away", [-1e6, -1e10, -1e100])
@pytest.mark.parametrize(("there", "back"), [(1.0, -3.0), (1.0, -1.125), (1e3, -1e3 - 2.0**-20), (-1.0, 0.0)])
def test_a_loss_is_no_less_a_loss_beside_a_greater_one(there, back, away):
    """det(1 - M(k)) = (1 - e^(k away))^2 - e^(k (there + back)) is 0 at its largest root."""
    scale = fsq.critical_reward_scale(round_trip(there, back, away))
    x = brentq(lambda x: 2.0 * np.log1p(-np.exp(-x)) + x * (there + back) / away, 1e-9, 700.0, xtol=1e-300, rtol=1e-15)
    assert scale == pytest.approx(-x / away, rel=1e-9)


def test_the_scale_beside_ten_thousand_million():
    assert fsq.critical_reward_scale(round_trip(1.0, -3.0, -1e10)) == pytest.approx(2.003e-9, rel=5e-4)


@pytest.mark.parametrize(("size", "away"), [(1.0, -1e18), (1e6, -1e10), (1e13, -1e18), (1e15, -1e15)])
def test_a_tiny_gain_and_a_tiny_loss_are_told_apart(size, away):
    least = np.spacing(size)
    assert fsq.critical_reward_scale(round_trip(size, -size, away)) == np.inf
    assert fsq.critical_reward_scale(round_trip(size, -size + least, away)) == np.inf
    assert fsq.critical_reward_scale(round_trip(size, -size - least, away)) < np.inf


def best_cycle(mdp):
    """The best mean of a simple cycle, in fractions, by enumeration; None if there is none."""
    means = []

    def extend(root, state, path, collected):
        for action in range(mdp.n_actions):
            for _, following, reward, terminated in mdp.outcomes(state, action):
                if not terminated and following == root:
                    means.append((collected + Fraction(reward)) / len(path))
                elif not terminated and following > root and following not in path:
                    extend(root, following, [*path, following], collected + Fraction(reward))

    for root in range(mdp.n_states):
        extend(root, root, [root], Fraction(0))
    return max(means, default=None)


@settings(max_examples=40)
@given(mdps(max_outcomes=1, rewards=(-12, 4), anywhere=True), st.data())
def test_whether_one_can_walk_without_loss_is_exact_at_mixed_scales(mdp, data):
    exponents = data.draw(st.lists(st.integers(-20, 50), min_size=mdp.reward.size, max_size=mdp.reward.size))
    scaled = mdp.reward * np.exp2(np.minimum(exponents, 50)).reshape(mdp.reward.shape)
    mixed = fsq.TabularMDP(mdp.next_state, scaled, mdp.terminated, mdp.probability, mdp.start)
    scale, best = fsq.critical_reward_scale(mixed), best_cycle(mixed)
    if best is None:
        assert scale == 0.0
    else:
        assert (scale == np.inf) == (best >= 0)


# ---- several outcomes ------------------------------------------------------------------------------------------------


def closed_world(seed, states=3, actions=2, outcomes=2):
    rng = np.random.default_rng(seed)
    shape = (states, actions, outcomes)
    chance = rng.dirichlet(np.ones(outcomes), size=shape[:2])
    next_state = rng.integers(states, size=shape)
    next_state[:, 0, 0] = (np.arange(states) + 1) % states  # so that it is one component
    pays = -rng.integers(1, 20, size=shape[:2]) / 4.0
    return fsq.TabularMDP(next_state, pays[:, :, None], np.zeros(shape, bool), chance, np.full(states, 1.0 / states))


@pytest.mark.parametrize("seed", range(5))
def test_no_policy_has_more_entropy_for_its_loss(seed):
    """Ratios of policies, each by its stationary distribution from dense linear algebra, climbed by a simplex."""
    mdp = closed_world(seed)
    transition = np.zeros((3, 2, 3))
    for state, action in np.ndindex(3, 2):
        for p, following, _, _ in mdp.outcomes(state, action):
            transition[state, action, following] += p

    def ratio(logits):
        first = 1.0 / (1.0 + np.exp(-logits))
        policy = np.stack([first, 1.0 - first], axis=1)
        chain = np.einsum("sa,sat->st", policy, transition)
        stationary = np.linalg.lstsq(np.vstack([chain.T - np.eye(3), np.ones(3)]), [0, 0, 0, 1], rcond=None)[0]
        entropy = -np.where(policy > 0.0, policy * np.log(policy + 1e-300), 0.0).sum(axis=1)
        return stationary @ entropy / -(stationary @ (policy * mdp.expected_reward).sum(axis=1))

    starts = itertools.product([-2.0, 2.0], repeat=3)
    options = {"xatol": 1e-10, "fatol": 1e-15, "maxiter": 4000}
    best = max(-minimize(lambda x: -ratio(x), start, method="Nelder-Mead", options=options).fun for start in starts)
    assert fsq.critical_reward_scale(mdp) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize(
    ("chance", "pays", "endless"),
    [
        ([0.5, 0.5], [1.0, -1.0], True),
        ([0.1, 0.9], [9.0, -1.0], True),
        ([0.9, 0.1], [1.0, -9.0], True),  # 0.9 and 0.1 are no doubles: what is lost by rounding is none
        ([1.0 / 3.0, 2.0 / 3.0], [2.0, -1.0], True),
        ([0.5, 0.5], [1e15, -1e15 - 0.25], False),
        ([0.5, 0.5], [1e15, -1e15 + 0.25], True),
    ],
)
def test_a_fair_game_can_be_played_for_ever(chance, pays, endless):
    """State 0 leads to 1 or 2, which pay and lead back; either may instead stay, and lose much."""
    mdp = fsq.TabularMDP(
        next_state=[[[1, 2], [0, 0]], [[0, 0], [1, 1]], [[0, 0], [2, 2]]],
        reward=[[[0.0] * 2, [-1e12] * 2], [[pays[0]] * 2, [-1e12] * 2], [[pays[1]] * 2, [-1e12] * 2]],
        terminated=np.zeros((3, 2, 2), bool),
        probability=[[chance, [0.5, 0.5]], [[0.5, 0.5]] * 2, [[0.5, 0.5]] * 2],
    )
    assert (fsq.critical_reward_scale(mdp) == np.inf) == endless


def test_two_rooms_with_a_dear_door():
    """The better room's scale, though the way there is one that no policy in the other takes by chance."""
    mdp = fsq.TabularMDP(
        next_state=[[0, 0, 1], [1, 1, 0]],
        reward=[[-1.0, -1.0, -200.0], [-0.5, -0.5, -200.0]],
        terminated=np.zeros((2, 3), bool),
    )
    assert fsq.critical_reward_scale(mdp) == pytest.approx(2.0 * np.log(2.0), rel=1e-12)
    alike = fsq.TabularMDP(mdp.next_state, [[-1.0, -1.0, -30.0]] * 2, mdp.terminated)
    root = brentq(lambda k: 2.0 * np.exp(-k) + np.exp(-30.0 * k) - 1.0, 0.1, 2.0, xtol=1e-15)
    assert fsq.critical_reward_scale(alike) == pytest.approx(root, rel=1e-12)


# ---- which side of it ------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(mdps(max_actions=2, rewards=(-12, 1)), st.floats(0.01, 10.0))
def test_the_side_is_that_of_the_scale(mdp, scale):
    critical_scale = fsq.critical_reward_scale(mdp)
    assert is_above_critical(mdp, scale) == (scale > critical_scale)
    told = side_of_critical(mdp, scale, 1e6)
    assert told is None or told == (scale > critical_scale)
    if 0.0 < critical_scale < np.inf:
        assert is_above_critical(mdp, critical_scale * (1.0 + 1e-9))
        assert not is_above_critical(mdp, critical_scale * (1.0 - 1e-9))
        assert not is_above_critical(mdp, critical_scale)


def test_bad_scales():
    with pytest.raises(ValueError, match=r"scale is 0\.0; it must be above 0"):
        is_above_critical(fsq.cliff_walking(), 0.0)
    with pytest.raises(TypeError, match="mdp is 3; it must be a TabularMDP"):
        is_above_critical(3, 1.0)


# ---- large worlds ----------------------------------------------------------------------------------------------------


def garnet(states, outcomes, seed=0, actions=4):
    """Each action leads to some random states: no set of states separates it, so that factorisations fill in."""
    rng = np.random.default_rng(seed)
    shape = (states, actions, outcomes)
    chance = rng.dirichlet(np.ones(outcomes), size=shape[:2])
    pays = -rng.random(shape[:2])[:, :, None]
    return fsq.TabularMDP(rng.integers(states, size=shape), pays, np.zeros(shape, bool), chance)


@pytest.mark.parametrize("outcomes", [1, 4])
def test_random_worlds_are_bracketed_by_sweeps(outcomes):
    """Collatz and Wielandt's bounds, written out here, on both sides of the scale."""
    mdp = garnet(3_000, outcomes)
    scale = fsq.critical_reward_scale(mdp)
    for k, above in ((scale * (1.0 - 1e-7), False), (scale * (1.0 + 1e-7), True)):
        h = np.zeros(mdp.n_states)
        for _ in range(150):
            q = k * mdp.expected_reward + (mdp.probability * h[mdp.next_state]).sum(axis=2)
            change = np.logaddexp.reduce(q, axis=1) - h
            h += 0.9 * change
            h -= h.max()
        reached = np.unique(mdp.next_state)
        assert change[reached].max() < 0.0 if above else change[reached].min() > 0.0
        assert is_above_critical(mdp, k) == above


def mixed_world(seed):
    """A few states, rewards of sizes from 1e-9 to 1e10, and ways out of parts as rare as 2^-30."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(2, 6)), int(rng.integers(2, 4)), int(rng.integers(1, 4))
    next_state = rng.integers(0, shape[0], shape)
    reward = rng.choice([[0.0, -1.0, -1e-9, -1e6], [0.0, 1.0, -1.0, 1e6], [-1e-9, -1.0, -1e10, -1e3]][seed % 3], shape)
    probability = rng.integers(1, 16, shape).astype(float)
    if shape[2] > 1:
        probability[int(rng.integers(shape[0])), 0, 0] *= 2.0 ** -int(rng.integers(10, 31))
    probability /= probability.sum(axis=2, keepdims=True)
    return fsq.TabularMDP(next_state, reward, rng.random(shape) < 0.05, probability)


def bracketed(mdp, scale):
    """Whether a scale is the critical one to 1e-9, in 60 digits."""
    return [sign_of_best_mean(mdp, scale * (1.0 + off)) for off in (1e-9, -1e-9)] == [-1, 1]


def test_mixed_scales_are_bracketed_in_sixty_digits():
    """Parts are left as seldom as losses in others make it worth while: nothing of that may be rounding."""
    found = 0
    for seed in range(45):
        mdp = mixed_world(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scale = fsq.critical_reward_scale(mdp)
        if 0.0 < scale < np.inf:
            assert bracketed(mdp, scale), seed
            assert is_above_critical(mdp, scale * (1.0 + 1e-9)), seed
            assert not is_above_critical(mdp, scale * (1.0 - 1e-9)), seed
            found += 1
    assert found > 8


def test_a_part_left_once_in_many_steps():
    """Once 2.73e-10, where steps began to go round in circles: the chain leaves a part with probability 3e-11."""
    mdp = fsq.TabularMDP(
        [[[3, 3], [1, 0]], [[0, 1], [3, 0]], [[2, 1], [0, 2]], [[2, 2], [3, 1]]],
        [
            [[-1, -1], [-1e-9, -1]],
            [[-1e-9, -1e-9], [0, 0]],
            [[-1e6, -1e-9], [0, -1e6]],
            [[0, -10], [-1e10, -1e10]],
        ],
        [
            [[False] * 2] * 2,
            [[False] * 2, [True, False]],
            [[False] * 2, [False, True]],
            [[False, True], [False] * 2],
        ],
        [
            [[0.125, 0.875], [0.9375, 0.0625]],
            [[1, 0], [0.9375, 0.0625]],
            [[0.375, 0.625], [0.5, 0.5]],
            [[0.25, 0.75], [0.8125, 0.1875]],
        ],
        start=3,
    )
    scale = fsq.critical_reward_scale(mdp)
    assert 4.542e-10 < scale < 4.553e-10
    assert bracketed(mdp, scale)


def slow_ring(size, rare):
    """Two ways round, slow in every seventh state, and losses from 1e-9 to 1e6."""
    rng = np.random.default_rng(0)
    here = np.arange(size)
    next_state = np.stack([np.stack([(here + step) % size, here], axis=1) for step in (1, -1)], axis=1)
    probability = np.full((size, 2, 2), 0.5)
    probability[::7, :] = rare, 1.0 - rare
    return fsq.TabularMDP(next_state, rng.choice([-1e-9, -1.0, -1e6, -1e3], (size, 2, 2)), False, probability)


@pytest.mark.parametrize("size", [90, 130])
def test_rare_ways_in_more_states_than_are_always_eliminated(size, monkeypatch):
    """Sparse equations alone once found a third of the scale."""
    mdp = slow_ring(size, 2.0**-20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fsq.critical_reward_scale(mdp)
        monkeypatch.setattr(excursions, "FEW", size)
        monkeypatch.setattr(best_means, "FEW", size)
        assert found == pytest.approx(fsq.critical_reward_scale(mdp), rel=1e-9)
    assert side_of_critical(mdp, 0.5 * found, 1e7) is not True
    assert side_of_critical(mdp, 2.0 * found, 1e7) is not False


def test_rare_ways_round_a_long_ring_are_told_or_refused(monkeypatch):
    """The best part of the ring is the same, however long it is; 700 states once took for ever."""
    scales = [fsq.critical_reward_scale(slow_ring(size, 1e-6)) for size in (300, 700)]
    assert scales[0] == pytest.approx(scales[1], rel=1e-9)
    monkeypatch.setattr(excursions, "_SOME", 600)
    monkeypatch.setattr(best_means, "_HOPELESS", 3)
    with pytest.raises(ArithmeticError, match=r"in 700 states some transitions are too rare"):
        fsq.critical_reward_scale(slow_ring(700, 1e-6))


def test_dead_ends_are_taken_out_one_by_one():
    """A random walk that ends at one end ends; peeled off state by state, it took a minute."""
    here = np.arange(3_000)
    next_state = np.stack([np.minimum(here + 1, 2_999), np.maximum(here - 1, 0)], axis=1)[:, None, :]
    terminated = np.zeros(next_state.shape, bool)
    terminated[-1, 0, 0] = True
    leaky = fsq.TabularMDP(next_state, -1.0, terminated, np.full(next_state.shape, 0.5))
    assert fsq.critical_reward_scale(leaky) == 0.0


def test_many_components():
    here = np.arange(500)
    pays = -1.0 - np.random.default_rng(0).random((500, 1))
    loops = fsq.TabularMDP(
        next_state=np.stack([here, here, np.minimum(here + 1, 499)], axis=1),
        reward=np.hstack([pays, pays, pays - 1e3]),
        terminated=np.zeros((500, 3), bool),
    )
    assert fsq.critical_reward_scale(loops) == pytest.approx(np.log(2.0) / -pays[:-1].max(), rel=1e-9)


def test_expanders_joined_by_a_bridge_and_by_passages():
    """No small factors, and slow to mix: what GMRES is for, and what is eliminated first."""
    rng = np.random.default_rng(0)
    size = 400
    next_state = np.concatenate([rng.integers(size, size=(size, 3)), size + rng.integers(size, size=(size, 3))])
    next_state[0, 0], next_state[size, 0] = size, 0
    mdp = fsq.TabularMDP(next_state, -1.0 - rng.random((2 * size, 3)), np.zeros((2 * size, 3), bool))
    scale = fsq.critical_reward_scale(mdp)
    assert slow.spectral_radius(mdp, scale) == pytest.approx(1.0, abs=1e-10)


def test_examples():
    assert doctest.testmod(critical).failed == 0

"""Reward weights from demonstrations: finite differences, every path enumerated, and intervals that cover."""

import doctest
import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import fastsoftq as fsq
from fastsoftq.planning.inverse_rl import reward_weights
from fastsoftq.planning.inverse_rl.soft_behaviour import SoftBehaviour
from tests.planning.strategies import mdps
from tests.planning.test_behaviour import demonstrations

RNG = np.random.default_rng(11)
SLIPPERY = fsq.from_map(["S...", ".#..", "...G"], slippery=True)
FEATURES = RNG.normal(size=(11, 4, 3))
WEIGHTS = np.array([1.0, -0.8, 0.4])


def soft(mdp, features, weights, discount):
    """The soft policy by plain sweeps."""
    v = np.zeros(mdp.n_states)
    for _ in range(4000):
        q = features @ weights + discount * (mdp.probability * np.where(mdp.terminated, 0.0, v[mdp.next_state])).sum(
            axis=2
        )
        v = np.where(mdp.terminal, 0.0, np.logaddexp.reduce(q, axis=1))
    return np.exp(q - np.logaddexp.reduce(q, axis=1)[:, None])


@settings(max_examples=40)
@given(mdps(), st.sampled_from([0.0, 0.6, 0.95]), st.integers(0, 10**6))
def test_the_gradient_is_exact(mdp, discount, seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(mdp.n_states, mdp.n_actions, 2))
    features[mdp.terminal] = 0.0
    weights = rng.normal(size=2)
    behaviour = SoftBehaviour(mdp, features, discount)
    log_policy, gradient = behaviour(weights)
    np.testing.assert_allclose(np.exp(log_policy).sum(axis=1), 1.0, rtol=1e-12)
    for k in range(2):
        step = 1e-5 * np.eye(2)[k]
        difference = (behaviour(weights + step)[0] - behaviour(weights - step)[0]) / 2e-5
        np.testing.assert_allclose(gradient[:, :, k], difference, rtol=0, atol=1e-6)


def test_the_policy_is_the_soft_one():
    log_policy, _ = SoftBehaviour(SLIPPERY, FEATURES, 0.9)(WEIGHTS)
    inside = ~SLIPPERY.terminal
    np.testing.assert_allclose(np.exp(log_policy)[inside], soft(SLIPPERY, FEATURES, WEIGHTS, 0.9)[inside], atol=1e-12)


LAYERS = 4


def ladder():
    """Four layers of three states, three actions each: 81 paths, all of the same length."""
    shape = (3 * LAYERS + 1, 3)
    next_state, terminated = np.zeros(shape, int), np.zeros(shape, bool)
    for layer, state, action in itertools.product(range(LAYERS), range(3), range(3)):
        following = (state + action) % 3
        last = layer == LAYERS - 1
        next_state[3 * layer + state, action] = 3 * LAYERS if last else 3 * (layer + 1) + following
        terminated[3 * layer + state, action] = last
    next_state[-1], terminated[-1] = 3 * LAYERS, True
    return fsq.TabularMDP(next_state, np.where(terminated & (next_state == 0), 0.0, -0.0), terminated, start=0)


def paths(mdp):
    for actions in itertools.product(range(3), repeat=LAYERS):
        state, path = 0, []
        for action in actions:
            path.append((state, action))
            state = int(mdp.next_state[state, action, 0])
        yield path


def test_paths_are_as_likely_as_the_exponential_of_what_they_collect():
    """Ziebart et al. (2008), equation 4: deterministic, undiscounted, every path enumerated."""
    mdp = ladder()
    rng = np.random.default_rng(5)
    features = rng.normal(size=(13, 3, 3))
    features[-1] = 0.0
    every = list(paths(mdp))
    collected = np.array([sum(features[s, a] for s, a in path) for path in every])
    truth = np.array([0.7, -1.0, 0.3])
    p = np.exp(collected @ truth)
    chosen = rng.choice(len(every), size=400, p=p / p.sum())
    fit = fsq.fit_rewards(mdp, features, fsq.Demonstrations.of([every[i] for i in chosen]), 1.0 - 1e-12)

    def loss(weights):
        return np.logaddexp.reduce(collected @ weights) - (collected[chosen] @ weights).mean()

    best = optimize.minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    np.testing.assert_allclose(fit.weights, best.x, atol=1e-5)
    assert fit.log_likelihood == pytest.approx(-400.0 * best.fun, abs=1e-6)
    # The gradient vanishes where the model collects what the demonstrator did.
    p = np.exp(collected @ fit.weights)
    np.testing.assert_allclose(p @ collected / p.sum(), collected[chosen].mean(axis=0), atol=1e-6)
    # The expected information, in closed form: that of the first step's paths, since all begin in one state.
    assert (fit.low < truth).all()
    assert (truth < fit.high).all()


def test_an_independent_optimiser_agrees():
    seen = demonstrations(SLIPPERY, soft(SLIPPERY, FEATURES, WEIGHTS, 0.9), 30, 2, horizon=50)
    fit = fsq.fit_rewards(SLIPPERY, FEATURES, seen, 0.9)
    assert fit.converged
    counts = seen.counts(SLIPPERY)

    def loss(weights):
        log_policy, _ = SoftBehaviour(SLIPPERY, FEATURES, 0.9)(weights)
        return -(counts * log_policy).sum()

    best = optimize.minimize(loss, WEIGHTS, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    np.testing.assert_allclose(fit.weights, best.x, atol=1e-5)
    inside = ~SLIPPERY.terminal
    np.testing.assert_allclose(fit.policy[inside], soft(SLIPPERY, FEATURES, fit.weights, 0.9)[inside], atol=1e-10)
    np.testing.assert_allclose(fit.reward[inside], (FEATURES @ fit.weights)[inside])
    assert fit.log_likelihood == pytest.approx(fsq.log_likelihood(SLIPPERY, fit.policy, seen), abs=1e-8)


def test_intervals_cover_and_errors_have_their_covariance():
    policy = soft(SLIPPERY, FEATURES, WEIGHTS, 0.9)
    fits = [
        fsq.fit_rewards(SLIPPERY, FEATURES, demonstrations(SLIPPERY, policy, 20, seed, 100), 0.9) for seed in range(60)
    ]
    covered = sum((fit.low <= WEIGHTS) & (fit.high >= WEIGHTS) for fit in fits)
    assert (covered >= 51).all()
    z = np.array([(fit.weights - WEIGHTS) @ np.linalg.inv(fit.covariance) @ (fit.weights - WEIGHTS) for fit in fits])
    assert z.mean() == pytest.approx(3.0, abs=1.1)  # chi-squared with 3 degrees of freedom


def test_temperature_is_a_weight_of_the_reward():
    mdp = fsq.from_map(["S..", ".#.", "..G"])
    seen = demonstrations(mdp, fsq.soft_value_iteration(mdp, 0.9, temperature=0.7).policy, 60, 4)
    fit = fsq.fit_rewards(mdp, mdp.expected_reward[:, :, None], seen, 0.9)
    by_temperature = fsq.fit_temperature(mdp, seen, 0.9)
    assert 1.0 / fit.weights[0] == pytest.approx(by_temperature.estimate, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(by_temperature.log_likelihood, abs=1e-8)


def test_what_demonstrations_do_not_tell():
    seen = demonstrations(SLIPPERY, soft(SLIPPERY, FEATURES, WEIGHTS, 0.9), 30, 2, horizon=50)
    features = np.concatenate([FEATURES, np.zeros((11, 4, 1)), FEATURES[:, :, :1]], axis=2)
    with pytest.warns(RuntimeWarning, match="do not determine weights 0, 3, 4"):
        fit = fsq.fit_rewards(SLIPPERY, features, seen, 0.9)
    assert not fit.converged
    assert np.isinf(fit.high).tolist() == [True, False, False, True, True]
    plain = fsq.fit_rewards(SLIPPERY, FEATURES, seen, 0.9)
    np.testing.assert_allclose(fit.high[1:3], plain.high[1:3], rtol=1e-4)
    assert fit.weights[0] + fit.weights[4] == pytest.approx(plain.weights[0], abs=1e-4)


# ---- units, and what has no maximum ----------------------------------------------------------------------------------


SEEN_SOFTLY = demonstrations(SLIPPERY, soft(SLIPPERY, FEATURES, WEIGHTS, 0.9), 30, 2, horizon=50)


@pytest.mark.parametrize(
    "units", [[1e-8] * 3, [1e4, 1.0, 1e-4], [1e155] * 3, [1e-155] * 3, [1e-155, 1.0, 1e155], [1e-290, 1e290, 1.0]]
)
def test_units_of_features_do_not_matter(units):
    plain = fsq.fit_rewards(SLIPPERY, FEATURES, SEEN_SOFTLY, 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fsq.fit_rewards(SLIPPERY, FEATURES * units, SEEN_SOFTLY, 0.9)
    assert fit.converged
    for name in ("weights", "low", "high"):
        np.testing.assert_allclose(getattr(fit, name) * units, getattr(plain, name), rtol=1e-9)
    np.testing.assert_allclose(fit.policy, plain.policy, rtol=1e-9)
    np.testing.assert_allclose(fit.reward, plain.reward, rtol=1e-9, atol=1e-12)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


def arms(features, counts, discount=0.9):
    """A fit to pulls of arms, which is multinomial logistic regression, and what it warned of."""
    features = np.asarray(features, float)
    mdp = fsq.TabularMDP([[0] * len(features)], 1.0, [[True] * len(features)])
    pulled = np.repeat(np.arange(len(counts)), counts)
    seen = fsq.Demonstrations(np.arange(pulled.size), np.zeros_like(pulled), pulled)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = fsq.fit_rewards(mdp, features[None], seen, discount)
    return fit, [str(warning.message) for warning in caught if warning.category is RuntimeWarning]


def test_arms_have_a_closed_form():
    fit, warned = arms([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [50, 30, 20])
    np.testing.assert_allclose(fit.weights, np.log([2.5, 1.5]), rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, [[1 / 50 + 1 / 20, 1 / 20], [1 / 20, 1 / 30 + 1 / 20]], rtol=1e-9)
    assert fit.converged
    assert not warned


def test_a_million_to_one_is_no_separation():
    fit, warned = arms([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [10**6, 1, 1])
    np.testing.assert_allclose(fit.weights, [np.log(1e6), 0.0], rtol=1e-7, atol=1e-6)
    assert fit.converged
    assert not warned


@pytest.mark.parametrize("unit", [1e-100, 1.0, 1e100])
def test_separated_arms_are_said_to_be(unit):
    fit, (warned,) = arms([[unit], [0.0]], [10, 0])
    assert "no maximum, but grows with weight 0 for ever" in warned
    assert (fit.low[0], fit.high[0]) == (-np.inf, np.inf)
    assert fit.separated.tolist() == [True]
    assert not fit.converged
    assert fit.weights[0] > 0.0
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-9)


def test_what_is_not_separated_is_still_found():
    """Two arms of four are never pulled, which the first weight explains; between the others the second tells."""
    fit, (warned,) = arms([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [60, 40, 0, 0])
    assert "grows with weight 0 for ever" in warned
    assert fit.separated.tolist() == [True, False]
    assert fit.weights[1] == pytest.approx(np.log(1.5), rel=1e-7)
    assert fit.high[1] - fit.low[1] == pytest.approx(2.0 * 1.959963985 * np.sqrt(1 / 60 + 1 / 40), rel=1e-6)
    assert fit.log_likelihood == pytest.approx(60 * np.log(0.6) + 40 * np.log(0.4), rel=1e-9)


@pytest.mark.parametrize("n_features", [2, 3])
def test_weights_that_are_not_determined_are_as_likely_as_any(n_features):
    """Two actions of one state, which one direction of weights explains; which one depends on the weights."""
    after = [[[1, 0, 0], [0, 1, 2]], [[2, 0, 2], [0, 1, 2]], [[1, 0, 0], [1, 2, 1]]]
    chances = [[[5, 4, 7], [10, 3, 3]], [[4, 3, 9], [3, 7, 6]], [[3, 11, 2], [6, 5, 5]]]
    none = np.zeros((3, 2, 3))
    mdp = fsq.TabularMDP(after, none, none > 0.0, np.array(chances) / 16.0)
    seen = fsq.Demonstrations.of([[(2, 0)], [(2, 0)], [(2, 1)]])
    rng = np.random.default_rng(0)
    for _ in range(100):
        features = rng.normal(size=(3, 2, n_features))
        with pytest.warns(RuntimeWarning, match="do not determine weights 0"):
            fit = fsq.fit_rewards(mdp, features, seen, 0.9)
        assert fit.unidentified.all()
        assert fit.log_likelihood == pytest.approx(2.0 * np.log(2.0 / 3.0) + np.log(1.0 / 3.0), abs=1e-9)
    np.testing.assert_allclose(soft(mdp, features, fit.weights, 0.9)[2], [2.0 / 3.0, 1.0 / 3.0], atol=1e-6)


def test_what_is_not_determined_is_said_to_be():
    fit, (warned,) = arms([[1.0, 0.0, 3.0], [0.0, 1.0, 3.0], [0.0, 0.0, 3.0]], [5, 3, 2])
    assert warned == "the demonstrations do not determine weight 2"
    assert fit.unidentified.tolist() == [False, False, True]
    assert np.isinf(fit.high).tolist() == [False, False, True]
    assert not fit.converged
    np.testing.assert_allclose(fit.weights[:2], np.log([2.5, 1.5]), rtol=1e-9)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=5).filter(any), st.integers(0, 10**6))
def test_separation_is_that_of_every_pair_of_arms(counts, seed):
    """One weight: it grows for ever if every arm that was pulled has the largest feature, or the smallest."""
    feature = np.random.default_rng(seed).integers(-3, 4, size=len(counts)).astype(float)
    fit, _ = arms(feature[:, None], counts)
    pulled, differ = feature[np.array(counts) > 0], np.ptp(feature) > 0
    ends = bool(differ and ((pulled == feature.max()).all() or (pulled == feature.min()).all()))
    assert fit.separated.tolist() == [ends]
    assert fit.unidentified.tolist() == [not differ]
    assert fit.converged == (differ and not ends)
    if fit.converged:  # where what is collected is what the policy collects
        assert fit.policy[0] @ feature == pytest.approx(np.average(feature, weights=counts), abs=1e-7)


def test_separation_by_what_follows():
    """A corridor walked straight to its end: a reward there explains it ever better, at any discount."""
    corridor = fsq.from_map("S...G")
    features = (corridor.next_state[:, :, 0] == 4).astype(float)[:, :, None]
    straight = fsq.Demonstrations.of([[(0, 1), (1, 1), (2, 1), (3, 1)]] * 3)
    with pytest.warns(RuntimeWarning, match="separated"):
        fit = fsq.fit_rewards(corridor, features, straight, 0.9)
    assert fit.separated.all()
    assert fit.log_likelihood == pytest.approx(0.0, abs=1e-6)
    astray = fsq.Demonstrations.of([[(0, 1), (1, 1), (2, 1), (3, 1)]] * 3 + [[(0, 1), (1, 3), (0, 1), (1, 1)]])
    fit = fsq.fit_rewards(corridor, features, astray, 0.9)
    assert fit.converged
    assert np.isfinite(fit.high).all()


def test_what_cannot_follow_does_not_count():
    mdp = fsq.TabularMDP([[0, 0], [1, 1]], 1.0, [[True, True], [False, True]])
    features = np.array([[[1.0], [0.0]], [[1e200], [-1e250]]])
    fit = fsq.fit_rewards(mdp, features, fsq.Demonstrations.of([[(0, 0)]] * 7 + [[(0, 1)]] * 3), 0.9)
    assert fit.converged
    assert fit.weights[0] == pytest.approx(np.log(7 / 3), rel=1e-9)


SEEN = fsq.Demonstrations.of([[(0, 1)]])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"features": np.zeros((11, 4))}, ValueError, r"features has shape \(11, 4\); it must be \[states, actions"),
        ({"features": np.full((11, 4, 1), "a")}, TypeError, "features has dtype <U1; it must hold numbers"),
        ({"features": np.full((11, 4, 1), np.inf)}, ValueError, r"features\[0, 0, 0\] is inf; features must be finite"),
        ({"discount": 1.0}, ValueError, r"discount is 1\.0; it must lie in \[0, 1\)"),
        ({"level": 0.0}, ValueError, r"level is 0\.0; it must lie in \(0, 1\)"),
        ({"max_iterations": 0}, ValueError, "max_iterations is 0; it must be at least 1"),
    ],
)
def test_bad_input(change, error, message):
    arguments = {"features": FEATURES, "demonstrations": SEEN, "discount": 0.9, **change}
    with pytest.raises(error, match=message):
        fsq.fit_rewards(SLIPPERY, **arguments)


def test_too_few_iterations_are_told():
    seen = demonstrations(SLIPPERY, soft(SLIPPERY, FEATURES, WEIGHTS, 0.9), 30, 2, horizon=50)
    with pytest.warns(RuntimeWarning, match="no convergence within max_iterations = 1"):
        assert not fsq.fit_rewards(SLIPPERY, FEATURES, seen, 0.9, max_iterations=1).converged


@pytest.mark.parametrize("size", [1e-308, 1e-307, 1e300, 1e308])
def test_the_interval_at_the_ends_of_double_precision(size):
    """7 of 10: the weight is ln(7/3) / size, its standard error sqrt(10 / 21) / size; inf beyond the largest double."""
    mdp = fsq.TabularMDP([[0, 0], [0, 0]], 0.0, False)
    features = np.array([[[size], [0.0]], [[0.0], [0.0]]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fsq.fit_rewards(mdp, features, fsq.Demonstrations.of([[(0, 0)]] * 7 + [[(0, 1)]] * 3), 0.5)
    weight, margin = math.log(7.0 / 3.0), 1.959963984540054 * math.sqrt(10.0 / 21.0)
    high = (weight + margin) / size if size > 1e-308 else math.inf  # 2.2e308
    assert fit.weights[0] == pytest.approx(weight / size, rel=1e-9)
    assert fit.low[0] == pytest.approx((weight - margin) / size, rel=1e-9)
    assert fit.high[0] == pytest.approx(high, rel=1e-9)


def test_examples():
    assert doctest.testmod(reward_weights).failed == 0
    with pytest.warns(RuntimeWarning, match="separated"):  # a single step
        assert math.isfinite(fsq.fit_rewards(SLIPPERY, FEATURES, SEEN, 0.9).log_likelihood)


@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-8])
def test_features_that_are_nearly_alike_are_told_apart(apart):
    """The first feature, and the first with a little of another: together they say what both of these say."""
    rng = np.random.default_rng(3)
    first, other = FEATURES[:, :, 0], rng.normal(size=FEATURES.shape[:2])
    both = np.stack([first, other], axis=2)
    log_policy, _ = SoftBehaviour(SLIPPERY, both, 0.9)(np.array([0.5, -0.5]))
    drawn = fsq.sample_trajectories(SLIPPERY, np.exp(log_policy), 60, horizon=30, rng=1)
    seen = fsq.Demonstrations.of(drawn)
    plain = fsq.fit_rewards(SLIPPERY, both, seen, 0.9)
    alike = fsq.fit_rewards(SLIPPERY, np.stack([first, first + apart * other], axis=2), seen, 0.9)
    assert plain.converged
    assert alike.converged
    assert alike.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(apart * alike.weights[1], plain.weights[1], rtol=1e-5)

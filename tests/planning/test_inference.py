"""The posterior and the variational policy: every trajectory enumerated, and the slippery cliff."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import fastsoftq as fsq
from fastsoftq.planning import inference, trajectories
from tests.planning.strategies import mdps, policies
from tests.reference import planning as slow

SLIPPERY = fsq.cliff_walking(slippery=True)
SMALL = {"max_states": 3, "max_actions": 2, "max_outcomes": 2}
HORIZONS = st.integers(1, 4)


@settings(max_examples=60)
@given(mdps(**SMALL), HORIZONS, st.sampled_from([0.3, 2.0]))
def test_the_posterior_of_every_trajectory(mdp, horizon, scale):
    posterior = fsq.optimal_trajectory_posterior(mdp, horizon, reward_scale=scale)
    weight = {path: p * math.exp(r) for path, (p, r) in slow.trajectories(mdp, horizon, scale).items()}
    evidence = math.fsum(weight.values())
    assert posterior.log_evidence == pytest.approx(math.log(evidence), abs=1e-12)
    for path, w in weight.items():
        assert probability(mdp, posterior, path) == pytest.approx(w / evidence, rel=1e-9)


def probability(mdp, posterior, path):
    result = posterior.start[path[0][0]]
    for t, (state, action, following, terminated) in enumerate(path):
        same = (mdp.next_state[state, action] == following) & (mdp.terminated[state, action] == terminated)
        result *= posterior.policy[t, state, action] * posterior.dynamics[t, state, action][same].sum()
    return float(result)


@given(mdps(), st.integers(1, 8))
def test_the_posterior_consists_of_distributions(mdp, horizon):
    posterior = fsq.optimal_trajectory_posterior(mdp, horizon)
    assert posterior.policy.shape == (horizon, mdp.n_states, mdp.n_actions)
    assert posterior.dynamics.shape == (horizon, *mdp.next_state.shape)
    for p in (posterior.start, posterior.policy, posterior.dynamics):
        np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-12)
    assert not posterior.dynamics[:, mdp.probability == 0.0].any()
    assert not posterior.start[mdp.start == 0.0].any()


@settings(max_examples=60)
@given(st.data(), HORIZONS, st.booleans(), st.sampled_from([0.3, 2.0]))
def test_the_bound_of_any_policy_misses_by_its_divergence(data, horizon, stationary, scale):
    mdp = data.draw(mdps(**SMALL))
    policy = data.draw(policies(mdp, None if stationary else horizon))
    posterior = fsq.optimal_trajectory_posterior(mdp, horizon, reward_scale=scale)
    bound = divergence = 0.0
    for path, (p, reward) in slow.trajectories(mdp, horizon, scale).items():
        log_q = 0.0
        for t, (state, action, _, _) in enumerate(path):
            chance = policy[state, action] if stationary else policy[t, state, action]
            log_q += math.log(chance) if chance > 0 else -math.inf
        q = p * math.exp(log_q)
        if q > 0:
            bound += q * (reward - log_q)
            divergence += q * (math.log(q) - math.log(probability(mdp, posterior, path)))
    found = fsq.elbo(mdp, policy, horizon, reward_scale=scale)
    assert found == pytest.approx(bound, abs=1e-10)
    assert posterior.log_evidence - found == pytest.approx(divergence, abs=1e-9)


@given(st.data(), st.integers(1, 8), st.sampled_from([0.3, 2.0]))
def test_the_variational_policy_has_the_best_bound(data, horizon, scale):
    mdp = data.draw(mdps())
    best = fsq.variational_policy(mdp, horizon, reward_scale=scale)
    assert fsq.elbo(mdp, best.policy, reward_scale=scale) == pytest.approx(best.elbo, abs=1e-10)
    assert best.elbo <= fsq.optimal_trajectory_posterior(mdp, horizon, reward_scale=scale).log_evidence + 1e-10
    other = data.draw(policies(mdp, horizon))
    assert fsq.elbo(mdp, other, reward_scale=scale) <= best.elbo + 1e-10
    near = 0.9 * best.policy + 0.1 * other
    assert fsq.elbo(mdp, near, reward_scale=scale) <= best.elbo + 1e-10


@given(mdps(max_outcomes=1), st.integers(1, 8))
def test_both_agree_where_dynamics_are_deterministic(mdp, horizon):
    one_start = fsq.TabularMDP(mdp.next_state, mdp.reward, mdp.terminated, start=0)
    posterior = fsq.optimal_trajectory_posterior(one_start, horizon)
    best = fsq.variational_policy(one_start, horizon)
    assert best.elbo == pytest.approx(posterior.log_evidence, abs=1e-10)
    np.testing.assert_allclose(best.policy, posterior.policy, rtol=0, atol=1e-12)


def test_a_long_horizon_tends_to_the_soft_fixed_point():
    mdp = fsq.cliff_walking()
    fixed = fsq.soft_value_iteration(mdp, 1.0, reward_scale=2.0)
    best = fsq.variational_policy(mdp, 300, reward_scale=2.0)
    assert best.elbo == pytest.approx(fixed.v[36], abs=1e-10)
    np.testing.assert_allclose(best.policy[0], fixed.policy, rtol=0, atol=1e-10)
    assert fsq.elbo(mdp, fixed.policy, reward_scale=2.0) == pytest.approx(fixed.v[36], abs=1e-10)


def test_without_a_horizon_entropy_may_have_no_end():
    for_ever = fsq.TabularMDP([[0, 0]], 0.0, [[False, False]], start=0)
    assert fsq.elbo(for_ever, [[0.5, 0.5]]) == np.inf
    assert fsq.elbo(for_ever, [[1.0, 0.0]]) == 0.0
    assert fsq.elbo(for_ever, [[0.5, 0.5]], horizon=10) == pytest.approx(10.0 * np.log(2.0))


def test_the_slippery_cliff():
    posterior = fsq.optimal_trajectory_posterior(SLIPPERY, 200, reward_scale=2.0)
    best = fsq.variational_policy(SLIPPERY, 200, reward_scale=2.0)
    assert best.elbo == pytest.approx(-108.511, abs=5e-4)
    assert posterior.log_evidence == pytest.approx(-21.708, abs=5e-4)
    careful = fsq.evaluate_policy(SLIPPERY, best.policy)
    assert careful.expected_return == pytest.approx(-80.5, abs=0.05)
    assert careful.termination_probability == pytest.approx(0.97, abs=5e-3)
    careless = fsq.evaluate_policy(SLIPPERY, posterior.policy)
    assert careless.expected_return == pytest.approx(-1522.9, abs=0.05)
    assert careless.termination_probability == pytest.approx(0.14, abs=5e-3)


def test_sampled_trajectories_follow_the_posterior():
    mdp = fsq.TabularMDP(
        next_state=[[[0, 1], [1, 1]], [[0, 1], [1, 0]]],
        reward=[[[-1.0, 0.5], [-0.5, 1.0]], [[0.0, -1.0], [-1.0, 2.0]]],
        terminated=[[[False, False], [False, False]], [[False, True], [False, False]]],
        probability=[[[0.7, 0.3], [0.25, 0.75]], [[0.5, 0.5], [0.9, 0.1]]],
        start=[0.4, 0.6],
    )
    drawn = fsq.optimal_trajectory_posterior(mdp, 3).sample(20_000, rng=5)
    weight = {path: p * math.exp(r) for path, (p, r) in slow.trajectories(mdp, 3).items()}
    seen = dict.fromkeys(weight, 0)
    for states, actions, length, ended in zip(
        drawn.states, drawn.actions, drawn.lengths, drawn.terminated, strict=True
    ):
        assert (states[length + 1 :] == -1).all()
        assert (actions[length:] == -1).all()
        last = [False] * (length - 1) + [bool(ended)]
        seen[tuple(zip(states.tolist(), actions.tolist(), states[1:].tolist(), last, strict=False))] += 1
    expected = 20_000 * np.array(list(weight.values())) / sum(weight.values())
    assert expected.min() > 5.0
    assert stats.chisquare(list(seen.values()), expected).pvalue > 0.01


def test_sampled_trajectories_earn_what_evaluation_says():
    policy = fsq.soft_value_iteration(SLIPPERY, 0.95, reward_scale=2.0).policy
    exact = fsq.evaluate_policy(SLIPPERY, policy, horizon=60)
    drawn = fsq.sample_trajectories(SLIPPERY, policy, 4000, horizon=60, rng=np.random.default_rng(3))
    for x, mean in (
        (drawn.rewards.sum(axis=1), exact.expected_return),
        (drawn.lengths, exact.expected_length),
        (drawn.terminated, exact.termination_probability),
    ):
        assert abs(x.mean() - mean) < 4.0 * x.std() / math.sqrt(4000)
    again = fsq.sample_trajectories(SLIPPERY, policy, 4000, horizon=60, rng=3)
    assert np.array_equal(again.states, drawn.states)


@pytest.mark.parametrize("infer", [fsq.optimal_trajectory_posterior, fsq.variational_policy])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"horizon": 0}, ValueError, "horizon is 0; it must be at least 1"),
        ({"horizon": 1.5}, TypeError, "horizon is 1.5; it must be an integer"),
        ({"reward_scale": 0.0}, ValueError, "reward_scale is 0.0; it must be above 0"),
        ({"reward_scale": float("inf")}, ValueError, "reward_scale is inf; it must be finite"),
        ({"reward_scale": True}, TypeError, "reward_scale is True; it must be a number"),
    ],
)
def test_bad_input(infer, change, error, message):
    with pytest.raises(error, match=message):
        infer(SLIPPERY, **{"horizon": 3, **change})


@pytest.mark.parametrize("horizon", [10**9, 2**31 - 1])
def test_a_horizon_that_does_not_fit_says_how_long_it_may_be(horizon):
    uniform = np.full((48, 4), 0.25)
    for infer in (
        fsq.optimal_trajectory_posterior,
        fsq.variational_policy,
        lambda mdp, horizon: fsq.elbo(mdp, uniform, horizon),
    ):
        with pytest.raises(
            ValueError, match=rf"horizon is {horizon}; it needs .* a shorter one, of at most [1-9]"
        ) as e:
            infer(SLIPPERY, horizon)
        assert int(str(e.value).rsplit(" ", 1)[1]) < horizon


def test_bad_input_to_policies():
    uniform = np.full((48, 4), 0.25)
    with pytest.raises(ValueError, match=r"policy has shape \(4, 4\)"):
        fsq.elbo(SLIPPERY, np.full((4, 4), 0.25))
    with pytest.raises(ValueError, match=r"reward_scale is -1\.0"):
        fsq.elbo(SLIPPERY, uniform, reward_scale=-1.0)
    with pytest.raises(ValueError, match="horizon is None; it must be given"):
        fsq.sample_trajectories(SLIPPERY, uniform, 3)
    with pytest.raises(ValueError, match="size is 0; it must be at least 1"):
        fsq.sample_trajectories(SLIPPERY, uniform, 0, horizon=5)
    with pytest.raises(TypeError, match=r"size is 2\.5; it must be an integer"):
        fsq.optimal_trajectory_posterior(SLIPPERY, 2).sample(2.5)


@pytest.mark.parametrize("module", [inference, trajectories])
def test_examples(module):
    assert doctest.testmod(module).failed == 0

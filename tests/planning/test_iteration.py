"""Optimal values: exact answers, slow twins, and the fixed points they must be."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.planning import iteration
from tests.planning.strategies import mdps
from tests.reference import planning as slow

CLIFF = fsq.cliff_walking()
START = 36


@pytest.mark.parametrize(
    ("scale", "length", "total", "value"),
    [(1, 49567.352, -49566.352, 5.990034), (2, 33.535, -32.535, -12.753134), (10, 13.013, -12.013, -91.915470)],
)
def test_soft_cliff_walking_has_its_exact_answers(scale, length, total, value):
    solution = fsq.soft_value_iteration(CLIFF, 0.95, reward_scale=scale)
    assert solution.converged
    assert solution.v[START] == pytest.approx(value, abs=5e-7)
    worth = fsq.evaluate_policy(CLIFF, solution.policy)
    assert worth.expected_length == pytest.approx(length, abs=5e-4)
    assert worth.expected_return == pytest.approx(total, abs=5e-4)
    assert worth.termination_probability == 1.0


@pytest.mark.parametrize("solve", [fsq.value_iteration, fsq.policy_iteration])
@pytest.mark.parametrize("discount", [0.95, 1.0])
def test_hard_cliff_walking_takes_the_shortest_way(solve, discount):
    solution = solve(CLIFF, discount)
    worth = fsq.evaluate_policy(CLIFF, solution.policy)
    assert (worth.expected_return, worth.expected_length) == (-12.0, 13.0)
    assert solution.v[START] == pytest.approx(-sum(discount**t for t in range(12)), abs=1e-12)
    assert list(solution.policy[0]) == [0.0, 0.5, 0.5, 0.0]  # right and down are equally good up there
    assert solution.v[47] == 0.0


@pytest.mark.parametrize("slippery", [False, True])
@pytest.mark.parametrize(("scale", "temperature"), [(1.0, 1.0), (2.0, 1.0), (1.0, 0.1), (3.0, 7.0)])
def test_soft_values_match_the_slow_twin(slippery, scale, temperature):
    mdp = fsq.cliff_walking(slippery=slippery, height=3, width=4)
    fast = fsq.soft_value_iteration(mdp, 0.8, temperature=temperature, reward_scale=scale)
    q = slow.value_iteration(mdp, 0.8, 250, temperature, scale)
    np.testing.assert_allclose(fast.q, q, rtol=1e-12, atol=1e-12)


@given(mdps(), st.sampled_from([0.0, 0.5, 0.97]))
def test_hard_values_solve_their_equation(mdp, discount):
    solution = fsq.value_iteration(mdp, discount)
    v = np.where(mdp.terminal, 0.0, solution.q.max(axis=1))
    assert np.array_equal(solution.v, v)
    np.testing.assert_allclose(solution.q, slow.action_values(mdp, solution.v, discount), rtol=0, atol=1e-10)
    other = fsq.policy_iteration(mdp, discount)
    np.testing.assert_allclose(other.v, solution.v, rtol=0, atol=1e-10)
    assert solution.converged
    assert other.converged


@given(mdps(), st.sampled_from([0.0, 0.5, 0.97]), st.sampled_from([0.01, 1.0, 5.0]), st.sampled_from([0.5, 20.0]))
def test_soft_values_solve_their_equation(mdp, discount, temperature, scale):
    solution = fsq.soft_value_iteration(mdp, discount, temperature=temperature, reward_scale=scale)
    size = max(1.0, np.abs(solution.q).max())
    v = temperature * np.logaddexp.reduce(solution.q / temperature, axis=1)
    np.testing.assert_allclose(solution.v, np.where(mdp.terminal, 0.0, v), rtol=0, atol=1e-12 * size)
    q = slow.action_values(mdp, solution.v, discount, scale)
    np.testing.assert_allclose(solution.q, q, rtol=0, atol=1e-12 * size)
    np.testing.assert_allclose(solution.policy, np.exp((solution.q - v[:, None]) / temperature), atol=1e-9)


@given(mdps(), st.sampled_from([0.5, 0.97]), st.sampled_from([0.1, 1.0, 5.0]))
def test_soft_lies_between_hard_and_hard_plus_the_entropy_one_can_gain(mdp, discount, temperature):
    hard = fsq.value_iteration(mdp, discount).v
    soft = fsq.soft_value_iteration(mdp, discount, temperature=temperature).v
    most = temperature * np.log(mdp.n_actions) / (1.0 - discount)
    assert (soft >= hard - 1e-9).all()
    assert (soft <= hard + most + 1e-9).all()


@given(mdps(), st.sampled_from([0.5, 0.9]))
def test_soft_tends_to_hard_as_reward_scale_grows(mdp, discount):
    hard = fsq.value_iteration(mdp, discount).q
    soft = fsq.soft_value_iteration(mdp, discount, reward_scale=1e6).q / 1e6
    np.testing.assert_allclose(soft, hard, rtol=0, atol=1e-6 * np.log(3) / (1.0 - discount) + 1e-9)


@given(mdps(), st.sampled_from([0.1, 3.0]))
def test_only_reward_scale_over_temperature_counts(mdp, temperature):
    one = fsq.soft_value_iteration(mdp, 0.9, temperature=temperature)
    other = fsq.soft_value_iteration(mdp, 0.9, reward_scale=1.0 / temperature)
    np.testing.assert_allclose(one.q, temperature * other.q, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(one.policy, other.policy, rtol=0, atol=1e-9)


@settings(max_examples=30)
@given(mdps(max_outcomes=2, rewards=(-8, -1), ending=True))
def test_undiscounted_values_where_every_episode_ends(mdp):
    hard = fsq.value_iteration(mdp, 1.0)
    np.testing.assert_allclose(hard.q, slow.value_iteration(mdp, 1.0, 80), rtol=1e-9)
    np.testing.assert_allclose(fsq.policy_iteration(mdp, 1.0).q, hard.q, rtol=1e-9)
    soft = fsq.soft_value_iteration(mdp, 1.0)
    np.testing.assert_allclose(soft.q, slow.value_iteration(mdp, 1.0, 80, 1.0), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("discount", "slippery"), [(0.9, False), (0.99, True)])
def test_quantecon_agrees(discount, slippery):
    markov = pytest.importorskip("quantecon.markov")
    mdp = fsq.cliff_walking(slippery=slippery)
    stop = mdp.n_states  # QuantEcon knows no end: a state more that keeps what terminates
    transition = np.zeros((stop + 1, mdp.n_actions, stop + 1))
    reward = np.zeros((stop + 1, mdp.n_actions))
    transition[stop, :, stop] = 1.0
    for state in range(mdp.n_states):
        for action in range(mdp.n_actions):
            for outcome in mdp.outcomes(state, action):
                following = stop if outcome.terminated else outcome.next_state
                transition[state, action, following] += outcome.probability
                reward[state, action] += outcome.probability * outcome.reward
    exact = markov.DiscreteDP(reward, transition, discount).solve(method="policy_iteration")
    solution = fsq.value_iteration(mdp, discount)
    np.testing.assert_allclose(solution.v, exact.v[:stop], rtol=0, atol=1e-10)
    np.testing.assert_allclose(fsq.policy_iteration(mdp, discount).v, exact.v[:stop], rtol=0, atol=1e-10)
    assert (solution.policy[np.arange(stop), exact.sigma[:stop]] > 0.0).all()


def test_undiscounted_soft_values_need_more_than_the_critical_scale():
    critical = fsq.critical_reward_scale(CLIFF)
    with pytest.raises(ValueError, match=r"reward_scale is 1; at discount 1 and temperature 1 .* 1\.33764353, for"):
        fsq.soft_value_iteration(CLIFF, 1.0)
    with pytest.raises(ValueError, match=r"temperature 2 .* 2\.67528706"):
        fsq.soft_value_iteration(CLIFF, 1.0, temperature=2.0, reward_scale=2.6)
    solution = fsq.soft_value_iteration(CLIFF, 1.0, reward_scale=critical + 0.01)
    z = np.exp(solution.v[:47])  # exp(V) is linear: z = M z + b
    again = [0.0] * 47
    for state in range(47):
        for action in range(4):
            ((_, following, reward, terminated),) = CLIFF.outcomes(state, action)
            again[state] += np.exp((critical + 0.01) * reward) * (1.0 if terminated else z[following])
    np.testing.assert_allclose(z, again, rtol=1e-10)


@pytest.mark.parametrize("pays", [0.0, 1.0])
def test_where_one_loses_nothing_no_reward_scale_will_do(pays):
    loop = fsq.TabularMDP([[0, 0]], [[pays, -1.0]], [[False, True]])
    with pytest.raises(ValueError, match=r"discount is 1\.0; it must be below 1 here, .* finite at no reward scale"):
        fsq.soft_value_iteration(loop, 1.0)


def test_what_does_not_converge_is_said():
    slippery = fsq.cliff_walking(slippery=True)
    exact = fsq.value_iteration(slippery, 0.95).v
    with pytest.warns(RuntimeWarning, match="no convergence within max_iterations = 5") as caught:
        solution = fsq.value_iteration(slippery, 0.95, max_iterations=5)
    assert caught[0].filename == __file__
    assert (solution.converged, solution.iterations) == (False, 5)
    assert 1e-3 < np.abs(solution.v - exact).max() <= solution.error_bound  # which is proved all the same
    with pytest.warns(RuntimeWarning, match="values may be off by .*, which is more than tolerance = 1e-16") as caught:
        assert not fsq.value_iteration(slippery, 0.95, tolerance=1e-16).converged
    assert caught[0].filename == __file__
    with pytest.warns(RuntimeWarning, match="no convergence within max_iterations = 2") as caught:
        solution = fsq.policy_iteration(CLIFF, 0.95, max_iterations=2)
    assert caught[0].filename == __file__
    assert not solution.converged


def test_newtons_steps_make_up_for_sweeps_that_would_crawl():
    solution = fsq.soft_value_iteration(CLIFF, 0.9999)
    assert solution.converged
    assert solution.iterations < 50
    q = slow.action_values(CLIFF, solution.v, 0.9999)
    np.testing.assert_allclose(solution.q, q, rtol=1e-12)
    np.testing.assert_allclose(solution.v[:47], np.logaddexp.reduce(q, axis=1)[:47], rtol=1e-12)


def test_policy_iteration_undiscounted_where_one_cannot_leave():
    closed = fsq.from_map(["S.G#."])  # the last cell has no way out
    solution = fsq.policy_iteration(closed, 1.0)
    assert list(solution.v) == [-1.0, 0.0, 0.0, -np.inf]
    rich = fsq.TabularMDP(next_state=[[0, 0]], reward=[[1.0, 0.0]], terminated=[[False, True]], start=0)
    with pytest.raises(ValueError, match=r"discount is 1\.0; it must be below 1 here, .* gain for ever from state 0"):
        fsq.policy_iteration(rich, 1.0)


def test_a_hundred_thousand_actions():
    mdp = fsq.cliff_walking(height=150, width=160)
    assert fsq.value_iteration(mdp, 1.0).v[149 * 160] == -160.0


@pytest.mark.parametrize("solve", [fsq.value_iteration, fsq.soft_value_iteration, fsq.policy_iteration])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"discount": 1.1}, ValueError, r"discount is 1.1; it must lie in \[0, 1\]"),
        ({"discount": float("nan")}, ValueError, "discount is nan"),
        ({"discount": "0.9"}, TypeError, "discount is '0.9'; it must be a number"),
        ({"max_iterations": 0}, ValueError, "max_iterations is 0; it must be at least 1"),
        ({"max_iterations": True}, TypeError, "max_iterations is True"),
    ],
)
def test_bad_input(solve, change, error, message):
    with pytest.raises(error, match=message):
        solve(CLIFF, **{"discount": 0.9, **change})


@pytest.mark.parametrize("name", ["temperature", "reward_scale", "tolerance"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_bad_scales(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        fsq.soft_value_iteration(CLIFF, 0.9, **{name: value})


def test_examples():
    assert doctest.testmod(iteration).failed == 0


@pytest.mark.parametrize(
    "planned",
    [
        lambda scale: fsq.soft_value_iteration(CLIFF, 0.95, reward_scale=scale),
        lambda scale: fsq.optimal_trajectory_posterior(CLIFF, 10, scale),
        lambda scale: fsq.variational_policy(CLIFF, 10, scale),
        lambda scale: fsq.elbo(CLIFF, np.full((48, 4), 0.25), 10, scale),
    ],
)
def test_a_reward_scale_beyond_what_can_be_reckoned_with_is_refused(planned):
    with pytest.raises(
        ValueError, match=r"reward_scale is 1e\+308; times the largest reward, 100, it must be at most 1e"
    ):
        planned(1e308)


@pytest.mark.parametrize("temperature", [1e-200, 1e200])
def test_a_temperature_beyond_what_can_be_reckoned_with_is_refused(temperature):
    with pytest.raises(ValueError, match=r"temperature is .*; it must lie in \[1e-30, 1e\+30\]"):
        fsq.soft_value_iteration(CLIFF, 0.95, temperature=temperature)


@pytest.mark.parametrize("discount", [0.0, 0.95, 1.0 - 1e-16, 1.0])
@pytest.mark.parametrize("temperature", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("reward", [1e-300, 1.0, 1e100])
def test_what_is_taken_is_reckoned_with_to_the_end(reward, temperature, discount):
    mdp = fsq.TabularMDP([[1, 1], [1, 1]], [[-reward, -reward / 2], [0.0, 0.0]], [[False, True], [True, True]])
    found = fsq.soft_value_iteration(mdp, discount, temperature=temperature)
    assert np.isfinite([*found.v, *found.q.ravel(), *found.policy.ravel()]).all()
    found = fsq.value_iteration(mdp, discount)
    assert found.v[0] == -reward / 2


@pytest.mark.parametrize(("discount", "policies"), [(0.5, 4), (0.95, 4), (1.0, 4)])
def test_policies_that_cannot_be_told_apart_go_the_shortest_way(discount, policies):
    # Far from the goal of a corridor all actions are worth the same, to within rounding.
    solution = fsq.policy_iteration(fsq.from_map("S" + 198 * "." + "G"), discount)
    assert solution.converged
    assert solution.iterations <= policies
    steps = np.arange(198, -1, -1)  # to the goal, which the last one pays nothing for
    right = -steps if discount == 1.0 else -(1.0 - discount**steps) / (1.0 - discount)
    np.testing.assert_allclose(solution.v[:-1], right, rtol=1e-13)

from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.exact_curves import exact_curves, scheduled
from tests.engine.running import train
from tests.reference.planning import roll_out, value_iteration

CLIFF = fsq.cliff_walking(height=3, width=5)
SLIPPERY = fsq.cliff_walking(height=3, width=4, slippery=True)
FALLING = fsq.LinearDecay(0.9, 0.1, 0.01)


def epsilon_soft_values(mdp, discount, epsilon, sweeps):
    """The fixed point of expected Sarsa's updates, by sweeping over states."""
    q = [[0.0] * mdp.n_actions for _ in range(mdp.n_states)]
    for _ in range(sweeps):
        v = [
            0.0 if mdp.terminal[s] else (1 - epsilon) * max(q[s]) + epsilon * sum(q[s]) / len(q[s])
            for s in range(mdp.n_states)
        ]
        q = [
            [
                sum(p * (r + (0.0 if over else discount * v[to])) for p, to, r, over in mdp.outcomes(s, a))
                for a in range(mdp.n_actions)
            ]
            for s in range(mdp.n_states)
        ]
    return q


def acting(q, epsilon, temperature=0.0):
    """The probability of each action: greedy with ties shared, or soft, and at random with epsilon."""
    policy = []
    for row in q:
        if temperature:
            weight = np.exp((np.array(row) - max(row)) / temperature)
        else:
            weight = np.array([float(x > max(row) - 1e-9) for x in row])
        policy.append(((1 - epsilon) * weight / weight.sum() + epsilon / len(row)).tolist())
    return policy


@pytest.mark.parametrize("mdp", [CLIFF, SLIPPERY], ids=["cliff", "slippery"])
@pytest.mark.parametrize(
    "agent",
    [
        fsq.QLearning(0.8, 0.9, FALLING, reward_scale=3.0),
        fsq.SoftQLearning(0.8, 0.9, temperature=2.0, reward_scale=5.0),
        fsq.SoftQLearning(0.8, 0.9, temperature=fsq.PowerDecay(4.0, 0.5, 0.5), reward_scale=2.0, epsilon=FALLING),
        fsq.Sarsa(0.8, 0.9, FALLING),
        fsq.ExpectedSarsa(0.8, 0.9, fsq.PowerDecay(1.0, 0.05, 1.0)),
        fsq.ExpectedSarsa(0.8, 0.9, 1.0),
    ],
    ids=repr,
)
def test_curves_are_those_of_the_fixed_point_with_each_episodes_exploration(mdp, agent):
    episodes, max_steps = 90, 40
    found = exact_curves(mdp, agent, episodes, max_steps)
    assert found.returns.shape == found.lengths.shape == (episodes,)
    epsilon = scheduled(agent.epsilon, episodes)
    temperature = scheduled(getattr(agent, "temperature", 0.0), episodes)
    if isinstance(agent, fsq.Sarsa | fsq.ExpectedSarsa):
        q = epsilon_soft_values(mdp, 0.9, epsilon[-1], 400)
    else:
        scale = agent.reward_scale if temperature[-1] else 1.0
        q = value_iteration(mdp, 0.9, 400, temperature[-1], scale)
    for episode in (0, 1, 40, 79, 89):
        policy = acting(q, epsilon[episode], temperature[episode])
        total, length, _ = roll_out(mdp, [policy] * max_steps)
        assert found.returns[episode] == pytest.approx(total, rel=1e-7)
        assert found.lengths[episode] == pytest.approx(length, rel=1e-7)
    total, _, _ = roll_out(mdp, [np.full((mdp.n_states, 4), 0.25)] * max_steps)
    assert found.random == pytest.approx(total, rel=1e-12)


def test_agents_with_the_same_limit_have_the_same_curves():
    hard = exact_curves(CLIFF, fsq.QLearning(0.8, 0.9), 5)
    soft = exact_curves(CLIFF, fsq.SoftQLearning(0.8, 0.9, reward_scale=2.0), 5)
    for plain, others in (
        (hard, [fsq.DoubleQLearning(0.8, 0.9), fsq.DynaQ(0.8, 0.9), fsq.PrioritizedSweeping(0.8, 0.9),
                fsq.VisitStepSize(fsq.OptimisticStart(fsq.QLearning(0.8, 0.9), 3.0))]),
        (soft, [fsq.DoubleSoftQLearning(0.8, 0.9, reward_scale=2.0), fsq.DynaSoftQ(0.8, 0.9, reward_scale=2.0),
                fsq.PathConsistency(0.8, 0.9, reward_scale=2.0)]),
    ):  # fmt: skip
        for agent in others:
            assert exact_curves(CLIFF, agent, 5).returns.tolist() == plain.returns.tolist()


def test_a_model_of_one_outcome_has_its_limit_in_deterministic_worlds_alone():
    slippery = fsq.cliff_walking(slippery=True)
    for agent in (fsq.DynaQ(0.8, 0.9), fsq.PrioritizedSweeping(0.8, 0.9), fsq.PathConsistency(0.8, 0.9)):
        assert exact_curves(slippery, agent, 5) is None
    assert exact_curves(CLIFF, fsq.DynaQ(0.8, 0.9, time_bonus=0.1), 5) is None
    assert exact_curves(CLIFF, fsq.UpperConfidence(fsq.QLearning(0.8, 0.9), 1.0), 5) is None


def test_many_values_of_a_schedule_are_met_by_a_polynomial_through_few():
    episodes, max_steps = 400, 200
    for agent in (
        fsq.QLearning(0.8, 0.95, fsq.LinearDecay(1.0, 0.0, 0.003)),
        fsq.SoftQLearning(0.8, 0.95, temperature=fsq.LinearDecay(3.0, 0.4, 0.007), reward_scale=5.0),
    ):
        found = exact_curves(CLIFF, agent, episodes, max_steps)
        epsilon, temperature = scheduled(agent.epsilon, episodes), scheduled(getattr(agent, "temperature", 0.0), 400)
        if temperature[-1]:
            q = fsq.soft_value_iteration(CLIFF, 0.95, temperature=float(temperature[-1]), reward_scale=5.0).q
        else:
            q = fsq.value_iteration(CLIFF, 0.95).q
        for episode in range(0, episodes, 23):
            policy = acting(q.tolist(), epsilon[episode], temperature[episode])
            value = fsq.evaluate_policy(CLIFF, policy, horizon=max_steps)
            assert found.returns[episode] == pytest.approx(value.expected_return, rel=1e-9)
            assert found.lengths[episode] == pytest.approx(value.expected_length, rel=1e-9)


@pytest.mark.parametrize(
    "agent",
    [
        fsq.QLearning(0.5, 0.95, 0.2),
        fsq.SoftQLearning(0.5, 0.95, reward_scale=5.0),
        fsq.ExpectedSarsa(0.5, 0.95, 0.2),
        fsq.Sarsa(fsq.PowerDecay(1.0, 0.001, 0.6), 0.95, 0.2),
    ],
    ids=repr,
)
def test_learning_ends_where_the_exact_curve_is(agent):
    curves = train(16, CLIFF, agent, seeds=400, episodes=3000, max_steps=100)
    exact = exact_curves(CLIFF, agent, 3000, 100)
    for learned, known in ((curves.returns, exact.returns), (curves.lengths, exact.lengths)):
        runs = learned[:, -300:].mean(axis=1)
        assert runs.mean() == pytest.approx(known[-1], abs=4 * runs.std(ddof=1) / 20 + 0.02 * abs(known[-1]))


def test_sarsa_and_q_learning_end_differently_as_on_the_cliff():
    # Sutton & Barto 2018, example 6.6: Sarsa takes the safer way, and earns more while it explores.
    cliff = fsq.cliff_walking()
    hard, sarsa = (exact_curves(cliff, kind(0.5, 0.95, 0.1), 1, 1000) for kind in (fsq.QLearning, fsq.Sarsa))
    assert sarsa.returns[0] > hard.returns[0] + 20
    assert sarsa.lengths[0] > hard.lengths[0]
    assert sarsa.optimum == hard.optimum == -12.0


def test_the_optimum_is_no_agents_less_and_knows_where_it_is_cut():
    for max_steps in (3, 20, 300):
        found = exact_curves(SLIPPERY, fsq.QLearning(0.8, 0.9, 0.0), 1, max_steps)
        assert found.optimum >= found.returns[0] - 1e-9
        assert found.optimum >= found.random


@pytest.mark.parametrize(("step", "goal"), [(-1.0, 0.0), (-1e-15, 0.0), (-1.0, 1e10), (-1e50, 0.0)])
@pytest.mark.parametrize("kind", [fsq.QLearning, fsq.ExpectedSarsa])
def test_actions_are_told_apart_however_small_or_large_rewards_are(kind, step, goal):
    # Ten cells in a row and the goal behind them: with epsilon 0.2 one goes on with probability 0.9, and back (the
    # first cell: nowhere) with 0.1. From cell i to the next it takes (1 + 0.1 (steps to the cell i - 1)) / 0.9 steps.
    cells = np.arange(10)
    corridor = fsq.TabularMDP(
        next_state=np.append(np.column_stack([np.maximum(cells - 1, 0), cells + 1]), [[10, 10]], axis=0),
        reward=[[step, step]] * 9 + [[step, goal], [0.0, 0.0]],
        terminated=[[False, False]] * 9 + [[False, True], [True, True]],
    )
    onward = [1.0 / 0.9]
    for _ in range(9):
        onward.append((1.0 + 0.1 * onward[-1]) / 0.9)
    found = exact_curves(corridor, kind(0.5, 1.0, 0.2), 1, 10_000)
    assert found.lengths[0] == pytest.approx(sum(onward), rel=1e-9)
    assert found.returns[0] == pytest.approx(goal + (sum(onward) - 1.0) * step, rel=1e-9)


class Mine(NamedTuple):
    step_size: float
    discount: float


def test_what_is_not_known_is_not_given():
    assert exact_curves(CLIFF, Mine(0.5, 0.9), 10) is None
    assert exact_curves(CLIFF, fsq.Frozen(fsq.QLearning(0.8, 0.9)), 10) is None
    assert exact_curves(CLIFF, fsq.QLearning(0.8, fsq.LinearDecay(0.9, 0.5, 0.1)), 10) is None
    gains = fsq.TabularMDP([[0]], [[1.0]], [[False]])
    assert exact_curves(gains, fsq.QLearning(0.8, 1.0), 10) is None  # values without bound
    below = fsq.SoftQLearning(0.8, 1.0, reward_scale=0.1)
    assert exact_curves(CLIFF, below, 10) is None  # wandering pays for ever
    stuck = fsq.from_map("S#G")
    assert exact_curves(stuck, fsq.QLearning(0.8, 1.0), 10) is None  # -inf
    assert exact_curves(stuck, fsq.QLearning(0.8, 0.9), 10, 50).returns.tolist() == [-50.0] * 10


def test_what_costs_more_than_a_tenth_of_the_training_is_not_given():
    room = fsq.multi_goal(size=51)
    wandering = fsq.SoftQLearning(0.8, 0.9, temperature=100.0, epsilon=fsq.LinearDecay(0.9, 0.1, 0.001))
    assert exact_curves(room, wandering, 1000, 2000, steps=1e6) is None
    assert exact_curves(room, fsq.QLearning(0.8, 0.9, 0.0), 1000, 2000, steps=1e6) is not None


def test_an_answer_is_kept_for_agents_that_share_it():
    kept = exact_curves(CLIFF, fsq.QLearning(0.8, 0.97), 5)
    assert exact_curves(CLIFF, fsq.QLearning(0.1, 0.97, reward_scale=2.0), 5) is kept
    assert exact_curves(CLIFF, fsq.QLearning(0.8, 0.97), 6) is not kept
    soft = exact_curves(CLIFF, fsq.SoftQLearning(0.8, 0.97), 5)
    assert exact_curves(CLIFF, fsq.SoftQLearning(0.8, 0.97, reward_scale=2.0), 5) is not soft


def test_decays_of_two_kinds_with_the_same_numbers_have_curves_of_their_own():
    """They are equal as tuples are; with the epsilon of each episode as a plain number, nothing can be mistaken."""
    numbers = 0.9, 0.1, 0.05
    for kind in (fsq.LinearDecay, fsq.PowerDecay, fsq.LinearDecay):
        found = exact_curves(CLIFF, fsq.QLearning(0.8, 0.93, kind(*numbers)), 9)
        each = [exact_curves(CLIFF, fsq.QLearning(0.8, 0.93, e), 1).returns[0] for e in scheduled(kind(*numbers), 9)]
        np.testing.assert_allclose(found.returns, each, rtol=1e-9)
    for kind in (fsq.PowerDecay, fsq.LinearDecay):
        cooling = fsq.SoftQLearning(0.8, 0.93, kind(4.0, 1.0, 0.5), 5.0)
        q = fsq.soft_value_iteration(
            CLIFF, 0.93, temperature=float(scheduled(cooling.temperature, 9)[-1]), reward_scale=5.0
        ).q
        policy = acting(q.tolist(), 0.0, float(scheduled(cooling.temperature, 9)[0]))
        first = fsq.evaluate_policy(CLIFF, policy, horizon=1000).expected_return
        assert exact_curves(CLIFF, cooling, 9).returns[0] == pytest.approx(first, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cliff", fsq.QLearning(0.8, 0.9), 10), "mdp is 'cliff'"),
        ((CLIFF, "hard", 10), "agent is 'hard'"),
        ((CLIFF, fsq.QLearning(0.8, 0.9), 0), "episodes is 0"),
        ((CLIFF, fsq.QLearning(0.8, 0.9), 10, -1), "max_steps is -1"),
        ((CLIFF, fsq.QLearning(0.8, 1.9), 10), "discount is 1.9"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        exact_curves(*arguments)

"""Agents that learn along eligibility traces: Sarsa(lambda), Watkins's Q(lambda), soft Q(lambda)."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.agents.solved import ACTIONS, CERTAIN, DISCOUNT, FALLING, SLIPPERY, STATES, error, hard, uniform
from tests.agents.solved import soft as soft_values
from tests.engine.kinds import cooling, down
from tests.engine.running import bits, train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference import traces
from tests.reference.traces import q_lambda, sarsa_lambda, soft_q_lambda

REPLACING = st.booleans()
sarsa = st.builds(fsq.SarsaLambda, STEP_SIZES, DISCOUNTS, SHARES, REPLACING, SHARES, SCALES)
sarsa_falling = st.builds(fsq.SarsaLambda, down, DISCOUNTS, down, REPLACING, down, SCALES)
watkins = st.builds(fsq.QLambda, STEP_SIZES, DISCOUNTS, SHARES, REPLACING, SHARES, SCALES)
watkins_falling = st.builds(fsq.QLambda, down, DISCOUNTS, down, REPLACING, down, SCALES)
# Accumulating traces of large steps diverge, and carry roundings with them.
soft = st.builds(
    fsq.SoftQLambda, STEP_SIZES, DISCOUNTS, SHARES, st.just(True), TEMPERATURES, SCALES, SHARES | st.just(0.0)
)
soft_accumulating = st.builds(
    fsq.SoftQLambda, st.floats(0.01, 0.2), DISCOUNTS, SHARES, st.just(False), cooling, SCALES, SHARES
)
KINDS = {
    "sarsa": Twinned(sarsa, sarsa_lambda, 4, lanes=(0,)),
    "sarsa, schedules, slippery, many starts": Twinned(sarsa_falling, sarsa_lambda, 3, 2, True, lanes=(0,)),
    "watkins": Twinned(watkins, q_lambda, 4, lanes=(0,)),
    "watkins, schedules, slippery, many starts": Twinned(watkins_falling, q_lambda, 3, 2, True, lanes=(0,)),
    "watkins, twelve actions": Twinned(watkins, q_lambda, 12, lanes=(0,)),
    "watkins, twenty actions": Twinned(watkins, q_lambda, 20, lanes=(0,)),
    "soft": Twinned(soft, soft_q_lambda, 4, exact=False, lanes=(0,)),
    "soft, accumulating, cooling, slippery, many starts": Twinned(
        soft_accumulating, soft_q_lambda, 3, 2, True, exact=False, lanes=(0,),
    ),
    "soft, twenty actions": Twinned(soft, soft_q_lambda, 20, exact=False, lanes=(0,)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


@pytest.mark.parametrize("replacing", [False, True])
@pytest.mark.parametrize(
    ("traced", "one"),
    [
        (fsq.SarsaLambda(0.5, 0.9, 0.0, False, 0.3, 2.0), fsq.Sarsa(0.5, 0.9, 0.3, 2.0)),
        (fsq.QLambda(0.5, 0.9, 0.0, False, 0.3, 2.0), fsq.QLearning(0.5, 0.9, 0.3, 2.0)),
        (fsq.SoftQLambda(0.5, 0.9, 0.0, False, 0.7, 2.0, 0.3), fsq.SoftQLearning(0.5, 0.9, 0.7, 2.0, 0.3)),
    ],
    ids=["sarsa", "watkins", "soft"],
)
def test_without_traces_it_is_the_one_step_agent(traced, one, replacing):
    task = {"seeds": 20, "episodes": 20, "max_steps": 30}
    traced = traced._replace(replacing=replacing)
    assert bits(train(0, SLIPPERY, traced, **task)) == bits(train(0, SLIPPERY, one, **task))


@pytest.mark.parametrize("replacing", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.2])
def test_off_policy_traces_lead_to_the_exact_values(replacing, epsilon):
    watkins = fsq.QLambda(0.2, DISCOUNT, 0.7, replacing, 0.5)
    assert error(CERTAIN, watkins, hard(CERTAIN), 20_000) < 1e-12
    assert error(SLIPPERY, watkins._replace(step_size=FALLING), hard(SLIPPERY), 50_000) < 0.03
    along = fsq.SoftQLambda(0.2, DISCOUNT, 0.7, replacing, 3.0, epsilon=epsilon)
    assert error(CERTAIN, along, soft_values(CERTAIN, 3.0), 20_000) < 1e-12
    assert error(SLIPPERY, along._replace(step_size=FALLING), soft_values(SLIPPERY, 3.0), 50_000) < 0.03


@pytest.mark.parametrize("replacing", [False, True])
def test_sarsa_finds_the_values_of_how_it_acts(replacing):
    agent = fsq.SarsaLambda(FALLING, DISCOUNT, 0.7, replacing, 1.0)
    assert error(SLIPPERY, agent, uniform(SLIPPERY), 200_000) < 0.04


def test_as_the_temperature_goes_to_zero_soft_traces_are_watkins():
    table = np.random.default_rng(0).normal(size=(STATES, ACTIONS))
    task = {"seeds": 8, "episodes": 20, "max_steps": 30, "initial_q": table}
    cold = train(0, SLIPPERY, fsq.SoftQLambda(0.2, DISCOUNT, 0.8, True, 1e-12, epsilon=0.3), **task)
    hard = train(0, SLIPPERY, fsq.QLambda(0.2, DISCOUNT, 0.8, True, 0.3), **task)
    assert cold.lengths.tolist() == hard.lengths.tolist()
    np.testing.assert_allclose(cold.final_q, hard.final_q, atol=1e-9)


def test_traces_that_are_dropped_would_change_nothing_but_roundings():
    """An episode so long that most traces have been: beside the twin that drops none."""
    agent = fsq.SarsaLambda(0.05, 0.8, 0.7, False, 1.0)
    mdp = fsq.multi_goal(7)
    curves = train(0, mdp, agent, seeds=1, episodes=3, max_steps=400)
    with mock.patch.object(traces, "NEGLIGIBLE", 0.0):
        whole = traces.sarsa_lambda(mdp, agent, 0, 3, 400)
    np.testing.assert_allclose(curves.final_q[0], whole.q, rtol=1e-12, atol=1e-13)


def test_an_episode_begins_without_traces():
    """What was learned from in the last episode does not change in the next, which never comes there."""
    mdp = fsq.TabularMDP([[0], [1], [2]], [[-3.0], [-1.0], [-2.0]], [[True], [True], [True]], start=[0.2, 0.4, 0.4])
    curves = train(0, mdp, fsq.SarsaLambda(1.0, 1.0, 1.0), seeds=4, episodes=50, max_steps=5)
    np.testing.assert_array_equal(curves.final_q[:, :, 0], np.tile([-3.0, -1.0, -2.0], (4, 1)))


@pytest.mark.parametrize("n_actions", [3, 6, 12])
def test_bits_do_not_depend_on_how_rows_lie(n_actions):
    """What wrappers keep beside a row sets rows apart; of three numbers an entry, rows of six actions are arrays."""
    rng = np.random.default_rng(n_actions)
    ahead = rng.integers(30, size=(30, n_actions))
    mdp = fsq.TabularMDP(ahead, rng.normal(size=ahead.shape), ahead == 0, start=5)
    for replacing in (False, True):
        agent = fsq.SarsaLambda(0.1, 0.9, 0.8, replacing, 0.3)
        once = fsq.CountBonus(agent, 0.0)
        task = {"seeds": 3, "episodes": 20, "max_steps": 200}
        plain, apart, twice = (bits(train(0, mdp, a, **task)) for a in (agent, once, fsq.CountBonus(once, 0.0)))
        assert plain == apart == twice

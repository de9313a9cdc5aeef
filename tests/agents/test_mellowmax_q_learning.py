"""Mellowmax Q-learning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.agents.solved import (
    ACTIONS,
    CERTAIN,
    DISCOUNT,
    FALLING,
    SLIPPERY,
    STATES,
    TEMPERATURE,
    error,
    hard,
    uniform,
)
from tests.engine.kinds import cooling, down
from tests.engine.running import train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference.mellowmax_q_learning import mellowmax_q_learning

constant = st.builds(fsq.MellowmaxQLearning, STEP_SIZES, DISCOUNTS, TEMPERATURES, SCALES, SHARES)
falling = st.builds(fsq.MellowmaxQLearning, down, DISCOUNTS, cooling, SCALES, down)
KINDS = {
    "constant": Twinned(constant, mellowmax_q_learning, 4, exact=False),
    "schedules, slippery, many starts": Twinned(falling, mellowmax_q_learning, 3, 2, True, exact=False),
    "twenty actions": Twinned(constant, mellowmax_q_learning, 20, exact=False, lanes=(0,)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


def mellow_values(mdp, temperature=TEMPERATURE):
    """The fixed point of its backup, by iteration."""
    q = np.zeros((STATES, ACTIONS))
    for _ in range(500):
        value = temperature * np.log(np.exp(q / temperature).mean(axis=1))
        ahead = DISCOUNT * np.where(mdp.terminated, 0.0, value[mdp.next_state])
        q = (mdp.probability * (mdp.reward + ahead)).sum(axis=2)
    return q


def test_it_finds_the_exact_values():
    agent = fsq.MellowmaxQLearning(0.2, DISCOUNT, TEMPERATURE, epsilon=0.5)
    assert error(CERTAIN, agent, mellow_values(CERTAIN), 20_000) < 1e-12
    assert error(SLIPPERY, agent._replace(step_size=FALLING), mellow_values(SLIPPERY), 200_000) < 0.02


def test_cold_it_is_q_learning_and_hot_it_backs_up_the_mean():
    cold = fsq.MellowmaxQLearning(0.2, DISCOUNT, 1e-9, epsilon=0.5)
    assert error(CERTAIN, cold, hard(CERTAIN), 20_000) < 1e-7
    hot = fsq.MellowmaxQLearning(0.2, DISCOUNT, 1e6, epsilon=0.5)
    assert error(CERTAIN, hot, uniform(CERTAIN), 20_000) < 1e-4


def test_it_acts_as_q_learning_does():
    """Until the first update shows."""
    table = np.random.default_rng(0).integers(0, 2, (STATES, ACTIONS)).astype(float)
    task = {"seeds": 200, "episodes": 1, "max_steps": 1, "initial_q": table}
    mellow = train(0, SLIPPERY, fsq.MellowmaxQLearning(0.5, DISCOUNT, epsilon=0.3), **task)
    assert mellow.returns.tolist() == train(0, SLIPPERY, fsq.QLearning(0.5, DISCOUNT, 0.3), **task).returns.tolist()

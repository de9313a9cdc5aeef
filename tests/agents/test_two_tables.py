"""Agents of two tables: double Q-learning and double soft Q-learning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.agents.solved import ACTIONS, CERTAIN, DISCOUNT, FALLING, SLIPPERY, STATES, TEMPERATURE, error
from tests.agents.solved import hard as hard_values
from tests.agents.solved import soft as soft_values
from tests.engine.kinds import cooling, down
from tests.engine.running import train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference.double_q_learning import double_q_learning
from tests.reference.double_soft_q_learning import double_soft_q_learning

hard = st.builds(fsq.DoubleQLearning, STEP_SIZES, DISCOUNTS, SHARES, SCALES)
falling = st.builds(fsq.DoubleQLearning, down, DISCOUNTS, down, SCALES)
soft = st.builds(fsq.DoubleSoftQLearning, STEP_SIZES, DISCOUNTS, TEMPERATURES, SCALES, SHARES | st.just(0.0))
soft_cooling = st.builds(fsq.DoubleSoftQLearning, STEP_SIZES, DISCOUNTS, cooling, SCALES, SHARES)
KINDS = {
    "hard": Twinned(hard, double_q_learning, 4),
    "hard, schedules, slippery, many starts": Twinned(falling, double_q_learning, 3, 2, True),
    "hard, twenty actions": Twinned(hard, double_q_learning, 20, lanes=(0,)),
    "soft": Twinned(soft, double_soft_q_learning, 4, exact=False),
    "soft, cooling, slippery, many starts": Twinned(soft_cooling, double_soft_q_learning, 3, 2, True, exact=False),
    "soft, twenty actions": Twinned(soft, double_soft_q_learning, 20, exact=False, lanes=(0,)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


@pytest.mark.parametrize(
    ("agent", "exact"),
    [
        (fsq.DoubleQLearning(0.2, DISCOUNT, 0.5), hard_values),
        (fsq.DoubleSoftQLearning(0.2, DISCOUNT, TEMPERATURE, epsilon=0.2), soft_values),
    ],
    ids=["hard", "soft"],
)
def test_they_find_the_exact_values(agent, exact):
    assert error(CERTAIN, agent, exact(CERTAIN), 20_000) < 1e-12
    assert error(SLIPPERY, agent._replace(step_size=FALLING), exact(SLIPPERY), 200_000) < 0.02


def test_of_noise_they_make_less_than_one_table_does():
    """Sutton & Barto 2018, example 6.7: many actions of mean -0.1 and wide rewards, behind one that leads to them."""
    actions, rewards = 10, (-1.1, 0.9)
    next_state, ended = np.full((2, actions, 2), 1), np.full((2, actions, 2), True)
    reward = np.zeros((2, actions, 2))
    ended[0, 0], reward[1] = False, rewards
    mdp = fsq.TabularMDP(next_state, reward, ended, probability=np.full((2, actions, 2), 0.5), start=0)
    single, double = (
        fsq.train(mdp, kind(0.1, 1.0, 0.1), 500, 100, 10, keep_q=True) for kind in (fsq.QLearning, fsq.DoubleQLearning)
    )
    went = [(curves.lengths[:, :100] == 2).mean() for curves in (single, double)]
    assert went[1] < went[0] - 0.1
    assert single.final_q[:, 0, 0].mean() > 0.03 > 0.0 > double.final_q[:, 0, 0].mean()


def test_as_the_temperature_goes_to_zero_soft_is_hard():
    table = np.random.default_rng(0).normal(size=(STATES, ACTIONS))
    task = {"seeds": 8, "episodes": 20, "max_steps": 30, "initial_q": table}
    cold = train(0, SLIPPERY, fsq.DoubleSoftQLearning(0.5, DISCOUNT, 1e-12, epsilon=0.3), **task)
    hard = train(0, SLIPPERY, fsq.DoubleQLearning(0.5, DISCOUNT, 0.3), **task)
    assert cold.lengths.tolist() == hard.lengths.tolist()
    np.testing.assert_allclose(cold.final_q, hard.final_q, atol=1e-9)


def test_large_steps_trap_it_above_the_cliff_unless_it_explores():
    """One table judges best what the other values as a fall: values sink below those of wandering for ever."""
    cliff = fsq.cliff_walking()
    exact = fsq.value_iteration(cliff, 0.95).q
    trapped = fsq.train(cliff, fsq.DoubleQLearning(0.8, 0.95, 0.1), 32, 1000, 500, keep_q=True)
    assert trapped.truncated[:, -100:].mean() > 0.9
    assert (np.abs(trapped.final_q[:, 36].max(axis=1) + 20) < 1).mean() > 0.9  # -1 / (1 - discount)
    free = fsq.train(cliff, fsq.DoubleQLearning(0.8, 0.95, 1.0), 32, 1000, 500, keep_q=True)
    np.testing.assert_allclose(free.final_q[:, 36], np.tile(exact[36], (32, 1)), rtol=1e-3)
    slow = fsq.train(cliff, fsq.DoubleQLearning(0.1, 0.95, 0.1), 32, 1000, 500)
    assert slow.truncated[:, -100:].mean() < 0.1

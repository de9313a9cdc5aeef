"""Agents that learn from returns of n steps: Sarsa, tree backup, soft Q-learning."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.kinds import cooling, down
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference.n_steps import n_step_sarsa, n_step_soft_q_learning, n_step_tree_backup

STEPS = st.integers(1, 6) | st.just(40)
sarsa = st.builds(fsq.NStepSarsa, STEP_SIZES, DISCOUNTS, STEPS, SHARES, SCALES)
sarsa_falling = st.builds(fsq.NStepSarsa, down, DISCOUNTS, STEPS, down, SCALES)
tree = st.builds(fsq.NStepTreeBackup, STEP_SIZES, DISCOUNTS, STEPS, SHARES, SCALES)
tree_falling = st.builds(fsq.NStepTreeBackup, down, DISCOUNTS, STEPS, down, SCALES)
soft = st.builds(fsq.NStepSoftQLearning, STEP_SIZES, DISCOUNTS, STEPS, TEMPERATURES, SCALES, SHARES | st.just(0.0))
soft_cooling = st.builds(fsq.NStepSoftQLearning, STEP_SIZES, DISCOUNTS, STEPS, cooling, SCALES, SHARES)
KINDS = {
    "sarsa": Twinned(sarsa, n_step_sarsa, 4),
    "sarsa, schedules, slippery, many starts": Twinned(sarsa_falling, n_step_sarsa, 3, 2, True),
    "tree backup": Twinned(tree, n_step_tree_backup, 4),
    "tree backup, schedules, slippery, many starts": Twinned(tree_falling, n_step_tree_backup, 3, 2, True),
    "tree backup, twenty actions": Twinned(tree, n_step_tree_backup, 20, lanes=(0,)),
    "soft": Twinned(soft, n_step_soft_q_learning, 4, exact=False),
    "soft, cooling, slippery, many starts": Twinned(soft_cooling, n_step_soft_q_learning, 3, 2, True, exact=False),
    "soft, twenty actions": Twinned(soft, n_step_soft_q_learning, 20, exact=False, lanes=(0,)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)

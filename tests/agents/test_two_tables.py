"""Agents of two tables: double Q-learning and double soft Q-learning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.kinds import cooling, down
from tests.engine.running import bits, train
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

"""Mellowmax Q-learning."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.kinds import cooling, down
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

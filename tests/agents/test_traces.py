"""Agents that learn along eligibility traces: Sarsa(lambda), Watkins's Q(lambda), soft Q(lambda)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.kinds import cooling, down
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
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

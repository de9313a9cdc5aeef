"""Updates change one entry as the textbook says, and return the error from before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.kernels import updates
from tests.kernels.calling import both_ways
from tests.reference import updates as slow

Q = ((0.5, -1.0, 2.0), (1.0, 3.0, 3.0))
POLICY = np.array([0.25, 0.5, 0.25])

# name -> what comes after (q, state, action, reward, next_state), around terminated; and the value of state 1
UPDATES = {
    "q_learning_update": (lambda end: (end, 0.5, 0.9), 3.0),
    "soft_q_learning_update": (lambda end: (end, 0.5, 0.9, 2.0), 2.0 * np.log(np.exp(0.5) + 2 * np.exp(1.5))),
    "sarsa_update": (lambda end: (0, end, 0.5, 0.9), 1.0),
    "expected_sarsa_update": (lambda end: (POLICY, end, 0.5, 0.9), 2.5),
}


@both_ways
@pytest.mark.parametrize("name", UPDATES)
def test_by_hand(called, name):
    arguments, value = UPDATES[name]
    update = called(getattr(updates, name))
    for terminated in (False, True):
        q = np.array(Q)
        error = update(q, 0, 2, -1.0, 1, *arguments(terminated))
        target = -1.0 + (0.0 if terminated else 0.9 * value)
        assert error == pytest.approx(target - 2.0, rel=1e-15)
        assert q[0, 2] == pytest.approx(0.5 * 2.0 + 0.5 * target, rel=1e-15)
        untouched = np.array(Q) == q
        assert untouched.sum() == 5


@given(
    name=st.sampled_from(sorted(UPDATES)),
    q=st.lists(st.floats(-100, 100), min_size=6, max_size=6),
    entry=st.tuples(st.integers(0, 1), st.integers(0, 2)),
    next_state=st.integers(0, 1),
    reward=st.floats(-100, 100),
    terminated=st.booleans(),
)
def test_they_are_the_twins(name, q, entry, next_state, reward, terminated):
    fast, plain = np.array(q).reshape(2, 3), [q[:3], q[3:]]
    arguments = (*entry, reward, next_state, *UPDATES[name][0](terminated))
    errors = getattr(updates, name)(fast, *arguments), getattr(slow, name)(plain, *arguments)
    assert errors[0] == pytest.approx(errors[1], rel=1e-13, abs=1e-12)
    if name in ("q_learning_update", "sarsa_update"):
        assert fast.tolist() == plain  # no exponential in these: the same to the last bit
    else:
        np.testing.assert_allclose(fast, plain, rtol=1e-13, atol=1e-12)


@both_ways
def test_target_and_step(called):
    target, moved = called(updates.td_target), called(updates.moved)
    assert target(-1.0, False, 0.5, 4.0) == 1.0
    assert target(-1.0, True, 0.5, 4.0) == -1.0
    assert target(-1.0, True, 0.5, np.inf) == -1.0
    assert moved(2.0, 4.0, 0.25) == 2.5
    assert moved(2.0, 4.0, 1.0) == 4.0


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1e-6, 1.0))
def test_a_step_is_rounded_once(q, target, step_size):
    assert updates.moved(q, target, step_size) == slow.fused(step_size, target - q, q)


def test_whole_numbers_will_do():
    assert updates.td_target(1, False, 1, 2) == 3.0
    assert updates.moved(0, 2, 1) == 2.0

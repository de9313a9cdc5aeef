"""Agents that plan from a model of what they have seen: Dyna-Q, hard and soft, and prioritized sweeping."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.kinds import cooling, down
from tests.engine.running import bits, train
from tests.engine.twinned import Twinned, assert_twins
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, TEMPERATURES
from tests.reference.dyna import dyna
from tests.reference.prioritized_sweeping import prioritized_sweeping

PLANNING = st.integers(0, 6)
NO_BONUS, BONUS = st.just(0.0), st.floats(0.001, 2.0)
dyna_q = st.builds(fsq.DynaQ, STEP_SIZES, DISCOUNTS, PLANNING, NO_BONUS | BONUS, SHARES, SCALES)
dyna_q_falling = st.builds(fsq.DynaQ, down, DISCOUNTS, PLANNING, NO_BONUS | BONUS, down, SCALES)
dyna_soft = st.builds(
    fsq.DynaSoftQ, STEP_SIZES, DISCOUNTS, PLANNING, NO_BONUS | BONUS, TEMPERATURES, SCALES, SHARES | st.just(0.0)
)
dyna_soft_cooling = st.builds(fsq.DynaSoftQ, down, DISCOUNTS, PLANNING, BONUS, cooling, SCALES, SHARES)
THRESHOLDS = st.sampled_from([0.0, 1e-3]) | st.floats(0.0, 3.0)
sweeping = st.builds(fsq.PrioritizedSweeping, STEP_SIZES, DISCOUNTS, st.integers(1, 6), THRESHOLDS, SHARES, SCALES)
KINDS = {
    "dyna": Twinned(dyna_q, dyna, 4, lanes=(0,)),
    "dyna, schedules, slippery, many starts": Twinned(dyna_q_falling, dyna, 3, 2, True, lanes=(0,)),
    "dyna, twenty actions": Twinned(dyna_q, dyna, 20, lanes=(0,)),
    "dyna, soft": Twinned(dyna_soft, dyna, 4, exact=False, lanes=(0,)),
    "dyna, soft, cooling, slippery, many starts": Twinned(dyna_soft_cooling, dyna, 3, 2, True, exact=False, lanes=(0,)),
    "dyna, soft, twenty actions": Twinned(dyna_soft, dyna, 20, exact=False, lanes=(0,)),
    "sweeping": Twinned(sweeping, prioritized_sweeping, 4, lanes=(0,)),
    "sweeping, slippery, many starts": Twinned(sweeping, prioritized_sweeping, 3, 2, True, lanes=(0,)),
    "sweeping, twenty actions": Twinned(sweeping, prioritized_sweeping, 20, lanes=(0,)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    assert_twins(KINDS[kind], data)


CLIFF = fsq.cliff_walking(height=3, width=5)
TASK = {"seeds": 4, "episodes": 400, "max_steps": 100}


@pytest.mark.parametrize(
    "agent",
    [
        fsq.DynaQ(0.5, 0.9, planning_steps=5, epsilon=0.3),
        fsq.PrioritizedSweeping(1.0, 0.9, planning_steps=5, threshold=1e-12, epsilon=0.3),
    ],
)
def test_in_a_deterministic_world_they_find_the_optimum(agent):
    exact = fsq.value_iteration(CLIFF, 0.9)
    learned = fsq.train(CLIFF, agent, keep_q=True, **TASK).final_q
    np.testing.assert_allclose(learned[:, :11], np.broadcast_to(exact.q[:11], (4, 11, 4)), rtol=0, atol=1e-8)


def test_in_a_deterministic_world_the_soft_one_finds_the_soft_optimum():
    exact = fsq.soft_value_iteration(CLIFF, 0.9, temperature=1.0, reward_scale=2.0)
    agent = fsq.DynaSoftQ(0.5, 0.9, planning_steps=5, temperature=1.0, reward_scale=2.0, epsilon=0.2)
    learned = fsq.train(CLIFF, agent, keep_q=True, **TASK).final_q
    np.testing.assert_allclose(learned[:, :11], np.broadcast_to(exact.q[:11], (4, 11, 4)), rtol=0, atol=1e-8)


def test_who_does_not_plan_is_a_q_learner():
    task = {"seeds": 5, "episodes": 20, "max_steps": 60}
    for planner, plain in (
        (fsq.DynaQ(0.5, 0.9, 0, 0.0, 0.2, 2.0), fsq.QLearning(0.5, 0.9, 0.2, 2.0)),
        (fsq.DynaSoftQ(0.5, 0.9, 0, 0.0, 0.7, 2.0, 0.1), fsq.SoftQLearning(0.5, 0.9, 0.7, 2.0, 0.1)),
    ):
        assert bits(train(0, CLIFF, planner, **task)) == bits(train(0, CLIFF, plain, **task))


def test_at_a_low_temperature_the_soft_one_learns_the_hard_values():
    soft = fsq.train(CLIFF, fsq.DynaSoftQ(0.5, 0.9, 20, temperature=1e-9, epsilon=0.3), keep_q=True, **TASK).final_q
    exact = fsq.value_iteration(CLIFF, 0.9)
    np.testing.assert_allclose(soft[:, :11], np.broadcast_to(exact.q[:11], (4, 11, 4)), rtol=0, atol=1e-6)


def test_planning_takes_fewer_episodes():
    """As figure 8.2 of Sutton & Barto 2018 has it, of any kind of planning."""
    task = {"seeds": 200, "episodes": 10, "max_steps": 300}
    world = fsq.from_map("S....\n....." + "\n....." + "\n....G")
    steps = [
        fsq.train(world, agent, **task).lengths[:, 1:].mean()
        for agent in (
            fsq.QLearning(0.5, 0.95), fsq.DynaQ(0.5, 0.95, 5), fsq.DynaQ(0.5, 0.95, 50),
            fsq.PrioritizedSweeping(0.5, 0.95, 5),
        )
    ]  # fmt: skip
    assert steps[0] > 1.3 * steps[1] > 1.3 * steps[2]
    assert steps[0] > 1.3 * steps[3]


def test_a_time_bonus_tries_what_was_not_tried_for_long():
    """Two ways end alike, so that no value tells them apart; the one taken less lately is the better one."""
    world = fsq.TabularMDP(next_state=[[0, 0]], reward=[[-1.0, -1.1]], terminated=[[True, True]])
    curves = {bonus: fsq.train(world, fsq.DynaQ(1.0, 0.9, 5, bonus, 0.0), 20, 400).returns for bonus in (0.0, 0.05)}
    assert (curves[0.0][:, 2:] == -1.0).all()
    tried = (curves[0.05][:, 100:] == -1.1).mean()
    assert 0.05 < tried < 0.5

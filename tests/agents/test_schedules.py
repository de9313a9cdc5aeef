"""Schedules take the values of their definitions, in one lane and in many."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.agents.schedules import at, is_schedule, tuned
from tests.reference import training as slow

EPISODES = st.integers(0, 100_000)


@numba.njit
def value(schedule, episode):
    return at(schedule, np.int32(episode))


@numba.njit
def constant(schedule):
    return not is_schedule(schedule)


@numba.njit
def tune(agent, episode):
    return tuned(agent, np.int32(episode))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.1), EPISODES)
def test_linear_decay(stop, fall, decrease, episode):
    schedule = fsq.LinearDecay(stop + fall, stop, decrease)
    assert value(schedule, episode) == slow.at(schedule, episode)
    assert stop <= value(schedule, episode) <= stop + fall


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 3), EPISODES)
def test_power_decay(stop, fall, power, episode):
    schedule = fsq.PowerDecay(stop + fall, stop, power)
    assert value(schedule, episode) == pytest.approx(slow.at(schedule, episode), rel=1e-14)
    assert value(schedule, 0) == stop + fall


def test_the_documents_epsilon():
    schedule = fsq.LinearDecay(0.9, 0.1, 0.001)
    assert [value(schedule, e) for e in (0, 400, 800, 999)] == pytest.approx([0.9, 0.5, 0.1, 0.1], rel=1e-15)


def test_a_number_is_its_own_schedule():
    assert constant(0.1)
    assert not constant(fsq.LinearDecay(0.9, 0.1, 0.1))
    assert not constant(fsq.PowerDecay(0.9, 0.1, 0.1))


def test_an_agent_is_tuned_to_an_episode_field_by_field_and_within():
    soft = fsq.SoftQLearning(fsq.PowerDecay(1.0, 0.1, 1.0), 0.95, fsq.LinearDecay(5.0, 1.0, 0.5), 2.0, 0.25)
    assert tune(soft, 4) == fsq.SoftQLearning(pytest.approx(0.2), 0.95, 3.0, 2.0, 0.25)
    assert tune(fsq.Frozen(soft), 4) == fsq.Frozen(fsq.SoftQLearning(pytest.approx(0.2), 0.95, 3.0, 2.0, 0.25))
    hard = fsq.QLearning(0.5, 0.95, 0.1, 1.0)
    assert tune(hard, 4) == hard


@pytest.mark.parametrize(
    ("schedule", "equal"),
    [
        (fsq.LinearDecay(0.25, 0.25, 0.0), 0.25),
        (fsq.LinearDecay(0.25, 0.25, 1.0), 0.25),
        (fsq.PowerDecay(0.25, 0.25, 0.7), 0.25),
    ],
)
def test_a_schedule_that_does_not_change_is_the_number(schedule, equal):
    mdp = fsq.cliff_walking()
    curves = [fsq.train(mdp, fsq.QLearning(0.5, 0.9, epsilon), 20, 10, 100) for epsilon in (schedule, equal)]
    assert curves[0].returns.tobytes() == curves[1].returns.tobytes()

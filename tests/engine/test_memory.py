"""Agents with memory have the same bits in every engine; without memory, theirs are those of the plain loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine import dispatch
from tests.agents.remembering import Everything, OnPolicy
from tests.engine.gpu.test_one_thread import assert_same_bits, laid_out
from tests.engine.running import bits, lanes_of, train
from tests.engine.worlds import DISCOUNTS, SCALES, SHARES, STEP_SIZES, worlds

falling = st.builds(lambda stop, fall: fsq.LinearDecay(stop + fall, stop, 0.05), *[st.floats(0.01, 0.5)] * 2)
double = st.builds(fsq.DoubleQLearning, STEP_SIZES, DISCOUNTS, falling, SCALES)
dyna = st.builds(fsq.DynaQ, falling, DISCOUNTS, st.integers(0, 12), st.just(0.0) | st.floats(0.01, 2.0), SHARES, SCALES)
counted_dyna = st.builds(fsq.VisitStepSize, dyna, SHARES)
everything = st.builds(Everything, STEP_SIZES, DISCOUNTS, st.integers(1, 5), SHARES, SHARES, SCALES)
on_policy = st.builds(OnPolicy, falling, DISCOUNTS, st.integers(1, 5), SHARES, falling, SCALES)

KINDS = {  # agents, actions, outcomes, whether there are several starts, lanes, the width of vectors
    "double": (double, 4, 1, False, 16, 16),
    "double, seven actions, slippery, many starts": (double, 7, 2, True, 64, 8),
    "dyna": (dyna, 4, 1, False, 16, 16),
    "dyna, seven actions, slippery, many starts": (dyna, 7, 2, True, 64, 8),
    "dyna by visits, three actions": (counted_dyna, 3, 1, False, 32, 4),
    "everything": (everything, 4, 1, False, 64, 8),
    "everything, one action, slippery": (everything, 1, 3, False, 16, 4),
    "everything, five actions, many starts": (everything, 5, 1, True, 16, 16),
    "on policy, two actions, many starts": (on_policy, 2, 2, True, 32, 16),
}


def drawn(data, kind):
    agents, actions, outcomes, several_starts, lanes, width = KINDS[kind]
    mdp = data.draw(worlds(actions, outcomes, several_starts))
    initial_q = np.random.default_rng(actions).integers(-2, 3, (mdp.n_states, mdp.n_actions)) / 2
    task = {
        "seeds": np.arange(data.draw(st.integers(1, 40)), dtype=np.uint64),
        "episodes": data.draw(st.integers(1, 8)),
        "max_steps": data.draw(st.integers(1, 30)),
        "initial_q": data.draw(st.sampled_from([None, initial_q])),
    }
    return mdp, data.draw(agents), task, lanes, width


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=25)
def test_lanes_remember_what_one_run_does(kind, data):
    mdp, agent, task, lanes, width = drawn(data, kind)
    task["checkpoints"] = sorted({1, task["episodes"]})
    with lanes_of(width):
        at_once = train(lanes, mdp, agent, **task)
    alone = train(0, mdp, agent, **task)
    assert bits(at_once) == bits(alone)
    assert at_once.checkpoint_q.tobytes() == alone.checkpoint_q.tobytes()


# Where tables and records lie is part of the code: each place once or twice.
@pytest.mark.parametrize(
    ("kind", "near", "words"),
    [
        ("double", True, True),
        ("dyna", True, True),
        ("dyna by visits, three actions", False, False),
        ("everything, one action, slippery", False, True),
        ("on policy, two actions, many starts", False, False),
    ],
)
@given(data=st.data())
@settings(max_examples=25)
def test_threads_of_a_gpu_remember_what_one_run_does(kind, near, words, data):
    mdp, agent, task, _, _ = drawn(data, kind)
    room = dispatch.room_of(agent, mdp, task["max_steps"], alone=True)
    beside = data.draw(st.sampled_from([1, 2, 4]))
    layout = laid_out(mdp, 2, beside, near, 1, words, room)
    assert_same_bits(mdp, agent, **task, layout=layout, precision="double")


def test_the_tables_of_lanes_lie_apart_where_they_are_large():
    mdp = fsq.multi_goal(41)
    for agent in (fsq.DoubleQLearning(0.5, 0.95), fsq.DynaQ(0.5, 0.95, time_bonus=0.1), Everything()):
        task = {"seeds": 20, "episodes": 3, "max_steps": 400}
        assert bits(train(16, mdp, agent, **task)) == bits(train(0, mdp, agent, **task))


@pytest.mark.parametrize(
    "agent",
    [
        fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.1)),
        fsq.SoftQLearning(0.8, 0.95),
        fsq.Sarsa(0.8, 0.95),
        fsq.ExpectedSarsa(0.8, 0.95),
    ],
    ids=lambda agent: type(agent).__name__,
)
def test_the_loop_that_remembers_is_the_plain_one_where_there_is_nothing_to_remember(agent, monkeypatch):
    mdp = fsq.cliff_walking(slippery=True)
    plain = train(0, mdp, agent, seeds=3, episodes=30, max_steps=100)
    monkeypatch.setattr(dispatch, "remembers", lambda agent, *rules: True)
    assert bits(train(0, mdp, agent, seeds=3, episodes=30, max_steps=100)) == bits(plain)


def test_many_actions_are_remembered_one_run_at_a_time():
    """Beyond 32 numbers a row is an array, and lanes take none."""
    rng = np.random.default_rng(0)
    shape = 5, 20, 1
    mdp = fsq.TabularMDP(rng.integers(0, 5, shape), rng.normal(size=shape), rng.random(shape) < 0.2, start=0)
    curves = fsq.train(mdp, fsq.DoubleQLearning(0.5, 0.9), seeds=40, episodes=5, max_steps=20, keep_q=True)
    alone = train(0, mdp, fsq.DoubleQLearning(0.5, 0.9), seeds=40, episodes=5, max_steps=20)
    assert bits(curves) == bits(alone)

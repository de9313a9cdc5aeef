"""However a run is computed, it yields the same bits: one at a time or in lanes, on any threads, among any others."""

import os
import platform
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine import dispatch
from fastsoftq.kernels.targets import TARGETS, here
from tests.engine.kinds import KINDS
from tests.engine.running import bits, lanes_of, train
from tests.engine.worlds import worlds


@st.composite
def tasks(draw, actions, outcomes=1, several_starts=False):
    mdp = draw(worlds(actions, outcomes, several_starts))
    seeds = draw(st.integers(1, 100))
    shape = draw(st.sampled_from([None, (), (seeds,)]))
    initial_q = None
    if shape is not None:
        initial_q = np.random.default_rng(seeds).normal(size=(*shape, mdp.n_states, mdp.n_actions))
    return mdp, {
        "seeds": seeds,
        "episodes": draw(st.integers(1, 12)),
        "max_steps": draw(st.integers(1, 40)),
        "initial_q": initial_q,
    }


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=50)
def test_lanes_give_the_bits_of_one_run_at_a_time(kind, data):
    agents, lanes, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp, task = data.draw(tasks(actions, outcomes, several_starts))
    agent = data.draw(agents)
    one_by_one = train(0, mdp, agent, **task, precision=precision)
    assert bits(train(lanes, mdp, agent, **task, precision=precision)) == bits(one_by_one)


# One kind for each thing that a vector's width matters to; all kinds are tested at this processor's own.
OF_ANY_WIDTH = [
    "hard",
    "hard, eight actions, slippery, many starts",
    "hard, schedules, many starts",
    "soft",
    "soft, mixed",
    "soft, cooling, slippery, mixed",
    "soft, nine actions, slippery",
    "sarsa, schedules, slippery, many starts",
    "expected sarsa, schedules, slippery",
]


@pytest.mark.parametrize("width", sorted(TARGETS.keys() - {here().lanes}))
@pytest.mark.parametrize("kind", OF_ANY_WIDTH)
@given(data=st.data())
@settings(max_examples=15)
def test_vectors_of_any_width_give_the_bits_of_one_run_at_a_time(kind, width, data):
    agents, lanes, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp, task = data.draw(tasks(actions, outcomes, several_starts))
    agent = data.draw(agents)
    one_by_one = train(0, mdp, agent, **task, precision=precision)
    with lanes_of(width):
        assert bits(train(lanes, mdp, agent, **task, precision=precision)) == bits(one_by_one)


@pytest.mark.parametrize(
    "agent", [fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.1)), fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)]
)
def test_one_lane_is_a_loop_of_its_own(agent):
    """As a thread of a GPU would run it."""
    mdp, task = fsq.cliff_walking(), {"seeds": 5, "episodes": 20, "max_steps": 100}
    one_by_one = train(0, mdp, agent, **task)
    with lanes_of(1), mock.patch.dict(dispatch.ENGINES, {"lanes_16": 1}):
        assert bits(train(16, mdp, agent, **task)) == bits(one_by_one)


THREADED = {"hard": 0, "soft, mixed": 64, "sarsa, schedules, slippery, many starts": 16}


@pytest.mark.parametrize("kind", THREADED)
@given(data=st.data())
@settings(max_examples=20)
def test_threads_order_and_company_change_nothing(kind, data):
    """A run yields what it yields in any other call, and an episode whatever comes after it."""
    agents, _, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp, agent = data.draw(worlds(actions, outcomes, several_starts)), data.draw(agents)
    task = {
        "episodes": data.draw(st.integers(1, 8)),
        "max_steps": data.draw(st.integers(1, 30)),
        "precision": precision,
    }
    count, threads = data.draw(st.integers(1, 150)), data.draw(st.integers(2, 5))
    rng = np.random.default_rng(count)
    seeds = rng.integers(2**64 - 1, size=count, dtype=np.uint64)
    whole = train(THREADED[kind], mdp, agent, seeds=seeds, **task)
    assert bits(train(THREADED[kind], mdp, agent, seeds=seeds, threads=threads, **task)) == bits(whole)
    some = rng.permutation(count)[: rng.integers(1, count + 1)]
    assert bits(train(THREADED[kind], mdp, agent, seeds=seeds[some], threads=threads, **task)) == bits(whole, some)
    fewer = task | {"episodes": 1}
    first = train(THREADED[kind], mdp, agent, seeds=seeds, **fewer)
    assert first.returns.tobytes() == whole.returns[:, :1].tobytes()


def test_what_train_picks_by_itself_has_those_bits_too():
    mdp, agent = fsq.cliff_walking(), fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0, epsilon=0.1)
    task = {"episodes": 20, "max_steps": 100, "keep_q": True}
    few, many = (fsq.train(mdp, agent, seeds, threads=2, **task) for seeds in (3, 300))
    assert bits(few) == bits(many, slice(3))
    assert bits(train(0, mdp, agent, seeds=300, episodes=20, max_steps=100)) == bits(many)


OF_ANOTHER_PROCESSOR = """
import hashlib, warnings
import fastsoftq as fsq

warnings.simplefilter("ignore")
mdp = fsq.cliff_walking(slippery=True)
for agent in fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.1)), fsq.SoftQLearning(0.8, 0.95, reward_scale=2.0):
    for seeds in 1, 20:
        curves = fsq.train(mdp, agent, seeds, 20, 50, precision="mixed", keep_q=True, threads=1)
        print(hashlib.sha256(curves.returns.tobytes() + curves.final_q.tobytes()).hexdigest())
"""


def digests(**environment):
    return subprocess.run(
        [sys.executable, "-c", OF_ANOTHER_PROCESSOR], env=os.environ | environment, capture_output=True, text=True,
        check=True,
    ).stdout.split()  # fmt: skip


@pytest.fixture(scope="module")
def digests_here():
    return digests()


@pytest.mark.parametrize(
    ("processor", "features"),
    [("generic", ""), ("x86-64-v2", ""), ("x86-64-v3", ""), ("x86-64-v4", ""), ("haswell", "+avx2,+fma")],
)
def test_on_processors_with_narrower_vectors_or_none_too(processor, features, digests_here):
    """Not AVX-512, nor (on the plainest) AVX2 and fused multiply-adds: other instructions, the same bits."""
    if processor != "generic" and platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("this is another architecture")
    if processor == "x86-64-v4" and here().lanes < 16:
        pytest.skip("this processor has no AVX-512")
    assert len(digests_here) == 4
    assert digests(NUMBA_CPU_NAME=processor, NUMBA_CPU_FEATURES=features) == digests_here

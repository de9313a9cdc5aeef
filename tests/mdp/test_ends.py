"""Where episodes cannot terminate, and that training says so."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.mdp import ends
from fastsoftq.mdp.ends import endless_starts
from fastsoftq.studies.running import run
from fastsoftq.studies.study import Study

HARD = fsq.QLearning(0.5, 0.9)
WALLED_OFF = fsq.from_map(["S.#G"])


@st.composite
def graphs(draw):
    """MDPs of few ways on, so that some starts reach an end and some do not; outcomes of probability 0 among them."""
    rng, states = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.integers(1, 60))
    shape = (states, draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    near = np.clip(np.arange(states)[:, None, None] + rng.integers(-1, 2, shape), 0, states - 1)
    probability = rng.integers(0, 2, shape).astype(float)
    probability[..., 0] += probability.sum(axis=2) == 0
    start = rng.random(states) * (rng.random(states) < 0.3)
    start[rng.integers(states)] += 1.0
    terminated = rng.random(shape) < draw(st.sampled_from([0.0, 0.05, 0.5]))
    probability, start = probability / probability.sum(axis=2, keepdims=True), start / start.sum()
    return fsq.TabularMDP(near, -1.0 - rng.random(shape), terminated, probability, start)


def by_closure(mdp):
    """Powers of the matrix of steps, dense."""
    possible = mdp.probability > 0
    ends_at = (possible & mdp.terminated).any(axis=(1, 2))
    steps = np.eye(mdp.n_states)
    for s, a, k in np.argwhere(possible & ~mdp.terminated):
        steps[s, mdp.next_state[s, a, k]] = 1
    for _ in range(7):
        steps = (steps @ steps > 0).astype(float)
    starts = np.flatnonzero(mdp.start)
    return [s for s in starts if ends_at.any() and not (steps[s] @ ends_at)]


@pytest.mark.parametrize("sweeps", [0, 2, 32])
@given(mdp=graphs())
def test_starts_without_an_end_are_those_of_the_closure(sweeps, mdp):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ends, "_SWEEPS", sweeps)
        assert endless_starts(mdp).tolist() == by_closure(mdp)


def test_many_ways_into_one_state_are_still_a_way():
    ways = 512  # as 8-bit counts they would be none
    mdp = fsq.TabularMDP(
        np.minimum(np.arange(80)[:, None, None] + 1, 79) + np.zeros((1, 1, ways), int),
        -1.0,
        (np.arange(80) == 79)[:, None, None] + np.zeros((1, 1, ways), bool),
        np.full((80, 1, ways), 1 / ways),
    )
    assert endless_starts(mdp).tolist() == []


def told(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [warning for warning in caught if "terminal outcome" in str(warning.message)]


@pytest.mark.parametrize("train", [fsq.train, fsq.stream])
def test_training_for_a_goal_that_is_walled_off_warns_each_time(train):
    for _ in range(2):
        (warning,) = told(lambda: train(WALLED_OFF, HARD, 2, 2, 9))
        assert "no terminal outcome of map can be reached from start state 0: every episode" in str(warning.message)
        assert warning.filename == __file__


def test_all_starts_that_have_no_end_are_named_and_no_others():
    start = np.where(np.arange(9) == 8, 0.2, 0.1)
    next_state = np.minimum(np.arange(9), 7)[:, None]
    mdp = fsq.TabularMDP(next_state, -1.0, (np.arange(9) == 8)[:, None], start=start)
    (warning,) = told(lambda: fsq.train(mdp, HARD, 2, 2, 9))
    assert "from start states 0, 1, 2, 3, 4 and 3 more: " in str(warning.message)


@pytest.mark.parametrize(
    "mdp",
    [
        fsq.cliff_walking(),
        fsq.cliff_walking(slippery=True),
        fsq.multi_goal(9),
        fsq.from_map(["S.G#G"]),  # one of two goals is enough
        fsq.from_map(["S.."]),  # a continuing task
    ],
    ids=["cliff", "slippery cliff", "several goals", "one of two goals", "no goal"],
)
def test_nothing_is_said_without_reason(mdp):
    assert told(lambda: fsq.train(mdp, HARD, 2, 2, 9)) == []


def test_a_study_warns_once_for_an_environment(tmp_path):
    study = Study(
        name="walled off", episodes=2, seeds=2, max_steps=9,
        environments={"open": fsq.from_map(["S.G"]), "closed": WALLED_OFF},
        agents={"hard": HARD, "greedy": HARD._replace(epsilon=0.0)},
    )  # fmt: skip
    (warning,) = told(lambda: run(study, tmp_path / "out", threads=1))
    assert "no terminal outcome of map" in str(warning.message)

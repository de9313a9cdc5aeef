"""Many environments stepped together show what as many single ones show, to the bit."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.planning.strategies import mdps

gymnasium = pytest.importorskip("gymnasium")
from gymnasium.vector import AutoresetMode, SyncVectorEnv  # noqa: E402

from fastsoftq.mdp.gymnasium.batch_stepping import Moves, Running, restart  # noqa: E402
from fastsoftq.mdp.gymnasium.vector_environment import TabularVectorEnv  # noqa: E402

MODES = [mode.value for mode in AutoresetMode]


def alone(mdp, num_envs, limit, mode, render_mode=None):
    """The slow obvious twin: Gymnasium's own loop over single environments."""

    def one():
        env = fsq.to_gymnasium(mdp, render_mode)
        return env if limit is None else gymnasium.wrappers.TimeLimit(env, limit)

    return SyncVectorEnv([one] * num_envs, autoreset_mode=mode)


def same(first, second):
    """Whether results of `reset` or `step` are equal in every number, type and key."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    assert isinstance(first, np.ndarray)
    assert first.dtype == second.dtype
    return first.shape == second.shape and first.tolist() == second.tolist()


@given(
    mdp=mdps(),
    seed=st.integers(0, 2**40),
    num_envs=st.integers(1, 5),
    limit=st.none() | st.integers(1, 6),
    mode=st.sampled_from(MODES),
    data=st.data(),
)
def test_any_world_in_company_is_the_world_alone(mdp, seed, num_envs, limit, mode, data):
    ours = TabularVectorEnv(mdp, num_envs, max_episode_steps=limit, autoreset_mode=mode)
    theirs = alone(mdp, num_envs, limit, mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert same(ours.reset(seed=seed), theirs.reset(seed=seed))
    rng = np.random.default_rng(seed)
    for _ in range(data.draw(st.integers(1, 25))):
        actions = rng.integers(mdp.n_actions, size=num_envs)
        shown = ours.step(actions)
        assert same(shown, theirs.step(actions))
        ended = shown[2] | shown[3]
        if mode == "Disabled" and ended.any():
            reset = ours.reset(options={"reset_mask": ended.copy()})
            assert same(reset, theirs.reset(options={"reset_mask": ended.copy()}))
    assert ours.np_random_seed == theirs.np_random_seed
    assert [rng.random() for rng in ours.np_random] == [rng.random() for rng in theirs.np_random]


@pytest.mark.parametrize("mode", MODES[:2])
@pytest.mark.parametrize("mdp", [fsq.cliff_walking(slippery=True), fsq.multi_goal(5)], ids=["cliff", "room"])
def test_long_play_is_the_same_with_renderings(mdp, mode):
    ours = TabularVectorEnv(mdp, 3, "ansi", 30, mode)
    theirs = alone(mdp, 3, 30, mode, "ansi")
    assert same(ours.reset(seed=[5, None, 7]), ours.reset(seed=[5, 9, 7]))
    theirs.reset(seed=[5, 9, 7])
    rng = np.random.default_rng(0)
    for _ in range(300):
        actions = rng.integers(4, size=3)
        assert same(ours.step(actions), theirs.step(actions))
        assert ours.render() == theirs.render()
    pictures = TabularVectorEnv(mdp, 2, "rgb_array")
    pictures.reset(seed=1)
    assert pictures.render()[1].tolist() == pictures.render()[0].tolist()


def test_random_numbers_are_numpys():
    """A start below 0.5 is state 0, so that starts tell the numbers; many streams show the carries."""
    stream = np.random.PCG64(99)
    held = stream.state["state"]
    words = [held["state"] >> 64, held["state"] % 2**64, held["inc"] >> 64, held["inc"] % 2**64]
    moves = Moves(
        np.zeros((2, 1, 1), np.int32),
        np.zeros((2, 1, 1)),
        np.zeros((2, 1, 1), np.bool_),
        np.ones((2, 1, 1)),
        np.array([0.5, 0.5]),
        np.array([0, 1]),
        np.array([0.5]),
    )
    expected = np.random.Generator(np.random.PCG64(99)).random(2000) >= 0.5
    running = Running(np.array([words], np.uint64), np.array([-1]), np.zeros(1, np.int64), np.zeros(1, np.bool_))
    found = []
    for _ in range(2000):
        restart(moves, running, np.array([True]), np.array([-1]), np.empty(1))
        found.append(int(running.state[0]))
    assert found == expected.astype(int).tolist()
    many = 100_000
    rows = np.random.default_rng(0).integers(2**64, size=(many, 4), dtype=np.uint64)
    rows[:, 3] |= np.uint64(1)  # increments are odd
    running = Running(rows.copy(), np.full(many, -1), np.zeros(many, np.int64), np.zeros(many, np.bool_))
    restart(moves, running, np.ones(many, np.bool_), np.full(many, -1), np.empty(many))
    multiplier = 0x2360ED051FC65DA44385DF649FCCF645
    for i in range(0, many, 97):  # in whole numbers of any size
        high, low, add_high, add_low = map(int, rows[i])
        state = ((high << 64 | low) * multiplier + (add_high << 64 | add_low)) % 2**128
        assert (int(running.streams[i, 0]) << 64 | int(running.streams[i, 1])) == state


def test_what_was_chosen_as_a_start_is_the_start():
    envs = TabularVectorEnv(fsq.cliff_walking(), 3)
    states, infos = envs.reset(seed=0, options={"state": [3, 36, 5]})
    assert states.tolist() == [3, 36, 5]
    assert infos["prob"].tolist() == [1.0, 1.0, 1.0]
    mask = np.array([False, True, False])
    states, infos = envs.reset(options={"state": 7, "reset_mask": mask})
    assert states.tolist() == [3, 7, 5]
    assert infos["prob"].tolist() == [0.0, 1.0, 0.0]
    assert infos["_prob"].tolist() == mask.tolist()
    assert infos["_prob"] is not mask


@pytest.mark.parametrize("make", [copy.deepcopy, lambda envs: pickle.loads(pickle.dumps(envs))])
@pytest.mark.parametrize("mode", MODES[:2])
def test_a_copy_made_in_the_middle_goes_on_alike(make, mode):
    envs = TabularVectorEnv(fsq.cliff_walking(slippery=True), 4, max_episode_steps=7, autoreset_mode=mode)
    envs.reset(seed=3)
    for _ in range(10):
        envs.step([0, 1, 2, 3])
    again = make(envs)
    for _ in range(50):
        assert same(again.step([3, 0, 1, 2]), envs.step([3, 0, 1, 2]))
    before = again.state
    envs.step([0, 0, 0, 0])
    assert again.state.tolist() == before.tolist()


def test_without_a_seed_numbers_go_on_and_first_ones_differ():
    mdp = fsq.cliff_walking(slippery=True)

    def played(envs, **seed):
        envs.reset(**seed)
        return [envs.step([1] * 20)[0].tolist() for _ in range(20)]

    envs = TabularVectorEnv(mdp, 20)
    assert played(envs) != played(envs)
    first = played(envs, seed=4)
    assert played(envs) != first
    assert played(envs, seed=4) == first
    assert len(set(envs.np_random_seed)) == 20
    assert len(set(TabularVectorEnv(mdp, 20).np_random_seed)) == 20


BAD = {
    "no environments": (lambda: TabularVectorEnv(fsq.cliff_walking(), 0), ValueError, "num_envs is 0"),
    "no world": (lambda: TabularVectorEnv("cliff", 2), TypeError, "mdp is 'cliff'; it must be a TabularMDP"),
    "no steps": (
        lambda: TabularVectorEnv(fsq.cliff_walking(), 2, max_episode_steps=0),
        ValueError,
        "max_episode_steps is 0",
    ),
    "mode": (
        lambda: TabularVectorEnv(fsq.cliff_walking(), 2, autoreset_mode="Never"),
        ValueError,
        "autoreset_mode is 'Never'; it must be .*'SameStep'",
    ),
    "render mode": (
        lambda: TabularVectorEnv(fsq.cliff_walking(), 2, "ascii"),
        ValueError,
        "render_mode is 'ascii'; .* must be one of",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_made_is_refused(name):
    make, error, message = BAD[name]
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("reset", "error", "message"),
    [
        ({"seed": [1]}, ValueError, "seed has 1 numbers; there are 2 environments"),
        ({"seed": "ab"}, TypeError, "seed is 'ab'"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"seed": 1.5}, TypeError, "seed is 1.5"),
        ({"seed": [1, 2.5]}, TypeError, r"seed\[1\] is 2.5"),
        ({"options": {"start": 3}}, ValueError, "options has 'start'; it must have 'state' or 'reset_mask'"),
        ({"options": 3}, TypeError, "options is 3"),
        ({"options": {"state": 48}}, ValueError, r"options\['state'\] is 48; it must lie in 0..47"),
        ({"options": {"state": 47}}, ValueError, r"options\['state'\] is 47, which is terminal"),
        ({"options": {"state": [0, -1]}}, ValueError, r"options\['state'\] is -1"),
        ({"options": {"state": [0, 1, 2]}}, ValueError, r"options\['state'\] has shape \(3,\)"),
        ({"options": {"state": 1.0}}, TypeError, r"options\['state'\]"),
        ({"options": {"reset_mask": [True]}}, ValueError, r"options\['reset_mask'\] has shape \(1,\)"),
        ({"options": {"reset_mask": [False, False]}}, ValueError, "is False everywhere"),
        ({"options": {"reset_mask": [1, 0]}}, TypeError, r"options\['reset_mask'\]"),
    ],
)
def test_what_no_episode_can_start_with_is_refused(reset, error, message):
    envs = TabularVectorEnv(fsq.cliff_walking(), 2)
    with pytest.raises(error, match=message):
        envs.reset(**reset)
    assert envs.state.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("actions", "error", "message"),
    [
        ([0], ValueError, r"actions has shape \(1,\); it must be \(2,\)"),
        ([0, 4], ValueError, r"actions\[1\] is 4; it must lie in 0..3"),
        ([-1, 0], ValueError, r"actions\[0\] is -1"),
        ([0.0, 1.0], TypeError, "actions"),
        ([True, False], TypeError, "actions"),
    ],
)
def test_what_is_no_action_is_not_taken(actions, error, message):
    envs = TabularVectorEnv(fsq.cliff_walking(), 2)
    envs.reset(seed=0)
    with pytest.raises(error, match=message):
        envs.step(actions)
    assert envs.state.tolist() == [36, 36]


def test_reset_comes_first_and_after_an_end_where_nothing_resets():
    envs = TabularVectorEnv(fsq.from_map("SG"), 2, "ansi", autoreset_mode=AutoresetMode.DISABLED)
    for call in (partial(envs.step, [0, 0]), envs.render):
        with pytest.raises(gymnasium.error.ResetNeeded, match="call reset before"):
            call()
    envs.reset(seed=0)
    envs.step([0, 1])
    with pytest.raises(gymnasium.error.ResetNeeded, match="environment 1 needs it"):
        envs.step([0, 1])
    envs.reset(options={"reset_mask": np.array([False, True])})
    assert envs.step([0, 0])[0].tolist() == [0, 0]


def test_gymnasiums_wrappers_of_vectors_go_around_it():
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(TabularVectorEnv(fsq.from_map("S.G"), 2))
    envs.reset(seed=0)
    envs.step([1, 1])
    *_, infos = envs.step([1, 0])
    assert infos["episode"]["r"].tolist() == [-1.0, 0.0]
    assert infos["episode"]["l"].tolist() == [2, 0]
    envs.close()

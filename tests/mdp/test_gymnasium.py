import builtins
import copy
import pickle
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.planning.strategies import mdps

gymnasium = pytest.importorskip("gymnasium")
from fastsoftq.mdp.gymnasium.environment import TabularEnv  # noqa: E402


def table(env):
    return {
        s: {a: [tuple(outcome) for outcome in outcomes] for a, outcomes in actions.items()}
        for s, actions in env.unwrapped.P.items()
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("FrozenLake-v1", {}),
        ("FrozenLake-v1", {"map_name": "8x8", "is_slippery": False}),
        ("CliffWalking-v1", {}),
        ("CliffWalking-v1", {"is_slippery": True}),
        ("Taxi-v4", {}),
    ],
)
def test_round_trip(name, options):
    env = gymnasium.make(name, **options)
    mdp = fsq.from_gymnasium(name, **options)
    assert mdp.name == name
    again = fsq.to_gymnasium(mdp)
    assert table(again) == table(env)
    np.testing.assert_array_equal(again.initial_state_distrib, env.unwrapped.initial_state_distrib)
    assert fsq.to_gymnasium(fsq.from_gymnasium(again)).P == again.P


def test_frozen_lake_keeps_its_map_and_taxi_has_none():
    mdp = fsq.from_gymnasium(gymnasium.make("FrozenLake-v1"))
    assert mdp.map == ("S...", ".H.H", "...H", "H..G")
    assert mdp.cells[6].tolist() == [1, 2]
    assert mdp.terminal.nonzero()[0].tolist() == [5, 7, 11, 12, 15]
    assert fsq.from_gymnasium("Taxi-v4").map is None


def test_the_cliff_is_gymnasiums():
    ours, theirs = (
        fsq.cliff_walking(goal_reward=-1.0, slippery=True),
        fsq.from_gymnasium("CliffWalking-v1", is_slippery=True),
    )
    going = [s for s in range(48) if not 37 <= s <= 47]  # theirs have moves in the goal and in the cliff as well

    def sorted_outcomes(mdp, state, action):
        return sorted((n, r, t, round(p, 12)) for p, n, r, t in mdp.outcomes(state, action))

    for state in going:
        for action in range(4):
            assert sorted_outcomes(ours, state, action) == sorted_outcomes(theirs, state, action)
    assert fsq.value_iteration(ours, 0.95).v[36] == pytest.approx(fsq.value_iteration(theirs, 0.95).v[36])


def test_value_iteration_on_the_slippery_lake():
    """The known optimum without discount: the goal is reached with probability 14/17."""
    assert fsq.value_iteration(fsq.from_gymnasium("FrozenLake-v1"), 1.0).v[0] == pytest.approx(14 / 17, abs=1e-6)


WORLDS = {
    "cliff": fsq.cliff_walking(),
    "slippery room": fsq.multi_goal(5, slippery=True),
    "several starts": fsq.from_map("S.G\nS#."),
    "no map": fsq.TabularMDP(
        next_state=[[0, 1], [1, 1]], reward=[[0, 1], [0, 0]], terminated=[[False, True], [True, True]]
    ),
}


@pytest.mark.parametrize("mdp", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("render_mode", [None, "ansi", "rgb_array"])
def test_the_environment_passes_gymnasiums_own_checks(mdp, render_mode):
    from gymnasium.utils.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(fsq.to_gymnasium(mdp, render_mode))


@pytest.mark.parametrize("mdp", WORLDS.values(), ids=WORLDS)
def test_there_and_back(mdp):
    again = fsq.from_gymnasium(fsq.to_gymnasium(mdp))
    assert (again.name, again.map) == (mdp.name, mdp.map)
    for field in ("next_state", "reward", "terminated", "probability", "start", "cells"):
        np.testing.assert_array_equal(getattr(again, field), getattr(mdp, field))


def test_its_class_has_a_name_and_its_spec_makes_another():
    env = fsq.to_gymnasium(fsq.from_map("S.G", name="my world, version 2"), render_mode="ansi")
    assert pickle.loads(pickle.dumps(type(env))) is type(env) is TabularEnv
    again = gymnasium.make(env.spec, render_mode="rgb_array")
    assert again.unwrapped.P == env.P
    assert again.unwrapped.render_mode == "rgb_array"
    together = gymnasium.make_vec(env.spec, num_envs=3, vectorization_mode="sync")
    assert together.reset(seed=0)[0].tolist() == [0, 0, 0]
    assert together.step(np.array([1, 1, 0]))[0].tolist() == [1, 1, 0]


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_copies_show_what_the_original_shows(make):
    env = fsq.to_gymnasium(fsq.cliff_walking(slippery=True), render_mode="ansi")
    env.reset(seed=3)
    for action in (0, 1, 1, 2):
        env.step(action)
    again = make(env)
    assert again.render() == env.render()
    assert not again.initial_state_distrib.flags.writeable


def test_text():
    env = fsq.to_gymnasium(fsq.from_map("#S.\n#.G", step_reward=-0.5), render_mode="ansi")
    env.reset()
    assert env.render() == "#@.\n#.G\nstate 0"
    env.step(2)
    assert env.render() == "#S.\n#@G\nstate 2 after action 2: reward -0.5"
    env.step(1)
    assert env.render() == "#S.\n#.@\nstate 3 after action 1: reward 0"
    env.reset()
    assert env.render() == "#@.\n#.G\nstate 0"
    bare = fsq.to_gymnasium(WORLDS["no map"], render_mode="ansi")
    bare.reset()
    assert bare.render() == "state 0"


def distinct(pixels):
    return len({tuple(colour) for colour in pixels.reshape(-1, 3).tolist()})


def test_a_picture_has_the_map_in_colours_and_the_state_as_a_disc():
    env = fsq.to_gymnasium(fsq.from_map("#SC\n..G"), render_mode="rgb_array")
    env.reset()
    env.step(3)
    env.step(2)
    picture = env.render()
    assert (picture.shape, picture.dtype) == ((96, 144, 3), np.uint8)
    places = picture[10::48, 10::48]  # of the cells, where no disc reaches
    assert distinct(places) == 5  # wall, start, cliff, floor, goal
    assert places[1, 0].tolist() == places[1, 1].tolist()
    discs = (picture == picture[72, 72]).all(axis=2)  # the middle of cell (1, 1)
    y, x = np.nonzero(discs)
    assert (y.mean(), x.mean()) == (71.5, 71.5)
    assert discs.sum() == pytest.approx(np.pi * (0.3 * 48) ** 2, rel=0.07)  # without its soft edge
    env.step(1)
    moved = (env.render() != picture).any(axis=2)
    assert not moved[:48].any()
    assert not moved[:, :48].any()


def test_a_hole_and_a_numbered_goal_are_drawn():
    plain = fsq.TabularMDP([[0], [1], [2]], -1.0, False, map=["..."], cells=[[0, 0], [0, 1], [0, 2]])
    other = fsq.TabularMDP([[0], [1], [2]], -1.0, False, map=[".H7"], cells=[[0, 0], [0, 1], [0, 2]])
    pictures = [fsq.to_gymnasium(mdp, render_mode="rgb_array") for mdp in (plain, other)]
    first, second = (env.reset() and env.render() for env in pictures)
    differing = (first != second).any(axis=2)
    assert not differing[:, :48].any()
    assert differing[:, 48:96].sum() == pytest.approx(np.pi * (0.38 * 48 + 0.5) ** 2, rel=0.03)  # with its soft edge
    ink = (second == (84, 88, 96)).all(axis=2)[34:44, 134:140]  # five rows of three dots, two pixels each
    assert ink[::2, ::2].tolist() == [[True] * 3, [False, False, True], *([[False, False, True]] * 3)]


def test_a_world_without_a_map_is_drawn_as_tiles():
    river = fsq.TabularMDP(
        next_state=[[[0, 0], [0, 1]], [[0, 0], [1, 2]], [[2, 2], [2, 2]]],
        reward=[[0, 0], [0, 0], [0, 0]],
        terminated=[[[False, False], [False, False]], [[False, False], [False, True]], [[True, True], [True, True]]],
        probability=[[[1, 0], [0.5, 0.5]], [[1, 0], [0.96, 0.04]], [[1, 0], [1, 0]]],
    )
    env = fsq.to_gymnasium(river, render_mode="rgb_array")
    env.reset()
    env.reset(options={"state": 1})
    picture = env.render()
    assert picture.shape == (48, 144, 3)
    assert distinct(picture[10, [10, 58, 106]]) == 3  # a start, a state, an end
    disc = (picture == picture[24, 72]).all(axis=2)
    assert np.nonzero(disc)[1].mean() == 71.5
    dots = (picture == (230, 159, 0)).all(axis=2)
    assert dots[:, :48].sum() > 3 * dots[:, 96:].sum() > 0  # where the next action leads for certain, and hardly
    assert not dots[:, 48:96].any() or dots[20:28, 68:76].sum() == 0


@pytest.mark.parametrize("n_states", [1, 12, 13, 500, 1_000_000])
def test_a_picture_without_a_map_has_room_for_every_state(n_states):
    stay = fsq.TabularMDP(np.arange(n_states)[:, None], -1.0, False)
    env = fsq.to_gymnasium(stay, render_mode="rgb_array")
    env.reset()
    first = env.render()
    env.reset(options={"state": n_states - 1})
    last = env.render()
    assert first.shape == last.shape
    assert max(first.shape) <= 1200
    assert n_states == 1 or (first != last).any()


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match=r"render_mode is 'human'; it must be 'ansi' or 'rgb_array': .*HumanRendering"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode="human")
    with pytest.raises(TypeError, match=r"render_mode is 3"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode=3)
    with pytest.raises(ValueError, match=r"render_mode is 'ascii'; .* must be one of"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode="ascii")
    env = fsq.to_gymnasium(fsq.cliff_walking())
    with pytest.warns(UserWarning, match="render_mode='ansi' or render_mode='rgb_array'"):
        assert env.render() is None
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset before render"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode="ansi").render()


@given(mdp=mdps(), seed=st.integers(0, 2**60))
def test_the_environment_moves_as_its_table_says(mdp, seed):
    """Any outcome is one of the table's, with its probability; where there is one only, it is that one."""
    env = fsq.to_gymnasium(mdp)
    rng = np.random.default_rng(seed)
    state, info = env.reset(seed=seed)
    assert info == {"prob": mdp.start[state]}
    assert info["prob"] > 0.0
    for _ in range(20):
        here, action = state, int(rng.integers(mdp.n_actions))
        state, reward, terminated, truncated, info = env.step(action)
        assert (info["prob"], state, reward, terminated) in mdp.outcomes(here, action)
        assert not truncated
        if terminated:
            state, info = env.reset()
            assert info == {"prob": mdp.start[state]}


@settings(max_examples=20)
@given(mdp=mdps(max_states=3, max_outcomes=4), seed=st.integers(0, 2**60))
def test_outcomes_and_starts_are_as_frequent_as_the_table_says(mdp, seed):
    """By Hoeffding's bound (1963) for each, at an error of 1e-12: some thousand of them fail once in a billion runs."""
    env, tries = fsq.to_gymnasium(mdp), 1000
    bound = np.sqrt(np.log(2e12) / (2 * tries))
    env.reset(seed=seed)
    starts = Counter(env.reset()[0] for _ in range(tries))
    for state in range(mdp.n_states):
        assert abs(starts[state] / tries - mdp.start[state]) <= bound
    for here in np.flatnonzero(~mdp.terminal).tolist():
        for action in range(mdp.n_actions):
            seen, chances = Counter(), Counter()
            for _ in range(tries):
                env.reset(options={"state": here})
                seen[env.step(action)[:3]] += 1
            for p, *outcome in mdp.outcomes(here, action):
                chances[tuple(outcome)] += p
            assert seen.keys() <= chances.keys()
            assert all(abs(seen[outcome] / tries - p) <= bound for outcome, p in chances.items())


@pytest.mark.parametrize("mdp", [fsq.cliff_walking(), fsq.multi_goal(5), fsq.from_map(["S.#G", "..C."])])
def test_a_deterministic_world_is_stepped_exactly(mdp):
    env = fsq.to_gymnasium(mdp)
    for here in np.flatnonzero(~mdp.terminal).tolist():
        for action in range(mdp.n_actions):
            env.reset(options={"state": here})
            ((_, *outcome),) = mdp.outcomes(here, action)
            assert env.step(action) == (*outcome, False, {"prob": 1.0})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"state": 48}, ValueError, r"options\['state'\] is 48; it must lie in 0..47"),
        ({"state": 47}, ValueError, r"options\['state'\] is 47, which is terminal; start somewhere else"),
        ({"state": 1.5}, TypeError, r"options\['state'\] is 1.5"),
        ({"start": 1}, ValueError, "options has 'start'; it must have 'state' alone"),
        ("state", TypeError, "options is 'state'"),
        ([], TypeError, r"options is \[\]; it must be a dict or None"),
    ],
)
def test_what_no_episode_can_start_with_is_refused(options, error, message):
    env = fsq.to_gymnasium(fsq.cliff_walking())
    env.reset(seed=0)
    with pytest.raises(error, match=message):
        env.reset(options=options)
    assert env.state == 36


def test_seeds_are_gymnasiums():
    env = fsq.to_gymnasium(fsq.from_map("S.S.G\nSSS..", slippery=True))

    def played(**seed):
        return [env.reset(**seed)[0], *(env.step(1)[0] for _ in range(30))]

    first = played(seed=5)
    assert env.np_random_seed == 5
    assert played() != first
    assert played(seed=5) == first
    assert len({tuple(played(seed=seed)) for seed in range(10)}) == 10


def test_outcomes_are_listed_when_asked_for():
    env = fsq.to_gymnasium(fsq.TabularMDP(np.arange(10**6)[:, None], -1.0, False))  # made in no time
    assert env.P[999_999] == {0: [(1.0, 999_999, -1.0, False)]}
    assert len(env.P) == 10**6
    assert -1 not in env.P
    with pytest.raises(KeyError):
        env.P[10**6]


def test_reset_comes_first():
    with pytest.raises(gymnasium.error.ResetNeeded):
        fsq.to_gymnasium(fsq.cliff_walking()).step(0)


@pytest.mark.parametrize(
    ("env", "options", "error", "message"),
    [
        ("FrozenLak-v1", {}, ValueError, "env is 'FrozenLak-v1'; Gymnasium says: .*FrozenLake"),
        ("CartPole-v1", {}, ValueError, "it has no 'P'"),
        (7, {}, TypeError, "env is 7"),
    ],
)
def test_bad_input(env, options, error, message):
    with pytest.raises(error, match=message):
        fsq.from_gymnasium(env, **options)


def test_options_go_with_a_name():
    with pytest.raises(TypeError, match=r"options are \['is_slippery'\]"):
        fsq.from_gymnasium(gymnasium.make("FrozenLake-v1"), is_slippery=False)
    with pytest.raises(TypeError, match="must be a TabularMDP"):
        fsq.to_gymnasium("cliff_walking")


def test_without_gymnasium(monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "gymnasium":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ImportError, match=r"pip install 'fastsoftq\[gymnasium\]'"):
        fsq.from_gymnasium("FrozenLake-v1")

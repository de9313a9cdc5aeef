import builtins
import copy
import pickle
import warnings

import numpy as np
import pytest

import fastsoftq as fsq

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

    if render_mode == "rgb_array" and mdp.map is None:
        pytest.skip("there is no map to draw")
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


def test_a_picture_has_the_map_in_colours_and_the_state_as_a_disc():
    env = fsq.to_gymnasium(fsq.from_map("#SC\n..G"), render_mode="rgb_array")
    env.reset()
    env.step(3)
    env.step(2)
    picture = env.render()
    assert (picture.shape, picture.dtype) == ((64, 96, 3), np.uint8)
    corners = picture[4::32, 4::32]  # of the cells, where no disc reaches
    assert len({tuple(colour) for colour in corners.reshape(-1, 3).tolist()}) == 5  # wall, start, cliff, floor, goal
    assert corners[1, 0].tolist() == corners[1, 1].tolist()
    discs = (picture == picture[48, 48]).all(axis=2)  # the middle of cell (1, 1)
    y, x = np.nonzero(discs)
    assert (y.mean(), x.mean()) == (47.5, 47.5)
    assert discs.sum() == pytest.approx(np.pi * (0.3 * 32) ** 2, rel=0.03)


@pytest.mark.parametrize(("width", "side"), [(32, 32), (33, 31), (1024, 1), (3000, 1)])
def test_pictures_of_wide_maps_have_small_cells(width, side):
    env = fsq.to_gymnasium(fsq.from_map("S" + "." * (width - 2) + "G"), render_mode="rgb_array")
    env.reset()
    assert env.render().shape == (side, width * side, 3)


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match=r"render_mode is 'human'; it must be"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode="human")
    with pytest.raises(TypeError, match=r"render_mode is 3"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode=3)
    with pytest.raises(ValueError, match=r"render_mode is 'rgb_array'; mdp 'mdp' has no map"):
        fsq.to_gymnasium(WORLDS["no map"], render_mode="rgb_array")
    env = fsq.to_gymnasium(fsq.cliff_walking())
    with pytest.warns(UserWarning, match="render_mode='ansi' or render_mode='rgb_array'"):
        assert env.render() is None
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset before render"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode="ansi").render()


def test_the_environment_moves_as_its_table_says():
    mdp = fsq.cliff_walking(slippery=True)
    env = fsq.to_gymnasium(mdp)
    state, info = env.reset(seed=1)
    assert (state, info) == (36, {"prob": 1.0})
    seen = {}
    for _ in range(3000):
        here = state
        state, reward, terminated, truncated, info = env.step(0)
        assert (info["prob"], state, reward, terminated) in mdp.outcomes(here, 0)
        assert not truncated
        if here == 36:
            seen[state] = seen.get(state, 0) + 1
        if terminated:
            state, _ = env.reset()
    counts = np.array([seen[24], seen[36]])
    np.testing.assert_allclose(counts / counts.sum(), [1 / 3, 2 / 3], atol=4 * np.sqrt(2 / 9 / counts.sum()))


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

import builtins
import warnings

import numpy as np
import pytest

import fastsoftq as fsq

gymnasium = pytest.importorskip("gymnasium")


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


def test_the_environment_passes_gymnasiums_own_checks():
    from gymnasium.utils.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(fsq.to_gymnasium(fsq.multi_goal(5, slippery=True)), skip_render_check=True)


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
    with pytest.raises(ImportError, match="pip install gymnasium"):
        fsq.from_gymnasium("FrozenLake-v1")

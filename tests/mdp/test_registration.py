"""Every world of the package has a name of Gymnasium's."""

import inspect
import subprocess
import sys
import tomllib
import warnings
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies.spec_tables import ENVIRONMENTS

gymnasium = pytest.importorskip("gymnasium")
from gymnasium.utils.env_checker import check_env  # noqa: E402

from fastsoftq.mdp.gymnasium.registration import made_world, register_worlds, registered  # noqa: E402
from fastsoftq.mdp.gymnasium.vector_environment import TabularVectorEnv  # noqa: E402

ROOT = Path(__file__).parents[2]
NEEDED = {"from_map": {"rows": ["S.#", "..G"]}, "garnet": {"states": 20, "actions": 3, "branching": 2, "seed": 1}}


def needed(maker):
    """What a function cannot do without."""
    parameters = inspect.signature(getattr(fsq, maker)).parameters.values()
    required = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    return {name: value for name, value in NEEDED.get(maker, {}).items() if name in required}


def same(first, second):
    fields = ("next_state", "reward", "terminated", "probability", "start", "cells")
    assert (first.name, first.map) == (second.name, second.map)
    for field in fields:
        np.testing.assert_array_equal(getattr(first, field), getattr(second, field))


def test_all_worlds_that_studies_know_have_names_and_no_others():
    makers = {make.__name__ for kind, make in ENVIRONMENTS.items() if kind != "gymnasium"}
    assert set(registered().values()) == makers
    assert {"fastsoftq/CliffWalking-v0", "fastsoftq/MultiGoal-v0", "fastsoftq/Map-v0"} <= registered().keys()
    assert registered().keys() <= gymnasium.registry.keys()


@pytest.mark.parametrize("name", registered())
def test_a_name_makes_the_world_that_its_function_makes_and_passes_gymnasiums_checks(name):
    maker = registered()[name]
    options = needed(maker)
    env = gymnasium.make(name, **options)
    same(env.unwrapped.mdp, getattr(fsq, maker)(**options))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    again = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    same(again.unwrapped.mdp, env.unwrapped.mdp)
    envs = gymnasium.make_vec(name, num_envs=3, **options)
    assert isinstance(envs, TabularVectorEnv)
    same(envs.mdp, env.unwrapped.mdp)
    together = gymnasium.make_vec(name, num_envs=3, vectorization_mode="sync", **options)
    assert envs.reset(seed=5)[0].tolist() == together.reset(seed=5)[0].tolist()
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = rng.integers(env.action_space.n, size=3)
        assert [part.tolist() for part in envs.step(actions)[:4]] == [
            part.tolist() for part in together.step(actions)[:4]
        ]


def test_options_reach_the_function_and_limits_the_episodes():
    env = gymnasium.make("fastsoftq/CliffWalking-v0", slippery=True, width=5, max_episode_steps=3)
    same(env.unwrapped.mdp, fsq.cliff_walking(slippery=True, width=5))
    env.reset(seed=0)
    assert [env.step(0)[3] for _ in range(3)] == [False, False, True]
    envs = gymnasium.make_vec(
        "fastsoftq/CliffWalking-v0",
        num_envs=2,
        width=5,
        max_episode_steps=3,
        autoreset_mode="SameStep",
        render_mode="ansi",
    )
    envs.reset(seed=0)
    assert [envs.step([0, 0])[3].tolist() for _ in range(3)] == [[False] * 2, [False] * 2, [True] * 2]
    assert envs.render()[0].endswith("state 15")
    again = gymnasium.make_vec(envs.spec)
    assert (again.num_envs, again.max_episode_steps, again.mdp.n_states) == (2, 3, 20)


def test_options_that_the_function_refuses_are_refused():
    with pytest.raises(TypeError, match="slipery"):
        gymnasium.make("fastsoftq/CliffWalking-v0", slipery=True)
    with pytest.raises(ValueError, match="width is 1; it must be at least 3"):
        gymnasium.make("fastsoftq/CliffWalking-v0", width=1)
    with pytest.raises(ValueError, match=r"world is 'TabularMDP'; it must be one of .*'cliff_walking'"):
        made_world("TabularMDP", {})


def test_names_lead_back_to_the_mdp():
    same(fsq.from_gymnasium("fastsoftq/CliffWalking-v0", slippery=True), fsq.cliff_walking(slippery=True))
    with pytest.raises(ValueError, match="width is 1"):
        fsq.from_gymnasium("fastsoftq/CliffWalking-v0", width=1)


def test_an_environment_of_ones_own_mdp_steps_in_compiled_code_too():
    env = fsq.to_gymnasium(fsq.from_map("S..G"))
    envs = gymnasium.make_vec(env.spec, num_envs=2)
    assert isinstance(envs, TabularVectorEnv)
    envs.reset(seed=0)
    assert envs.step([1, 0])[0].tolist() == [1, 0]


SEPARATELY = {
    "before Gymnasium": "import fastsoftq, gymnasium",
    "after it": "import gymnasium, fastsoftq",
    "a part of it": "import fastsoftq.agents, gymnasium",
    "by the name": "import gymnasium; gymnasium.make('fastsoftq:fastsoftq/CliffWalking-v0')",
    "asked for plugins": (
        "import gymnasium, importlib.metadata as m\n"
        "from gymnasium.envs import registration\n"
        "value = 'fastsoftq.mdp.gymnasium.registration:register_worlds'\n"
        "with registration.namespace('fastsoftq'): m.EntryPoint('fastsoftq', value, 'gymnasium.envs').load()()"
    ),
}


@pytest.mark.parametrize("way", SEPARATELY)
def test_names_are_there_however_the_package_is_imported(way):
    code = "\n".join(
        [
            SEPARATELY[way],
            "assert gymnasium.make('fastsoftq/CliffWalking-v0').reset(seed=0)[0] == 36",
        ]
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT, timeout=100)


def test_gymnasium_is_not_imported_for_it():
    code = "import sys, fastsoftq; assert 'gymnasium' not in sys.modules; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=100)


def test_the_entry_point_of_the_package_is_the_function():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    ((name, value),) = declared["gymnasium.envs"].items()
    assert (name, EntryPoint(name, value, "gymnasium.envs").load()) == ("fastsoftq", register_worlds)


def test_names_that_are_taken_stay(monkeypatch):
    mine = gymnasium.envs.registration.EnvSpec("fastsoftq/CliffWalking-v0", "gymnasium.envs.toy_text:CliffWalkingEnv")
    monkeypatch.setitem(gymnasium.registry, mine.id, mine)
    register_worlds()
    assert gymnasium.registry[mine.id] is mine


def test_a_window_is_gymnasiums_to_open():
    module = import_module("fastsoftq.mdp.gymnasium.registration")
    assert set(module.make_environment.metadata["render_modes"]) == {"ansi", "rgb_array"}
    with pytest.raises(ValueError, match="HumanRendering"):
        fsq.to_gymnasium(fsq.cliff_walking(), render_mode="human")
    pytest.importorskip("pygame")
    with pytest.warns(UserWarning, match="HumanRendering wrapper is being applied"):
        env = gymnasium.make("fastsoftq/CliffWalking-v0", render_mode="human")
    assert isinstance(env, gymnasium.wrappers.HumanRendering)

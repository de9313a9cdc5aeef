"""Bad arguments of worlds are refused before any work: by name, value and what is allowed."""

import inspect

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies.spec_tables import ENVIRONMENTS, made_environment

WORLDS = {
    "windy_gridworld": {},
    "four_rooms": {},
    "river_swim": {},
    "chain": {},
    "deep_sea": {},
    "garnet": {"states": 4, "actions": 2, "branching": 2},
    "dyna_maze": {},
    "blackjack": {},
    "inventory": {},
    "jacks_car_rental": {},
    "taxi": {},
    "frozen_lake": {},
    "mountain_car_grid": {},
}
BAD = [
    ("windy_gridworld", {"moves": "kings"}, ValueError, "moves is 'kings'; did you mean 'king'"),
    ("windy_gridworld", {"step_reward": np.inf}, ValueError, "step_reward is inf; it must be finite"),
    ("four_rooms", {"goal": "up"}, ValueError, "goal is 'up'; it must be one of 'north', 'east', 'south', 'west'"),
    ("four_rooms", {"success": 1.5}, ValueError, r"success is 1\.5; it must lie in \[0, 1\]"),
    ("four_rooms", {"resolution": 5001}, ValueError, "resolution is 5001; it must be at most 5000"),
    ("river_swim", {"states": 2}, ValueError, "states is 2; it must be at least 3"),
    ("river_swim", {"current": "weak"}, ValueError, "current is 'weak'; it must be one of 'strehl', 'osband'"),
    ("chain", {"states": 1}, ValueError, "states is 1; it must be at least 2"),
    ("chain", {"slip": -0.1}, ValueError, r"slip is -0\.1; it must lie in \[0, 1\]"),
    ("deep_sea", {"size": 0}, ValueError, "size is 0; it must be at least 1"),
    ("deep_sea", {"size": 10**5}, ValueError, "size is 100000; such a sea has 10000100000 states, more than"),
    ("deep_sea", {"seed": -1}, ValueError, "seed is -1; it must be at least 0"),
    ("garnet", {"branching": 5}, ValueError, "branching is 5; it must be at most the number of states, 4"),
    ("blackjack", {"natural": "1.5"}, TypeError, r"natural is '1\.5'; it must be a number"),
    ("inventory", {"demand": -1}, ValueError, r"demand is -1\.0; as a mean it must lie in \[0, 1e\+06\]"),
    ("inventory", {"demand": [0.5, 0.6]}, ValueError, "demand"),
    ("inventory", {"demand": [[1.0]]}, ValueError, r"demand has shape \(1, 1\); it must be a number, or"),
    ("inventory", {"price": np.nan}, ValueError, "price is nan; it must be finite"),
    ("jacks_car_rental", {"cars": 0}, ValueError, "cars is 0; it must be at least 1"),
    ("jacks_car_rental", {"cars": 3000}, ValueError, "cars is 3000 and most_moved 5; such a business needs"),
    ("taxi", {"rainy_probability": 2, "is_rainy": True}, ValueError, "rainy_probability is 2"),
    ("taxi", {"is_rainy": 1}, TypeError, "is_rainy is 1; it must be True or False"),
    ("frozen_lake", {"map_name": "5x5"}, ValueError, "map_name is '5x5'"),
    ("frozen_lake", {"desc": ["SF", "G"]}, ValueError, r"desc\[1\] has 1 cells; desc\[0\] has 2"),
    ("frozen_lake", {"desc": ["S.G"]}, ValueError, r"desc\[0\] has '\.'; it must consist of"),
    ("frozen_lake", {"desc": ["FG"]}, ValueError, "desc has no start; mark at least one cell 'S'"),
    ("frozen_lake", {"desc": []}, ValueError, "desc is empty"),
    ("frozen_lake", {"desc": ["SG"], "size": 4}, ValueError, "size is 4; it must not be given with desc"),
    ("frozen_lake", {"reward_schedule": (1, 0)}, ValueError, "reward_schedule has 2 values; it must have 3"),
    ("frozen_lake", {"size": 1}, ValueError, "size is 1; it must be at least 2"),
]


@pytest.mark.parametrize(("world", "arguments", "error", "message"), BAD, ids=str)
def test_bad_arguments_are_refused(world, arguments, error, message):
    with pytest.raises(error, match=message):
        getattr(fsq, world)(**{**WORLDS[world], **arguments})


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("value", [None, "x", -1.5, float("nan"), [[1]], {}, object], ids=repr)
def test_any_argument_refuses_what_it_cannot_be_by_its_name(world, value):
    """Or takes it: a string that is one, None where it means the usual."""
    make = getattr(fsq, world)
    for name, parameter in inspect.signature(make).parameters.items():
        made, said = None, ""
        try:
            made = make(**{**WORLDS[world], name: value})
        except (TypeError, ValueError) as error:
            said = str(error)
        if made is None:
            assert said.startswith((f"{name} ", f"{name}[")), (name, said)
        else:
            assert value is None or isinstance(value, float), (name, value, parameter)


@pytest.mark.parametrize("world", WORLDS)
def test_a_study_can_name_it(world):
    """And makes the same as Python, of chances that sum to 1 and rewards that are finite."""
    mdp = made_environment({"kind": world, **WORLDS[world]}, ("environments", "it"))
    assert ENVIRONMENTS[world] is getattr(fsq, world)
    assert np.allclose(mdp.probability.sum(axis=2), 1.0, rtol=0, atol=1e-12)
    assert np.isclose(mdp.start.sum(), 1.0)
    assert mdp.name.startswith(world)


@pytest.mark.parametrize("world", WORLDS)
def test_agents_learn_in_it(world):
    mdp = getattr(fsq, world)(**WORLDS[world])
    curves = fsq.train(mdp, fsq.QLearning(0.5, 0.9, epsilon=0.1), seeds=2, episodes=3, max_steps=20, threads=1)
    continuing = world in ("river_swim", "chain", "garnet", "inventory", "jacks_car_rental")
    assert mdp.terminated.any() != continuing
    if continuing:
        assert (curves.lengths == 20).all()

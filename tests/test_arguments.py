"""Whatever a public function is given, it works or says which argument is wrong, in words of its own."""

import traceback
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq import statistics
from fastsoftq.mdp.tables import reset, step, tables
from fastsoftq.studies.study import Study

MDP = fsq.cliff_walking(height=2, width=3)
HARD = fsq.QLearning(0.5, 0.9)
EVEN = np.full((MDP.n_states, MDP.n_actions), 0.25)
SEEN = fsq.Demonstrations.of([[(0, 1), (1, 1)]])
CURVES = fsq.train(MDP, HARD, 6, 5, 20)
KEPT = fsq.train(MDP, HARD, 1, 5, 20, keep_q=True)
POLE, NETWORK = fsq.cart_pole(), fsq.Deep(HARD, network=fsq.MLP((8,)))
DEEP = fsq.train(POLE, NETWORK, 1, steps=1, points=1, keep_parameters=True)
FEATURES = np.eye(4)[None, :, :2].repeat(MDP.n_states, axis=0)
RNG = np.random.default_rng(0)
A, B, MANY = RNG.normal(size=8), RNG.normal(size=8), RNG.normal(size=(8, 5))

GOOD = {
    fsq.cliff_walking: {"height": 2, "width": 3, "slippery": False, "goal_reward": 0.0, "cliff_reward": -1.0},
    fsq.multi_goal: {"size": 5, "goal_rewards": 0.0, "closed": (), "walls": "open", "step_reward": -1.0},
    fsq.point_mass: {"spacing": 1.0, "step_reward": 0.0},
    fsq.from_map: {"rows": "S.G", "goal_reward": 1.0, "step_reward": -1.0, "slippery": True, "name": "m"},
    fsq.TabularMDP: {
        "next_state": [[0, 1], [1, 1]],
        "reward": [[-1.0, -1.0], [0.0, 0.0]],
        "terminated": [[False, True], [True, True]],
        "probability": None,
        "start": 0,
        "name": "two",
        "map": None,
        "cells": None,
    },
    MDP.outcomes: {"state": 0, "action": 1},
    fsq.train: {
        "mdp": MDP,
        "agent": HARD,
        "seeds": 2,
        "episodes": 2,
        "max_steps": 9,
        "precision": "double",
        "threads": 1,
        "initial_q": None,
        "keep_q": True,
        "progress": None,
    },
    fsq.stream: {"mdp": MDP, "agent": HARD, "seeds": 2, "episodes": 2, "max_steps": 9, "block": 1},
    fsq.value_iteration: {"mdp": MDP, "discount": 0.9, "tolerance": 1e-6, "max_iterations": 50},
    fsq.soft_value_iteration: {"mdp": MDP, "discount": 0.9, "temperature": 1.0, "reward_scale": 1.0},
    fsq.policy_iteration: {"mdp": MDP, "discount": 0.9, "max_iterations": 9},
    fsq.evaluate_policy: {"mdp": MDP, "policy": EVEN, "discount": 1.0, "horizon": 5},
    fsq.occupancy: {"mdp": MDP, "policy": EVEN, "discount": 1.0, "horizon": 5},
    fsq.critical_reward_scale: {"mdp": MDP},
    fsq.elbo: {"mdp": MDP, "policy": EVEN, "horizon": 5, "reward_scale": 1.0},
    fsq.optimal_trajectory_posterior: {"mdp": MDP, "horizon": 5, "reward_scale": 1.0},
    fsq.variational_policy: {"mdp": MDP, "horizon": 5, "reward_scale": 1.0},
    fsq.sample_trajectories: {"mdp": MDP, "policy": EVEN, "size": 3, "horizon": 5, "rng": 0},
    fsq.fit_temperature: {"mdp": MDP, "demonstrations": SEEN, "discount": 0.9, "level": 0.9},
    fsq.fit_epsilon_greedy: {"mdp": MDP, "demonstrations": SEEN, "discount": 0.9, "level": 0.9},
    fsq.fit_rewards: {"mdp": MDP, "features": FEATURES, "demonstrations": SEEN, "discount": 0.9, "max_iterations": 3},
    fsq.log_likelihood: {"mdp": MDP, "policy": EVEN, "demonstrations": SEEN},
    fsq.Demonstrations.of: {"trajectories": [[(0, 1)]]},
    fsq.load_demonstrations: {"path": 0},
    fsq.compare: {"curves_a": CURVES, "curves_b": CURVES, "metric": "return", "episodes": slice(None), "paired": False},
    fsq.plot_grid: {
        "mdp": MDP,
        "value": None,
        "policy": EVEN,
        "ax": None,
        "limits": None,
        "colour": "red",
        "colorbar": False,
    },
    fsq.action_values: {"environment": POLE, "curves": DEEP, "observations": np.zeros((2, 4))},
    fsq.policy: {"curves": KEPT, "seed": 0, "episodes": None},
    fsq.to_gymnasium: {"mdp": MDP, "render_mode": None},
    fsq.from_gymnasium: {"env": "FrozenLake-v1"},
    Study: {"name": "s", "episodes": 2, "seeds": 2, "environments": {"m": MDP}, "agents": {"h": HARD}, "block": 2},
    statistics.confidence_interval: {"x": A, "level": 0.9, "rng": 0, "resamples": 200},
    statistics.interquartile_mean: {"x": A, "axis": 0},
    statistics.tail_mean: {"x": A, "fraction": 0.2, "axis": 0},
    statistics.compare_samples: {"a": A, "b": B, "paired": True, "level": 0.9, "rng": 0, "resamples": 200},
    statistics.permutation_test: {"a": A, "b": B, "paired": True, "rng": 0, "resamples": 200},
    statistics.least_p_value: {"runs_a": 5, "runs_b": 5, "paired": True},
    statistics.power: {"seeds": 9, "difference": 1.0, "std": 1.0, "level": 0.9, "paired": True},
    statistics.seeds_needed: {"pilot_a": A, "pilot_b": B, "difference": 0.5, "power": 0.9, "paired": True},
    statistics.probability_of_improvement: {"a": A, "b": B, "paired": True, "level": 0.9},
    statistics.pointwise_intervals: {"x": MANY, "level": 0.9},
    statistics.area_under_curve: {"curves": MANY},
    statistics.holm: {"p_values": [0.1, 0.2]},
    statistics.difference_band: {"a": MANY, "b": MANY[::-1], "level": 0.9, "paired": True, "rng": 0, "resamples": 200},
    statistics.compare_tails: {"a": A, "b": B, "fraction": 0.5, "level": 0.9, "paired": True, "resamples": 200},
    statistics.best_set: {"samples": [A, B], "level": 0.9, "rng": 0, "resamples": 200},
    statistics.selection_bias: {"tune": [A, B], "test": [A, B], "level": 0.9, "rng": 0, "repetitions": 1},
    statistics.suite_ranks: {"scores": [MANY, MANY], "level": 0.9, "paired": True, "rng": 0, "resamples": 200},
    statistics.sequential_decision: {"a": A, "b": B, "rounds": [4, 8], "difference": 0.5, "comparisons": 1},
    step: {"tables": tables(MDP), "state": 0, "action": 1, "chance": (0, 0), "phase": 0},
    reset: {"tables": tables(MDP), "chance": (0, 0), "phase": 0},
}


def name_of(function):
    return getattr(function, "__qualname__", function.__name__)


class Raising:
    """As a tensor that needs its gradient."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array")


HOSTILE = [
    None, "a", "", True, -1, 2**70, 10**400, 1e308, float("nan"), float("inf"), 0.5, [], [1, 2, 3], [[1], [1, 2]], {},
    {1: 2}, b"x", 1 + 2j, object(), np.empty(0), np.zeros((2, 2)), np.array([np.nan]), slice(0, 0), len,
    np.array(1), np.array(0.5), np.array("a"), np.array(None), np.array(True), np.float32(0.5),
    np.datetime64("NaT", "s"), np.timedelta64(3, "D"), Fraction(1, 2), Decimal("0.5"), np.ma.masked,
    np.ma.array([1, 2], mask=[0, 1]), np.ones((1, 2)).view(np.matrix), np.array([None]), np.array([(1, 2.0)], "i4,f8"),
    memoryview(b"12"), bytearray(b"1"), 1e-320,
    range(3), {1, 2}, frozenset(), (x for x in ()), [[]], [None], ["a", "b"], [np.ma.masked], np.array([1, 2], ">i4"),
    np.ones((1, 1, 1, 1)), Decimal("NaN"), -0.0, "\ud800", "\x00", [2**70], np.uint64(2**64 - 1), Raising(),
    10**5000, -(10**5000), [10**5000], list(range(5000)), slice(None, None, 0), slice(0.5, None),
]  # fmt: skip
CASES = [
    pytest.param(function, argument, id=f"{name_of(function)}-{argument}")
    for function, arguments in GOOD.items()
    for argument in arguments
]


def label(value):
    return type(value).__name__ if isinstance(value, int) else repr(value)[:200]


def refusal(function, arguments):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(**arguments)
    except (TypeError, ValueError) as error:
        return error
    except OSError:  # of a file that is not there
        assert function == fsq.load_demonstrations
    return None


@pytest.mark.parametrize(("function", "argument"), CASES)
def test_a_hostile_argument_is_taken_or_refused_by_name(function, argument):
    for value in HOSTILE:
        error = refusal(function, GOOD[function] | {argument: value})
        if error is not None:
            assert argument in str(error), f"{label(value)}: {error}"
            assert "\n" not in str(error), f"{label(value)}: {error}"
            assert len(str(error)) < 500, f"{label(value)}: {error}"
            assert "fastsoftq" in traceback.extract_tb(error.__traceback__)[-1].filename, f"{label(value)}: {error}"


@pytest.mark.parametrize("function", GOOD, ids=name_of)
def test_without_hostile_arguments_it_works(function):
    error = refusal(function, GOOD[function])
    assert error is None or function == fsq.load_demonstrations, error

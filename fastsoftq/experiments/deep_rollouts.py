"""Episodes played by trained networks in a plane: where they go, and at which goal they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import QLearning
from fastsoftq.deep.action_values import action_values
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.environments.environment_rules import observe, reset, step
from fastsoftq.environments.multi_goal_point_mass import MultiGoalPointMass
from fastsoftq.kernels.jit import compiled

__all__ = ["Played", "one_run", "played", "policy_of"]


class Played(NamedTuple):
    """Episodes of one run.

    Attributes
    ----------
    ways : list of ndarray of float64, shape [steps + 1, 2]
        Where each went.
    goals : ndarray of int64, shape [episodes]
        At which goal each ended, in the order of the environment's; -1 at none.
    """

    ways: list[NDArray[np.float64]]
    goals: NDArray[np.int64]


@compiled
def see(world: Any, places: NDArray[np.float64], views: NDArray[np.float32]) -> None:
    """Observe from each place."""
    for i in range(len(places)):
        observe(world, (places[i, 0], places[i, 1]), views[i])


@compiled
def move(world: Any, places: NDArray[np.float64], actions: NDArray[np.int64], ended: NDArray[np.bool_]) -> None:
    """Take an action at each place, and tell where the episode has ended."""
    for i in range(len(places)):
        (x, y), _, ended[i] = step(world, (places[i, 0], places[i, 1]), actions[i], np.int64(0))
        places[i, 0], places[i, 1] = x, y


def one_run(curves: DeepCurves, run: int) -> DeepCurves:
    """The curves of one run alone.

    Parameters
    ----------
    curves : DeepCurves
        With its parameters.
    run : int

    Returns
    -------
    DeepCurves
    """
    by_run = ("returns", "lengths", "truncated", "episodes", "diverged", "diverged_at", "seeds", "parameters")
    return replace(curves, **{name: getattr(curves, name)[run : run + 1] for name in by_run})


def policy_of(agent: object, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """How an agent acts by its action values, without exploring.

    Parameters
    ----------
    agent : QLearning or SoftQLearning
    q : ndarray of float64, shape [states, actions]

    Returns
    -------
    ndarray of float64, shape [states, actions]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> policy_of(fsq.SoftQLearning(0.1, 0.9, temperature=1.0), np.array([[0.0, np.log(3.0)]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    best = q.max(axis=1, keepdims=True)
    if isinstance(agent, QLearning):
        shares = (q == best).astype(np.float64)
    else:
        shares = np.exp((q - best) / float(agent.temperature))  # type: ignore[attr-defined]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def played(world: MultiGoalPointMass, curves: DeepCurves, episodes: int, rng: int) -> Played:
    """Play episodes by the network of one run.

    Parameters
    ----------
    world : MultiGoalPointMass
    curves : DeepCurves
        Of one run, with its parameters.
    episodes : int
    rng : int
        Tells starts and actions.

    Returns
    -------
    Played
    """
    keys = np.random.default_rng(rng)
    places = np.array([reset(world, int(key)) for key in keys.integers(2**62, size=episodes)])
    ways = [[place] for place in places]
    goals = np.full(episodes, -1)
    under_way = np.arange(episodes)
    for _ in range(world.max_steps):
        views = np.empty((len(under_way), 2), np.float32)
        call_compiled(see, world, places, views)
        policy = policy_of(curves.agent.agent, action_values(world, curves, views)[0].astype(np.float64))
        below = keys.random((len(under_way), 1)) * policy.sum(axis=1, keepdims=True)
        actions = np.minimum((policy.cumsum(axis=1) <= below).sum(axis=1), policy.shape[1] - 1)
        places, ended = places.copy(), np.zeros(len(under_way), np.bool_)
        call_compiled(move, world, places, actions, ended)
        for episode, place in zip(under_way, places, strict=True):
            ways[episode].append(place)
        away = places[ended, np.newaxis] - world.goals
        goals[under_way[ended]] = (away**2).sum(axis=2).argmin(axis=1)
        places, under_way = places[~ended], under_way[~ended]
        if not len(under_way):
            break
    return Played([np.array(way) for way in ways], goals)

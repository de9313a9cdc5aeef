"""The mountain car of Moore (1990), as Gymnasium's MountainCar-v0 steps it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.quantities import quantity
from fastsoftq.kernels.random import uniform
from fastsoftq.kernels.trigonometry import cos

__all__ = ["MountainCar", "mountain_car"]

_LEFT, _RIGHT, _GOAL, _FASTEST = -1.2, 0.6, 0.5, 0.07
_MIDDLE, _HALF = -0.3, 0.9  # of the places


class MountainCar(NamedTuple):
    """A mountain car; `mountain_car` makes one.

    Examples
    --------
    >>> mountain_car().force
    0.001
    """

    force: float
    gravity: float
    goal_velocity: float
    max_steps: int
    scaled: bool


def mountain_car(
    *,
    force: float = 0.001,
    gravity: float = 0.0025,
    goal_velocity: float = 0.0,
    max_steps: int = 200,
    scaled: bool = False,
) -> MountainCar:
    """Make the mountain car: too weak to climb a hill, it must swing up from the other side.

    A state is the car's place x in [-1.2, 0.6] and its velocity v in [-0.07, 0.07]; x starts evenly in [-0.6, -0.4),
    at rest. Actions push to the left (0), not at all (1), or to the right (2)::

        v' = clip(v + (action - 1) force - gravity cos(3 x))
        x' = clip(x + v')

    and the car stops where it runs into the left end. Every step pays -1. An episode terminates at x' >= 0.5 with
    v' >= `goal_velocity`. Moore (1990); Sutton & Barto (2018), example 10.1. Steps are those of Gymnasium's
    MountainCar-v0.

    Parameters
    ----------
    force, gravity : float
        What they change in velocity in a step.
    goal_velocity : float
        How fast the car must arrive, 0 to 0.07.
    max_steps : int
        Of an episode.
    scaled : bool
        Observations are ((x + 0.3) / 0.9, v / 0.07), both within ±1. As they are, velocities are so much smaller than
        places that a network hardly sees them.

    Returns
    -------
    MountainCar
        Three actions, observations of two float32s: the state.

    Raises
    ------
    ValueError
        A force or gravity outside 0.0001 to 0.01, a goal velocity outside 0 to 0.07, no steps.
    TypeError
        Not numbers; `scaled` is not True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.environments.step(fsq.mountain_car(), (0.499, 0.07), 2, 0)[1:]
    (-1.0, True)
    """
    return MountainCar(
        quantity("force", force, 0.0001, 0.01),
        quantity("gravity", gravity, 0.0001, 0.01),
        quantity("goal_velocity", goal_velocity, 0.0, _FASTEST),
        checks.count("max_steps", max_steps),
        checks.flag("scaled", scaled),
    )


@rule(describe, MountainCar)
def _(environment):
    return Description(n_actions=3, shape=(2,), max_steps=environment.max_steps)


@rule(reset, MountainCar)
def _(environment, key):
    key, u = uniform(key)
    return 0.2 * u - 0.6, 0.0


@rule(step, MountainCar)
def _(environment, state, action, key):
    x, v = state
    v = v + ((action - 1) * environment.force + cos(3.0 * x) * -environment.gravity)
    v = min(max(v, -_FASTEST), _FASTEST)
    x = min(max(x + v, _LEFT), _RIGHT)
    if x == _LEFT and v < 0.0:
        v = 0.0
    return (x, v), -1.0, x >= _GOAL and v >= environment.goal_velocity


@rule(observe, MountainCar)
def _(environment, state, out):
    x, v = state
    if environment.scaled:
        x, v = (x - _MIDDLE) / _HALF, v / _FASTEST
    out[0], out[1] = np.float32(x), np.float32(v)

"""The pendulum of Gymnasium's Pendulum-v1, driven by one of a few torques."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.quantities import quantity
from fastsoftq.kernels.random import uniform
from fastsoftq.kernels.trigonometry import sin, sin_cos

__all__ = ["Pendulum", "pendulum"]

_PI = math.pi
_FASTEST, _MOST_TORQUES = 8.0, 1001


class Pendulum(NamedTuple):
    """A pendulum; `pendulum` makes one.

    Examples
    --------
    >>> pendulum().torques
    5
    """

    torques: int
    most_torque: float
    gravity: float
    mass: float
    length: float
    time_step: float
    max_steps: int
    scaled: bool


def pendulum(
    *,
    torques: int = 5,
    most_torque: float = 2.0,
    gravity: float = 10.0,
    mass: float = 1.0,
    length: float = 1.0,
    time_step: float = 0.05,
    max_steps: int = 200,
    scaled: bool = False,
) -> Pendulum:
    """Make the pendulum: to be swung up by a motor that is too weak to lift it, and held there.

    A state is the angle theta from upright, which starts evenly within ±pi, and its velocity, which starts evenly
    within ±1 and stays within ±8. Action k gives the torque u = -`most_torque` + 2 k `most_torque` / (`torques` - 1)::

        theta'' = 3 g sin(theta) / (2 l) + 3 u / (m l^2)

    and a step of Euler's method, the velocity first. A step pays -(theta^2 + 0.1 theta'^2 + 0.001 u^2), of the angle
    within ±pi and the velocity before it. No episode terminates. Steps are those of Gymnasium's Pendulum-v1, whose
    actions are all torques within ±2; it takes them in single precision, and so does this.

    Parameters
    ----------
    torques : int
        How many torques there are to choose from, 2 to 1001; an odd number of them includes 0.
    most_torque : float
        N m, 0.1 to 100.
    gravity : float
        m/s^2, 0 to 100.
    mass, length : float
        kg, m: 0.1 to 100.
    time_step : float
        s, 0.001 to 1.
    max_steps : int
        Of an episode.
    scaled : bool
        Divide the velocity in observations by 8, so that all are within ±1.

    Returns
    -------
    Pendulum
        `torques` actions, observations of three float32s: cosine and sine of the angle, and its velocity.

    Raises
    ------
    ValueError
        A quantity outside its bounds, no steps.
    TypeError
        `torques` and `max_steps` must be integers, others numbers, `scaled` True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> state, reward, terminated = fsq.environments.step(fsq.pendulum(), (0.0, 0.0), 4, 0)
    >>> [round(x, 3) for x in state], round(reward, 3), terminated
    ([0.015, 0.3], -0.004, False)
    """
    return Pendulum(
        checks.count("torques", torques, least=2, most=_MOST_TORQUES),
        quantity("most_torque", most_torque, 0.1),
        quantity("gravity", gravity, 0.0),
        quantity("mass", mass, 0.1),
        quantity("length", length, 0.1),
        quantity("time_step", time_step, 0.001, 1.0),
        checks.count("max_steps", max_steps),
        checks.flag("scaled", scaled),
    )


@rule(describe, Pendulum)
def _(environment):
    return Description(n_actions=environment.torques, shape=(3,), max_steps=environment.max_steps)


@rule(reset, Pendulum)
def _(environment, key):
    key, theta = uniform(key)
    key, omega = uniform(key)
    return 2.0 * _PI * theta - _PI, 2.0 * omega - 1.0


@rule(step, Pendulum)
def _(environment, state, action, key):
    theta, omega = state
    g, m, l = environment.gravity, environment.mass, environment.length  # noqa: E741 - as physics calls it
    torque = np.float32(environment.most_torque * (2 * action - (environment.torques - 1)) / (environment.torques - 1))
    upright = (theta + _PI) % (2.0 * _PI) - _PI  # a remainder is exact, on every machine
    cost = upright * upright + 0.1 * (omega * omega) + np.float64(np.float32(0.001) * (torque * torque))
    omega = omega + (3.0 * g / (2.0 * l) * sin(theta) + np.float64(np.float32(3.0 / (m * (l * l))) * torque)) * (
        environment.time_step
    )
    omega = min(max(omega, -_FASTEST), _FASTEST)
    return (theta + omega * environment.time_step, omega), -cost, False


@rule(observe, Pendulum)
def _(environment, state, out):
    theta, omega = state
    sine, cosine = sin_cos(theta)
    out[0], out[1] = np.float32(cosine), np.float32(sine)
    out[2] = np.float32(omega / _FASTEST if environment.scaled else omega)

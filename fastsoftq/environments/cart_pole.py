"""The cart pole of Barto, Sutton & Anderson (1983), as Gymnasium's CartPole-v1 steps it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.quantities import quantity, signed_quantity
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.random import uniform
from fastsoftq.kernels.trigonometry import sin_cos

__all__ = ["CartPole", "cart_pole"]

_START = 0.05  # each number of a state starts within it
_FALLEN, _OFF = 12 * 2 * 3.141592653589793 / 360, 2.4


class CartPole(NamedTuple):
    """A cart pole; `cart_pole` makes one.

    Examples
    --------
    >>> cart_pole().cart_mass
    1.0
    """

    gravity: float
    cart_mass: float
    pole_mass: float
    half_length: float
    force: float
    time_step: float
    max_steps: int
    scaled: bool


def cart_pole(
    *,
    gravity: float = 9.8,
    cart_mass: float = 1.0,
    pole_mass: float = 0.1,
    half_length: float = 0.5,
    force: float = 10.0,
    time_step: float = 0.02,
    max_steps: int = 500,
    scaled: bool = False,
) -> CartPole:
    r"""Make the cart pole: a pole stands on a cart, which is pushed to the left (action 0) or to the right (1).

    A state is the cart's place x (m) and velocity, the pole's angle theta (rad) from upright and its velocity; each
    starts evenly within ±0.05. With M the mass of both, m and l the pole's mass and half its length, F the force::

        t = (F + m l theta'^2 sin theta) / M
        theta'' = (g sin theta - t cos theta) / (l (4/3 - m cos^2 theta / M))
        x'' = t - m l theta'' cos theta / M

    and one step of Euler's method. Every step pays 1. An episode terminates once the pole leans by more than 12
    degrees or the cart is beyond ±2.4 m. Barto, Sutton & Anderson (1983); Florian (2007) for the equations without
    friction. Steps are those of Gymnasium's CartPole-v1.

    Parameters
    ----------
    gravity : float
        m/s^2.
    cart_mass, pole_mass : float
        kg.
    half_length : float
        Half the pole's length, m.
    force : float
        N.
    time_step : float
        s.
    max_steps : int
        Of an episode.
    scaled : bool
        Divide observations by (2.4, 2.0, 0.2094, 2.0), which brings them to about ±1; velocities have no bound.

    Returns
    -------
    CartPole
        Two actions, observations of four float32s: the state. The first is within ±4.8, the third within ±0.42 at the
        defaults.

    Raises
    ------
    ValueError
        Masses, length, force or time step outside 0.01 to 100, a gravity beyond ±100, no steps.
    TypeError
        Not numbers; `scaled` is not True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.environments.describe(fsq.cart_pole(max_steps=200))
    Description(n_actions=2, shape=(4,), max_steps=200)
    """
    return CartPole(
        signed_quantity("gravity", gravity),
        quantity("cart_mass", cart_mass),
        quantity("pole_mass", pole_mass),
        quantity("half_length", half_length),
        quantity("force", force),
        quantity("time_step", time_step),
        checks.count("max_steps", max_steps),
        checks.flag("scaled", scaled),
    )


@rule(describe, CartPole)
def _(environment):
    return Description(n_actions=2, shape=(4,), max_steps=environment.max_steps)


@inlined
def _within(u):
    return 2.0 * _START * u - _START


@rule(reset, CartPole)
def _(environment, key):
    key, x = uniform(key)
    key, x_dot = uniform(key)
    key, theta = uniform(key)
    key, theta_dot = uniform(key)
    return _within(x), _within(x_dot), _within(theta), _within(theta_dot)


@rule(step, CartPole)
def _(environment, state, action, key):
    x, x_dot, theta, theta_dot = state
    sine, cosine = sin_cos(theta)
    force = environment.force if action == 1 else -environment.force
    mass = environment.pole_mass + environment.cart_mass
    pole = environment.pole_mass * environment.half_length
    pushed = (force + pole * (theta_dot * theta_dot) * sine) / mass
    inertia = environment.half_length * (4.0 / 3.0 - environment.pole_mass * (cosine * cosine) / mass)
    theta_speeds_up = (environment.gravity * sine - cosine * pushed) / inertia
    x_speeds_up = pushed - pole * theta_speeds_up * cosine / mass
    time = environment.time_step
    x, x_dot = x + time * x_dot, x_dot + time * x_speeds_up
    theta, theta_dot = theta + time * theta_dot, theta_dot + time * theta_speeds_up
    return (x, x_dot, theta, theta_dot), 1.0, abs(x) > _OFF or abs(theta) > _FALLEN


@rule(observe, CartPole)
def _(environment, state, out):
    scale = (_OFF, 2.0, _FALLEN, 2.0) if environment.scaled else (1.0, 1.0, 1.0, 1.0)
    for i in range(4):
        out[i] = np.float32(state[i] / scale[i])

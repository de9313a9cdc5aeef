"""The acrobot of Sutton (1996), as Gymnasium's Acrobot-v1 steps it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.quantities import quantity
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.random import uniform
from fastsoftq.kernels.trigonometry import cos, sin_cos

__all__ = ["Acrobot", "acrobot"]

_PI = math.pi
_FASTEST_1, _FASTEST_2 = 4.0 * _PI, 9.0 * _PI
_EQUATIONS = ("book", "nips")


class Acrobot(NamedTuple):
    """An acrobot; `acrobot` makes one.

    Examples
    --------
    >>> acrobot().torque
    1.0
    """

    mass_1: float
    mass_2: float
    length_1: float
    centre_1: float
    centre_2: float
    inertia: float
    torque: float
    gravity: float
    time_step: float
    nips: bool
    max_steps: int
    scaled: bool


def acrobot(
    *,
    mass_1: float = 1.0,
    mass_2: float = 1.0,
    length_1: float = 1.0,
    centre_1: float = 0.5,
    centre_2: float = 0.5,
    inertia: float = 1.0,
    torque: float = 1.0,
    gravity: float = 9.8,
    time_step: float = 0.2,
    equations: str = "book",
    max_steps: int = 500,
    scaled: bool = False,
) -> Acrobot:
    """Make the acrobot: two links hang from a bar, and a motor between them is to swing the tip above it.

    A state is the first link's angle from hanging, the second's angle from the first, and their velocities; angles are
    kept within ±pi, velocities within ±4 pi and ±9 pi. Each starts evenly within ±0.1. Actions give the torque
    -`torque` (0), 0 (1) or `torque` (2) for one step of Runge and Kutta's method of fourth order. Every step pays -1,
    but the one that terminates 0: where -cos(theta_1) - cos(theta_1 + theta_2) > 1, the tip of two links of length 1
    is one length above the bar. Sutton (1996), with the equations of Sutton & Barto (2018), section 11.3. Steps are
    those of Gymnasium's Acrobot-v1.

    Parameters
    ----------
    mass_1, mass_2 : float
        Of the links, kg, 0.5 to 2.
    length_1 : float
        Of the first link, m, 0.5 to 2.
    centre_1, centre_2 : float
        How far each link's centre of mass lies from where it begins, m, 0.25 to 2.
    inertia : float
        Each link's moment of inertia, kg m^2, 0.5 to 2.
    torque : float
        N m, 0.1 to 10.
    gravity : float
        m/s^2, 0 to 20.
    time_step : float
        s, 0.01 to 0.2.
    equations : {"book", "nips"}
        With or without the centrifugal term in the second link's acceleration, which the paper of 1996 leaves out.
    max_steps : int
        Of an episode.
    scaled : bool
        Divide the velocities in observations by 4 pi and 9 pi, so that all are within ±1.

    Returns
    -------
    Acrobot
        Three actions, observations of six float32s: cosine and sine of both angles, within ±1, and both velocities.

    Raises
    ------
    ValueError
        A quantity outside its bounds, unknown equations, no steps.
    TypeError
        Not numbers; `equations` is not a string; `scaled` is not True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> state, reward, terminated = fsq.environments.step(fsq.acrobot(), (0.0, 0.0, 0.0, 0.0), 2, 0)
    >>> [round(x, 4) for x in state], reward, terminated
    ([-0.0133, 0.0343, -0.1287, 0.3345], -1.0, False)
    """
    return Acrobot(
        quantity("mass_1", mass_1, 0.5, 2.0),
        quantity("mass_2", mass_2, 0.5, 2.0),
        quantity("length_1", length_1, 0.5, 2.0),
        quantity("centre_1", centre_1, 0.25, 2.0),
        quantity("centre_2", centre_2, 0.25, 2.0),
        quantity("inertia", inertia, 0.5, 2.0),
        quantity("torque", torque, 0.1, 10.0),
        quantity("gravity", gravity, 0.0, 20.0),
        quantity("time_step", time_step, 0.01, 0.2),
        checks.choice("equations", equations, _EQUATIONS) == "nips",
        checks.count("max_steps", max_steps),
        checks.flag("scaled", scaled),
    )


@rule(describe, Acrobot)
def _(environment):
    return Description(n_actions=3, shape=(6,), max_steps=environment.max_steps)


@inlined
def _start(u):
    return np.float64(np.float32(0.2 * u - 0.1))  # Gymnasium starts in single precision


@rule(reset, Acrobot)
def _(environment, key):
    key, theta_1 = uniform(key)
    key, theta_2 = uniform(key)
    key, omega_1 = uniform(key)
    key, omega_2 = uniform(key)
    return _start(theta_1), _start(theta_2), _start(omega_1), _start(omega_2)


@inlined
def _slopes(env, theta_1, theta_2, omega_1, omega_2, torque):
    """The derivatives of a state by time; products in the order in which Gymnasium takes them."""
    sine, cosine = sin_cos(theta_2)
    m_1, m_2, l_1, c_1, c_2, inertia = env.mass_1, env.mass_2, env.length_1, env.centre_1, env.centre_2, env.inertia
    d_1 = m_1 * (c_1 * c_1) + m_2 * (l_1 * l_1 + c_2 * c_2 + 2.0 * l_1 * c_2 * cosine) + inertia + inertia
    d_2 = m_2 * (c_2 * c_2 + l_1 * c_2 * cosine) + inertia
    phi_2 = m_2 * c_2 * env.gravity * cos(theta_1 + theta_2 - _PI / 2.0)
    phi_1 = (
        -m_2 * l_1 * c_2 * (omega_2 * omega_2) * sine
        - 2.0 * m_2 * l_1 * c_2 * omega_2 * omega_1 * sine
        + (m_1 * c_1 + m_2 * l_1) * env.gravity * cos(theta_1 - _PI / 2.0)
        + phi_2
    )
    driven = torque + d_2 / d_1 * phi_1
    if not env.nips:
        driven = driven - m_2 * l_1 * c_2 * (omega_1 * omega_1) * sine
    alpha_2 = (driven - phi_2) / (m_2 * (c_2 * c_2) + inertia - d_2 * d_2 / d_1)
    return omega_1, omega_2, -(d_2 * alpha_2 + phi_1) / d_1, alpha_2


@inlined
def _further(state, time, slopes):
    return (
        state[0] + time * slopes[0],
        state[1] + time * slopes[1],
        state[2] + time * slopes[2],
        state[3] + time * slopes[3],
    )


@inlined
def _combined(a, b, c, d):
    return a + 2.0 * b + 2.0 * c + d


@inlined
def _wrapped(angle):
    while angle > _PI:
        angle = angle - 2.0 * _PI
    while angle < -_PI:
        angle = angle + 2.0 * _PI
    return angle


@rule(step, Acrobot)
def _(environment, state, action, key):
    torque = (action - 1) * environment.torque
    time = environment.time_step
    k_1 = k_2 = k_3 = k_4 = (0.0, 0.0, 0.0, 0.0)
    for stage in range(4):  # one place where slopes are worked out: a quarter of the code to compile
        ahead, by = (k_3, time) if stage == 3 else (k_2 if stage == 2 else k_1, time / 2.0)
        theta_1, theta_2, omega_1, omega_2 = _further(state, by, ahead) if stage else state
        slopes = _slopes(environment, theta_1, theta_2, omega_1, omega_2, torque)
        if stage == 0:
            k_1 = slopes
        elif stage == 1:
            k_2 = slopes
        elif stage == 2:
            k_3 = slopes
        else:
            k_4 = slopes
    theta_1, theta_2, omega_1, omega_2 = _further(
        state,
        time / 6.0,
        (
            _combined(k_1[0], k_2[0], k_3[0], k_4[0]),
            _combined(k_1[1], k_2[1], k_3[1], k_4[1]),
            _combined(k_1[2], k_2[2], k_3[2], k_4[2]),
            _combined(k_1[3], k_2[3], k_3[3], k_4[3]),
        ),
    )
    theta_1, theta_2 = _wrapped(theta_1), _wrapped(theta_2)
    omega_1 = min(max(omega_1, -_FASTEST_1), _FASTEST_1)
    omega_2 = min(max(omega_2, -_FASTEST_2), _FASTEST_2)
    up = -cos(theta_1) - cos(theta_2 + theta_1) > 1.0
    return (theta_1, theta_2, omega_1, omega_2), 0.0 if up else -1.0, up


@rule(observe, Acrobot)
def _(environment, state, out):
    scale_1, scale_2 = (_FASTEST_1, _FASTEST_2) if environment.scaled else (1.0, 1.0)
    sine, cosine = sin_cos(state[0])
    out[0], out[1] = np.float32(cosine), np.float32(sine)
    sine, cosine = sin_cos(state[1])
    out[2], out[3] = np.float32(cosine), np.float32(sine)
    out[4], out[5] = np.float32(state[2] / scale_1), np.float32(state[3] / scale_2)

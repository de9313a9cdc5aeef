"""Soft values by Newton's method, which is soft policy iteration, with a proved bound on the error.

The soft operator is convex and monotone, so that from any policy's value on each step rises towards the solution, at
the end doubling the digits (Puterman & Brumelle 1979). Near the critical reward scale, too, where sweeps crawl.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.compensated import two_sum
from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.optimal.choices import Choices
from fastsoftq.planning.optimal.howard import begin, sweep

__all__ = ["Climb", "SoftOptimum", "climb", "soft_optimum"]

_PATIENCE = 60  # steps that come no nearer before it gives up
_NEAR = 1e-6  # relative: what a step leaves of a residual, the next one takes
_MORE = 1.25  # than may have been rounded, so that a bound holds in spite of its own rounding
_ATTEMPTS = 8  # at the proof, each with a wider bound


class SoftOptimum(NamedTuple):
    """What Newton's method found.

    Attributes
    ----------
    v : ndarray of float64, shape [states]
    bound : ndarray of float64, shape [states]
        A bound on the error of `v`; inf where nothing is proved.
    iterations : int
        Sweeps, and steps of Newton's method.
    settled : bool
        Whether all equations are solved to rounding.
    """

    v: NDArray[np.float64]
    bound: NDArray[np.float64]
    iterations: int
    settled: bool


def soft_optimum(choices: Choices, temperature: float, most: int) -> SoftOptimum:
    """Solve V(s) = T ln sum_a exp(Q(s, a) / T).

    Parameters
    ----------
    choices : Choices
        From each state some policy comes to the end for certain.
    temperature : float
    most : int
        Sweeps and steps, at most; one step is taken in any case.

    Returns
    -------
    SoftOptimum
    """
    swept, iterations = sweep(choices, most)
    chosen = begin(choices, swept, shortest=not choices.always_ends)
    high, low = choices.followed(chosen).solve_twice(choices.reward[chosen])
    with np.errstate(all="ignore"):  # where there is no solution, values grow without bound
        found = climb(choices, temperature, high, low, max(1, most - iterations))
        bound = _proof(choices, temperature, found)
    settled = bool((np.abs(found.residual) <= found.noise).all() and (bound < np.inf).all())
    return SoftOptimum(found.high + found.low, bound, iterations + found.steps, settled)


class Climb(NamedTuple):
    """Where Newton's method left off.

    Attributes
    ----------
    high, low : ndarray of float64, shape [states]
        The values, as a sum of two parts.
    residual, noise : ndarray of float64, shape [states]
        How far they are below their soft backup, and what rounding can do to that.
    weight : ndarray of float64, shape [choices]
        The soft policy.
    steps : int
    """

    high: NDArray[np.float64]
    low: NDArray[np.float64]
    residual: NDArray[np.float64]
    noise: NDArray[np.float64]
    weight: NDArray[np.float64]
    steps: int


def climb(
    choices: Choices, temperature: float, high: NDArray[np.float64], low: NDArray[np.float64], most: int
) -> Climb:
    """Take steps of Newton's method until rounding lets the residual fall no further.

    Parameters
    ----------
    choices : Choices
        From each state some policy comes to the end for certain.
    temperature : float
    high, low : ndarray of float64, shape [states]
        Where to begin: values as a sum of two parts.
    most : int
        Steps, at most.

    Returns
    -------
    Climb
    """
    steps, nearest, since = 0, np.inf, 0
    while True:
        residual, noise, weight = _residual(choices, temperature, high, low)
        left = float((np.abs(residual) / np.maximum(noise, 1e-300)).max())
        since = 0 if left < 0.5 * nearest else since + 1
        nearest = min(nearest, left)
        settled = left <= 1.0 or (since >= 3 and left < 1e6)  # rounding lets it fall no further
        if settled or since >= _PATIENCE or not np.isfinite(left) or steps >= most:
            break
        step = choices.averaged(weight).solve_roughly(residual, _NEAR)
        if not np.isfinite(step).all():  # the soft policy ends too seldom for double precision to tell
            break
        high, low = two_sum(high, low + step)
        steps += 1
    return Climb(high, low, residual, noise, weight, steps)


def _residual(
    choices: Choices, temperature: float, high: NDArray[np.float64], low: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How far v is below its soft backup in each state, what rounding can do to that, and the soft policy."""
    differences = choices.differences
    residual, weight, behind = choices.soft_maximum(choices.reward + differences.rise(high, low), temperature)
    wrong = differences.rounding(high, choices.reward) + choices.slack - 1.5 * EPS * behind
    noise = np.add.reduceat(np.where(weight > 0.0, weight * wrong, 0.0), choices.first)
    count = np.bincount(choices.state, minlength=choices.n_states)
    return residual, noise + (count > 1) * (0.5 * count + 2.0) * EPS * temperature, weight


def _proof(choices: Choices, temperature: float, found: Climb) -> NDArray[np.float64]:
    """A bound w such that the soft operator does not raise v + w, and does not lower v - w.

    w solves the equations of the soft policy at v for more than the residual. Of v - w no more need be shown than
    that, since the operator is convex.
    """
    nothing = np.full(choices.n_states, np.inf)
    if not np.isfinite(found.residual).all():
        return nothing
    solver = choices.averaged(found.weight)
    need = np.abs(found.residual) + found.noise
    load = _MORE * need
    for _ in range(_ATTEMPTS):
        w = solver.solve(load)
        if not np.isfinite(w).all():
            return nothing
        w = np.maximum(w, 0.0)
        above, above_noise, _ = _residual(choices, temperature, found.high, found.low + w)
        falls = -solver.differences.rise(w) - solver.differences.rounding(w, np.zeros_like(w))
        unproved = (above + above_noise > 0.0) | (falls < need)
        if not unproved.any():
            return np.asarray(w)
        load = load + 2.0 * np.maximum(np.maximum(above + above_noise, need - falls), 0.0)
    return nothing

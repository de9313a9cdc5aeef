"""Very many states: sweeps that begin at the end of episodes and go backwards, with the bound of `howard.py`.

No equations are factorised, so that memory is that of the problem. A sweep uses each new value at once (Gauss-Seidel:
Puterman 1994, section 6.3.3), in the order of steps to the end: what is near the end is known before what leads there.
Where nothing ends but by its discount, values are lifted together after each sweep instead (MacQueen 1966; Puterman
1994, section 6.6.3), and most sweeps follow the best choices of the one before, which costs less (modified policy
iteration: Puterman & Shin 1978).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.kernels.jit import compiled
from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.markov_chains.transitions import Transitions
from fastsoftq.planning.optimal.choices import Choices, best_in_each
from fastsoftq.planning.optimal.howard import Optimum, constant_bound, shared
from fastsoftq.planning.optimal.proper_policies import steps_to_end

__all__ = ["swept_optimum"]

_SWEEPS = 400
_FOLLOWS = 8  # sweeps that follow the best choices, after each that finds them
_GRAIN = 16.0 * EPS  # changes below it, relative to the largest value, are rounding
_STILL = 5  # sweeps in a row whose largest change is not below the one before
_TRIAL = 40  # sweeps, ...
_SHRUNK = 1e-3  # ... in which the largest change must shrink by this factor: else equations are solved sooner
_MORE = 1.25  # than may have been rounded, so that a bound holds in spite of its own rounding
_NEARLY = 1e-6  # relative to the largest value: choices that lose more a step do not count for a bound


class _Rows(NamedTuple):
    """Choices as compiled sweeps take them."""

    first: NDArray[np.int64]  # of each state, and the end of the last: [states + 1]
    start: NDArray[np.int64]  # of each choice's entries, and the end of the last: [choices + 1]
    to: NDArray[np.int32]
    p: NDArray[np.float64]
    ends: NDArray[np.float64]  # [choices]


def swept_optimum(choices: Choices, relevant: NDArray[np.bool_]) -> Optimum | None:
    """Sweep until values no longer change, and bound what may be left.

    Parameters
    ----------
    choices : Choices
        From each state some policy comes to the end for certain.
    relevant : ndarray of bool, shape [states]
        Where the bound must hold: states that no choice leads out of.

    Returns
    -------
    Optimum or None
        None where sweeps do not settle, or nothing is proved.
    """
    rows = _rows(choices.first, choices.onward, choices.ends, choices.state.size)
    endless = not choices.terminates.any()
    distance = np.zeros(choices.n_states) if endless else steps_to_end(choices, choices.every)
    order = np.argsort(distance, kind="stable").astype(np.int32)
    v, sweeps = _settled(rows, order, choices.reward, _pessimistic(choices, distance), endless)
    if v is None:
        return None
    differences = choices.differences
    gain = choices.reward + differences.rise(v)
    noise = differences.rounding(v, choices.reward) + choices.slack
    chosen = best_in_each(choices, gain)
    own = np.zeros(gain.size, np.bool_)
    own[chosen] = True
    need = np.where(own, np.abs(gain), gain) + noise
    bound = constant_bound(choices, chosen, need, relevant)
    if bound is None:
        bound = _bound_by_steps(choices, rows, order, need, relevant, np.abs(v).max(initial=0.0))
    if bound is None:
        return None
    shortfall = -gain - noise - differences.rise(bound) - 2.0 * bound[choices.state]

    def values(chain: Transitions, ends: NDArray[np.float64], reward: NDArray[np.float64]) -> NDArray[np.float64]:
        found = _settled(_rows(np.arange(ends.size), chain, ends, ends.size), order, reward, v, endless)[0]
        return np.full_like(ends, np.nan) if found is None else found

    weight = shared(choices, chosen, v, bound, shortfall, gain, noise, values)
    return Optimum(v, chosen, weight, bound, shortfall, sweeps, np.zeros(v.size, np.bool_))


def _rows(first: NDArray[np.int64], onward: Transitions, ends: NDArray[np.float64], size: int) -> _Rows:
    return _Rows(np.append(first, size), onward.starts(), onward.to.astype(np.int32), onward.p, ends)


def _pessimistic(choices: Choices, distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values to begin with: as if every step to the end, and some more, cost as much as the dearest."""
    dearest = min(float(choices.reward.min()), 0.0)
    reach = np.where(np.isfinite(distance), distance, 0.0)
    return np.asarray(4.0 * dearest * np.minimum(reach, 1.0 / max(float(choices.ends.min()), EPS)))


def _settled(
    rows: _Rows, order: NDArray[np.int32], reward: NDArray[np.float64], v: NDArray[np.float64], endless: bool
) -> tuple[NDArray[np.float64] | None, int]:
    """Sweep until only rounding changes; None where that takes too long. And the number of sweeps."""
    v = v.copy()
    other = np.empty_like(v)
    best = np.zeros(v.size, np.int64)
    change, still, past = np.inf, 0, np.inf
    for sweep in range(1, _SWEEPS + 1):
        before = change
        if endless:
            discounted = float(rows.ends[0])
            for follows in range(_FOLLOWS, -1, -1):
                take = _sweep_apart if follows == _FOLLOWS else _follow
                least, most = take(rows, reward, v, other, best)
                v, other = other, v
                v += 0.5 * (least + most) * (1.0 - discounted) / discounted
                change = most - least if take is _sweep_apart else change
        else:
            change = _sweep_in_order(rows, order, reward, v)
        if not np.isfinite(change):
            return None, sweep
        if change <= _GRAIN * float(np.abs(v).max(initial=0.0)):
            return v, sweep
        still = still + 1 if change >= before else 0
        if still == _STILL:
            return v, sweep  # the bound will tell whether it is rounding that is left
        if sweep % _TRIAL == 0:
            if change > _SHRUNK * past:
                return None, sweep
            past = change
    return None, _SWEEPS


def _bound_by_steps(
    choices: Choices,
    rows: _Rows,
    order: NDArray[np.int32],
    need: NDArray[np.float64],
    relevant: NDArray[np.bool_],
    largest: float,
) -> NDArray[np.float64] | None:
    """A multiple of the largest number of steps to the end that policies take which lose next to nothing.

    It is one once `need + rise(bound)` is nowhere above 0.
    """
    inside = relevant[choices.state]
    close = need > -_NEARLY * max(largest, 1.0)
    steps, _ = _settled(rows, order, np.where(close, 1.0, -np.inf), np.zeros(choices.n_states), False)
    if steps is None:
        return None
    a_step = 2.0 * _MORE * float(np.where(inside & close, need, 0.0).max(initial=0.0))
    bound = a_step * np.maximum(steps, 0.0)
    over = need + choices.differences.rise(bound) + choices.differences.rounding(bound, need)
    return None if (over[inside] > 0.0).any() else bound


@compiled
def _sweep_in_order(rows, order, reward, v):  # type: ignore[no-untyped-def]
    """A sweep in place; returns the largest change. A choice that may stay is taken until it leaves."""
    largest = 0.0
    for state in order:
        best = -np.inf
        for choice in range(rows.first[state], rows.first[state + 1]):
            total, leaves = reward[choice], rows.ends[choice]
            for entry in range(rows.start[choice], rows.start[choice + 1]):
                to = rows.to[entry]
                if to != state:
                    total += rows.p[entry] * v[to]
                    leaves += rows.p[entry]
            if leaves > 0.0:
                best = max(best, total / leaves)
        largest = max(largest, abs(best - v[state]))
        v[state] = best
    return largest


@compiled
def _sweep_apart(rows, reward, v, other, chosen):  # type: ignore[no-untyped-def]
    """A sweep into another array; returns the least and the largest change. The best choices are left in `chosen`."""
    least, most = np.inf, -np.inf
    for state in range(v.size):
        best = -np.inf
        for choice in range(rows.first[state], rows.first[state + 1]):
            total = reward[choice]
            for entry in range(rows.start[choice], rows.start[choice + 1]):
                total += rows.p[entry] * v[rows.to[entry]]
            if total > best:
                best, chosen[state] = total, choice
        least, most = min(least, best - v[state]), max(most, best - v[state])
        other[state] = best
    return least, most


@compiled
def _follow(rows, reward, v, other, chosen):  # type: ignore[no-untyped-def]
    """The same of the choices in `chosen` alone."""
    least, most = np.inf, -np.inf
    for state in range(v.size):
        total = reward[chosen[state]]
        for entry in range(rows.start[chosen[state]], rows.start[chosen[state] + 1]):
            total += rows.p[entry] * v[rows.to[entry]]
        least, most = min(least, total - v[state]), max(most, total - v[state])
        other[state] = total
    return least, most

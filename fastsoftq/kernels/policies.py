"""Choosing an action: greedy with fair ties, epsilon-greedy, Boltzmann, and a choice by weights.

A policy takes its randomness as an argument, one `Draw` (`random.py`): `high` decides whether to explore, `low` which
action. So the same draw gives the same action in every engine.
"""

from __future__ import annotations

import numpy as np
from numba import types

from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.lookup import lookup
from fastsoftq.kernels.mixing import as_float
from fastsoftq.kernels.number_kinds import Epsilon, Flag, Number, Temperature
from fastsoftq.kernels.numerics import LOG2_E
from fastsoftq.kernels.operators import sum_of_weights, weight
from fastsoftq.kernels.over_actions import first, fold, highest, total
from fastsoftq.kernels.random import ADraw, Half, unit
from fastsoftq.kernels.row_kinds import ActionOf, Actions, Row, RowOf256, Weights
from fastsoftq.kernels.simd import Vec, convert, element, select, whole

__all__ = [
    "any_action",
    "boltzmann",
    "by_weight",
    "epsilon_greedy",
    "explores",
    "greedy",
    "greedy_given",
    "unless_exploring",
]

# For each set of up to four actions (its bits), twelve equally likely choices from it, two bits each. Twelve is
# divisible by 1, 2, 3 and 4, so this is the general rule below, by table: 1.1 times as fast in vectors.
_MEMBERS = [[a for a in range(4) if best >> a & 1] or [0] for best in range(16)]
_CHOICES = tuple(np.int32(sum(m[i * len(m) // 12] << 2 * i for i in range(12))) for m in _MEMBERS)
_ANY = _CHOICES[15]  # of all four
_2, _8, _12, _24 = np.uint32(2), np.uint32(8), np.uint32(12), np.uint32(24)
_0, _1, _3, _15 = np.int32(0), np.int32(1), np.int32(3), np.int32(15)


@by_type
def explores(draw: ADraw, epsilon: Epsilon):
    """Whether to explore, with probability epsilon (to 2**-30; exactly never at 0 and always at 1).

    Parameters
    ----------
    draw : Draw
        Its high half decides.
    epsilon : float64
        In [0, 1].

    Returns
    -------
    bool

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> explores(Draw(2**31, 0), 0.4), explores(Draw(2**31, 0), 0.6)
    (False, True)
    """
    if element(draw.types[0]) == types.uint64:
        # n < floor(x) where n + 1 <= x, so that the comparison is one of 64 bits, as what it chooses from.
        return lambda draw, epsilon: as_float(draw.high >> _2, 0.0) + 1.0 <= epsilon * 2.0**30
    return lambda draw, epsilon: convert(draw.high >> _2, _0) < convert(epsilon * 2.0**30, _0)


@inlined
def any_action(low: Half, actions: Actions):
    """One of `actions` actions, up to 256, each as likely as the others.

    Parameters
    ----------
    low : uint32
        Half a draw.
    actions : int

    Returns
    -------
    int32

    Examples
    --------
    >>> any_action(2**31, 4)
    2
    """
    return whole((low >> _8) * np.uint32(actions) >> _24, low)


@inlined
def _or_any(action, draw, epsilon, actions):
    return select(explores(draw, epsilon), any_action(draw.low, actions), whole(action, draw.low))


@by_type
def unless_exploring(action: ActionOf, draw: ADraw, epsilon: Epsilon, actions: Actions):
    """The given action, or with probability epsilon any of `actions`.

    Parameters
    ----------
    action : int
    draw : Draw
    epsilon : float64
        In [0, 1].
    actions : int
        Up to 256.

    Returns
    -------
    int32

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> unless_exploring(3, Draw(0, 2**31), 0.0, 4), unless_exploring(3, Draw(0, 2**31), 1.0, 4)
    (3, 2)
    """
    if isinstance(epsilon, Vec):
        return lambda action, draw, epsilon, actions: _or_any(action, draw, epsilon, actions)

    def for_one_epsilon(action, draw, epsilon, actions):
        # A branch that always goes the same way: 1.03 times as fast as choosing.
        return whole(action, draw.low) if epsilon == 0.0 else _or_any(action, draw, epsilon, actions)

    return for_one_epsilon


@inlined
def _of_four(row, top, explore, low):
    best = whole(select(explore, _15, _0), top)
    best = select(row[0] == top, best | np.int32(1), best)
    best = select(row[1] == top, best | np.int32(2), best)
    best = select(row[2] == top, best | np.int32(4), best)
    best = select(row[3] == top, best | np.int32(8), best)
    twelfth = whole((low >> _8) * _12 >> _24, top)
    return (lookup(_CHOICES, best) >> (twelfth + twelfth)) & _3


@by_type
def greedy_given(row: RowOf256, top: Number, explore: Flag, low: Half):
    """Epsilon-greedy once the largest entry `top` and whether to `explore` are known.

    Parameters
    ----------
    row : float64 [actions]
        Up to 256 actions.
    top : float64
    explore : bool
    low : uint32
        Half a draw; decides between ties.

    Returns
    -------
    int32

    Examples
    --------
    >>> greedy_given([1.0, 3.0, 3.0], 3.0, False, 2**31)
    2
    """
    if isinstance(row, types.BaseTuple) and len(row) == 4:
        if any(isinstance(t, Vec) for t in (row[0], top, explore, low)):
            return lambda row, top, explore, low: _of_four(row, top, explore, low)

        def branching(row, top, explore, low):
            """One that explores does not wait for its row: 1.6 times the steps of an agent that acts by this alone."""
            if explore:
                twelfth = whole((low >> _8) * _12 >> _24, top)
                return (_ANY >> (twelfth + twelfth)) & _3
            return _of_four(row, top, False, low)

        return branching

    if isinstance(row, types.Array) and not isinstance(low, Vec):

        def by_search(row, top, explore, low):
            """The same, with branches: one is best nearly always, and is found at once."""
            count, only = 0, len(row) - 1  # where none is best (all are NaN), the last
            for a in range(len(row)):
                if row[a] == top or explore:
                    count, only = count + 1, only if count else a
            if count < 2:
                return np.int32(only)
            rank = np.int64((low >> _8) * np.uint32(count) >> _24)
            for a in range(only, len(row)):
                if row[a] == top or explore:
                    if rank == 0:
                        return np.int32(a)
                    rank -= 1
            return np.int32(only)

        return by_search

    def by_rank(row, top, explore, low):
        """The j-th of the best, j uniform: count them, then count again up to j."""
        one = _is_best(first(row), top, explore)
        count = fold(_count, one, row[1:], (top, explore))
        rank = whole((low >> _8) * convert(count, low) >> _24, top)
        zero = rank ^ rank  # in each lane
        # Up to the last but one: where none is best (all are NaN), the last is chosen.
        return fold(_count_up_to, (zero, zero), row[:-1], (top, explore, rank))[1]

    return by_rank


@inlined
def _is_best(q, top, explore):
    return whole((q == top) | explore, top)


@inlined
def _count(so_far, q, action, top, explore):
    return so_far + _is_best(q, top, explore)


@inlined
def _count_up_to(so_far, q, action, top, explore, rank):
    seen = so_far[0] + _is_best(q, top, explore)
    return seen, so_far[1] + whole(seen <= rank, q)


@inlined
def greedy(row: RowOf256, draw: ADraw):
    """An action of the largest value; equal ones are equally likely.

    Parameters
    ----------
    row : float64 [actions]
        Up to 256 actions.
    draw : Draw
        Its low half decides between ties.

    Returns
    -------
    int32

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> greedy([1.0, 3.0, 2.0], Draw(0, 0))
    1
    """
    top = highest(row)
    return greedy_given(row, top, top != top, draw.low)


@inlined
def epsilon_greedy(row: RowOf256, epsilon: Epsilon, draw: ADraw):
    """With probability epsilon any action, otherwise a greedy one (Sutton & Barto 2018, section 2.2).

    Parameters
    ----------
    row : float64 [actions]
        Up to 256 actions.
    epsilon : float64
        In [0, 1].
    draw : Draw

    Returns
    -------
    int32

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> epsilon_greedy([1.0, 3.0, 2.0], 0.1, Draw(high=2**31, low=0))  # draws 0.5, so it does not explore
    1
    """
    return greedy_given(row, highest(row), explores(draw, epsilon), draw.low)


@inlined
def by_weight(weights: Weights, low: Half):
    """An action in proportion to its weight.

    Parameters
    ----------
    weights : float64 [actions]
        At least 0, and not all of them 0.
    low : uint32
        Half a draw.

    Returns
    -------
    int32

    Examples
    --------
    >>> by_weight([1.0, 0.0, 3.0], 2**31)
    2
    """
    threshold = unit(low, first(weights)) * total(weights)
    start = (first(weights), whole(threshold >= first(weights), threshold))
    return fold(_pass, start, weights[1:-1], (threshold,))[1]


@inlined
def _pass(so_far, weight, action, threshold):
    sum_so_far = so_far[0] + weight
    return sum_so_far, select(threshold >= sum_so_far, so_far[1] + _1, so_far[1])


@inlined
def boltzmann(row: Row, temperature: Temperature, draw: ADraw):
    """An action with probability exp((Q(s, a) - V(s)) / T), the maximum-entropy policy.

    Parameters
    ----------
    row : float64 [actions]
    temperature : float64
        T > 0, in units of Q.
    draw : Draw
        Its low half is used.

    Returns
    -------
    int32

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> boltzmann([1.0, 3.0, 2.0], 0.01, Draw(0, 2**31))
    1
    """
    top = highest(row)
    sharpness = LOG2_E / temperature
    threshold = unit(draw.low, sharpness) * sum_of_weights(row, top, sharpness)
    return fold(_pass_exponential, (0.0 * threshold, _0), row[:-1], (top, sharpness, threshold))[1]


@inlined
def _pass_exponential(so_far, q, action, top, sharpness, threshold):
    return _pass(so_far, weight(q, top, sharpness), action, threshold)

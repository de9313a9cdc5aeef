"""Distributions that are sampled with one draw and one look-up each: Walker's alias method."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from fastsoftq.kernels.jit import by_type
from fastsoftq.kernels.simd import select

__all__ = ["Alias", "Renumbered", "alias_table", "sampled"]

_32 = 2.0**32
_WORD, _LOW = np.uint64(32), np.uint64(2**32 - 1)


class Alias(NamedTuple):
    """Distributions over K things, to be sampled with one draw each (Walker 1977; Vose 1991).

    A slot is chosen evenly; it yields itself below its threshold and its alias from there on. Both are in one word, so
    that a sample takes one look-up: the lower half is the threshold times 2**32, the upper half the index of the alias.

    Examples
    --------
    >>> alias = alias_table(np.array([[0.25, 0.75]]))
    >>> divmod(int(alias.slots[0]), 2**32)  # slot 0 is itself half the time, and else slot 1
    (1, 2147483648)
    """

    slots: NDArray[np.uint64]  # [distributions * K]
    size: int  # K


class Renumbered(NamedTuple):
    """A distribution over things that are called something else: `number[thing]`.

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> even = alias_table(np.array([[0.5, 0.5]]))
    >>> sampled(Renumbered(even, np.array([7, 9], np.int32)), 0, Draw(np.uint32(2**32 - 1), np.uint32(0)))
    9
    """

    distribution: Any
    number: NDArray[np.int32]


def alias_table(probability: NDArray[np.float64]) -> Alias:
    """Prepare distributions for sampling.

    Parameters
    ----------
    probability : float64 [distributions, K]
        Rows that sum to 1.

    Returns
    -------
    Alias

    Examples
    --------
    >>> alias_table(np.array([[0.5, 0.5], [0.0, 1.0]])).size
    2
    """
    rows, k = probability.shape
    threshold, alias = (_filled_side_by_side if rows > k else _filled_in_turn)(probability * k)
    alias += np.arange(0, rows * k, k)[:, None]
    # A threshold of 2**32 does not fit; such a slot is its own alias, so that what it yields is the same.
    threshold = np.minimum(np.round(threshold), _32 - 1)
    return Alias((alias.astype(np.uint64) << _WORD | threshold.astype(np.uint64)).ravel(), k)


def _filled_in_turn(scaled: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Fill each slot up with a thing that has more than its own: thresholds times 2**32, and aliases; for few rows."""
    threshold, alias = np.full(scaled.shape, _32), np.tile(np.arange(scaled.shape[1]), (len(scaled), 1))
    for row, left in enumerate(scaled.tolist()):
        small = [i for i, x in enumerate(left) if x < 1.0]
        large = [i for i, x in enumerate(left) if x >= 1.0]
        while small and large:
            poor, rich = small.pop(), large.pop()
            threshold[row, poor], alias[row, poor] = left[poor] * _32, rich
            left[rich] -= 1.0 - left[poor]
            (small if left[rich] < 1.0 else large).append(rich)
    return threshold, alias


def _filled_side_by_side(scaled: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same for many rows at once: a round fills one slot in each row that has any left, in the same order."""
    rows, k = scaled.shape
    threshold, alias = np.full(scaled.shape, _32), np.tile(np.arange(k), (rows, 1))
    # Two stacks a row: slots of less than one thing, and of more, in ascending order.
    small, large = (np.argsort(~mine, axis=1, kind="stable") for mine in (scaled < 1.0, scaled >= 1.0))
    smalls = np.count_nonzero(scaled < 1.0, axis=1)
    larges = k - smalls
    row = np.flatnonzero((smalls > 0) & (larges > 0))
    while row.size:
        smalls[row] -= 1
        larges[row] -= 1
        poor, rich = small[row, smalls[row]], large[row, larges[row]]
        threshold[row, poor], alias[row, poor] = scaled[row, poor] * _32, rich
        scaled[row, rich] -= 1.0 - scaled[row, poor]
        poorer = scaled[row, rich] < 1.0
        for stack, count, here in ((small, smalls, poorer), (large, larges, ~poorer)):
            stack[row[here], count[row[here]]] = rich[here]
            count[row[here]] += 1
        row = row[(smalls[row] > 0) & (larges[row] > 0)]
    return threshold, alias


@by_type
def sampled(distribution, row, chance):
    """Sample a distribution.

    Parameters
    ----------
    distribution : Alias, int, None or Renumbered
        An integer is its own only sample; None stands for distributions of one thing each.
    row : int
        Which of the distributions.
    chance : Draw

    Returns
    -------
    int
        `row * K + thing` of an Alias, the integer itself, `row` for None, or another number for any of these.

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> even = alias_table(np.array([[0.5, 0.5]]))
    >>> sampled(even, 0, Draw(np.uint32(2**32 - 1), np.uint32(0)))  # the upper slot
    1
    >>> sampled(None, 7, Draw(np.uint32(0), np.uint32(0)))
    7
    """
    if distribution == types.none:
        return lambda distribution, row, chance: row
    if isinstance(distribution, types.Integer):
        return lambda distribution, row, chance: distribution
    if distribution.instance_class is Renumbered:
        return lambda distribution, row, chance: np.int64(
            distribution.number[np.uint64(sampled(distribution.distribution, row, chance))]
        )

    def from_alias(distribution, row, chance):
        size = np.uint64(distribution.size)
        slot = np.uint64(row) * size + (np.uint64(chance.high) * size >> _WORD)
        thing = distribution.slots[slot]
        return np.int64(select(np.uint64(chance.low) < (thing & _LOW), slot, thing >> _WORD))

    return from_alias

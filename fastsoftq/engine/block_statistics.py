"""Moments and quantiles of each episode over blocks of runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEVELS",
    "MOMENTS",
    "STATISTICS",
    "BlockStatistics",
    "QuantilePlaces",
    "mean_of",
    "quantile_places",
    "statistics_bytes",
    "statistics_of",
]

LEVELS = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
MOMENTS = 3
STATISTICS = ("mean", "moment2", "moment3", *(f"quantile_{level:g}" for level in LEVELS))
_SLAB = 64  # episodes at a time, so that what is computed stays in the cache


class QuantilePlaces(NamedTuple):
    """Between which order statistics of some runs each quantile lies, and how far from the lower; all [levels].

    Examples
    --------
    >>> places = quantile_places(2)
    >>> places.share[4]  # the median of two
    np.float64(0.5)
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    share: NDArray[np.float64]


def quantile_places(runs: int) -> QuantilePlaces:
    """Where the quantiles at LEVELS lie among so many runs in order.

    Examples
    --------
    >>> quantile_places(3).low.tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2]
    """
    below, share = zip(*(divmod(level * (runs - 1), 1.0) for level in LEVELS), strict=True)
    low = np.array(below, np.int64)
    return QuantilePlaces(low, np.minimum(low + 1, runs - 1), np.array(share))


def statistics_of(x: NDArray[Any]) -> NDArray[np.float64]:
    """STATISTICS of each episode.

    Sums run down the first axis, one run after the other, so that they have the same bits on every machine and card.

    Parameters
    ----------
    x : ndarray of numbers, shape [runs, episodes]

    Returns
    -------
    ndarray of float64, shape [episodes, statistics]
        Mean, second and third central moment (divided by the number of runs), and quantiles, interpolated linearly
        between order statistics.

    Examples
    --------
    >>> statistics_of(np.array([[1.0], [3.0]]))[0, :3].tolist()
    [2.0, 1.0, 0.0]
    """
    runs, episodes = x.shape
    places = quantile_places(runs)
    out = np.empty((episodes, len(STATISTICS)))
    for start in range(0, episodes, _SLAB):
        some = out[start : start + _SLAB]
        slab = np.ascontiguousarray(x[:, start : start + _SLAB])
        mean = mean_of(slab)
        centered = slab - mean
        squares = centered * centered
        some[:, 0] = mean
        some[:, 1] = mean_of(squares)
        some[:, 2] = mean_of(np.multiply(squares, centered, out=squares))
        ordered = np.sort(np.ascontiguousarray(slab.T), axis=1)
        low, high = ordered[:, places.low], ordered[:, places.high]
        some[:, MOMENTS:] = low + (high - low) * places.share
    return out


def mean_of(x: NDArray[Any]) -> NDArray[np.float64]:
    """Means of columns, summed from the first row on.

    Parameters
    ----------
    x : ndarray of numbers, shape [runs, columns]

    Returns
    -------
    ndarray of float64, shape [columns]

    Examples
    --------
    >>> mean_of(np.array([[1, 2], [3, 5]])).tolist()
    [2.0, 3.5]
    """
    if x.shape[1] == 1:  # which NumPy would sum by halves
        total: NDArray[np.float64] = np.cumsum(x, axis=0, dtype=np.float64)[-1]
    else:
        total = np.sum(x, axis=0, dtype=np.float64)
    return total / len(x)


def statistics_bytes(episodes: int) -> int:
    """Bytes of the statistics of a block of runs.

    Examples
    --------
    >>> statistics_bytes(1000)
    200000
    """
    return 8 * episodes * (2 * len(STATISTICS) + 1)


class BlockStatistics(NamedTuple):
    """What is kept of blocks of runs.

    Attributes
    ----------
    starts : int64 [blocks + 1]
        The first run of each block, and how many there are.
    returns, lengths : float64 [blocks, episodes, statistics]
    truncated : float64 [blocks, episodes]
        The share of runs that met `max_steps`.

    Examples
    --------
    >>> empty = BlockStatistics.empty([0, 2, 3], episodes=4)
    >>> empty.returns.shape, empty.of(slice(2, 3)).returns.shape
    ((2, 4, 12), (1, 4, 12))
    """

    starts: NDArray[np.int64]
    returns: NDArray[np.float64]
    lengths: NDArray[np.float64]
    truncated: NDArray[np.float64]

    @classmethod
    def empty(cls, starts: Sequence[int] | NDArray[np.int64], episodes: int) -> BlockStatistics:
        """Room for the statistics of blocks that start so."""
        blocks = len(starts) - 1
        shape = (blocks, episodes, len(STATISTICS))
        return cls(np.array(starts, np.int64), np.empty(shape), np.empty(shape), np.empty((blocks, episodes)))

    @classmethod
    def of_curves(cls, curves: Any, starts: Sequence[int] | NDArray[np.int64]) -> BlockStatistics:
        """Those of curves whose blocks start so."""
        blocks = list(starmap(slice, pairwise(starts)))
        returns, lengths = (
            np.stack([statistics_of(x[block]) for block in blocks]) for x in (curves.returns, curves.lengths)
        )
        return cls(
            np.array(starts, np.int64), returns, lengths, np.stack([mean_of(curves.truncated[b]) for b in blocks])
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is kept, by name: a row for each block."""
        return {"returns": self.returns, "lengths": self.lengths, "truncated": self.truncated}

    @property
    def steps(self) -> int:
        """Environment steps of all runs."""
        # A mean was divided by the runs and rounded once: times them, it is nearest to the sum that it was made from.
        return int(np.rint(self.lengths[..., 0] * np.diff(self.starts)[:, None]).sum())

    def of(self, runs: slice) -> BlockStatistics:
        """Those of some runs, which are whole blocks; what is returned is a view."""
        first, last = np.searchsorted(self.starts, (runs.start, runs.stop))
        some = slice(first, last)
        starts = self.starts[first : last + 1] - runs.start
        return BlockStatistics(starts, self.returns[some], self.lengths[some], self.truncated[some])

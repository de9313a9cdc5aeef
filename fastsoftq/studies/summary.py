"""Moments and quantiles of each episode over fixed blocks of runs, and how blocks are merged.

The runs of a block are consecutive seeds, counted from the study's first, so that what is stored depends on the block
size alone. Merged moments are exact up to rounding. A merged quantile is the mean of the blocks' quantiles, each
interpolated linearly between order statistics; over blocks of B runs it is biased by a term of order 1 / B.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import Axis, axis_of
from fastsoftq.engine.block_statistics import LEVELS, MOMENTS, STATISTICS, BlockStatistics

__all__ = ["LEVELS", "STATISTICS", "EpisodeSummary", "merged", "summarized"]


def summarized(curves: Any, block: int) -> dict[str, NDArray[Any]]:
    """Summarise curves, block by block.

    Parameters
    ----------
    curves : LearningCurves or DeepCurves
        The first run starts a block.
    block : int
        Runs in each; the last may have fewer.

    Returns
    -------
    dict
        "returns" and "lengths", float64 [blocks, episodes, statistics], and "truncated", float64 [blocks, episodes],
        the share of runs that met `max_steps`. The statistics are STATISTICS: mean, second and third central moment
        (divided by the number of runs), and quantiles. Of deep runs, on a grid of steps, likewise, and "diverged",
        int64 [blocks, points], the runs that have diverged by then.
    """
    starts = range(0, curves.n_seeds, block)
    found = BlockStatistics.of_curves(curves, [*starts, curves.n_seeds]).arrays()
    if axis_of(curves) is Axis.POINTS:
        lost = curves.diverged[:, None] & (curves.diverged_at[:, None] <= curves.steps)
        found["diverged"] = np.stack([lost[start : start + block].sum(axis=0) for start in starts])
    return found


class EpisodeSummary(NamedTuple):
    """What is known of one quantity in each episode; all float64 [episodes], quantiles [levels, episodes]."""

    runs: int
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]  # of one run, divided by runs - 1
    skewness: NDArray[np.float64]  # 0 where nothing varies
    quantiles: NDArray[np.float64]  # at LEVELS; the first and last are the minimum and maximum, exactly

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """Of the mean."""
        return np.sqrt(self.variance / self.runs)


def merged(statistics: NDArray[np.float64], runs: NDArray[np.int64]) -> EpisodeSummary:
    """Merge blocks.

    Parameters
    ----------
    statistics : float64 [blocks, episodes, statistics]
        As `summarized` gives them for "returns" or "lengths".
    runs : int64 [blocks]
        The runs in each block.

    Returns
    -------
    EpisodeSummary

    Notes
    -----
    Central moments about the common mean follow from those about each block's by the binomial theorem (Chan, Golub &
    LeVeque 1983 for the second).
    """
    total = int(runs.sum())
    share = (runs / total)[:, None]
    mean, second, third = (statistics[:, :, i] for i in range(MOMENTS))
    center = (share * mean).sum(axis=0)
    off = mean - center
    moment2 = (share * (second + off**2)).sum(axis=0)
    moment3 = (share * (third + 3.0 * off * second + off**3)).sum(axis=0)
    varies = moment2 > 0.0
    skewness = np.where(varies, moment3 / np.where(varies, moment2, 1.0) ** 1.5, 0.0)
    quantiles = (share[:, :, None] * statistics[:, :, MOMENTS:]).sum(axis=0).T
    quantiles[0] = statistics[:, :, MOMENTS].min(axis=0)
    quantiles[-1] = statistics[:, :, -1].max(axis=0)
    return EpisodeSummary(total, center, moment2 * (total / max(total - 1, 1)), skewness, quantiles)

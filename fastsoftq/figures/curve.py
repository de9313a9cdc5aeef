"""Learning curves over many seeds: the mean with its band, the median and the exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.columns import Columns
from fastsoftq.statistics import confidence_band
from fastsoftq.statistics.resampling import resamples_for

__all__ = [
    "REACH",
    "WITHIN",
    "Curve",
    "curve",
    "in_doubt",
    "within_reach",
]

REACH = (0.05, 0.95)  # quantiles of runs: axes show bands as far as these
WITHIN = 0.05  # of the exact value: a band within it agrees

_TELL = 5  # seeds for a curve to agree with its exact value: a band of fewer may hold it by luck
_ENOUGH = 50  # seeds for bands to hold at their rate: docs/statistics.md
_UNLIKE = 10  # runs that differ from the others: fewer do not tell how frequent they are
_NAMED = 3  # curves, of those in doubt


@dataclass(frozen=True, eq=False)
class Curve:
    """A learning curve: single episodes at first, and ever longer blocks of episodes later; or points of steps.

    Attributes
    ----------
    label, colour : str
    columns : Columns
        What it is drawn along, and in which blocks.
    mean, low, high : ndarray of float64, shape [blocks]
        Over seeds and the block's columns, with a band that holds for all blocks at once.
    median : ndarray of float64, shape [blocks]
        Of the block's columns, over all seeds.
    reach : ndarray of float64, shape [2, blocks]
        The 5 % and the 95 % quantile of the runs.
    exact : ndarray of float64, shape [blocks], or None
        The expected value once all is learned.
    meets : int or None
        The episode, or step, from which on the whole band lies within 5 % of the exact value, and runs are not nearly
        all alike; None: not in these episodes, or fewer than five runs.
    runs : int
    alike : ndarray of bool, shape [blocks]
        Where nearly all runs are the same, to the last bit: the band does not know of rarer ones.
    caution : str
        Why the band may hold less often than its level says, as `confidence_band` has it.
    dash : str
        Of its line: lengths of strokes and gaps; whole if empty.
    """

    label: str
    colour: str
    columns: Columns
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    median: NDArray[np.float64]
    reach: NDArray[np.float64]
    exact: NDArray[np.float64] | None
    meets: int | None
    runs: int
    alike: NDArray[np.bool_]
    caution: str = ""
    dash: str = ""

    @property
    def x(self) -> NDArray[np.float64]:
        """The middle of each block, in episodes or steps, [blocks]."""
        return self.columns.x


def curve(
    label: str,
    colour: str,
    values: NDArray[Any],
    exact: NDArray[np.float64] | None = None,
    bounds: tuple[float, float] | None = None,
    error: float | None = 0.05,
    steps: NDArray[np.int64] | None = None,
) -> Curve:
    """Summarise one number for each run and episode, or point, as a curve.

    Parameters
    ----------
    label, colour : str
    values : ndarray of float, shape [runs, episodes]
        One run has no band: its `low` and `high` are its mean.
    exact : ndarray of float64, shape [episodes], optional
        The expected value of each episode once all is learned.
    bounds : (float, float), optional
        Lowest and highest value that an episode can have: bands end there.
    error : float, optional
        Chance that the band does not hold the whole mean curve, in (0, 1); None: there is no band, which takes time.
    steps : ndarray of int64, shape [points], optional
        Of points on a grid of steps; columns are episodes if not given.

    Returns
    -------
    Curve

    Examples
    --------
    >>> c = curve("soft", "#0064a0", np.array([[-9.0, -5.0], [-7.0, -3.0]]), bounds=(-10.0, 0.0))
    >>> c.mean.tolist(), c.median.tolist(), float(c.low.min())
    ([-8.0, -4.0], [-8.0, -4.0], -10.0)
    """
    columns = Columns(values.shape[1], steps)
    edges, blocks = columns.edges, columns.means(values)
    (mean, low, high), caution = np.broadcast_to(blocks.mean(axis=0), (3, len(edges) - 1)), ""
    if len(blocks) > 1 and error is not None:
        band = confidence_band(blocks, 1.0 - error, resamples=resamples_for(error), bounds=bounds)
        mean, low, high, caution = band.center, band.low, band.high, band.caution
    median = [np.median(values[:, i:j]) for i, j in pairwise(edges)]
    alike = _unlike(blocks) < min(_UNLIKE, len(blocks) / 2.0)
    goal = None if exact is None else columns.means(exact)
    meets = None
    if goal is not None and len(values) >= _TELL and error is not None:
        slack = WITHIN * np.abs(goal)
        off = alike | (low < goal - slack) | (high > goal + slack)
        first = len(off) - int(np.argmax(off[::-1])) if off.any() else 0
        meets = columns.number(int(edges[first]) + 1) if first < len(off) else None
    return Curve(
        label,
        colour,
        columns,
        mean=mean,
        low=low,
        high=high,
        median=np.array(median),
        reach=np.quantile(blocks, REACH, axis=0),
        exact=goal,
        meets=meets,
        runs=len(values),
        alike=alike,
        caution=caution,
    )


def _unlike(blocks: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many runs differ from the value that most of them have, [blocks]."""
    most = [int(np.unique_counts(column).counts.max()) for column in blocks.T]
    return len(blocks) - np.array(most)


def in_doubt(curves: Sequence[Curve]) -> str:
    """Say which bands may hold less often than their level says.

    Parameters
    ----------
    curves : sequence of Curve

    Returns
    -------
    str
        Clauses to end a sentence with; empty where nothing speaks against the bands.

    Examples
    --------
    >>> in_doubt([curve("soft", "#0064a0", np.arange(20.0).reshape(10, 2))])
    '; they are rough with fewer than about 50 seeds'
    """
    few = min((c.runs for c in curves), default=_ENOUGH) < _ENOUGH
    alike = list(dict.fromkeys(c.label for c in curves if c.alike.any()))
    texts = [f"they are rough with fewer than about {_ENOUGH} seeds"] if few else []
    if alike:
        named = "; ".join(
            alike if len(alike) <= _NAMED else [*alike[: _NAMED - 1], f"{len(alike) - _NAMED + 1} others"]
        )
        texts.append(f"where nearly all runs are alike (in places of {named}) they know of no rarer ones")
    return "".join(f"; {text}" for text in texts)


def within_reach(
    center: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], reach: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Cut a band to where runs are: axes need not show what a few seeds leave open.

    Parameters
    ----------
    center, low, high : ndarray of float64, shape [blocks]
    reach : ndarray of float64, shape [2, blocks]

    Returns
    -------
    list of ndarray of float64, shape [blocks]
        The lower end and the upper, around the centre.

    Examples
    --------
    >>> ends = within_reach(np.zeros(1), np.array([-9.0]), np.array([0.5]), np.array([[-2.0], [2.0]]))
    >>> [end.tolist() for end in ends]
    [[-2.0], [0.5]]
    """
    return [np.maximum(low, np.minimum(reach[0], center)), np.minimum(high, np.maximum(reach[1], center))]

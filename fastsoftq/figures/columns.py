"""Columns: what a learning curve is drawn along, episodes on a logarithmic axis or steps on an even one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import Axis
from fastsoftq.figures.labels import typeset

__all__ = ["Columns", "columns_of", "episode_blocks"]

_BLOCKS_A_DECADE = 24
_MOST = 200  # points that are drawn each by itself


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of some learning curves, and the blocks in which they are drawn.

    Parameters
    ----------
    n : int
        How many there are.
    steps : ndarray of int64, shape [n], optional
        Of points on a grid of steps; columns are episodes if not given.

    Examples
    --------
    >>> Columns(1000).x[:3].tolist(), Columns(2, np.array([500, 1000])).x.tolist()
    ([1.0, 2.0, 3.0], [500.0, 1000.0])
    """

    n: int
    steps: NDArray[np.int64] | None = None

    @property
    def axis(self) -> Axis:
        """What a column stands for."""
        return Axis.EPISODES if self.steps is None else Axis.POINTS

    @property
    def unit(self) -> str:
        """What is counted along the axis."""
        return "episode" if self.steps is None else "step"

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """Where blocks begin, from 0 on, and `n`: shape [blocks + 1]."""
        if self.steps is None:
            return episode_blocks(self.n)
        return np.unique(np.linspace(0, self.n, min(self.n, _MOST) + 1).astype(np.int64))

    @cached_property
    def x(self) -> NDArray[np.float64]:
        """The middle of each block, in episodes from 1 or in steps, [blocks]."""
        return self.means(np.arange(1.0, self.n + 1.0) if self.steps is None else self.steps)

    def means(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The mean of each block, along the last axis of some values."""
        sums = np.add.reduceat(values, self.edges[:-1], axis=-1, dtype=np.float64)
        return np.asarray(sums / np.diff(self.edges))

    def number(self, column: int) -> int:
        """The episode of a column that is counted from 1, or its steps."""
        return column if self.steps is None else int(self.steps[column - 1])

    def shown(self, number: int) -> str:
        """Such a number as text."""
        return f"{number}" if self.steps is None else typeset(number)

    def match(self, other: Columns) -> bool:
        """Whether curves over these and over others can be compared column by column."""
        if self.steps is None or other.steps is None:
            return self.axis is other.axis and self.n == other.n
        return np.array_equal(self.steps, other.steps)

    @property
    def last(self) -> int:
        """How many the last ones are, where nobody says."""
        return min(self.axis.last, self.n)

    @property
    def last_ones(self) -> str:
        """The last ones in words, such as "last 100 episodes"."""
        return self.axis.over_last(self.last).removeprefix("the ")

    @property
    def whole(self) -> str:
        """All of them in words."""
        if self.steps is None:
            return f"{typeset(self.n)} episodes"
        return f"{typeset(self.n)} points up to {typeset(int(self.steps[-1]))} steps"

    @property
    def drawn(self) -> str:
        """In words, what a point of a drawn line is the mean of."""
        if self.steps is None:
            return "of ever longer blocks of episodes"
        return "at points of the steps, each of the episodes that ended since the one before"


def columns_of(curves: Any) -> Columns:
    """Those of learning curves, tabular or deep.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> columns_of(fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=2, episodes=20)).whole
    '20 episodes'
    """
    grid = getattr(curves, "steps", None)
    return Columns(curves.returns.shape[1], grid if isinstance(grid, np.ndarray) else None)


def episode_blocks(n_episodes: int) -> NDArray[np.int64]:
    """Part episodes into blocks: single episodes first, then 24 blocks to each factor of ten.

    Parameters
    ----------
    n_episodes : int

    Returns
    -------
    ndarray of int64, shape [blocks + 1]
        Where blocks begin, from 0 on, and `n_episodes`.

    Examples
    --------
    >>> episode_blocks(20).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 19, 20]
    """
    starts = np.unique(np.ceil(10.0 ** (np.arange(np.log10(n_episodes) * _BLOCKS_A_DECADE + 1.0) / _BLOCKS_A_DECADE)))
    edges = np.append(starts[starts <= n_episodes].astype(np.int64) - 1, n_episodes)
    sizes = np.diff(edges)
    short = len(sizes) > 1 and 2 * sizes[-1] < sizes[-2]  # a short rest, all noise, goes to the block before it
    return np.delete(edges, -2) if short else edges

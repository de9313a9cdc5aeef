"""What a measure says of each run of a condition: a number, and of times whether the run ever got there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fastsoftq.system.html import NotebookTable

__all__ = ["Exact", "Measured", "Optimum", "common_horizon"]

Floats = NDArray[np.float64]


class Optimum(Protocol):
    """The best expected return of an episode, by any policy.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> best: Optimum = SimpleNamespace(optimum=-13.0)
    """

    @property
    def optimum(self) -> float: ...  # noqa: D102


class Exact(Optimum, Protocol):
    """The exact answers of an agent, besides the optimum of its world: the returns expected in each episode.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> exact: Exact = SimpleNamespace(returns=np.full(500, -13.0), optimum=-13.0)
    """

    @property
    def returns(self) -> Floats: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Measured(NotebookTable):
    """What a measure says of each run.

    Attributes
    ----------
    values : ndarray of float64, shape [seeds]
        In the measure's unit; of a censored run the time up to which it was watched.
    seeds : ndarray of uint64, shape [seeds]
    censored : ndarray of bool, shape [seeds], or None
        Which runs never got there; None where a measure is no time.
    horizon : float or None
        The time up to which all is known of every run.

    Examples
    --------
    >>> found = Measured(np.array([3.0, 9.0]), np.arange(2, dtype=np.uint64), np.array([False, True]), 9.0)
    >>> found.restricted(5.0).values.tolist()
    [3.0, 5.0]
    """

    values: Floats
    seeds: NDArray[np.uint64]
    censored: NDArray[np.bool_] | None = None
    horizon: float | None = None

    def part(self, rows: slice | NDArray[np.intp]) -> Measured:
        """Some of the runs.

        Parameters
        ----------
        rows : slice or ndarray of int

        Returns
        -------
        Measured

        Examples
        --------
        >>> Measured(np.arange(4.0), np.arange(4, dtype=np.uint64)).part(slice(2)).values.tolist()
        [0.0, 1.0]
        """
        censored = None if self.censored is None else self.censored[rows]
        return replace(self, values=self.values[rows], censored=censored, seeds=self.seeds[rows])

    def restricted(self, horizon: float | None) -> Measured:
        """Cut times at a horizon no later than their own; what is no time stays as it is.

        Parameters
        ----------
        horizon : float or None
            None leaves it as it is.

        Returns
        -------
        Measured

        Raises
        ------
        ValueError
            A later horizon than that up to which every run was watched.
        """
        if self.horizon is None or self.censored is None or horizon is None:
            return self
        if horizon > self.horizon:
            raise ValueError(f"horizon is {horizon}; every run was watched up to {self.horizon} only")
        return replace(
            self,
            values=np.minimum(self.values, horizon),
            censored=self.censored | (self.values > horizon),
            horizon=horizon,
        )


def common_horizon(found: Iterable[Measured]) -> float | None:
    """Return the time up to which all runs of several conditions were watched; None where nothing is a time.

    Parameters
    ----------
    found : iterable of Measured

    Returns
    -------
    float or None

    Examples
    --------
    >>> time, seeds = np.array([3.0, 9.0]), np.arange(2, dtype=np.uint64)
    >>> common_horizon([Measured(time, seeds, time > 8, 9.0), Measured(time, seeds, time > 6, 7.0)])
    7.0
    """
    return min((each.horizon for each in found if each.horizon is not None), default=None)

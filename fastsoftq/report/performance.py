"""An agent's performance: its curves with their bands, and its last episodes, a number for each run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.columns import Columns
from fastsoftq.figures.curve import Curve, curve
from fastsoftq.report.folder import ReportedAgent
from fastsoftq.statistics import Interval, confidence_interval, final_performance, tail_mean

__all__ = ["Performance", "performance_of"]


@dataclass(frozen=True, eq=False)
class Performance:
    """An agent's runs, summarised.

    Attributes
    ----------
    agent : ReportedAgent
    columns : Columns
        What its curves are along: episodes, or points of the steps.
    seeds : ndarray of uint64, shape [seeds]
    returns, lengths : Curve
    blocks : ndarray of float64, shape [seeds, blocks]
        Mean return in each block of columns, those of the curves.
    final : ndarray of float64, shape [seeds]
        Mean return over the last episodes.
    final_return : Interval
        Of the mean of `final`.
    final_length, final_truncated : float
        Mean length of the last episodes, and the share of them that was truncated.
    level : float
        Of each band and interval by itself.
    return_bounds : (float, float) or None
        The lowest and the highest return that an episode can have, if known.
    final_exact : float or None
        The exact return of the same episodes, if known.
    tail : float
        Mean of the worst 5 % of `final`.
    steps : int
        Of the environment, over all runs.
    """

    agent: ReportedAgent
    columns: Columns
    seeds: NDArray[np.uint64]
    returns: Curve
    lengths: Curve
    blocks: NDArray[np.float64]
    final: NDArray[np.float64]
    final_return: Interval
    final_length: float
    final_truncated: float
    level: float
    return_bounds: tuple[float, float] | None
    final_exact: float | None
    tail: float
    steps: int

    @property
    def label(self) -> str:
        """As readers call the agent."""
        return self.agent.label

    @property
    def last_ones(self) -> str:
        """The last episodes in words, or the last points."""
        return self.columns.last_ones


def performance_of(agent: ReportedAgent, error: float = 0.05, *, banded: bool = True) -> Performance:
    """Read an agent's runs and summarise them; the runs themselves are let go.

    Parameters
    ----------
    agent : ReportedAgent
    error : float
        Chance that a band, or an interval, misses the truth, each by itself.
    banded : bool
        Whether curves have bands, which take most of the time; else their ends are the mean.

    Returns
    -------
    Performance

    Raises
    ------
    ValueError
        Fewer than two runs, or returns that are not finite.

    Examples
    --------
    >>> from fastsoftq.report.folder import Runs
    >>> returns = np.random.default_rng(0).normal(-12.0, 1.0, (8, 30))
    >>> runs = Runs(returns, np.ones((8, 30), np.int32), np.zeros((8, 30), bool), np.arange(8, dtype=np.uint64))
    >>> one = performance_of(ReportedAgent("soft", "soft", "#0064a0", {}, lambda: runs))
    >>> one.columns.n, one.last_ones, one.steps
    (30, 'last 30 episodes', 240)
    """
    runs, level = agent.load(), 1.0 - error
    of_bands = error if banded else None
    columns = runs.columns
    last = columns.last
    final = final_performance(runs.returns, last=last)
    returns, lengths = (
        curve(agent.label, agent.colour, values, exact, bounds, of_bands, columns.steps)
        for values, exact, bounds in (
            (runs.returns, runs.exact_returns, runs.return_bounds),
            (runs.lengths, runs.exact_lengths, runs.length_bounds),
        )
    )
    return Performance(
        agent=agent,
        columns=columns,
        seeds=runs.seeds,
        returns=returns,
        lengths=lengths,
        blocks=columns.means(runs.returns),
        final=final,
        final_return=confidence_interval(final, level=level, bounds=runs.return_bounds),
        final_length=float(runs.lengths[:, -last:].mean()),
        final_truncated=float(runs.truncated[:, -last:].mean()),
        level=level,
        return_bounds=runs.return_bounds,
        final_exact=None if runs.exact_returns is None else float(runs.exact_returns[-last:].mean()),
        tail=float(tail_mean(final)),
        steps=runs.all_steps,
    )

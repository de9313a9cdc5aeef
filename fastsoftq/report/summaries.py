"""Learning curves of which only summaries are kept: means with bands from standard errors, and quantiles of runs.

A block of episodes has the mean of their means. The standard error of that depends on how episodes of a run correlate,
which summaries do not tell; it is at most the mean of the episodes' standard errors, which is taken for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import Axis
from fastsoftq.figures.chart import Band as Area
from fastsoftq.figures.chart import Line, Scale
from fastsoftq.figures.columns import Columns
from fastsoftq.figures.curve import Curve, in_doubt
from fastsoftq.figures.learning_chart import columns_chart, stroke
from fastsoftq.figures.svg import svg
from fastsoftq.report.charts import learning_charts
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.folder import EpisodeMoments, ReportedAgent
from fastsoftq.report.mean_errors import MeanError, skewness_of_runs
from fastsoftq.report.outline import Group

__all__ = ["BlockMoments", "SummarisedCurves", "block_moments", "summarised_curves", "summary_groups"]

_QUANTILES = ("5 %", "25 %", "median", "75 %", "95 %")


class BlockMoments(NamedTuple):
    """Means over blocks of episodes, with their standard errors."""

    runs: int
    mean: NDArray[np.float64]  # [blocks]
    error: NDArray[np.float64]  # [blocks]; of summaries, the most that it can be
    columns: Columns
    last: float  # mean over the last episodes or points
    last_error: float
    skewness: NDArray[np.float64]  # [blocks], of a run; of summaries, as if episodes went together
    last_skewness: float

    @property
    def blocks(self) -> MeanError:
        """The blocks with what is known of their errors."""
        return MeanError(self.mean, self.error, self.skewness, np.asarray(self.runs))

    @property
    def end(self) -> MeanError:
        """The last episodes likewise."""
        mean, error, skewness = (np.asarray(each) for each in (self.last, self.last_error, self.last_skewness))
        return MeanError(mean, error, skewness, np.asarray(self.runs))


def block_moments(agent: ReportedAgent) -> BlockMoments:
    """Read the mean return of an agent in blocks of episodes, from its runs or from their summaries.

    Parameters
    ----------
    agent : ReportedAgent

    Returns
    -------
    BlockMoments

    Examples
    --------
    >>> from fastsoftq.report.folder import Runs
    >>> returns = np.array([[1.0], [3.0]])
    >>> runs = Runs(returns, np.ones((2, 1), np.int32), np.zeros((2, 1), bool), np.arange(2, dtype=np.uint64))
    >>> block_moments(ReportedAgent("soft", "soft", "#0064a0", {}, lambda: runs)).last_error  # 2 ** 0.5 / 2 ** 0.5
    1.0
    """
    if agent.summaries is not None:
        summaries = agent.summaries()
        found, columns = summaries.returns, summaries.columns
        mean, error = (columns.means(values) for values in (found.mean, found.error))
        last, last_error = (float(values[-columns.last :].mean()) for values in (found.mean, found.error))
        cubes = (found.error * found.skewness)[-columns.last :].mean()
        last_skewness = float(cubes) / last_error if last_error > 0.0 else 0.0
        return BlockMoments(
            found.runs, mean, error, columns, last, last_error, _block_skewness(found, columns), last_skewness
        )
    loaded = agent.load()
    returns, columns = loaded.returns, loaded.columns
    blocks = columns.means(returns)
    runs, ends = len(returns), returns[:, -columns.last :].mean(axis=1)
    error = blocks.std(axis=0, ddof=1) / np.sqrt(runs)
    last_error = float(ends.std(ddof=1) / np.sqrt(runs))
    skewness, last_skewness = skewness_of_runs(blocks), float(skewness_of_runs(ends[:, None]).item())
    mean, last = blocks.mean(axis=0), float(ends.mean())
    return BlockMoments(runs, mean, error, columns, last, last_error, skewness, last_skewness)


def _block_skewness(known: EpisodeMoments, columns: Columns) -> NDArray[np.float64]:
    """The skewness of a run's mean over each block, as if its episodes went together."""
    spread = columns.means(known.error)
    return np.divide(columns.means(known.error * known.skewness), spread, out=np.zeros_like(spread), where=spread > 0.0)


@dataclass(frozen=True, eq=False)
class SummarisedCurves:
    """The curves of an agent of which only summaries are kept.

    Attributes
    ----------
    agent : ReportedAgent
    returns, lengths : Curve
        The band is mean ± t times the standard error, with Student's t for all blocks at once (Bonferroni), wider at
        either end where runs are skewed.
    quantiles : ndarray of float64, shape [5, blocks]
        Of runs' returns in single episodes, at 5, 25, 50, 75 and 95 %; of a block of episodes the mean of theirs.
    """

    agent: ReportedAgent
    returns: Curve
    lengths: Curve
    quantiles: NDArray[np.float64]


def summarised_curves(agent: ReportedAgent, error: float = 0.05) -> SummarisedCurves:
    """Read what summaries tell of an agent's curves.

    Parameters
    ----------
    agent : ReportedAgent
        With `summaries`.
    error : float
        Chance that a band does not hold the whole mean curve, in (0, 1).

    Returns
    -------
    SummarisedCurves

    Raises
    ------
    DamagedError
        Summaries that are missing or damaged.

    Examples
    --------
    >>> from fastsoftq.report.folder import Summaries
    >>> known = EpisodeMoments(16, np.array([-9.0, -5.0]), np.array([0.5, 0.25]), np.zeros((5, 2)))
    >>> soft = ReportedAgent("soft", "soft", "#0064a0", {}, None, summaries=lambda: Summaries(known, known))
    >>> summarised_curves(soft).returns.high.round(3).tolist()  # t of 15 degrees of freedom at 1 - 0.05 / 4: 2.490
    [-7.755, -4.378]
    """
    assert agent.summaries is not None
    found = agent.summaries()
    columns = found.columns
    returns = _curve(agent, columns, found.returns, found.exact_returns, error)
    lengths = _curve(agent, columns, found.lengths, found.exact_lengths, error)
    return SummarisedCurves(agent, returns, lengths, columns.means(found.returns.quantiles))


def _curve(
    agent: ReportedAgent, columns: Columns, known: EpisodeMoments, exact: NDArray[np.float64] | None, error: float
) -> Curve:
    mean = columns.means(known.mean)
    skewness = _block_skewness(known, columns)
    blocks = MeanError(mean, columns.means(known.error), skewness, np.asarray(known.runs))
    low, high = blocks.ends(error / len(mean))
    reach = columns.means(known.quantiles[[0, -1]])
    return Curve(
        agent.label,
        agent.colour,
        columns,
        mean=mean,
        low=np.where(np.isfinite(low), low, mean),
        high=np.where(np.isfinite(high), high, mean),
        median=columns.means(known.quantiles[2]),
        reach=reach,
        exact=None if exact is None else columns.means(exact),
        meets=None,
        runs=known.runs,
        alike=reach[0] == reach[1],
    )


def summary_groups(agents: Sequence[ReportedAgent], error: float, of: str = "the agents") -> list[Group]:
    """Draw learning curves of the agents of a world, and how runs spread around them.

    Parameters
    ----------
    agents : sequence of ReportedAgent
        With `summaries`.
    error : float
        Chance that a band does not hold the whole mean curve.
    of : str
        Which they are, in words.

    Returns
    -------
    list of Group

    Examples
    --------
    >>> from fastsoftq.report.folder import Summaries
    >>> known = EpisodeMoments(16, np.array([-9.0, -5.0]), np.array([0.5, 0.25]), np.zeros((5, 2)))
    >>> soft = ReportedAgent("soft", "soft", "#0064a0", {}, None, summaries=lambda: Summaries(known, known))
    >>> [group.title for group in summary_groups([soft], 0.05)]
    ['Learning curves', 'Spread of runs']
    """
    found = [summarised_curves(agent, error) for agent in agents]
    exact = (
        "; dashed: exact, by planning, once all is learned" if any(c.returns.exact is not None for c in found) else ""
    )
    doubt = in_doubt([curve for c in found for curve in (c.returns, c.lengths)])
    drawn, columns = found[0].returns.columns.drawn, found[0].returns.columns.axis.value
    deep = found[0].returns.columns.axis is Axis.POINTS
    averaged = "at points" if deep else "in single episodes, averaged over blocks of episodes"
    words = (
        f"Of {of}; lines: mean over seeds, {drawn}; dotted: median of single {columns}{exact}. Bands are for all "
        f"blocks at once (Bonferroni), at the confidence of the report{doubt}."
    )
    spread = (
        f"Quantiles of runs of {of} {averaged}: nine tenths of the runs lie "
        "in the pale area, half of them in the darker one; the line is the median."
    )
    lengths = sorted({_length(c) for c in found})
    alike = [[c for c in found if _length(c) == n] for n in lengths]
    curves = [chart for group in alike for chart in learning_charts(group, group[0])]
    return [
        Group("Learning curves", words, curves),
        Group("Spread of runs", spread, [_quantile_chart(c) for c in found], folded=True),
    ]


def _length(one: SummarisedCurves) -> tuple[int, int]:
    """How long its curves are, in episodes or steps and in columns."""
    columns = one.returns.columns
    return columns.number(columns.n), columns.n


def _quantile_chart(one: SummarisedCurves) -> Drawing:
    x, q, colour = one.returns.x, one.quantiles, one.agent.colour
    unit = one.returns.columns.unit
    scale = Scale.of_values(list(q), [float(q[2, -1])])
    chart = columns_chart(one.returns.columns, scale, "return of an episode")
    chart.marks += [stroke(Area(x, q[i], q[-1 - i], colour)) for i in (0, 1)]
    chart.marks.append(stroke(Line(x, q[2], "mean", colour)))
    columns: list[Column] = [(unit, x), *zip(_QUANTILES, q, strict=True)]
    said = f"{one.agent.label}: at the end nine tenths of the runs have {q[0, -1]:.4g} to {q[-1, -1]:.4g}."
    return Drawing(
        one.agent.label, svg(chart, f"Spread of returns over {unit}s, {said}"), "spread.csv", csv_text(columns)
    )

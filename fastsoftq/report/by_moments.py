"""Two folders compared where one keeps summaries: unpaired, by means and their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Band, Line, Name, Scale
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.learning_chart import columns_chart, stroke
from fastsoftq.figures.svg import svg
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import ReportedAgent
from fastsoftq.report.outline import Group
from fastsoftq.report.rounding import interval_text
from fastsoftq.report.summaries import BlockMoments, block_moments

__all__ = ["MomentDifference", "moment_difference", "moments_group"]

_DRAWN = 6  # conditions


class MomentDifference(NamedTuple):
    """How two agents differ, as far as moments tell; of return, the first less the second."""

    label: str
    colour: str
    ours: BlockMoments
    theirs: BlockMoments
    difference: float  # over the last episodes
    half: float  # half the width of its interval
    x: NDArray[np.float64]  # [blocks]; empty where numbers of episodes differ
    center: NDArray[np.float64]  # [blocks]
    halves: NDArray[np.float64]  # [blocks], for all blocks at once

    @property
    def sign(self) -> int:
        """+1 more, -1 less, 0 not told apart over the last episodes."""
        return int(self.difference > self.half) - int(self.difference < -self.half)


def moment_difference(one: ReportedAgent, other: ReportedAgent, label: str, error: float = 0.05) -> MomentDifference:
    """Compare the mean returns of two agents without their runs.

    Parameters
    ----------
    one, other : ReportedAgent
        With runs or with summaries.
    label : str
    error : float
        Chance that the interval at the end does not hold the difference, and again that the band does not, in (0, 1).

    Returns
    -------
    MomentDifference

    Notes
    -----
    The interval is Student's t with the fewer runs' degrees of freedom, which is never too many for unlike variances,
    times the sum of both standard errors: that of the difference is no more, however runs of the two correlate, which
    may have their seeds in common; it is wider where runs are skewed. The band takes as many such intervals as there
    are blocks (Bonferroni). Few runs that all agree do not tell how far others may be: what is said of them has no
    ends, as with runs.

    Examples
    --------
    >>> from fastsoftq.report.folder import EpisodeMoments, Summaries
    >>> known = [EpisodeMoments(9, np.array([mean]), np.array([0.5]), np.zeros((5, 1))) for mean in (-9.0, -5.0)]
    >>> one, other = (
    ...     ReportedAgent("soft", "soft", "#0064a0", {}, None, summaries=lambda k=k: Summaries(k, k)) for k in known
    ... )
    >>> found = moment_difference(one, other, "soft")
    >>> found.difference, round(found.half, 3), found.sign  # 2.306 of 8 degrees of freedom, times 0.5 + 0.5
    (-4.0, 2.306, -1)
    """
    a, b = block_moments(one), block_moments(other)
    center = halves = x = np.empty(0)
    if a.columns.match(b.columns):
        center, x = a.mean - b.mean, a.columns.x
        halves = _half(center, a.blocks.less(b.blocks, error / len(center)))
    half = float(_half(np.asarray(a.last - b.last), a.end.less(b.end, error)))
    return MomentDifference(label, one.colour, a, b, a.last - b.last, half, x, center, halves)


def _half(center: NDArray[np.float64], ends: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Half the width of intervals around their middle that hold others."""
    return np.asarray(np.maximum(center - ends[0], ends[1] - center))


def moments_group(found: Sequence[MomentDifference], names: tuple[str, str]) -> Group:
    """Tabulate and draw how the agents of two folders differ.

    Parameters
    ----------
    found : sequence of MomentDifference
        At least one; of very many the six furthest apart are drawn.
    names : (str, str)
        What to call the folders.

    Returns
    -------
    Group

    Examples
    --------
    >>> from fastsoftq.report.folder import EpisodeMoments, Summaries
    >>> known = EpisodeMoments(9, np.array([-9.0]), np.array([0.5]), np.zeros((5, 1)))
    >>> soft = ReportedAgent("soft", "soft", "#0064a0", {}, None, summaries=lambda: Summaries(known, known))
    >>> moments_group([moment_difference(soft, soft, "soft")], ("before", "after")).tables[0].rows[0][:3]
    ['soft', '−9.00', '−9.00']
    """
    order = sorted(found, key=lambda one: one.half - abs(one.difference))
    rows = [
        [
            one.label,
            typeset(one.ours.last, 2),
            typeset(one.theirs.last, 2),
            interval_text(one.difference, one.difference - one.half, one.difference + one.half),
            {1: "more", 0: "not told apart", -1: "less"}[one.sign],
        ]
        for one in found
    ]
    words = (
        "Runs of these are not kept by both, so that they are compared unpaired, by means and standard errors: "
        "Student’s t, with the degrees of freedom of the fewer runs, times the most that the standard error can be, "
        "however seeds and episodes correlate: of a difference the sum of both, and over several episodes, where only "
        "summaries are kept, the mean of theirs. Bands are for all blocks at once (Bonferroni)."
    )
    drawn = [one for one in order if len(one.center)][:_DRAWN]
    if len(drawn) < len(found):
        words += f" Of {typeset(len(found))} conditions {len(drawn)} are drawn, the furthest apart."
    header = ["agent", *names, "difference", names[0]]
    table = Table(header, rows, "[ ]: intervals at the confidence of the report", "Return at the end", sortable=True)
    charts = [_chart(one, f"{names[0]} less {names[1]}, {one.label}") for one in drawn]
    return Group("Differences by moments", words, charts, tables=[table])


def _chart(one: MomentDifference, title: str) -> Drawing:
    known = np.isfinite(one.halves)
    widest = max(np.abs(one.center).max(), one.halves[known].max(initial=0.0))
    halves = np.where(known, one.halves, 2.0 * widest)  # past what is drawn of the others
    low, high = one.center - halves, one.center + halves
    scale = Scale.of_values([np.zeros(1), low, high], [float(one.center[-1])])
    chart = columns_chart(one.ours.columns, scale, "difference of return")
    chart.marks.append(Line(np.array([chart.x.low, chart.x.high]), np.zeros(2), "zero"))
    chart.marks.append(stroke(Band(one.x, low, high, one.colour)))
    chart.marks.append(stroke(Line(one.x, one.center, "mean", one.colour, one.label)))
    chart.names.append(Name(float(one.center[-1]), one.label, one.colour))
    columns: list[Column] = [(one.ours.columns.unit, one.x), ("mean", one.center), ("low", low), ("high", high)]
    said = f"{title}, in return, over {one.ours.columns.unit}s: it comes to {one.center[-1]:.4g}."
    return Drawing(title, svg(chart, said), "difference.csv", csv_text(columns))

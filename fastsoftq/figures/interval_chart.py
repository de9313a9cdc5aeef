"""Intervals: a row for each condition, with its estimate, its interval and the exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Chart, Line, Ring, Scale, rows_chart
from fastsoftq.figures.labels import typeset

__all__ = ["DWARFING", "IntervalRow", "interval_chart", "shown_rows", "usual_width"]

_STROKE = 0.32  # half the height of the stroke at an exact answer, of a row
DWARFING = 10.0  # times what rows differ by, or a usual interval
_BEST = 20  # of each algorithm, where not all are shown


@dataclass(frozen=True)
class IntervalRow:
    """A row of the chart.

    Attributes
    ----------
    label, colour : str
    estimate, low, high : float
    exact : float or None
    in_best_set : bool
        Whether it cannot be told from the best.
    algorithm : str
        What it is one of; its colour says so if empty.

    Examples
    --------
    >>> IntervalRow("soft, k = 10", "#0064a0", -17.0, -18.0, -16.0).in_best_set
    False
    """

    label: str
    colour: str
    estimate: float
    low: float
    high: float
    exact: float | None = None
    in_best_set: bool = False
    algorithm: str = ""


def shown_rows(
    rows: Sequence[IntervalRow], most: int = 40, higher_is_better: bool = True
) -> tuple[list[IntervalRow], str]:
    """Choose the rows that a chart has room for.

    Parameters
    ----------
    rows : sequence of IntervalRow
    most : int
        As many are all shown, in their order.
    higher_is_better : bool

    Returns
    -------
    list of IntervalRow
        All; or the best 20 of each algorithm, the best first.
    str
        What is left out, in words; empty where nothing is.

    Examples
    --------
    >>> rows = [IntervalRow(f"soft, k = {k}", "#0064a0", -k, -k - 1.0, 1.0 - k) for k in range(1, 101)]
    >>> shown, words = shown_rows(rows)
    >>> len(shown), shown[0].label, words
    (20, 'soft, k = 1', 'Shown are the best 20, of 100 in all.')
    """
    if len(rows) <= most:
        return list(rows), ""
    best = sorted(rows, key=lambda row: -row.estimate if higher_is_better else row.estimate)
    taken: dict[str, int] = {}
    shown = []
    for row in best:
        which = row.algorithm or row.colour
        taken[which] = taken.get(which, 0) + 1
        if taken[which] <= _BEST:
            shown.append(row)
    each = " of each algorithm" if len(taken) > 1 else ""
    return shown, f"Shown are the best {_BEST}{each}, of {typeset(len(rows))} in all."


def interval_chart(rows: Sequence[IntervalRow], xlabel: str) -> Chart:
    """The chart of some estimates with their intervals, one below the other.

    Parameters
    ----------
    rows : sequence of IntervalRow
        From the top; `shown_rows` chooses where there are very many.
    xlabel : str

    Returns
    -------
    Chart
        Discs are estimates, rings those that cannot be told from the best, upright strokes exact answers.

    Raises
    ------
    ValueError
        No rows.

    Examples
    --------
    >>> chart = interval_chart([IntervalRow("soft, k = 10", "#0064a0", -17.0, -18.0, -16.0, exact=-17.2)], "return")
    >>> [mark.kind for mark in chart.marks], chart.yticks
    (['whisker', 'stroke'], [(0.0, 'soft, k = 10')])
    """
    if not rows:
        raise ValueError("rows: there are none; a chart of intervals needs one or more")
    scale = Scale.of_values([_shown(rows)], [max(row.estimate for row in rows)])
    chart, places = rows_chart(scale, xlabel, [row.label for row in rows])
    for place, row in zip(places, rows, strict=True):
        across = np.clip([row.low, row.high], scale.low, scale.high)
        chart.marks.append(Line(across, np.full(2, place), "whisker", row.colour))
        if row.exact is not None:
            chart.marks.append(Line(np.full(2, row.exact), np.array([place - _STROKE, place + _STROKE]), "stroke"))
        chart.rings.append(Ring(row.estimate, place, row.colour, filled=not row.in_best_set))
    return chart


def _shown(rows: Sequence[IntervalRow]) -> NDArray[np.float64]:
    """The values that the axis is to show: of an interval that dwarfs all others, as of few runs that agree, a part."""
    known = np.array([row.estimate for row in rows] + [row.exact for row in rows if row.exact is not None])
    ends = np.array([[row.low, row.high] for row in rows])
    reach = DWARFING * max(float(np.ptp(known)), usual_width(ends))
    finite = ends[np.isfinite(ends)]
    return np.concatenate([known, np.clip(finite, known.min() - reach, known.max() + reach)])


def usual_width(ends: NDArray[np.float64]) -> float:
    """How wide a usual interval is, of rows of their ends, [intervals, 2]; 0 where none has both."""
    widths = np.ptp(ends[np.isfinite(ends).all(axis=1)], axis=1)
    return float(np.quantile(widths, 0.25, method="lower")) if len(widths) else 0.0

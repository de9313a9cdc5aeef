"""Drawings of a sweep: sensitivity, heat maps and intervals, each in words too and with its numbers as CSV."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.heat_map import heat_map
from fastsoftq.figures.interval_chart import IntervalRow, interval_chart
from fastsoftq.figures.labels import typeset, value_text
from fastsoftq.figures.sensitivity import Series, sensitivity_chart
from fastsoftq.figures.svg import svg
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.facets import about
from fastsoftq.report.rounding import interval_text

__all__ = ["heat_drawing", "interval_drawing", "sensitivity_drawing"]

_TOLD = 6  # rows or lines that the words name


def sensitivity_drawing(
    title: str, series: Sequence[Series], xlabel: str, ylabel: str, log_x: bool | None = None
) -> Drawing:
    """Draw what is earned over the values of a hyperparameter.

    Parameters
    ----------
    title : str
    series : sequence of Series
    xlabel, ylabel : str
    log_x : bool, optional
        As `sensitivity_chart` has it.

    Returns
    -------
    Drawing
        Its data have a row for each value, and are empty where a line has none.

    Examples
    --------
    >>> y = np.array([-30.0, -20.0])
    >>> one = Series("soft", "#0064a0", "", np.array([0.1, 0.5]), y, y - 1.0, y + 1.0, best=1)
    >>> print(sensitivity_drawing("Step size", [one], "step size", "return").data.splitlines()[1])
    0.1,-30,-31,-29
    """
    rows = _union([each.x for each in series])
    columns: list[Column] = [(xlabel, [row if isinstance(row, str) else f"{row:.10g}" for row in rows])]
    for each in series:
        parts = {"mean": each.mean, "low": each.low, "high": each.high, "exact": each.exact,
                 "lowest": each.lowest, "highest": each.highest}  # fmt: skip
        at = [rows.index(x) for x in _plain(each.x)]
        for part, values in parts.items():
            if values is not None:
                column = np.full(len(rows), np.nan)
                column[at] = values
                columns.append((f"{each.label}, {part}", column))
    said = [
        f"{each.label} is best at {value_text(_plain(each.x)[each.best])}, with {about(float(each.mean[each.best]))}"
        for each in series
        if each.best is not None
    ]
    words = f"{title}: {ylabel} over {xlabel}: {'; '.join(said[:_TOLD])}".rstrip(": ")
    drawn = svg(sensitivity_chart(series, xlabel, ylabel, log_x), f"{words}.")
    return Drawing(title, drawn, "sensitivity.csv", csv_text(columns))


def heat_drawing(
    title: str,
    values: NDArray[np.float64],
    xs: Sequence[float] | Sequence[str],
    ys: Sequence[float] | Sequence[str],
    xlabel: str,
    ylabel: str,
    what: str,
    best: Collection[tuple[int, int]] = (),
) -> Drawing:
    """Draw a number for each pair of values of two hyperparameters.

    Parameters
    ----------
    title : str
    values, xs, ys, xlabel, ylabel, what, best
        As `heat_map` has them.

    Returns
    -------
    Drawing
        Its data have a row for each cell. Where none is told from the best, no cell is framed.

    Examples
    --------
    >>> cells = np.array([[-30.0, -20.0]])
    >>> drawing = heat_drawing("Soft", cells, [0.1, 0.5], [10.0], "step size", "reward scale", "mean return", {(0, 1)})
    >>> print(drawing.data.splitlines()[2])
    0.5,10,-20,yes
    """
    cells = list(np.ndindex(values.shape))
    columns: list[Column] = [
        (xlabel, [xs[ix] for _, ix in cells]),
        (ylabel, [ys[iy] for iy, _ in cells]),
        (what, [float(values[cell]) for cell in cells]),
        ("cannot be told from the best", ["yes" if cell in best else "no" for cell in cells]),
    ]
    framed = best if len(best) < int(np.isfinite(values).sum()) else ()  # frames everywhere hide what they frame
    return Drawing(title, heat_map(values, xs, ys, xlabel, ylabel, what, framed), "heat_map.csv", csv_text(columns))


def interval_drawing(title: str, rows: Sequence[IntervalRow], xlabel: str) -> Drawing:
    """Draw estimates with their intervals, one below the other.

    Parameters
    ----------
    title : str
    rows : sequence of IntervalRow
        As `shown_rows` chooses them.
    xlabel : str

    Returns
    -------
    Drawing

    Examples
    --------
    >>> row = IntervalRow("soft, k = 10", "#0064a0", -17.0, -18.0, -16.0, in_best_set=True)
    >>> print(interval_drawing("Best", [row], "mean return").data.splitlines()[1])
    "soft, k = 10",-17,-18,-16,,yes
    """
    columns: list[Column] = [
        ("condition", [row.label for row in rows]),
        ("estimate", [row.estimate for row in rows]),
        ("low", [row.low for row in rows]),
        ("high", [row.high for row in rows]),
        ("exact", [np.nan if row.exact is None else row.exact for row in rows]),
        ("cannot be told from the best", ["yes" if row.in_best_set else "no" for row in rows]),
    ]
    said = [f"{row.label}: {interval_text(row.estimate, row.low, row.high)}" for row in rows[:_TOLD]]
    more = f"; and {typeset(len(rows) - _TOLD)} more" if len(rows) > _TOLD else ""
    words = f"{title}: {xlabel}, with intervals: {'; '.join(said)}{more}."
    return Drawing(title, svg(interval_chart(rows, xlabel), words), "intervals.csv", csv_text(columns))


def _plain(values: Sequence[float] | Sequence[str] | NDArray[np.float64]) -> list[float] | list[str]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)  # type: ignore[return-value]


def _union(values: Sequence[Sequence[float] | Sequence[str] | NDArray[np.float64]]) -> list[float | str]:
    """All values, each once: numbers ascending, texts in the order in which they come."""
    found: dict[float | str, None] = dict.fromkeys(value for each in values for value in _plain(each))
    numbers = all(not isinstance(value, str) for value in found)
    return sorted(found, key=float) if numbers else list(found)

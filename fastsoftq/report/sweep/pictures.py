"""The charts of a sweep: sensitivity, heat maps, and conditions with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fastsoftq.figures.colours import dashes
from fastsoftq.figures.heat_map import heat_map
from fastsoftq.figures.interval_chart import IntervalRow, interval_chart, shown_rows
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.sensitivity import Series, sensitivity_chart
from fastsoftq.figures.svg import svg
from fastsoftq.measures import Measure
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.rounding import interval_text
from fastsoftq.report.sweep.labels import Value, parameter_name, value_text
from fastsoftq.report.sweep.sensitivity import Plane, SensitivityLine

__all__ = ["axis_label", "heat_drawing", "interval_drawing", "sensitivity_drawing"]


def axis_label(measure: Measure) -> str:
    """What an axis of a measure is called, with its unit where the title does not have it.

    Parameters
    ----------
    measure : Measure

    Returns
    -------
    str
    """
    return measure.title if measure.unit in measure.title else f"{measure.title} ({measure.unit})"


def sensitivity_drawing(
    lines: Sequence[SensitivityLine], parameter: str, measure: Measure, index: int, colours: Mapping[str, str]
) -> Drawing:
    """Draw the lines of a parameter.

    Parameters
    ----------
    lines : sequence of SensitivityLine
    parameter : str
    measure : Measure
    index : int
        Which of the measures it is.
    colours : mapping
        Of each agent's name.

    Returns
    -------
    Drawing
    """
    texts = not all(_is_number(value) for line in lines for value in line.values)
    series, columns = [], []
    for line, dash in zip(lines, dashes([colours[line.table] for line in lines]), strict=True):
        mean, low, high = (
            np.array([getattr(interval, end) for interval in line.intervals]) for end in ("estimate", "low", "high")
        )
        known = [one.exact_values[index] for one in line.conditions]
        exact = None if None in known else np.array(known, np.float64)
        x = [value_text(value) for value in line.values] if texts else np.array(line.values, np.float64)
        others = (line.lowest, line.highest) if line.others else (None, None)
        best = line.best(measure)
        series.append(Series(line.table, colours[line.table], dash, x, mean, low, high, best, exact, *others))
        n = len(line.values)
        columns.append(([line.table] * n, [value_text(v) for v in line.values], mean, low, high, line.lowest,
                        line.highest, np.full(n, np.nan) if exact is None else exact,
                        [one.label for one in line.conditions]))  # fmt: skip
    names = ("agent", parameter, "mean", "low", "high", "lowest", "highest", "exact", "condition")
    table: list[Column] = [
        (name, [entry for column in columns for entry in column[i]]) for i, name in enumerate(names)
    ]
    name = parameter_name(parameter, symbol=True)
    ends = "; ".join(
        f"{line.table} is best at {value_text(line.values[line.best(measure)])}, "
        f"{_about(line.intervals[line.best(measure)].estimate)}"
        for line in lines
    )
    chart = sensitivity_chart(series, name, axis_label(measure))
    title = name[0].upper() + name[1:]
    return Drawing(title, svg(chart, f"{title}: {measure.title}: {ends}."), f"sensitivity_{parameter}.csv", csv_text(table))


def heat_drawing(plane: Plane, measure: Measure) -> Drawing:
    """Draw a plane as a heat map.

    Parameters
    ----------
    plane : Plane
    measure : Measure

    Returns
    -------
    Drawing
    """
    across, up = (parameter_name(name, symbol=True) for name in (plane.across, plane.up))
    xs, ys = ([value_text(value) for value in values] for values in (plane.xs, plane.ys))
    drawn = heat_map(plane.means, xs, ys, across, up, axis_label(measure), plane.best)
    cells = [(y, x, float(plane.means[iy, ix])) for iy, y in enumerate(ys) for ix, x in enumerate(xs)]
    columns: list[Column] = [
        (plane.up, [cell[0] for cell in cells]),
        (plane.across, [cell[1] for cell in cells]),
        (measure.name, [cell[2] for cell in cells]),
    ]
    return Drawing(f"{plane.table}: {across} and {up}", drawn, f"{plane.across}_{plane.up}.csv", csv_text(columns))


def interval_drawing(title: str, rows: Sequence[IntervalRow], measure: Measure, file: str) -> tuple[Drawing, str]:
    """Draw estimates with their intervals, one below the other.

    Parameters
    ----------
    title : str
    rows : sequence of IntervalRow
    measure : Measure
    file : str
        The name of the data.

    Returns
    -------
    Drawing
    str
        What is left out, in words; empty where nothing is.
    """
    shown, words = shown_rows(rows, higher_is_better=measure.higher_is_better)
    columns: list[Column] = [("condition", [row.label for row in rows])]
    columns += [(end, [float(getattr(row, end)) for row in rows]) for end in ("estimate", "low", "high")]
    columns += [("exact", [np.nan if row.exact is None else row.exact for row in rows])]
    best = shown[0] if len(shown) == 1 else max(
        shown, key=lambda row: row.estimate if measure.higher_is_better else -row.estimate
    )
    said = interval_text(best.estimate, best.low, best.high)
    alternative = f"{title}: {measure.title} of {typeset(len(shown))} conditions; the best is {best.label} with {said}."
    return Drawing(title, svg(interval_chart(shown, axis_label(measure)), alternative), file, csv_text(columns)), words


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _about(value: float) -> str:
    return typeset(value, 0 if abs(value) >= 100.0 else 1)

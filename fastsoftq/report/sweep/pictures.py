"""The charts of a sweep, made of what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fastsoftq.figures.colours import dashes
from fastsoftq.figures.interval_chart import IntervalRow
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.sensitivity import Series
from fastsoftq.measures import Measure
from fastsoftq.report.drawing import Drawing
from fastsoftq.report.sweep.condition_labels import Value, parameter_name, value_text
from fastsoftq.report.sweep.sensitivity_lines import Plane, SensitivityLine
from fastsoftq.report.sweep_drawings import heat_drawing, interval_drawing, sensitivity_drawing

__all__ = ["axis_label", "heat_picture", "interval_picture", "sensitivity_picture"]


def axis_label(measure: Measure) -> str:
    """What an axis of a measure is called, with its unit where the title does not name it.

    Parameters
    ----------
    measure : Measure

    Returns
    -------
    str

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> axis_label(measure("last:100"))
    'mean return over the last 100 episodes'
    """
    return measure.title if measure.unit in measure.title else f"{measure.title} ({measure.unit})"


def sensitivity_picture(
    lines: Sequence[SensitivityLine], parameter: str, measure: Measure, colours: Mapping[str, str]
) -> Drawing:
    """Draw the lines of a parameter.

    Parameters
    ----------
    lines : sequence of SensitivityLine
    parameter : str
    measure : Measure
        The main one.
    colours : mapping
        Of each agent's name.

    Returns
    -------
    Drawing
    """
    texts = not all(_is_number(value) for line in lines for value in line.values)
    series = []
    for line, dash in zip(lines, dashes([colours[line.table] for line in lines]), strict=True):
        mean, low, high = (
            np.array([getattr(interval, end) for interval in line.intervals]) for end in ("estimate", "low", "high")
        )
        exact = np.array([np.nan if (e := one.exact_values[0]) is None else e for one in line.conditions])
        series.append(
            Series(
                line.table,
                colours[line.table],
                dash,
                [value_text(value) for value in line.values] if texts else np.array(line.values, np.float64),
                mean,
                low,
                high,
                best=line.best(measure),
                exact=exact if np.isfinite(exact).any() else None,
                lowest=line.lowest if line.others else None,
                highest=line.highest if line.others else None,
            )
        )
    name = parameter_name(parameter, symbol=True)
    return sensitivity_drawing(_capital(name), series, name, axis_label(measure))


def heat_picture(plane: Plane, measure: Measure) -> Drawing:
    """Draw a plane as a heat map.

    Parameters
    ----------
    plane : Plane
    measure : Measure
        The main one.

    Returns
    -------
    Drawing
    """
    across, up = (parameter_name(name, symbol=True) for name in (plane.across, plane.up))
    xs, ys = ([value_text(value) for value in values] for values in (plane.xs, plane.ys))
    title = _capital(f"{plane.table}: {across} and {up}")
    return heat_drawing(title, plane.means, xs, ys, across, up, axis_label(measure), plane.best)


def interval_picture(title: str, rows: Sequence[IntervalRow], measure: Measure, most: int = 40) -> tuple[Drawing, str]:
    """Draw estimates with their intervals, one below the other, the best first.

    Parameters
    ----------
    title : str
    rows : sequence of IntervalRow
    measure : Measure
    most : int
        Of more than so many the best are shown.

    Returns
    -------
    Drawing
    str
        What is left out, in words; empty where nothing is.
    """
    sense = 1.0 if measure.higher_is_better else -1.0
    shown = sorted(rows, key=lambda row: -sense * row.estimate)[:most]
    words = f"Shown are the best {most} of {typeset(len(rows))}." if len(rows) > most else ""
    strokes = "; strokes: exact" if any(row.exact is not None for row in shown) else ""
    return interval_drawing(title, shown, axis_label(measure) + strokes), words


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

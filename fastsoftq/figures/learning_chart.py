"""Learning curves as a chart: what it shows, on which scales. `svg` and `learning_figure` draw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from fastsoftq.figures.chart import Band, Chart, Line, Name, Ring, Scale
from fastsoftq.figures.columns import Columns
from fastsoftq.figures.curve import Curve, within_reach

__all__ = ["columns_chart", "learning_chart", "learning_scale", "meetings", "stroke"]

Mark = TypeVar("Mark", Line, Band)


def columns_chart(columns: Columns, scale: Scale, ylabel: str) -> Chart:
    """An empty chart over episodes, on a logarithmic axis, or over steps.

    Parameters
    ----------
    columns : Columns
    scale : Scale
        Of the values.
    ylabel : str

    Returns
    -------
    Chart

    Examples
    --------
    >>> columns_chart(Columns(1000), Scale(0.0, 1.0), "return").x
    Scale(low=1.0, high=1000.0, kind='log')
    >>> columns_chart(Columns(2, np.array([500, 1000])), Scale(0.0, 1.0), "return").x
    Scale(low=0.0, high=1000.0, kind='linear')
    """
    end = float(columns.number(columns.n))
    if columns.steps is not None:
        return Chart(Scale(0.0, end), scale, columns.unit, ylabel)
    if columns.n == 1:
        return Chart(Scale(0.5, 1.5), scale, columns.unit, ylabel, xticks=[(1.0, "1")])
    return Chart(Scale(1.0, end, "log"), scale, columns.unit, ylabel)


def learning_scale(curves: Sequence[Curve]) -> Scale:
    """The scale that shows the first and the last episodes of all curves.

    Parameters
    ----------
    curves : sequence of Curve

    Returns
    -------
    Scale

    Examples
    --------
    >>> from fastsoftq.figures.curve import curve
    >>> learning_scale([curve("soft", "#0064a0", np.array([[-9e3, -5.0], [-7e3, -3.0]]))]).kind
    'symlog'
    """
    shown = [v for c in curves for v in (c.mean, c.median, *within_reach(c.mean, c.low, c.high, c.reach))]
    shown += [c.exact for c in curves if c.exact is not None]
    return Scale.of_values(shown, [float(c.mean[-1]) for c in curves])


def learning_chart(curves: Sequence[Curve], scale: Scale, ylabel: str) -> Chart:
    """The chart of some learning curves.

    Parameters
    ----------
    curves : sequence of Curve
    scale : Scale
    ylabel : str

    Returns
    -------
    Chart
        Bands lie below all lines, and exact lines above them.

    Examples
    --------
    >>> from fastsoftq.figures.curve import curve
    >>> c = curve("soft", "#0064a0", np.array([[-9.0, -5.0], [-7.0, -3.0]]))
    >>> [type(mark).__name__ for mark in learning_chart([c], learning_scale([c]), "return").marks]
    ['Band', 'Line', 'Line']
    """
    longest = max((c.columns for c in curves), key=lambda columns: columns.number(columns.n))
    chart = columns_chart(longest, scale, ylabel)
    for c in curves:
        chart.marks.append(stroke(Band(c.x, c.low, c.high, c.colour)))
    for c in curves:
        chart.marks.append(stroke(Line(c.x, c.median, "median", c.colour)))
        chart.marks.append(stroke(Line(c.x, c.mean, "mean", c.colour, c.label, c.dash)))
        chart.names.append(Name(float(c.mean[-1]), c.label, c.colour, c.dash))
    for c in curves:
        if c.exact is not None:
            chart.marks.append(stroke(Line(c.x, c.exact, "exact", c.colour)))
    return chart


def stroke(mark: Mark) -> Mark:
    """Make a short level stroke of a mark over a single episode or point, since a point is not seen.

    Parameters
    ----------
    mark : Line or Band

    Returns
    -------
    Line or Band
        As it is where it has several points.

    Examples
    --------
    >>> stroke(Line(np.array([1.0]), np.array([-12.0]), "mean")).x.tolist()
    [0.9, 1.1]
    """
    if len(mark.x) > 1:
        return mark
    twice = {name: value.repeat(2) for name, value in mark._asdict().items() if isinstance(value, np.ndarray)}
    half = max(0.1, 0.02 * float(mark.x[0]))
    return mark._replace(**twice | {"x": mark.x + np.array([-half, half])})


def meetings(curves: Sequence[Curve]) -> list[Ring]:
    """Rings where curves come to agree with their exact values, with the number of the episode, or step.

    Parameters
    ----------
    curves : sequence of Curve

    Returns
    -------
    list of Ring

    Examples
    --------
    >>> from fastsoftq.figures.curve import curve
    >>> values = -100.0 + 1e-3 * np.random.default_rng(0).normal(size=(50, 20))
    >>> [ring.text for ring in meetings([curve("soft", "#0064a0", values, np.full(20, -100.0))])]
    ['1']
    """
    met = [(c, c.meets, c.exact) for c in curves if c.meets is not None and c.exact is not None]
    rings = []
    for c, meets, exact in met:
        at = int(np.searchsorted(c.x, meets))
        highest = all(exact[at] >= other[at] for _, _, other in met)
        rings.append(Ring(float(c.x[at]), float(exact[at]), c.colour, c.columns.shown(meets), highest))
    return rings

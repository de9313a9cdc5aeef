"""Learning curves as a figure: panels of charts, drawn with Matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from fastsoftq.figures.chart import KNEE, Band, Chart, Line
from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.curve import WITHIN, Curve
from fastsoftq.figures.learning_chart import learning_chart, learning_scale, meetings
from fastsoftq.figures.style import STYLE, dashed, titled_figure

__all__ = ["Panel", "draw_chart", "plot_learning_curves"]

_LETTERS = 80  # of a note that a panel has room for
_UNIT = STYLE["font.size"] / 11.5  # points; charts measure lengths in pixels of a page with text of 11.5

_LINES: dict[str, dict[str, Any]] = {
    "mean": {"linewidth": 1.8},
    "median": {"linewidth": 1.0, "linestyle": (0, (1, 1.2))},
    "exact": {"color": INK, "linewidth": 0.9, "linestyle": (0, (5, 2.5)), "zorder": 3},
}
_RING: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 7,
    "markerfacecolor": "white",
    "markeredgewidth": 1.8,
    "zorder": 4,
    "clip_on": False,
}
_SCALES: dict[str, dict[str, Any]] = {
    "linear": {"value": "linear"},
    "log": {"value": "log"},
    "symlog": {"value": "asinh", "linear_width": KNEE},
}
_KEY = {"mean": "mean, with a band for the whole curve", "median": "median", "exact": "exact, from planning"}


@dataclass(frozen=True, eq=False)
class Panel:
    """Curves to be drawn on the same axes.

    Attributes
    ----------
    title, ylabel : str
    curves : sequence of Curve
    """

    title: str
    ylabel: str
    curves: Sequence[Curve]


def plot_learning_curves(title: str, panels: Sequence[Sequence[Panel]], note: str) -> Figure:
    """Draw panels of learning curves in a grid, on axes where the first and the last episodes can both be read.

    Parameters
    ----------
    title : str
    panels : sequence of sequence of Panel
        Rows of panels; those of a row share their axis of values.
    note : str
        Words above the key to the lines; broken into lines.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from fastsoftq.figures.curve import curve
    >>> curves = [curve("soft", "#0064a0", np.random.default_rng(0).normal(size=(8, 20)))]
    >>> figure = plot_learning_curves("Return", [[Panel("soft", "return of an episode", curves)]], "8 seeds.")
    >>> figure.axes[0].get_xscale()
    'log'
    """
    charts = []
    for row in panels:
        scale = learning_scale([c for panel in row for c in panel.curves])
        charts.append([learning_chart(panel.curves, scale, row[0].ylabel) for panel in row])
        for chart, panel in zip(charts[-1], row, strict=True):
            chart.rings.extend(meetings(panel.curves))
    room = ConstrainedLayoutEngine(rect=(0.0, 0.0, 0.985, 1.0))  # at the right, for names
    with titled_figure(5.6 * len(panels[0]), 3.3 * len(panels) + 1.2, title, layout=room) as figure:
        axes = figure.subplots(len(panels), len(panels[0]), sharex="col", sharey="row", squeeze=False)
        for panel, ax in zip(panels[0], axes[0], strict=True):
            ax.set_title(panel.title)
        _explain(figure, [chart for row in charts for chart in row], fill(note, _LETTERS * len(panels[0])))
        drawn = [(ax, chart) for of_axes, of_charts in zip(axes, charts, strict=True)
                 for ax, chart in zip(of_axes, of_charts, strict=True)]  # fmt: skip
        for ax, chart in drawn:
            draw_chart(ax, chart)
        for ax in axes.flat:
            ax.label_outer()
        figure.align_ylabels()
        for write in (_write_names, _write_numbers):  # each where the figure as it is then has room for it
            figure.draw_without_rendering()
            for ax, chart in drawn:
                write(ax, chart)
    return figure


def draw_chart(ax: Axes, chart: Chart) -> None:
    """Draw a chart's axes, marks and rings; its values are the coordinates.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    chart : Chart
        Of lines and bands.

    Examples
    --------
    >>> from fastsoftq.figures.chart import Scale
    >>> chart = Chart(Scale(1.0, 9.0, "log"), Scale(0.0, 1.0), "episode", "share")
    >>> ax = Figure().subplots()
    >>> draw_chart(ax, chart)
    >>> ax.get_xscale(), ax.get_ylabel()
    ('log', 'share')
    """
    for mark in chart.marks:
        if isinstance(mark, Band):
            low, high = (np.clip(values, chart.y.low, chart.y.high) for values in (mark.low, mark.high))
            ax.fill_between(mark.x, low, high, color=mark.colour, alpha=0.25, linewidth=0)
        elif isinstance(mark, Line):
            colour = {"color": mark.colour} if mark.colour else {}
            ax.plot(mark.x, mark.y, **colour | _LINES[mark.kind] | dashed(mark.dash))
    for ring in chart.rings:
        ax.plot(ring.x, ring.y, markeredgecolor=ring.colour, **_RING)
    ax.set_xscale(**_SCALES[chart.x.kind])
    ax.set_yscale(**_SCALES[chart.y.kind])
    ax.minorticks_off()
    ax.set(xlim=(chart.x.low, chart.x.high), ylim=(chart.y.low, chart.y.high), xlabel=chart.xlabel, ylabel=chart.ylabel)


def _explain(figure: Figure, charts: Sequence[Chart], note: str) -> None:
    """Write the note and the key to what is drawn, below the panels."""
    drawn = {mark.kind for chart in charts for mark in chart.marks if isinstance(mark, Line)}
    banded = any((mark.low < mark.high).any() for chart in charts for mark in chart.marks if isinstance(mark, Band))
    key = _KEY if banded else _KEY | {"mean": "mean"}
    handles = [
        Line2D([], [], label=text, **{"color": GREY} | _LINES[kind]) for kind, text in key.items() if kind in drawn
    ]
    if any(chart.rings for chart in charts):
        text = f"band within {WITHIN:.0%} of exact from this {charts[0].xlabel} on"
        handles.append(Line2D([], [], label=text, markeredgecolor=GREY, **_RING))
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), title=note, alignment="left")


def _size(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in the lengths of charts."""
    box, pixels = ax.get_window_extent(), _UNIT * ax.figure.dpi / 72.0
    return box.width / pixels, box.height / pixels


def _write_names(ax: Axes, chart: Chart) -> None:
    """Write the values beside the axis, and each curve's name beside its end."""
    _, height = _size(ax)
    ticks = chart.ticks_up(height)
    ax.set_yticks([value for value, _ in ticks], [text for _, text in ticks])
    for place, name in chart.named(height):
        ax.text(1.02, place / height, name.text, color=name.colour, transform=ax.transAxes, va="center")


def _write_numbers(ax: Axes, chart: Chart) -> None:
    """Write the episodes below the axis, and the number of each ring beside it."""
    width, height = _size(ax)
    ticks = chart.ticks_across(width)
    ax.set_xticks([value for value, _ in ticks], [text for _, text in ticks])
    for (x, y), ring in chart.numbered(width, height):
        ax.text(
            x / width, y / height, ring.text, color=ring.colour, transform=ax.transAxes, fontweight="bold",
            ha="center", va="center_baseline", path_effects=[withStroke(linewidth=2.5, foreground="white")], zorder=5,
        )  # fmt: skip

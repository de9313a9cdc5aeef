"""Learning curves as a figure: panels on axes where the first and the last episodes can both be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter

from fastsoftq.figures.curve import WITHIN, Curve, within_reach
from fastsoftq.figures.labels import Marker, apart, beside
from fastsoftq.figures.style import GREY, INK, STYLE

__all__ = ["Panel", "plot_learning_curves"]

_LINEAR = 10.0  # values nearer to zero than this are drawn on a linear scale
_MARGIN = 0.07  # of the axes, beyond what they show
_LETTERS = 88  # of a note that a panel has room for
_LETTER, _LINE = 7.0, 12.0  # of bold digits, in points

_MEAN: dict[str, Any] = {"linewidth": 1.8}
_MEDIAN: dict[str, Any] = {"linewidth": 1.0, "linestyle": (0, (1, 1.2))}
_EXACT: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (5, 2.5)), "zorder": 3}
_MEETS: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 7,
    "markerfacecolor": "white",
    "markeredgewidth": 1.8,
    "zorder": 4,
    "clip_on": False,
}


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
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.6 * len(panels[0]), 3.3 * len(panels) + 1.2), layout=_layout())
        axes = figure.subplots(len(panels), len(panels[0]), sharex=True, sharey="row", squeeze=False)
        for i, row in enumerate(panels):
            for ax, panel in zip(axes[i], row, strict=True):
                _draw(ax, panel.curves)
                if i == 0:
                    ax.set_title(panel.title)
                if i == len(panels) - 1:
                    ax.set_xlabel("episode")
            axes[i, 0].set_ylabel(row[0].ylabel)
            _limit(axes[i, 0], [c for panel in row for c in panel.curves])
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        text = fill(note, _LETTERS * len(panels[0]))
        figure.legend(handles=_key(), loc="outside lower left", ncols=4, title=text, alignment="left")
        figure.draw_without_rendering()  # so that scales are known, for labels to keep clear of each other
        for ax, panel in zip(axes.flat, (panel for row in panels for panel in row), strict=True):
            _label(ax, panel.curves)
            _number(ax, panel.curves)
    return figure


def _layout() -> ConstrainedLayoutEngine:
    """Room for names at the right, which are written after all else."""
    return ConstrainedLayoutEngine(rect=(0.0, 0.0, 0.985, 1.0))


def _draw(ax: Axes, curves: Sequence[Curve]) -> None:
    for c in curves:
        alone = len(c.episode) == 1  # a line through one point is not seen
        if alone:
            ax.vlines(c.episode, c.low, c.high, color=c.colour, alpha=0.25, linewidth=6)
        else:
            ax.fill_between(c.episode, c.low, c.high, color=c.colour, alpha=0.25, linewidth=0)
        ax.plot(c.episode, c.median, color=c.colour, marker="x" if alone else "", **_MEDIAN)
        ax.plot(c.episode, c.mean, color=c.colour, marker="o" if alone else "", **_MEAN)
    for c in curves:
        if c.exact is not None:
            ax.plot(c.episode, c.exact, marker="_" if len(c.episode) == 1 else "", markersize=16, **_EXACT)
        if c.exact is not None and c.meets is not None:
            at = int(np.searchsorted(c.episode, c.meets))
            ax.plot(c.episode[at], c.exact[at], markeredgecolor=c.colour, **_MEETS)
    if curves[0].n_episodes > 1:
        ax.set_xscale("log")
        ax.set_xlim(1, curves[0].n_episodes)
    else:
        ax.set(xticks=[1], xlim=(0.5, 1.5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    ax.set_yscale("symlog", linthresh=_LINEAR, linscale=0.3, subs=[2, 5])
    ax.yaxis.set_major_formatter(FuncFormatter(_tick))
    ax.yaxis.set_minor_formatter(FuncFormatter(_tick))
    ax.grid(visible=True, which="minor", axis="y", linewidth=0.4)
    ax.tick_params(axis="y", which="minor", labelsize=7.5)


def _limit(ax: Axes, curves: Sequence[Curve]) -> None:
    """Set the limits of values by the curves; bands count as far as runs reach, and are cut beyond."""
    shown = [v for c in curves for v in (c.mean, c.median, *within_reach(c.mean, c.low, c.high, c.reach))]
    shown += [c.exact for c in curves if c.exact is not None]
    scale = ax.yaxis.get_transform()
    ends = scale.transform(np.array([min(v.min() for v in shown), max(v.max() for v in shown)]))
    room = _MARGIN * (float(ends[1] - ends[0]) or 1.0)
    ax.set_ylim(*scale.inverted().transform(ends + np.array([-room, room])))


def _number(ax: Axes, curves: Sequence[Curve]) -> None:
    """Write beside each marker at which episode it is."""
    met = [(c, c.meets, c.exact) for c in curves if c.meets is not None and c.exact is not None]
    points = 72.0 / ax.figure.dpi
    markers = []
    for c, meets, exact in met:
        at = int(np.searchsorted(c.episode, meets))
        x, y = (points * ax.transData.transform((c.episode[at], exact[at]))).tolist()
        highest = all(exact[at] >= other[at] for _, _, other in met)
        markers.append(Marker(x, y, 5.0, _LETTER * len(f"{meets}"), highest))
    box = points * np.array(ax.get_window_extent().extents)
    places = beside(markers, _LINE, (box[0], box[1], box[2], box[3] + _LINE))
    for (c, meets, _), place, marker in zip(met, places, markers, strict=True):
        ax.annotate(
            f"{meets}",
            ((marker.x - box[0]) / (box[2] - box[0]), (marker.y - box[1]) / (box[3] - box[1])),
            (place[0] - marker.x, place[1] - marker.y),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="center_baseline",
            color=c.colour,
            fontweight="bold",
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=5,
        )


def _tick(value: float, position: int | None) -> str:
    return f"{value:,.0f}".replace("-", "\N{MINUS SIGN}")


def _key() -> list[Line2D]:
    return [
        Line2D([], [], color=GREY, label="mean, with a band for the whole curve", **_MEAN),
        Line2D([], [], color=GREY, label="median", **_MEDIAN),
        Line2D([], [], label="exact, from planning", **_EXACT),
        Line2D([], [], markeredgecolor=GREY, label=f"band within {WITHIN:.0%} of exact from this episode on", **_MEETS),
    ]


def _label(ax: Axes, curves: Sequence[Curve]) -> None:
    """Write each curve's name beside its end, moved apart where they would overlap."""
    order = sorted(curves, key=lambda c: float(c.mean[-1]))
    ends = ax.transData.transform([(1.0, c.mean[-1]) for c in order])[:, 1]
    places = apart(ends.tolist(), 13.0 / 72.0 * ax.figure.dpi)
    for c, place in zip(order, places.tolist(), strict=True):
        height = float(ax.transAxes.inverted().transform((0.0, place))[1])
        ax.text(1.02, height, c.label, color=c.colour, transform=ax.transAxes, va="center")

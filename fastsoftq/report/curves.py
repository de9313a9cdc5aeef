"""Learning curves over many seeds: mean with a simultaneous band, median, and the exact answer they should come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from fastsoftq.report.style import GREY, INK, STYLE
from fastsoftq.statistics import confidence_band

__all__ = ["Curve", "Panel", "curve", "episode_blocks", "plot_learning_curves"]

_BLOCKS_A_DECADE = 24
_LINEAR = 10.0  # values nearer to zero than this are drawn on a linear scale
_AGREE = 0.01  # a mean this close to the exact value, in proportion, has met it whatever the width of its band

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
class Curve:
    """A learning curve, episode by episode at first and in ever longer blocks of episodes later.

    Attributes
    ----------
    label, colour : str
    n_episodes : int
    episode : ndarray of float64, shape [blocks]
        The middle of each block; the first episode is 1.
    mean, low, high : ndarray of float64, shape [blocks]
        Over seeds and the block's episodes, with a band that holds for all blocks at once.
    median : ndarray of float64, shape [blocks]
        Of the block's episodes, over all seeds.
    exact : ndarray of float64, shape [blocks], or None
        What the mean comes to once all is learned.
    meets : int or None
        The episode from which on the band holds the exact value, or a value within 1 % of it; None: never.
    """

    label: str
    colour: str
    n_episodes: int
    episode: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    median: NDArray[np.float64]
    exact: NDArray[np.float64] | None = None
    meets: int | None = None


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


def curve(label: str, colour: str, values: NDArray[Any], exact: NDArray[np.float64] | None = None) -> Curve:
    """Summarise one number for each run and episode as a curve.

    Parameters
    ----------
    label, colour : str
    values : ndarray of float, shape [runs, episodes]
        At least two runs.
    exact : ndarray of float64, shape [episodes], optional
        The expected value of each episode once all is learned.

    Returns
    -------
    Curve
    """
    n_episodes = values.shape[1]
    edges = episode_blocks(n_episodes)
    sizes = np.diff(edges)
    blocks = np.add.reduceat(values, edges[:-1], axis=1, dtype=np.float64) / sizes
    band = confidence_band(blocks)
    median = [np.median(values[:, i:j]) for i, j in pairwise(edges)]
    goal = None if exact is None else np.add.reduceat(exact, edges[:-1]) / sizes
    meets = None
    if goal is not None:
        slack = _AGREE * np.abs(goal)
        apart = (band.low > goal + slack) | (band.high < goal - slack)
        first = len(apart) - int(np.argmax(apart[::-1])) if apart.any() else 0
        meets = int(edges[first]) + 1 if first < len(apart) else None
    middle = (edges[:-1] + edges[1:] + 1) / 2.0
    return Curve(label, colour, n_episodes, middle, band.center, band.low, band.high, np.array(median), goal, meets)


def episode_blocks(n_episodes: int) -> NDArray[np.int64]:
    """Where blocks of episodes begin: single episodes first, then as many blocks to each factor of ten.

    Parameters
    ----------
    n_episodes : int

    Returns
    -------
    ndarray of int64, shape [blocks + 1]
        From 0 to `n_episodes`.
    """
    starts = np.unique(np.ceil(10.0 ** (np.arange(np.log10(n_episodes) * _BLOCKS_A_DECADE + 1.0) / _BLOCKS_A_DECADE)))
    edges = np.append(starts[starts <= n_episodes].astype(np.int64) - 1, n_episodes)
    sizes = np.diff(edges)
    short = len(sizes) > 1 and 2 * sizes[-1] < sizes[-2]  # a short rest, all noise, goes to the block before it
    return np.delete(edges, -2) if short else edges


def plot_learning_curves(title: str, panels: Sequence[Sequence[Panel]], note: str) -> Figure:
    """Draw panels of learning curves in a grid, on axes where the first and the last episodes can both be read.

    Parameters
    ----------
    title : str
    panels : sequence of sequence of Panel
        Rows of panels; those of a row share their axis of values.
    note : str
        A line above the key to the lines.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.6 * len(panels[0]), 3.3 * len(panels) + 1.2), layout="constrained")
        axes = figure.subplots(len(panels), len(panels[0]), sharex=True, sharey="row", squeeze=False)
        for i, row in enumerate(panels):
            for ax, panel in zip(axes[i], row, strict=True):
                _draw(ax, panel.curves)
                if i == 0:
                    ax.set_title(panel.title)
                if i == len(panels) - 1:
                    ax.set_xlabel("episode")
            axes[i, 0].set_ylabel(row[0].ylabel)
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        figure.legend(handles=_key(), loc="outside lower left", ncols=4, title=note, alignment="left")
        figure.draw_without_rendering()  # so that scales are known, for labels to keep clear of each other
        for ax, panel in zip(axes.flat, (panel for row in panels for panel in row), strict=True):
            _label(ax, panel.curves)
    return figure


def _draw(ax: Axes, curves: Sequence[Curve]) -> None:
    for c in curves:
        ax.fill_between(c.episode, c.low, c.high, color=c.colour, alpha=0.25, linewidth=0)
        ax.plot(c.episode, c.median, color=c.colour, **_MEDIAN)
        ax.plot(c.episode, c.mean, color=c.colour, **_MEAN)
    for c in curves:
        if c.exact is not None:
            ax.plot(c.episode, c.exact, **_EXACT)
        if c.exact is not None and c.meets is not None:
            at = int(np.searchsorted(c.episode, c.meets))
            ax.plot(c.episode[at], c.exact[at], markeredgecolor=c.colour, **_MEETS)
            highest = all(c.exact[at] >= other.exact[at] for other in curves if other.exact is not None)
            ax.annotate(
                f"{c.meets}",
                (float(c.episode[at]), float(c.exact[at])),
                (0, 8 if highest else -17),
                textcoords="offset points",
                ha="center",
                color=c.colour,
                fontweight="bold",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
                zorder=5,
            )
    ax.set_xscale("log")
    ax.set_xlim(1, max(2, curves[0].n_episodes))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    ax.set_yscale("symlog", linthresh=_LINEAR, linscale=0.3, subs=[2, 5])
    ax.margins(y=0.09)
    ax.yaxis.set_major_formatter(FuncFormatter(_tick))
    ax.yaxis.set_minor_formatter(FuncFormatter(_tick))
    ax.grid(visible=True, which="minor", axis="y", linewidth=0.4)
    ax.tick_params(axis="y", which="minor", labelsize=7.5)


def _tick(value: float, position: int | None) -> str:
    return f"{value:,.0f}".replace("-", "\N{MINUS SIGN}")


def _key() -> list[Line2D]:
    return [
        Line2D([], [], color=GREY, label="mean, with a band for the whole curve", **_MEAN),
        Line2D([], [], color=GREY, label="median", **_MEDIAN),
        Line2D([], [], label="exact, from planning", **_EXACT),
        Line2D([], [], markeredgecolor=GREY, label="mean and exact agree from this episode on", **_MEETS),
    ]


def _label(ax: Axes, curves: Sequence[Curve]) -> None:
    """Write each curve's name beside its end, moved apart where they would overlap."""
    order = sorted(curves, key=lambda c: float(c.mean[-1]))
    ends = ax.transData.transform([(1.0, c.mean[-1]) for c in order])[:, 1]
    gaps = np.arange(len(order)) * 13.0 / 72.0 * ax.figure.dpi
    places = isotonic_regression(ends - gaps).x + gaps  # the least movement that leaves a gap between any two
    for c, place in zip(order, places.tolist(), strict=True):
        height = float(ax.transAxes.inverted().transform((0.0, place))[1])
        ax.text(1.02, height, c.label, color=c.colour, transform=ax.transAxes, va="center")

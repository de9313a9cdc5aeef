"""A plane with goals and walls: ways through it, over lines of equal value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.labels import typeset

__all__ = ["draw_plane"]

_LINES = 24  # of equal value


def draw_plane(
    ax: Axes,
    box: float,
    goals: NDArray[np.float64],
    walls: NDArray[np.float64],
    value: NDArray[np.float64],
    ways: Sequence[NDArray[np.float64]],
    colour: str,
) -> None:
    """Draw ways through a plane.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    box : float
        x and y run from -box to box.
    goals : ndarray of float64, shape [goals, 2]
    walls : ndarray of float64, shape [walls, 4]
        From (x, y) to (x, y).
    value : ndarray of float64, shape [n, n]
        On a regular grid over the box; rows are y, upwards.
    ways : sequence of ndarray of float64, shape [steps + 1, 2]
    colour : str
        Of the ways.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax, corner = Figure().subplots(), np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> draw_plane(ax, 7.0, np.array([[0.0, 5.0]]), np.empty((0, 4)), np.add.outer(np.arange(3.0), np.arange(3.0)),
    ...            [corner], "#0064a0")
    >>> ax.get_xlim()
    (np.float64(-7.0), np.float64(7.0))
    """
    at = np.linspace(-box, box, len(value))
    ax.contour(at, at, value, levels=_LINES, colors=GREY, linewidths=0.5, alpha=0.6)
    for way in ways:
        ax.plot(way[:, 0], way[:, 1], color=colour, linewidth=0.9, alpha=0.7, zorder=3)
        ax.plot(*way[-1], marker="o", markersize=2.5, color=colour, alpha=0.7, zorder=3)
    for x_0, y_0, x_1, y_1 in walls:
        ax.plot([x_0, x_1], [y_0, y_1], color=INK, linewidth=3.0, solid_capstyle="butt", zorder=4)
    ax.plot(goals[:, 0], goals[:, 1], linestyle="none", marker="*", markersize=13, color=INK, zorder=5)
    ax.set(xlim=(-box, box), ylim=(-box, box), aspect="equal")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks([-5.0, 0.0, 5.0], [typeset(-5.0), "0", "5"])
    ax.grid(visible=False)

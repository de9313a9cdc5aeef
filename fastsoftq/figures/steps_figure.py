"""Learning curves over environment steps as a figure: means with bands, and levels to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.style import dashed, key_below, titled_figure
from fastsoftq.statistics import confidence_band
from fastsoftq.statistics.resampling import resamples_for

__all__ = ["Level", "StepCurve", "StepPanel", "plot_step_curves", "step_curve"]


class StepCurve(NamedTuple):
    """A mean over seeds on a grid of steps, with a band that holds for the whole curve.

    Attributes
    ----------
    label, colour : str
    steps, mean, low, high : ndarray of float64, shape [points]
    dash : str
        Of its line: lengths of strokes and gaps; whole if empty.
    """

    label: str
    colour: str
    steps: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    dash: str = ""


class Level(NamedTuple):
    """A horizontal line: a threshold, or an exact answer; its kind is "threshold" or "exact"."""

    value: float
    kind: str
    colour: str = INK


class StepPanel(NamedTuple):
    """Curves to be drawn on the same axes.

    Attributes
    ----------
    title, ylabel : str
    curves : sequence of StepCurve
    levels : sequence of Level
    least : float or None
        Where the axis ends below, if not with the lowest mean.
    """

    title: str
    ylabel: str
    curves: Sequence[StepCurve]
    levels: Sequence[Level] = ()
    least: float | None = None


_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "threshold": ("threshold", {"linewidth": 0.9, "linestyle": (0, (1, 1.5))}),
    "exact": ("exact, from planning", {"linewidth": 1.0, "linestyle": (0, (5, 2.5))}),
}
_MARGIN = 0.05  # of the height, above and below what is drawn


def step_curve(
    label: str,
    colour: str,
    steps: NDArray[np.int64],
    values: NDArray[np.float64],
    bounds: tuple[float, float] | None = None,
    error: float = 0.05,
    dash: str = "",
) -> StepCurve:
    """Summarise one number for each run and point as a curve.

    Parameters
    ----------
    label, colour, dash : str
    steps : ndarray of int64, shape [points]
    values : ndarray of float64, shape [runs, points]
    bounds : (float, float), optional
        Lowest and highest value that a point can have: bands end there.
    error : float
        Chance that the band does not hold the whole mean curve, in (0, 1).

    Returns
    -------
    StepCurve
        One run has no band: its ends are its mean.

    Examples
    --------
    >>> c = step_curve("soft", "#0064a0", np.array([50, 100]), np.array([[9.0, 20.0], [11.0, 30.0]]), (0.0, 500.0))
    >>> c.mean.tolist(), bool((c.low <= c.mean).all())
    ([10.0, 25.0], True)
    """
    mean = values.mean(axis=0)
    low = high = mean
    if len(values) > 1:
        band = confidence_band(values, 1.0 - error, resamples=resamples_for(error), bounds=bounds)
        low, high = band.low, band.high
    return StepCurve(label, colour, steps.astype(np.float64), mean, low, high, dash)


def plot_step_curves(title: str, panels: Sequence[Sequence[StepPanel]], note: str, width: float = 4.4) -> Figure:
    """Draw panels of learning curves over steps in a grid.

    Parameters
    ----------
    title : str
    panels : sequence of sequence of StepPanel
        Rows of panels. Each has its own axes.
    note : str
        Words above the key to the lines.
    width : float
        Of a panel, inches.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> c = step_curve("soft", "#0064a0", np.array([50, 100]), np.array([[9.0, 20.0], [11.0, 30.0]]))
    >>> panel = StepPanel("Cart pole", "return", [c], [Level(475.0, "threshold")])
    >>> figure = plot_step_curves("Learning", [[panel]], "Two seeds.")
    >>> figure.axes[0].get_xlabel()
    'environment steps'
    """
    columns = max(map(len, panels))
    with titled_figure(width * columns, 3.1 * len(panels) + 1.2, title) as figure:
        axes = figure.subplots(len(panels), columns, squeeze=False)
        for row, drawn in zip(axes, panels, strict=True):
            for ax, panel in zip(row, drawn, strict=False):
                _draw(ax, panel)
            for ax in row[len(drawn) :]:
                ax.set_axis_off()
        key_below(figure, _key([panel for row in panels for panel in row]), note)
    return figure


def _draw(ax: Axes, panel: StepPanel) -> None:
    for c in panel.curves:
        ax.fill_between(c.steps, c.low, c.high, color=c.colour, alpha=0.18, linewidth=0)
    for c in panel.curves:
        marker = "o" if len(c.steps) == 1 else ""  # a line through one point is not seen
        ax.plot(c.steps, c.mean, color=c.colour, linewidth=1.8, marker=marker, **dashed(c.dash))
    for level in panel.levels:
        ax.axhline(level.value, color=level.colour, zorder=3, **_KINDS[level.kind][1])
    shown = [c.mean for c in panel.curves] + [np.array([level.value]) for level in panel.levels]
    low, high = (float(end(np.concatenate(shown))) for end in (np.min, np.max))
    low = low if panel.least is None else max(low, panel.least)
    room = _MARGIN * (high - low) or 1.0
    ax.set(title=panel.title, ylabel=panel.ylabel, xlabel="environment steps", ylim=(low - room, high + room))
    last = max(float(c.steps[-1]) for c in panel.curves)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x / 1000.0:,g}k" if x and last >= 10_000.0 else f"{x:,g}")
    ax.yaxis.set_major_formatter(lambda y, _: typeset(y, 0 if abs(y) >= 1.0 or y == 0.0 else 2))
    ax.set_xlim(0.0, last)


def _key(panels: Sequence[StepPanel]) -> list[Line2D]:
    """A line for each label, and for each kind of level."""
    curves = {c.label: c for panel in panels for c in panel.curves}
    kinds = dict.fromkeys(level.kind for panel in panels for level in panel.levels)
    lines = [
        Line2D([], [], label=label, color=c.colour, linewidth=1.8, **dashed(c.dash)) for label, c in curves.items()
    ]
    return lines + [Line2D([], [], label=_KINDS[kind][0], color=GREY, **_KINDS[kind][1]) for kind in kinds]

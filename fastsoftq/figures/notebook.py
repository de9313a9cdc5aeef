"""Learning curves in a notebook: as a figure that shows itself, and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import LAST
from fastsoftq.figures.colours import agent_colour
from fastsoftq.statistics import confidence_interval
from fastsoftq.system.html import html_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastsoftq.engine.curves import LearningCurves

__all__ = ["curves_html", "plot_curves"]


def plot_curves(curves: LearningCurves) -> Figure:
    """Draw return and length over episodes: means with their bands, and medians.

    Parameters
    ----------
    curves : LearningCurves

    Returns
    -------
    matplotlib.figure.Figure
        It shows itself in a notebook, without pyplot; `savefig` writes it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> curves = fsq.train(fsq.cliff_walking(), agent, seeds=8, episodes=20, max_steps=100)
    >>> [ax.get_ylabel() for ax in plot_curves(curves).axes]
    ['return of an episode', 'steps of an episode']
    """
    from fastsoftq.figures.curve import curve, in_doubt
    from fastsoftq.figures.learning_figure import Panel, plot_learning_curves

    name, colour = type(curves.agent).__name__, agent_colour(curves.agent)
    drawn = [
        curve(name, colour, curves.returns),
        curve(name, colour, curves.lengths, bounds=(0.0, float(curves.max_steps))),
    ]
    panels = [[Panel("", f"{what} of an episode", [c])] for what, c in zip(("return", "steps"), drawn, strict=True)]
    bands = f"{curves.n_seeds:,} seeds; bands hold for the whole mean curve, with 95% confidence{in_doubt(drawn)}"
    runs = bands if curves.n_seeds > 1 else "1 seed, which has no band"
    return plot_learning_curves(f"{name} in {curves.mdp}", panels, f"{curves.agent!r}. {runs[0].upper()}{runs[1:]}.")


def curves_html(curves: LearningCurves) -> str:
    """Make a table of what was run, and of the last episodes.

    Parameters
    ----------
    curves : LearningCurves

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> curves = fsq.train(fsq.cliff_walking(), agent, seeds=8, episodes=20, max_steps=100)
    >>> "Means of the last 20 episodes" in curves_html(curves)
    True
    """
    rows: list[tuple[str, Any]] = [
        ("agent", repr(curves.agent)),
        ("environment", curves.mdp),
        ("seeds", curves.n_seeds),
        ("episodes", curves.n_episodes),
        ("max_steps", curves.max_steps),
        ("precision", curves.precision),
        ("final_q", curves.final_q),
    ]
    last = min(LAST, curves.n_episodes)
    ends = [
        (name, *_interval(values[:, -last:].mean(axis=1), bounds))
        for name, values, bounds in (
            ("return", curves.returns, None),
            ("length", curves.lengths, (0.0, float(curves.max_steps))),
            ("truncated", curves.truncated, (0.0, 1.0)),
        )
    ]
    title = f"Means of the last {last} episodes, with 95% confidence intervals"
    return html_table("LearningCurves", rows) + html_table(title, ends, ("", "mean", "low", "high"))


def _interval(values: NDArray[np.float64], bounds: tuple[float, float] | None) -> tuple[float | None, ...]:
    """The mean of the runs and the ends of its interval, which a single run has not."""
    if len(values) < 2:
        return float(values[0]), None, None
    interval = confidence_interval(values, bounds=bounds)
    return interval.estimate, interval.low, interval.high

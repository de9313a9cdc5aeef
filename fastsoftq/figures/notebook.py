"""Learning curves in a notebook: as a figure that shows itself, and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.learner import Deep
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.columns import columns_of
from fastsoftq.statistics import confidence_interval
from fastsoftq.system.html import html_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastsoftq.engine.curves import LearningCurves

__all__ = ["curves_html", "diverged_words", "plot_curves"]


def plot_curves(curves: LearningCurves | DeepCurves) -> Figure:
    """Draw return and length over episodes, or steps: means with their bands, and medians.

    Parameters
    ----------
    curves : LearningCurves or DeepCurves

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

    name, colour, steps = _name_of(curves.agent), agent_colour(curves.agent), columns_of(curves).steps
    drawn = [
        curve(name, colour, curves.returns, steps=steps),
        curve(name, colour, curves.lengths, bounds=(0.0, float(curves.max_steps)), steps=steps),
    ]
    panels = [[Panel("", f"{what} of an episode", [c])] for what, c in zip(("return", "steps"), drawn, strict=True)]
    bands = f"{curves.n_seeds:,} seeds; bands hold for the whole mean curve, with 95% confidence{in_doubt(drawn)}"
    runs = bands if curves.n_seeds > 1 else "1 seed, which has no band"
    lost = diverged_words(curves)
    note = f"{curves.agent!r}. {runs[0].upper()}{runs[1:]}.{f' {lost}.' if lost else ''}"
    return plot_learning_curves(f"{name} in {_world_of(curves)}", panels, note)


def diverged_words(curves: Any) -> str:
    """Say how many runs diverged, and when; empty where none did.

    Parameters
    ----------
    curves : LearningCurves or DeepCurves

    Returns
    -------
    str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> lost = SimpleNamespace(diverged=np.array([True, False, True]), diverged_at=np.array([500, -1, 12_000]))
    >>> diverged_words(lost)
    '2 of 3 runs diverged, after 500 to 12,000 steps'
    """
    lost = getattr(curves, "diverged", np.zeros(0, bool))
    if not lost.any():
        return ""
    at = curves.diverged_at[lost]
    ends = dict.fromkeys((f"{at.min():,}", f"{at.max():,}"))
    return f"{int(lost.sum())} of {len(lost)} runs diverged, after {' to '.join(ends)} steps"


def _name_of(agent: Any) -> str:
    return f"Deep {type(agent.agent).__name__}" if isinstance(agent, Deep) else type(agent).__name__


def _world_of(curves: Any) -> str:
    return str(getattr(curves, "mdp", None) or curves.environment)


def curves_html(curves: LearningCurves | DeepCurves) -> str:
    """Make a table of what was run, and of the last episodes or points.

    Parameters
    ----------
    curves : LearningCurves or DeepCurves

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
    columns, deep = columns_of(curves), isinstance(curves, DeepCurves)
    rows: list[tuple[str, Any]] = [
        ("agent", repr(curves.agent)),
        ("environment", _world_of(curves)),
        ("seeds", curves.n_seeds),
        *([("steps", columns.number(columns.n))] if deep else []),
        (columns.axis.value, columns.n),
        ("max_steps", curves.max_steps),
        ("precision", curves.precision),
        ("parameters", curves.parameters) if isinstance(curves, DeepCurves) else ("final_q", curves.final_q),
        *([("diverged", diverged_words(curves) or "none")] if deep else []),
    ]
    last = columns.last
    ends = [
        (name, *_interval(values[:, -last:].mean(axis=1), bounds))
        for name, values, bounds in (
            ("return", curves.returns, None),
            ("length", curves.lengths, (0.0, float(curves.max_steps))),
            ("truncated", curves.truncated, (0.0, 1.0)),
        )
    ]
    title = f"Means of the {columns.last_ones}, with 95% confidence intervals"
    return html_table(type(curves).__name__, rows) + html_table(title, ends, ("", "mean", "low", "high"))


def _interval(values: NDArray[np.float64], bounds: tuple[float, float] | None) -> tuple[float | None, ...]:
    """The mean of the runs and the ends of its interval, which a single run has not."""
    if len(values) < 2:
        return float(values[0]), None, None
    interval = confidence_interval(values, bounds=bounds)
    return interval.estimate, interval.low, interval.high

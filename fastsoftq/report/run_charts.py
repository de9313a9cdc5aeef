"""Charts of runs at the end: performance profiles, and how runs spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Band, Bar, Chart, Line, Name, Ring, Scale, rows_chart
from fastsoftq.figures.colours import dashes
from fastsoftq.figures.svg import svg
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.facets import about, facets, titled
from fastsoftq.report.performance import Performance
from fastsoftq.statistics import performance_profile

__all__ = ["profile_charts", "spread_chart"]

_THRESHOLDS = 160  # of a profile
_LEVELS = {"lowest": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "highest": 1.0}


def profile_charts(performances: Sequence[Performance], reference: Performance) -> list[Drawing]:
    """The share of runs whose mean return over the last episodes exceeds a threshold, for all thresholds.

    Parameters
    ----------
    performances : sequence of Performance
    reference : Performance
        One of them, shown in each chart.

    Returns
    -------
    list of Drawing

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> [drawing.file for drawing in profile_charts([one], one)]
    ['profile.csv']
    """
    scale = _scale_of_runs(performances)
    thresholds = _evenly(scale)
    drawings = []
    for shared, group in facets(performances, reference):
        chart = Chart(scale, Scale(0.0, 1.0), _mean_label(group[0]), "share of runs above it")
        columns: list[Column] = [("threshold", thresholds)]
        places, lines = _beside([float(one.final.mean()) for one in group]), dashes([o.agent.colour for o in group])
        for one, place, dash in zip(group, places, lines, strict=True):
            profile, colour = performance_profile(one.final, thresholds, one.level), one.agent.colour
            chart.marks.append(Band(thresholds, profile.low, profile.high, colour))
            steps = np.repeat(thresholds, 2)[1:], np.repeat(profile.share, 2)[:-1]
            chart.marks.append(Line(*steps, "mean", colour, dash=dash))
            chart.names.append(Name(place, one.label, colour, dash))
            columns += [(f"{one.label}, {part}", getattr(profile, part)) for part in ("share", "low", "high")]
        title = titled("Performance profile", shared)
        said = "; ".join(f"the median run of {one.label} has {about(float(np.median(one.final)))}" for one in group)
        alternative = f"{title}: share of runs above a return: {said}."
        drawings.append(Drawing(title, svg(chart, alternative), "profile.csv", csv_text(columns)))
    return drawings


def spread_chart(performances: Sequence[Performance]) -> Drawing:
    """How runs of each agent spread: all, nine tenths, the middle half, the median, and the mean of the worst.

    Parameters
    ----------
    performances : sequence of Performance

    Returns
    -------
    Drawing

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> spread_chart([one]).data.splitlines()[0]
    'condition,lowest,5 %,25 %,median,75 %,95 %,highest,mean of the worst 5 %'
    """
    labels = [one.label for one in performances]
    chart, rows = rows_chart(_scale_of_runs(performances), _mean_label(performances[0]), labels)
    table = []
    for row, one in zip(rows, performances, strict=True):
        q, colour = np.quantile(one.final, list(_LEVELS.values())).tolist(), one.agent.colour
        for low, high, thickness in ((q[0], q[6], 1.5), (q[1], q[5], 6.0), (q[2], q[4], 14.0)):
            chart.marks.append(Bar(low, high, row, thickness, colour))
        chart.marks.append(Bar(q[3], q[3], row, 18.0))
        chart.rings.append(Ring(one.tail, row, colour))
        table.append([*q, one.tail])
    columns: list[Column] = [("condition", labels)]
    columns += zip([*_LEVELS, "mean of the worst 5 %"], np.array(table).T.tolist(), strict=True)
    said = "; ".join(f"{one.label}: median {about(float(np.median(one.final)))}" for one in performances)
    drawn = svg(chart, f"Returns of runs over the last episodes: {said}.")
    return Drawing("Distribution over runs", drawn, "distribution.csv", csv_text(columns))


def _scale_of_runs(performances: Sequence[Performance]) -> Scale:
    finals = [one.final for one in performances]
    return Scale.of_values(finals, [float(final.mean()) for final in finals])


def _evenly(scale: Scale) -> NDArray[np.float64]:
    """Thresholds that lie evenly on a scale."""
    fine = np.linspace(scale.low, scale.high, 50 * _THRESHOLDS)
    return np.asarray(np.interp(np.linspace(0.0, 1.0, _THRESHOLDS), scale(fine), fine))


def _beside(means: Sequence[float]) -> list[float]:
    """Heights for the names beside a profile, the best uppermost as its curve is."""
    order = np.argsort(np.argsort(means))
    return [0.35 + 0.3 * float(place) / max(1, len(means) - 1) for place in order]


def _mean_label(one: Performance) -> str:
    return f"a run’s mean return over its {one.last_ones}"

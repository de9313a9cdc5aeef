"""The charts of a report, each with what it shows in words and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Band, Bar, Chart, Line, Name, Ring, Scale
from fastsoftq.figures.colours import DASHES, dashes
from fastsoftq.figures.curve import Curve, within_reach
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.learning_chart import episodes_chart, learning_chart, learning_scale, stroke
from fastsoftq.figures.svg import svg
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.folder import ReportedAgent
from fastsoftq.report.performance import Performance
from fastsoftq.report.rounding import setting_text
from fastsoftq.report.verdict import Verdict
from fastsoftq.statistics import performance_profile

__all__ = ["Drawing", "difference_charts", "facets", "learning_charts", "profile_charts", "spread_chart"]

_THRESHOLDS = 160  # of a profile
_LINES = 6  # of a chart, besides the reference
_ROW = 27.0  # height of an agent in the chart of distributions
_PARTS = ("mean", "low", "high")
_METRICS = (("Return", "return of an episode", "returns"), ("Length", "steps of an episode", "lengths"))
_LEVELS = {"lowest": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "highest": 1.0}


class Learned(Protocol):
    """What charts of learning curves need: a `Performance`, or what summaries tell of one."""

    @property
    def agent(self) -> ReportedAgent: ...
    @property
    def returns(self) -> Curve: ...
    @property
    def lengths(self) -> Curve: ...


Shown = TypeVar("Shown", bound=Learned)


def learning_charts(performances: Sequence[Shown], reference: Shown) -> list[Drawing]:
    """Mean return and length over episodes, with bands, medians and exact lines.

    Parameters
    ----------
    performances : sequence of Performance or SummarisedCurves
        Of the same number of episodes.
    reference : Performance
        One of them, shown in each chart.

    Returns
    -------
    list of Drawing
        Return and length of the same agents side by side.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> [drawing.title for drawing in learning_charts([one], one)]
    ['Return', 'Length']
    """
    charts = {
        what: list(_learning_charts(what, ylabel, field, performances, reference)) for what, ylabel, field in _METRICS
    }
    return [drawing for pair in zip(*charts.values(), strict=True) for drawing in pair]


def _learning_charts(
    what: str, ylabel: str, field: str, performances: Sequence[Shown], reference: Shown
) -> Iterable[Drawing]:
    scale = learning_scale([getattr(one, field) for one in performances])
    for shared, group in facets(performances, reference):
        lines = dashes([one.agent.colour for one in group])
        curves: list[Curve] = [replace(getattr(one, field), dash=d) for one, d in zip(group, lines, strict=True)]
        title = _titled(what, shared)
        known = [c.exact is not None for c in curves]
        exact = f" with its exact value{'' if all(known) else ' where that is known'}" if any(known) else ""
        ends = "; ".join(f"{c.label} comes to {_about(float(c.mean[-1]))}" for c in curves)
        columns: list[Column] = [("episode", curves[0].episode)]
        for c in curves:
            columns += [(f"{c.label}, {part}", getattr(c, part)) for part in (*_PARTS, "median")]
            columns += [(f"{c.label}, exact", c.exact)] if c.exact is not None else []
        alternative = f"{title}: mean {ylabel} over episodes,{exact}: {ends}.".replace(",:", ":")
        chart = learning_chart(curves, scale, ylabel)
        yield Drawing(title, svg(chart, alternative), f"learning_{field}.csv", csv_text(columns))


def difference_charts(found: Sequence[Verdict], what: str) -> list[Drawing]:
    """Differences of mean return, with a band for the whole curve; where it is clear of 0, they are told apart.

    Parameters
    ----------
    found : sequence of Verdict
    what : str
        The title: which is subtracted from which.

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
    >>> from fastsoftq.report.verdict import verdicts
    >>> [drawing.title for drawing in difference_charts(verdicts([(one, one)]), "hard less hard")]
    ['hard less hard']
    """
    of = {id(verdict.one): (verdict, verdict.band) for verdict in found if verdict.band is not None}
    if not of:
        return []
    shown = [end for v, band in of.values() for end in within_reach(band.center, band.low, band.high, v.reach)]
    scale = Scale.of_values([np.zeros(1), *shown], [float(band.center[-1]) for _, band in of.values()])
    drawings = []
    for shared, group in facets([verdict.one for verdict, _ in of.values()]):
        chart = episodes_chart(group[0].n_episodes, scale, "difference of return")
        chart.marks.append(Line(np.array([chart.x.low, chart.x.high]), np.zeros(2), "zero"))
        columns: list[Column] = [("episode", group[0].returns.episode)]
        for one, dash in zip(group, dashes([one.agent.colour for one in group]), strict=True):
            verdict, band = of[id(one)]
            colour, episode = one.agent.colour, one.returns.episode
            parts = zip(_PARTS, (band.center, band.low, band.high), strict=True)
            columns += [(f"{one.label}, {part}", values) for part, values in parts]
            chart.marks.append(stroke(Band(episode, band.low, band.high, colour)))
            chart.marks.append(stroke(Line(episode, band.center, "mean", colour, one.label, dash)))
            chart.names.append(Name(float(band.center[-1]), one.label, colour, dash))
            if verdict.stretches:
                start = verdict.stretches[0].start
                at = int(np.searchsorted(episode, start))
                chart.rings.append(Ring(float(episode[at]), float(band.center[at]), colour, f"{start}"))
        title = _titled(what, shared)
        said = "; ".join(f"{one.label}: {of[id(one)][0].parting}" for one in group)
        alternative = f"{title}, in return, over episodes: {said}."
        drawings.append(Drawing(title, svg(chart, alternative), "difference.csv", csv_text(columns)))
    return drawings


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
        title = _titled("Performance profile", shared)
        said = "; ".join(f"the median run of {one.label} has {_about(float(np.median(one.final)))}" for one in group)
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
    rows = [float(-row) for row in range(len(performances))]
    ticks = [(row, one.label) for row, one in zip(rows, performances, strict=True)]
    y = Scale(rows[-1] - 0.6, 0.6)
    chart = Chart(_scale_of_runs(performances), y, _mean_label(performances[0]), "", yticks=ticks)
    table = []
    for row, one in zip(rows, performances, strict=True):
        q, colour = np.quantile(one.final, list(_LEVELS.values())).tolist(), one.agent.colour
        for low, high, thickness in ((q[0], q[6], 1.5), (q[1], q[5], 6.0), (q[2], q[4], 14.0)):
            chart.marks.append(Bar(low, high, row, thickness, colour))
        chart.marks.append(Bar(q[3], q[3], row, 18.0))
        chart.rings.append(Ring(one.tail, row, colour))
        table.append([*q, one.tail])
    columns: list[Column] = [("condition", [one.label for one in performances])]
    columns += zip([*_LEVELS, "mean of the worst 5 %"], np.array(table).T.tolist(), strict=True)
    said = "; ".join(f"{one.label}: median {_about(float(np.median(one.final)))}" for one in performances)
    drawn = svg(chart, f"Returns of runs over the last episodes: {said}.", 60.0 + _ROW * len(rows))
    return Drawing("Distribution over runs", drawn, "distribution.csv", csv_text(columns))


def _titled(what: str, shared: str) -> str:
    return f"{what}, {shared}" if shared else what


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
    return f"a run’s mean return over its last {one.last} episodes"


def _about(value: float) -> str:
    return typeset(value, 0 if abs(value) >= 100.0 else 1)


def facets(performances: Sequence[Shown], reference: Shown | None = None) -> list[tuple[str, list[Shown]]]:
    """Share agents out among charts of a few lines, all of another colour or dashed otherwise, and the reference.

    Parameters
    ----------
    performances : sequence of Performance
    reference : Performance, optional

    Returns
    -------
    list of (str, list of Performance)
        The settings that the agents of a chart share and others do not, such as "epsilon = 0"; "1 of 3" where there
        are none; empty for a single chart.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> [(title, len(group)) for title, group in facets([one, one], one)]
    [('', 1)]
    """
    groups: list[list[Shown]] = []
    for one in performances:
        if one is not reference:
            room = (group for group in groups if len(group) < _LINES and _alike(one, group) < len(DASHES) - 1)
            group = next(room, [])
            if not group:
                groups.append(group)
            group.append(one)
    everywhere = [reference] if reference is not None else []
    if len(groups) < 2:
        return [("", [*everywhere, *next(iter(groups), [])])]
    common = [set.intersection(*(set(one.agent.settings.items()) for one in group)) for group in groups]
    shared = set.intersection(*common)
    titles = [", ".join(f"{key} = {setting_text(value)}" for key, value in sorted(own - shared)) for own in common]
    if not all(titles) or len(set(titles)) < len(titles):
        titles = [f"{i} of {len(groups)}" for i in range(1, len(groups) + 1)]
    return [(title, [*everywhere, *group]) for title, group in zip(titles, groups, strict=True)]


def _alike(one: Learned, group: Sequence[Learned]) -> int:
    """How many of a group have the same colour."""
    return sum(other.agent.colour == one.agent.colour for other in group)

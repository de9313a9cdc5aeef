"""The charts of curves over episodes or steps: what is learned, and how two differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from fastsoftq.figures.chart import Band, Line, Name, Ring, Scale
from fastsoftq.figures.colours import dashes
from fastsoftq.figures.curve import Curve, within_reach
from fastsoftq.figures.learning_chart import columns_chart, learning_chart, learning_scale, stroke
from fastsoftq.figures.svg import svg
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.facets import Shown, about, facets, titled
from fastsoftq.report.verdict import Verdict

__all__ = ["difference_charts", "learning_charts"]

_PARTS = ("mean", "low", "high")
_METRICS = (("Return", "return of an episode", "returns"), ("Length", "steps of an episode", "lengths"))


def learning_charts(performances: Sequence[Shown], reference: Shown) -> list[Drawing]:
    """Mean return and length over episodes or steps, with bands, medians and exact lines.

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
        title = titled(what, shared)
        known = [c.exact is not None for c in curves]
        exact = f" with its exact value{'' if all(known) else ' where that is known'}" if any(known) else ""
        ends = "; ".join(f"{c.label} comes to {about(float(c.mean[-1]))}" for c in curves)
        columns: list[Column] = [(curves[0].columns.unit, curves[0].x)]
        for c in curves:
            columns += [(f"{c.label}, {part}", getattr(c, part)) for part in (*_PARTS, "median")]
            columns += [(f"{c.label}, exact", c.exact)] if c.exact is not None else []
        alternative = f"{title}: mean {ylabel} over {curves[0].columns.unit}s,{exact}: {ends}.".replace(",:", ":")
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
        chart = columns_chart(group[0].columns, scale, "difference of return")
        chart.marks.append(Line(np.array([chart.x.low, chart.x.high]), np.zeros(2), "zero"))
        columns: list[Column] = [(group[0].columns.unit, group[0].returns.x)]
        for one, dash in zip(group, dashes([one.agent.colour for one in group]), strict=True):
            verdict, band = of[id(one)]
            colour, x = one.agent.colour, one.returns.x
            parts = zip(_PARTS, (band.center, band.low, band.high), strict=True)
            columns += [(f"{one.label}, {part}", values) for part, values in parts]
            chart.marks.append(stroke(Band(x, band.low, band.high, colour)))
            chart.marks.append(stroke(Line(x, band.center, "mean", colour, one.label, dash)))
            chart.names.append(Name(float(band.center[-1]), one.label, colour, dash))
            if verdict.stretches:
                start = verdict.stretches[0].start
                at = int(np.searchsorted(x, start))
                chart.rings.append(Ring(float(x[at]), float(band.center[at]), colour, one.columns.shown(start)))
        title = titled(what, shared)
        said = "; ".join(f"{one.label}: {of[id(one)][0].parting}" for one in group)
        alternative = f"{title}, in return, over {group[0].columns.unit}s: {said}."
        drawings.append(Drawing(title, svg(chart, alternative), "difference.csv", csv_text(columns)))
    return drawings

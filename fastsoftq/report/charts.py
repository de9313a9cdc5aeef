"""The charts of a report, each with what it shows in words and the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.curve import Curve, within_reach
from fastsoftq.figures.svg import Chart, Scale, typeset
from fastsoftq.report.learned import Learned, facets
from fastsoftq.report.verdict import Verdict
from fastsoftq.statistics import performance_profile

__all__ = ["Drawing", "colour_of", "difference_charts", "learning_charts", "profile_charts", "spread_chart"]

_THRESHOLDS = 160  # of a profile
_ROW = 27.0  # height of a condition in the chart of distributions


class Drawing(NamedTuple):
    """A chart on the page."""

    title: str
    svg: str
    file: str  # what its data are called
    data: str  # CSV


def colour_of(one: Learned) -> str:
    """The name of a condition's colour in the style sheet, which has one for light and one for dark."""
    return f"c-{one.condition.colour.lstrip('#')}"


def learning_charts(all_learned: Sequence[Learned], reference: Learned) -> list[Drawing]:
    """Mean return and length, episode by episode, with bands, medians and exact lines."""
    drawings = []
    metrics = (("Return", "return of an episode", "returns"), ("Length", "steps of an episode", "lengths"))
    for field_of in metrics:
        what, ylabel, field = field_of
        everything: list[Curve] = [getattr(one, field) for one in all_learned]
        shown = [v for c in everything for v in (c.median, *within_reach(c.mean, c.low, c.high, c.reach))]
        shown += [c.exact for c in everything if c.exact is not None]
        scale = _scale(shown, [float(c.mean[-1]) for c in everything])
        for shared, group in facets(all_learned, reference):
            chart = _over_episodes(scale, ylabel, group)
            for one in group:
                c: Curve = getattr(one, field)
                chart.band(c.episode, c.low, c.high, "band", colour_of(one))
            for one in group:
                c = getattr(one, field)
                chart.line(c.episode, c.median, "median", colour_of(one))
                chart.line(c.episode, c.mean, "mean", colour_of(one), one.label)
                chart.end(float(c.mean[-1]), one.label, colour_of(one))
            for one in group:
                c = getattr(one, field)
                if c.exact is not None:
                    chart.line(c.episode, c.exact, "exact")
            title = f"{what}{f', {shared}' if shared else ''}"
            ends = "; ".join(f"{one.label} comes to {_about(getattr(one, field).mean[-1])}" for one in group)
            exact = "with its exact value" if all(getattr(one, field).exact is not None for one in group) else ""
            alternative = f"{title}: mean {ylabel} over episodes, {exact}: {ends}.".replace(", :", ":")
            columns = [("episode", group[0].returns.episode)]
            for one in group:
                c = getattr(one, field)
                columns += [(f"{one.label}, {part}", getattr(c, part)) for part in ("mean", "low", "high", "median")]
                columns += [(f"{one.label}, exact", c.exact)] if c.exact is not None else []
            drawings.append(Drawing(title, chart.svg(alternative), f"learning_{field}.csv", _csv(columns)))
    half = len(drawings) // 2  # return and length of the same conditions side by side
    return [drawing for pair in zip(drawings[:half], drawings[half:], strict=True) for drawing in pair]


def difference_charts(found: Sequence[Verdict], what: str) -> list[Drawing]:
    """Differences of mean return, with a band for the whole curve; clear of 0, they are apart.

    Parameters
    ----------
    found : sequence of Verdict
    what : str
        What is less what, as a title.

    Returns
    -------
    list of Drawing
    """
    with_band = [verdict for verdict in found if verdict.band is not None]
    if not with_band:
        return []
    bands = {id(verdict.one): verdict.band for verdict in with_band if verdict.band is not None}
    ends = [bands[id(v.one)].center[-1] for v in with_band]
    shown = [
        within_reach(bands[id(v.one)].center, bands[id(v.one)].low, bands[id(v.one)].high, v.reach) for v in with_band
    ]
    scale = _scale([np.zeros(1), *(end for both in shown for end in both)], ends)
    drawings = []
    for shared, group in facets([verdict.one for verdict in with_band]):
        chart = _over_episodes(scale, "difference of return", group)
        episode = group[0].returns.episode
        chart.line(np.array([1.0, float(max(2, group[0].n_episodes))]), np.zeros(2), "zero")
        columns = [("episode", episode)]
        for one in group:
            band = bands[id(one)]
            chart.band(episode, band.low, band.high, "band", colour_of(one))
            chart.line(episode, band.center, "mean", colour_of(one), one.label)
            chart.end(float(band.center[-1]), one.label, colour_of(one))
            columns += [
                (f"{one.label}, {k}", v) for k, v in (("mean", band.center), ("low", band.low), ("high", band.high))
            ]
        for verdict in with_band:
            if verdict.one in group and verdict.stretches:
                start = verdict.stretches[0].start
                at = int(np.searchsorted(episode, start))
                chart.dot(
                    float(episode[at]), float(bands[id(verdict.one)].center[at]), colour_of(verdict.one), f"{start}"
                )
        title = f"{what}{f', {shared}' if shared else ''}"
        said = "; ".join(f"{v.one.label}: {v.parting}" for v in with_band if v.one in group)
        drawings.append(
            Drawing(title, chart.svg(f"{title}, in return, over episodes: {said}."), "difference.csv", _csv(columns))
        )
    return drawings


def profile_charts(all_learned: Sequence[Learned], reference: Learned) -> list[Drawing]:
    """Of the runs, which share returns more than so much over the last episodes."""
    scale = _scale([one.final for one in all_learned], [float(one.final.mean()) for one in all_learned])
    thresholds = _evenly(scale)
    drawings = []
    for shared, group in facets(all_learned, reference):
        chart = Chart(scale, Scale(0.0, 1.0), _window_label(group[0]), "share of runs above it", _labels(group))
        columns = [("threshold", thresholds)]
        for one in group:
            profile = performance_profile(one.final, thresholds, one.level)
            chart.band(thresholds, profile.low, profile.high, "band", colour_of(one))
            chart.steps(thresholds, profile.share, "mean", colour_of(one))
            columns += [(f"{one.label}, {part}", getattr(profile, part)) for part in ("share", "low", "high")]
        for one, place in zip(group, _beside([one.final.mean() for one in group]), strict=True):
            chart.end(place, one.label, colour_of(one))
        title = f"Performance profile{f', {shared}' if shared else ''}"
        said = "; ".join(f"the median run of {one.label} has {_about(float(np.median(one.final)))}" for one in group)
        drawings.append(
            Drawing(title, chart.svg(f"{title}: share of runs above a return: {said}."), "profile.csv", _csv(columns))
        )
    return drawings


def spread_chart(all_learned: Sequence[Learned]) -> Drawing:
    """How runs of each condition spread: all, nine tenths, the middle half, the median, and the mean of the worst."""
    scale = _scale([one.final for one in all_learned], [float(one.final.mean()) for one in all_learned])
    rows = [float(-row) for row in range(len(all_learned))]
    chart = Chart(
        scale,
        Scale(rows[-1] - 0.6, 0.6),
        _window_label(all_learned[0]),
        "",
        height=60.0 + _ROW * len(rows),
        yticks=[(row, one.label) for row, one in zip(rows, all_learned, strict=True)],
    )
    levels = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    table = []
    for row, one in zip(rows, all_learned, strict=True):
        q = np.quantile(one.final, levels).tolist()
        chart.bar(q[0], q[6], row, 1.5, colour_of(one), "bar")
        chart.bar(q[1], q[5], row, 6.0, colour_of(one), "bar")
        chart.bar(q[2], q[4], row, 14.0, colour_of(one), "bar")
        chart.bar(q[3], q[3], row, 18.0, "", "middle")
        chart.dot(one.tail, row, colour_of(one))
        table.append([*q, one.tail])
    names = ["lowest", "5 %", "25 %", "median", "75 %", "95 %", "highest", "mean of the worst 5 %"]
    columns: list[tuple[str, Iterable[float | str]]] = [("condition", _labels(all_learned))]
    columns += [(name, column) for name, column in zip(names, np.array(table).T.tolist(), strict=True)]
    said = "; ".join(f"{one.label}: median {_about(float(np.median(one.final)))}" for one in all_learned)
    return Drawing(
        "Distribution over runs",
        chart.svg(f"Returns of runs over the last episodes: {said}."),
        "distribution.csv",
        _csv(columns),
    )


def _over_episodes(scale: Scale, ylabel: str, group: Sequence[Learned]) -> Chart:
    episodes = Scale(1.0, float(max(2, max(one.n_episodes for one in group))), "log")
    return Chart(episodes, scale, "episode", ylabel, _labels(group))


def _scale(values: Sequence[NDArray[np.float64]], ends: Sequence[float]) -> Scale:
    """Logarithmic where curves end, or differ, by orders of magnitude."""
    largest = max(float(np.abs(v).max()) for v in values)
    return Scale.over(values, wide=largest > 100.0 and largest > 8.0 * float(np.abs(ends).min()))


def _evenly(scale: Scale) -> NDArray[np.float64]:
    """Thresholds that lie evenly on a scale."""
    fine = np.linspace(scale.low, scale.high, 50 * _THRESHOLDS)
    return np.asarray(np.interp(np.linspace(0.0, 1.0, _THRESHOLDS), scale(fine), fine))


def _beside(means: Sequence[float]) -> list[float]:
    """Heights for the names beside a profile, the best uppermost as its curve is."""
    order = np.argsort(np.argsort(means))
    return [0.35 + 0.3 * float(place) / max(1, len(means) - 1) for place in order]


def _window_label(one: Learned) -> str:
    return f"a run’s mean return over its last {one.window} episodes"


def _labels(group: Sequence[Learned]) -> list[str]:
    return [one.label for one in group]


def _about(value: float) -> str:
    return typeset(value, 0 if abs(value) >= 100.0 else 1)


def _csv(columns: Sequence[tuple[str, Iterable[float | str]]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    for row in zip(*(values for _, values in columns), strict=True):
        writer.writerow([value if isinstance(value, str) else f"{value:.10g}" for value in row])
    return text.getvalue()

"""A sweep across its worlds: returns normalised by the exact optimum and the random policy, and put together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import Band, Chart, Line, Name, Scale
from fastsoftq.figures.colours import dashes
from fastsoftq.figures.interval_chart import IntervalRow
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.svg import svg
from fastsoftq.report.comparison_tables import Footnotes
from fastsoftq.report.drawing import Column, Drawing, csv_text
from fastsoftq.report.findings import Table
from fastsoftq.report.outline import Group, Part
from fastsoftq.report.rounding import interval_text
from fastsoftq.report.sweep.analysis import SweepAnalysis, SweptWorld
from fastsoftq.report.sweep_drawings import interval_drawing
from fastsoftq.statistics import Interval, SuiteRanks, suite_interval, suite_profile, suite_ranks
from fastsoftq.statistics.resampling import resamples_for

__all__ = ["across_part"]

_THRESHOLDS = 121  # of a profile
_FINE = 20  # resamples beyond the ends of an interval: an expanded interval of few runs takes more than others
_NORMALISED = ("last", "area")  # measures that the optimum and the random policy have too


@dataclass(frozen=True, eq=False)
class _Suite:
    """An algorithm's normalised scores, and what they come to."""

    table: str
    scores: NDArray[np.float64]  # [runs, worlds]
    middle: Interval
    gap: Interval


def across_part(analysis: SweepAnalysis, colours: Mapping[str, str]) -> Part | str:
    """Put worlds together, each algorithm at its best in each of them.

    Parameters
    ----------
    analysis : SweepAnalysis
        Of two worlds or more.
    colours : mapping
        Of each agent's name.

    Returns
    -------
    Part or str
        Why they are not put together, in a sentence.
    """
    main = analysis.measures[0]
    if main.name.partition(":")[0] not in _NORMALISED:
        return f"Worlds are not put together: {main.title} has no scale that they share."
    common = [t for t in analysis.worlds[0].chosen if all(t in world.chosen for world in analysis.worlds)]
    changing = [world.name for world in analysis.worlds if any(_changes(world, table) for table in common)]
    if changing and main.name != "area":
        return (
            f"Worlds are not put together: what there is to earn changes in {'; '.join(changing)} in the course of a "
            "run, and is known of all its episodes together only, which the measure 'area' takes."
        )
    unknown = [
        world.name for world in analysis.worlds if any(_span(analysis, world.name, table) is None for table in common)
    ]
    if unknown or not common:
        why = f"the exact optimum of {'; '.join(unknown)} is not known" if unknown else "no algorithm is in all of them"
        return f"Worlds are not put together: {why}."
    error = analysis.rate.of_comparison
    try:
        suites = [_suite(analysis, table, error) for table in common]
    except ValueError:
        return "Worlds are not put together: so few seeds have no interval of an interquartile mean at this confidence."
    suites.sort(key=lambda one: -float(one.scores.mean()))
    return _worded(analysis, suites, colours)


def _span(analysis: SweepAnalysis, name: str, table: str) -> tuple[float, float] | None:
    """What the random policy and the best one earn in a world."""
    world = next(world for world in analysis.worlds if world.name == name)
    span = world.chosen[table].condition.span
    return None if span is None or not span.optimum > span.random else (span.random, span.optimum)


def _changes(world: SweptWorld, table: str) -> bool:
    """Whether a world changes in the course of a run."""
    span = world.chosen[table].condition.span
    return span is not None and span.of_run


def _suite(analysis: SweepAnalysis, table: str, error: float) -> _Suite:
    columns = []
    for world in analysis.worlds:
        span = _span(analysis, world.name, table)
        assert span is not None
        values = world.chosen[table].condition.of(0).values[analysis.split.testing]
        columns.append((values - span[0]) / (span[1] - span[0]))
    runs = min(map(len, columns))
    scores = np.column_stack([column[:runs] for column in columns])
    resamples = max(resamples_for(error), math.ceil(_FINE / error))
    middle = suite_interval(scores, "interquartile_mean", level=1.0 - error, resamples=resamples)
    below = suite_interval(np.maximum(1.0 - scores, 0.0), "mean", level=1.0 - error)
    return _Suite(table, scores, middle, below)


def _worded(analysis: SweepAnalysis, suites: Sequence[_Suite], colours: Mapping[str, str]) -> Part:
    first, count = suites[0], typeset(len(analysis.worlds))
    text = interval_text(first.middle.estimate, first.middle.low, first.middle.high)
    ranks = _ranks(analysis, suites)
    if ranks is None:
        answer = (
            f"Across {count} worlds, {first.table} has {text} of what there is to earn: 0 is random, 1 the optimum."
        )
    else:
        second = suites[1]
        other = interval_text(second.middle.estimate, second.middle.low, second.middle.high)
        place = (
            "is told to be ahead of all others" if ranks.high[0] == 1 else f"comes first, rank {_rank_text(ranks, 0)}"
        )
        answer = (
            f"Across {count} worlds, {first.table} {place} by mean score; its interquartile mean is {text}, that of "
            f"{second.table} {other}, where 0 is random and 1 the optimum."
        )
    notes = Footnotes()
    rows = [
        [
            one.table,
            notes.interval(one.middle.estimate, one.middle.low, one.middle.high, one.middle.caution),
            notes.interval(one.gap.estimate, one.gap.low, one.gap.high, one.gap.caution),
            *([] if ranks is None else [_rank_text(ranks, place)]),
            *(typeset(float(mean), 3) for mean in one.scores.mean(axis=0)),
        ]
        for place, one in enumerate(suites)
    ]
    header = [
        "algorithm at its best",
        "interquartile mean",
        "optimality gap",
        *([] if ranks is None else ["rank by mean score"]),
        *(world.name for world in analysis.worlds),
    ]
    caption = (
        "A score is a run’s, with 0 for the uniformly random policy and 1 for the best there is. Interquartile mean: "
        "of the middle half of all runs of all worlds; optimality gap: by how much runs fall short of 1 on average; "
        "intervals resample runs within worlds and speak of these worlds only (Agarwal et al., 2021). "
        "Ranks hold together: an algorithm is ahead of another where a simultaneous comparison of their mean scores "
        "says so (Mogstad et al., 2024)"
    )
    table = Table(header, rows, caption, "Scores across worlds", notes.listed())
    drawn = [
        IntervalRow(
            one.table, colours[one.table], one.middle.estimate, one.middle.low, one.middle.high, None, False, one.table
        )
        for one in suites
    ]
    picture = interval_drawing("Across worlds", drawn, "interquartile mean of scores, 0 random and 1 the optimum")
    words = "The share of runs, averaged over worlds, whose score exceeds a threshold; bands hold everywhere at once."
    profile = _profile(suites, colours, analysis.rate.of_comparison)
    return Part("Across worlds", [answer], "", table, [Group("Profiles across worlds", words, [profile])], picture)


def _ranks(analysis: SweepAnalysis, suites: Sequence[_Suite]) -> SuiteRanks | None:
    """Ranks by mean score that hold together; none of a single algorithm."""
    if len(suites) < 2:
        return None
    scores, error = [one.scores for one in suites], analysis.rate.of_comparison
    firsts = {world.chosen[one.table].condition.of(0).seeds[0] for world in analysis.worlds for one in suites}
    paired = len(firsts) == 1 and len({len(one) for one in scores}) == 1
    return suite_ranks(scores, 1.0 - error, paired, resamples=resamples_for(error))


def _rank_text(ranks: SuiteRanks, place: int) -> str:
    low, high = int(ranks.low[place]), int(ranks.high[place])
    return typeset(low) if low == high else f"{typeset(low)} to {typeset(high)}"


def _profile(suites: Sequence[_Suite], colours: Mapping[str, str], error: float) -> Drawing:
    pooled = np.concatenate([one.scores.ravel() for one in suites])
    low, high = float(np.quantile(pooled, 0.005)), float(pooled.max())
    room = 0.05 * (high - low) or 0.05
    thresholds = np.linspace(low - room, high + room, _THRESHOLDS)
    chart = Chart(
        Scale(float(thresholds[0]), float(thresholds[-1])), Scale(0.0, 1.0), "score", "share of runs above it"
    )
    columns: list[Column] = [("threshold", thresholds)]
    resamples = max(resamples_for(error), math.ceil(_FINE / error))
    for one, dash in zip(suites, dashes([colours[one.table] for one in suites]), strict=True):
        found, colour = suite_profile(one.scores, thresholds, 1.0 - error, resamples=resamples), colours[one.table]
        chart.marks.append(Band(thresholds, found.low, found.high, colour))
        chart.marks.append(
            Line(np.repeat(thresholds, 2)[1:], np.repeat(found.share, 2)[:-1], "mean", colour, one.table, dash)
        )
        chart.names.append(Name(float(found.share[_THRESHOLDS // 2]), one.table, colour, dash))
        columns += [(f"{one.table}, {part}", getattr(found, part)) for part in ("share", "low", "high")]
    said = "; ".join(f"the median score of {one.table} is {typeset(float(np.median(one.scores)), 2)}" for one in suites)
    return Drawing(
        "Profiles across worlds", svg(chart, f"Share of runs above a score: {said}."), "profile.csv", csv_text(columns)
    )

"""A sweep of which only summaries are kept: analysed by means and their standard errors.

Runs are not known one by one, so that none are paired, and none can be set aside to choose by. Instead, standard errors
are the most that they can be, however episodes and conditions correlate: of several episodes the mean of theirs, of a
difference the sum of both. And where settings were chosen, all that might have been are compared at once (Bonferroni),
which holds for those that were (Berk et al., Annals of Statistics 41, 2013).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.measures import Measure
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.folder import FolderContents
from fastsoftq.report.mean_errors import MeanError
from fastsoftq.report.sweep.analysis import Side, SweepAnalysis, SweptWorld, matched_settings, measures_of
from fastsoftq.report.sweep.fair import Chosen, FairComparison, SeedSplit
from fastsoftq.report.sweep.known_means import KnownCondition, known_condition
from fastsoftq.report.sweep.measured import MeasuredCondition, Watch, sense
from fastsoftq.report.sweep.references import reference_in
from fastsoftq.report.sweep.sensitivity_lines import (
    Plane,
    SensitivityLine,
    by_table,
    grouped,
    ordered_values,
    parameter_pairs,
    place_of,
)
from fastsoftq.report.sweep.swept_study import SweptStudy
from fastsoftq.statistics import Comparison, Interval
from fastsoftq.statistics.cautions import caution_of_agreement
from fastsoftq.statistics.moments import ENOUGH

__all__ = ["analysed_by_moments"]

_HOW = (
    "Only summaries of episodes are kept, and runs are not paired: intervals are mean ± Student’s t times the most "
    "that the standard error can be, however episodes and conditions correlate: of several episodes the mean of "
    "theirs, of a difference the sum of both; they are wider at either end where runs are skewed."
)
_CHOSEN = (
    "Settings are chosen and compared on the same seeds: an algorithm at its best is the best of its settings, "
    "whichever that is, and all of them are compared at once (Bonferroni), so that luck in choosing flatters nobody."
)


def analysed_by_moments(contents: FolderContents, rate: ErrorRate, watch: Watch | None = None) -> SweepAnalysis:
    """Analyse a sweep of which summaries are kept.

    Parameters
    ----------
    contents : FolderContents
        With a sweep, and with agents that have summaries.
    rate : ErrorRate
        Of the whole report.
    watch : callable, optional
        Told after each condition how many are read, and of how many.

    Returns
    -------
    SweepAnalysis

    Raises
    ------
    ValueError
        A measure that needs exact answers, where there are none.
    DamagedError
        Summaries that are missing or damaged.
    """
    assert contents.sweep is not None
    sweep = contents.sweep
    measures = measures_of(sweep.measures, contents.n_columns, sweep.axis)
    worlds: dict[str, list[KnownCondition]] = {}
    for place, agent in enumerate(contents.summarised):
        known = known_condition(contents, place, measures)
        worlds.setdefault(agent.world, []).append(known)
        if watch is not None:
            watch(place + 1, len(contents.summarised))
    found = [_World(name, known, sweep, measures, rate).swept() for name, known in worlds.items()]
    choice = any(one.settings > 1 for world in found for one in world.chosen.values())
    runs = max(one.runs for world in found for one in world.conditions)
    notes = [_HOW, _CHOSEN] if choice else [_HOW]
    return SweepAnalysis(measures, SeedSplit(0, runs, choice), rate, found, notes, by_moments=True)


class _Pairs(NamedTuple):
    """Conditions of one side less those of another; each [ours, theirs]."""

    low: NDArray[np.float64]  # of one-sided intervals
    high: NDArray[np.float64]
    p_more: NDArray[np.float64]  # one-sided, that ours is no more
    p_less: NDArray[np.float64]


class _World:
    """The conditions of a world, and all that is said of them."""

    def __init__(
        self,
        name: str,
        known: Sequence[KnownCondition],
        sweep: SweptStudy,
        measures: Sequence[Measure],
        rate: ErrorRate,
    ) -> None:
        self.name, self.sweep, self.measures, self.rate = name, sweep, measures, rate
        self.conditions = [one.condition for one in known]
        self.of = {id(one.condition): one for one in known}

    def swept(self) -> SweptWorld:
        """Find it all."""
        tables = by_table(self.conditions)
        chosen = {
            table: Chosen(one := self.best_of(own), len(own), self.score(one), self.interval(one), None)
            for table, own in tables.items()
        }
        reference = reference_in(self.conditions, self.sweep, chosen)
        against = [reference.condition] if reference.named else tables[reference.table]
        among = {table: self.among_best(own) for table, own in tables.items()}
        parameters = [name for name in self.sweep.swept if any(name in self.sweep.parameters(t) for t in tables)]
        lines = {name: [*self.lines(tables, name, among)] for name in parameters}
        return SweptWorld(
            name=self.name,
            conditions=self.conditions,
            estimates=[[self.interval(one, i) for i in range(len(self.measures))] for one in self.conditions],
            best=self.among_best(self.conditions),
            chosen=chosen,
            reference=reference,
            comparisons=[
                [
                    self.chosen_compared(own, against, i) if i else self.at_their_best(own, against)
                    for i in range(len(self.measures))
                ]
                for table, own in tables.items()
                if chosen[table].condition is not reference.condition
            ],
            matched=matched_settings(tables, self.sweep, reference, self.at_their_best),
            lines={name: own for name, own in lines.items() if own},
            planes=[
                self.plane(own, across, up, among[table])
                for table, own in tables.items()
                for across, up in parameter_pairs(self.sweep, table)
            ],
        )

    def score(self, one: MeasuredCondition) -> float:
        """Its mean by the main measure."""
        return float(self.of[id(one)].means.mean[0])

    def best_of(self, conditions: Side) -> MeasuredCondition:
        """The best of some conditions by the main measure; the first of equals."""
        sign = sense(self.measures[0])
        return max(conditions, key=lambda one: sign * self.score(one))

    def interval(self, one: MeasuredCondition, index: int = 0) -> Interval:
        """The interval of a condition by a measure."""
        error, means = self.rate.of_description, self.of[id(one)].means
        low, high = (float(end[index]) for end in means.ends(error))
        caution = self.few(one.runs)
        if means.error[index] == 0.0:
            caution = caution_of_agreement(one.runs, error, known=math.isfinite(low))
        return Interval(float(means.mean[index]), low, high, 1.0 - error, "moments", one.runs, caution)

    @staticmethod
    def few(runs: int) -> str:
        """What makes the interval of so many runs doubtful."""
        doubt = f"{runs} runs are enough where returns are nearly normal; elsewhere it takes {ENOUGH}"
        return doubt if runs < ENOUGH else ""

    def at_their_best(self, ours: Side, theirs: Side) -> FairComparison:
        """The best settings of each side compared by the main measure, whichever they are.

        The best of ours is more than the best of theirs by as much as any of ours is more than each of theirs. That is
        wrong only where one of ours and the best of theirs are: so the settings share the error, and not their pairs.
        """
        settings = len(ours) + len(theirs)
        found = self.pairs(ours, theirs, 0, self.rate.of_comparison / settings)
        low, high = float(found.low.min(axis=1).max()), float(found.high.max(axis=0).min())
        p_value = settings * min(float(found.p_more.max(axis=1).min()), float(found.p_less.max(axis=0).min()))
        return self.comparison(self.best_of(ours), self.best_of(theirs), 0, (low, high), p_value)

    def chosen_compared(self, ours: Side, theirs: Side, index: int) -> FairComparison:
        """The settings that are best by the main measure compared by another, as any two that might have been."""
        one, other, ends = self.best_of(ours), self.best_of(theirs), 2 * len(ours) * len(theirs)
        found = self.pairs([one], [other], index, self.rate.of_comparison / ends)
        p_value = ends * min(float(found.p_more.item()), float(found.p_less.item()))
        return self.comparison(one, other, index, (float(found.low.item()), float(found.high.item())), p_value)

    def pairs(self, ours: Side, theirs: Side, index: int, error: float) -> _Pairs:
        """Each of ours less each of theirs by a measure, more being better; an end is wrong with the chance `error`."""
        one, other = self.means(ours, index), self.means(theirs, index)
        one = MeanError(one.mean[:, None], one.error[:, None], one.skewness[:, None], one.runs[:, None])
        low, high = one.less(other, 2.0 * error)
        p_value, more = one.p_value(other) / 2.0, one.mean - other.mean
        return _Pairs(low, high, np.where(more > 0.0, p_value, 1.0), np.where(more < 0.0, p_value, 1.0))

    def means(self, side: Side, index: int) -> MeanError:
        """The means of conditions by a measure, more being better."""
        of, sign = [self.of[id(one)].means for one in side], sense(self.measures[index])
        mean, error, skewness = (np.array([each[part][index] for each in of]) for part in range(3))
        return MeanError(sign * mean, error, sign * skewness, np.array([one.runs for one in side]))

    def comparison(
        self, one: MeasuredCondition, other: MeasuredCondition, index: int, ends: tuple[float, float], p_value: float
    ) -> FairComparison:
        """A comparison of which the ends are known, more being better."""
        a, b = (float(self.of[id(side)].means.mean[index]) for side in (one, other))
        low, high = sorted(sense(self.measures[index]) * end for end in ends)
        runs, known = min(one.runs, other.runs), math.isfinite(low) and math.isfinite(high)
        found = Comparison(
            difference=a - b,
            low=low,
            high=high,
            level=1.0 - self.rate.of_comparison,
            p_value=min(1.0, p_value),
            effect_size=math.nan,
            probability_of_improvement=math.nan,
            correlation=math.nan,
            seeds_saved=math.nan,
            mean_a=a,
            mean_b=b,
            runs_a=one.runs,
            runs_b=other.runs,
            paired=False,
            caution=self.few(runs) if known else f"all {runs} runs agree, too few to know how far others may be",
        )
        return FairComparison(one, other, self.measures[index], found)

    def among_best(self, conditions: Side) -> set[int]:
        """The places, among these conditions, of those that cannot be told from the best by the main measure.

        Were the truly best known, each of the others would be compared with it, and all of them together at the error:
        so whatever another is told to be better than, at that error shared by the others, is not the best (Hsu 1981).
        """
        if len(conditions) == 1:
            return {0}
        found = self.pairs(conditions, conditions, 0, self.rate.of_comparison / (len(conditions) - 1))
        return set(np.flatnonzero(~(found.low > 0.0).any(axis=0)).tolist())

    def lines(
        self, tables: dict[str, list[MeasuredCondition]], name: str, among: dict[str, set[int]]
    ) -> Iterator[SensitivityLine]:
        """The line of each algorithm that a parameter is swept in."""
        for table, own in tables.items():
            if name not in self.sweep.parameters(table):
                continue
            groups = grouped(own, name)
            if len(groups) < 2:
                continue
            members = [own[place] for place in among[table]]
            best = [self.best_of(group) for _, group in groups]
            means = [[self.score(one) for one in group] for _, group in groups]
            yield SensitivityLine(
                table=table,
                conditions=best,
                values=[value for (value,), _ in groups],
                intervals=[self.interval(one) for one in best],
                lowest=np.array([min(each) for each in means]),
                highest=np.array([max(each) for each in means]),
                plateau=_holding(groups, members),
                others=any(len(group) > 1 for _, group in groups),
            )

    def plane(self, own: Side, across: str, up: str, among: set[int]) -> Plane:
        """An algorithm over two of its parameters."""
        xs, ys = (ordered_values(one.coordinates[name] for one in own) for name in (across, up))
        groups = grouped(own, across, up)
        cells = [(place_of(ys, y), place_of(xs, x)) for (x, y), _ in groups]
        means = np.full((len(ys), len(xs)), np.nan)
        for cell, (_, group) in zip(cells, groups, strict=True):
            means[cell] = self.score(self.best_of(group))
        best = {cells[place] for place in _holding(groups, [own[place] for place in among])}
        return Plane(own[0].table, across, up, xs, ys, means, best, any(len(group) > 1 for _, group in groups))


def _holding(groups: Sequence[tuple[object, Side]], members: Side) -> set[int]:
    """The places of the groups that hold a member: where the truly best is a member, its group is among them."""
    own = {id(one) for one in members}
    return {place for place, (_, group) in enumerate(groups) if any(id(one) in own for one in group)}

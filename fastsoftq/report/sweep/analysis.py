"""What is found in a sweep, world by world: the numbers that its section words, draws and tabulates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fastsoftq.comparing import Axis
from fastsoftq.measures import Measure, measure
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.folder import FolderContents
from fastsoftq.report.sweep.best import among_best
from fastsoftq.report.sweep.condition_labels import Value
from fastsoftq.report.sweep.fair import (
    Chosen,
    FairComparison,
    SeedSplit,
    best_of,
    check_named,
    chosen_of,
    compared,
    seed_split,
)
from fastsoftq.report.sweep.measured import MeasuredCondition, Watch, measured_conditions
from fastsoftq.report.sweep.references import Reference, reference_in
from fastsoftq.report.sweep.sensitivity_lines import (
    Plane,
    SensitivityLine,
    by_table,
    ordered_values,
    planes_of,
    sensitivity_lines,
)
from fastsoftq.report.sweep.swept_study import SweptStudy
from fastsoftq.statistics import Interval

__all__ = ["MatchedSetting", "SweepAnalysis", "SweptWorld", "analysed", "matched_settings", "measures_of"]


@dataclass(frozen=True, eq=False)
class MatchedSetting:
    """An algorithm and the reference at the same value of a parameter that both sweep.

    Attributes
    ----------
    table, parameter : str
    value : Value
    comparison : FairComparison
    """

    table: str
    parameter: str
    value: Value
    comparison: FairComparison


@dataclass(frozen=True, eq=False)
class SweptWorld:
    """What is found in one world.

    Attributes
    ----------
    name : str
    conditions : sequence of MeasuredCondition
    estimates : sequence of sequence of Interval or None
        For each condition and measure; None where the measure compares only, or is not known of the condition.
    best : set of int
        The conditions, by their places here, that cannot be told from the best by the main measure.
    chosen : dict of str to Chosen
        The best setting of each algorithm by the main measure.
    reference : Reference
        What the others are compared with.
    comparisons : sequence of sequence of FairComparison or None
        Of each other algorithm, and of the reference's where a setting of it is named that is not its best, for each
        measure; None where the measure is not known of both.
    matched : sequence of MatchedSetting
    lines : dict of str to sequence of SensitivityLine
        For each swept parameter.
    planes : sequence of Plane
    """

    name: str
    conditions: Sequence[MeasuredCondition]
    estimates: Sequence[Sequence[Interval | None]]
    best: set[int]
    chosen: dict[str, Chosen]
    reference: Reference
    comparisons: Sequence[Sequence[FairComparison | None]]
    matched: Sequence[MatchedSetting]
    lines: dict[str, Sequence[SensitivityLine]]
    planes: Sequence[Plane]


@dataclass(frozen=True, eq=False)
class SweepAnalysis:
    """What is found in a sweep.

    Attributes
    ----------
    measures : sequence of Measure
        The first is the main one.
    split : SeedSplit
    rate : ErrorRate
        Of the whole report.
    worlds : sequence of SweptWorld
    notes : sequence of str
        How it was found, in sentences.
    by_moments : bool
        Whether runs are not kept, and it was found by means and their standard errors.
    """

    measures: Sequence[Measure]
    split: SeedSplit
    rate: ErrorRate
    worlds: Sequence[SweptWorld]
    notes: Sequence[str]
    by_moments: bool = False

    @property
    def steps(self) -> int:
        """Of the environment, over all runs."""
        return sum(one.steps for world in self.worlds for one in world.conditions)


def measures_of(names: Sequence[str], columns: int, axis: Axis = Axis.EPISODES) -> list[Measure]:
    """The measures of these names, each once.

    Parameters
    ----------
    names : sequence of str
        The first is the main one.
    columns : int
        Episodes of a run, or its points: of "the last 100" of fewer all are meant.
    axis : Axis
        Which of these.

    Returns
    -------
    list of Measure

    Raises
    ------
    ValueError
        No such measure, or a main one that says nothing of a single condition.

    Examples
    --------
    >>> [one.title for one in measures_of(["last:100", "area"], 30)]
    ['mean return over the last 30 episodes', 'mean return over all episodes']
    """
    found = list({one.name: one for one in (measure(name, axis).within(columns) for name in names)}.values())
    if found[0].comparison_only:
        raise ValueError(
            f"measure is {names[0]!r}, which compares two conditions and says nothing of one; the first measure must "
            "be another, such as 'last:100'"
        )
    return found


def analysed(contents: FolderContents, rate: ErrorRate, watch: Watch | None = None) -> SweepAnalysis:
    """Analyse a sweep.

    Parameters
    ----------
    contents : FolderContents
        With a sweep.
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
        A measure that the curves cannot give, or a condition to compare with that has no seeds but those that choose.
    DamagedError
        Curves that are missing or damaged.
    """
    assert contents.sweep is not None
    sweep = contents.sweep
    measures = measures_of(sweep.measures, contents.n_columns, sweep.axis)
    found = measured_conditions(contents, measures, watch)
    split = seed_split(found, sweep.select)
    worlds: dict[str, list[MeasuredCondition]] = {}
    for one in found:
        worlds.setdefault(one.agent.world, []).append(one)
    each = [_world(name, own, sweep, measures, split, rate) for name, own in worlds.items()]
    return SweepAnalysis(measures, split, rate, each, [split.words()])


def _world(
    name: str,
    conditions: Sequence[MeasuredCondition],
    sweep: SweptStudy,
    measures: Sequence[Measure],
    split: SeedSplit,
    rate: ErrorRate,
) -> SweptWorld:
    main, (described, decided) = measures[0], (rate.of_description, rate.of_comparison)
    tables = by_table(conditions)
    chosen = {table: chosen_of(own, main, 0, split, described) for table, own in tables.items()}
    reference = reference_in(conditions, sweep, chosen)
    check_named(reference.condition, split)
    others = [one.condition for one in chosen.values() if one.condition is not reference.condition]
    parameters = [name for name in sweep.swept if any(name in sweep.parameters(table) for table in tables)]
    rates = described, decided
    lines = {p: sensitivity_lines(conditions, sweep, p, main, 0, split, rates) for p in parameters}

    def at_their_best(ours: Side, theirs: Side) -> FairComparison:
        one, other = (best_of(side, main, 0, split.choosing) for side in (ours, theirs))
        return compared(one, other, main, 0, split.rows_of([one, other]), decided)

    return SweptWorld(
        name=name,
        conditions=conditions,
        estimates=[
            [
                None if m.comparison_only or found is None else m.estimate(found, level=1.0 - described, bounds=bounds)
                for m, found, bounds in zip(measures, one.measured, one.bounds, strict=True)
            ]
            for one in conditions
        ],
        best=among_best(conditions, main, 0, decided),
        chosen=chosen,
        reference=reference,
        comparisons=[
            [
                compared(one, reference.condition, m, i, split.testing, decided)
                if one.measured[i] is not None and reference.condition.measured[i] is not None
                else None
                for i, m in enumerate(measures)
            ]
            for one in others
        ],
        matched=matched_settings(tables, sweep, reference, at_their_best),
        lines={parameter: own for parameter, own in lines.items() if own},
        planes=planes_of(conditions, sweep, main, 0, split, decided),
    )


Side = Sequence[MeasuredCondition]


def matched_settings(
    tables: Mapping[str, Side], sweep: SweptStudy, reference: Reference, compare: Callable[[Side, Side], FairComparison]
) -> list[MatchedSetting]:
    """Set each algorithm beside the reference's, at each value of the first parameter that both sweep.

    Parameters
    ----------
    tables : mapping of str to sequence of MeasuredCondition
        The conditions of a world by the name of their agent.
    sweep : SweptStudy
    reference : Reference
    compare : callable
        Of the conditions of an algorithm at a value, and of the reference's there, each at their best.

    Returns
    -------
    list of MatchedSetting
    """
    if reference.table not in tables:
        return []
    theirs = sweep.parameters(reference.table)
    found = []
    for table, own in tables.items():
        shared = [name for name in sweep.parameters(table) if name in theirs and table != reference.table]
        if not shared:
            continue
        parameter = shared[0]
        for value in ordered_values(one.coordinates[parameter] for one in own):
            ours, others = (
                [one for one in side if one.coordinates[parameter] == value] for side in (own, tables[reference.table])
            )
            if ours and others:
                found.append(MatchedSetting(table, parameter, value, compare(ours, others)))
    return found

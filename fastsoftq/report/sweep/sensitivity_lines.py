"""Sensitivity: what is earned over the values of each swept parameter, and over those of each two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.measures import Measure, Measured
from fastsoftq.report.sweep.best import among_best
from fastsoftq.report.sweep.condition_labels import Value, value_text
from fastsoftq.report.sweep.fair import SeedSplit, best_of
from fastsoftq.report.sweep.measured import MeasuredCondition
from fastsoftq.report.sweep.swept_study import SweptStudy
from fastsoftq.statistics import Interval

__all__ = [
    "Plane",
    "SensitivityLine",
    "by_table",
    "grouped",
    "ordered_values",
    "parameter_pairs",
    "place_of",
    "planes_of",
    "sensitivity_lines",
]


@dataclass(frozen=True, eq=False)
class SensitivityLine:
    """An algorithm over the values of one parameter, its other parameters at their best for each.

    Attributes
    ----------
    table : str
    conditions : sequence of MeasuredCondition
        The one that was chosen for each value.
    values : sequence of Value
    intervals : sequence of Interval
        On the seeds that did not choose, where anything was chosen.
    lowest, highest : ndarray of float64, shape [values]
        The least and the greatest mean over all values of the other parameters.
    plateau : set of int
        The values that cannot be told from the best.
    others : bool
        Whether there are other parameters to choose.
    """

    table: str
    conditions: Sequence[MeasuredCondition]
    values: Sequence[Value]
    intervals: Sequence[Interval]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    plateau: set[int]
    others: bool

    def best(self, measure: Measure) -> int:
        """The place of the best value."""
        means = [interval.estimate for interval in self.intervals]
        return int(np.argmax(means) if measure.higher_is_better else np.argmin(means))


@dataclass(frozen=True, eq=False)
class Plane:
    """An algorithm over the values of two parameters, others at their best for each pair.

    Attributes
    ----------
    table, across, up : str
        The agent, and the columns.
    xs, ys : sequence of Value
    means : ndarray of float64, shape [ys, xs]
        NaN where no condition has that pair.
    best : set of (int, int)
        The cells that cannot be told from the best.
    others : bool
    """

    table: str
    across: str
    up: str
    xs: Sequence[Value]
    ys: Sequence[Value]
    means: NDArray[np.float64]
    best: set[tuple[int, int]]
    others: bool


def ordered_values(values: Iterable[Value]) -> list[Value]:
    """Different values: numbers ascending, then texts, truths and nothing.

    Examples
    --------
    >>> ordered_values([10.0, None, 2, 10, "tied"])
    [2, 10.0, 'tied', None]
    """
    different: dict[tuple[bool, Value], Value] = {}
    for value in values:
        different.setdefault(_identity(value), value)
    return sorted(different.values(), key=_order)


def _identity(value: Value) -> tuple[bool, Value]:
    return isinstance(value, bool), value


def _order(value: Value) -> tuple[int, float, str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 2 if value is None else 1, 0.0, value_text(value)
    return 0, float(value), ""


def parameter_pairs(sweep: SweptStudy, table: str) -> list[tuple[str, str]]:
    """Each two parameters that are swept in an algorithm.

    Parameters
    ----------
    sweep : SweptStudy
    table : str

    Returns
    -------
    list of (str, str)
    """
    return list(combinations(sweep.parameters(table), 2))


def sensitivity_lines(
    conditions: Sequence[MeasuredCondition],
    sweep: SweptStudy,
    parameter: str,
    measure: Measure,
    index: int,
    split: SeedSplit,
    rate: tuple[float, float],
) -> list[SensitivityLine]:
    """Find the line of each algorithm of a world that a parameter is swept in.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
        Of one world.
    sweep : SweptStudy
    parameter : str
    measure : Measure
    index : int
        Which of the measures it is.
    split : SeedSplit
    rate : (float, float)
        Chance that an interval misses, and that a plateau lacks the truly best.

    Returns
    -------
    list of SensitivityLine
    """
    lines = []
    for table, own in by_table(conditions).items():
        if parameter not in sweep.parameters(table):
            continue
        groups = grouped(own, parameter)
        if len(groups) < 2:
            continue
        others = any(len(group) > 1 for _, group in groups)
        best = [best_of(group, measure, index, split.choosing) for _, group in groups]
        rows = split.rows_of([one for _, group in groups for one in group]) if others else slice(None)
        found = [[one.of(index).part(rows) for one in group] for _, group in groups]
        spread = [[_mean(measure, one) for one in group] for group in found]
        lines.append(
            SensitivityLine(
                table=table,
                conditions=best,
                values=[value for (value,), _ in groups],
                intervals=[
                    measure.estimate(one.of(index).part(rows), level=1.0 - rate[0], bounds=one.bounds[index])
                    for one in best
                ],
                lowest=np.array([min(means) for means in spread]),
                highest=np.array([max(means) for means in spread]),
                plateau=among_best(best, measure, index, rate[1], rows),
                others=others,
            )
        )
    return lines


def planes_of(
    conditions: Sequence[MeasuredCondition],
    sweep: SweptStudy,
    measure: Measure,
    index: int,
    split: SeedSplit,
    error: float,
) -> list[Plane]:
    """Find the plane of each algorithm of a world and each two of its parameters.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
        Of one world.
    sweep : SweptStudy
    measure : Measure
    index : int
        Which of the measures it is.
    split : SeedSplit
    error : float
        Chance that a plane's cells lack the truly best.

    Returns
    -------
    list of Plane
    """
    planes = []
    for table, own in by_table(conditions).items():
        for across, up in parameter_pairs(sweep, table):
            xs = ordered_values(one.coordinates[across] for one in own)
            ys = ordered_values(one.coordinates[up] for one in own)
            groups = grouped(own, across, up)
            others = any(len(group) > 1 for _, group in groups)
            best = [best_of(group, measure, index, split.choosing) for _, group in groups]
            rows = split.rows_of(best) if others else slice(None)
            cells = [(place_of(ys, y), place_of(xs, x)) for (x, y), _ in groups]
            means = np.full((len(ys), len(xs)), np.nan)
            for cell, one in zip(cells, best, strict=True):
                means[cell] = _mean(measure, one.of(index).part(rows))
            among = {cells[i] for i in among_best(best, measure, index, error, rows)}
            planes.append(Plane(table, across, up, xs, ys, means, among, others))
    return planes


def place_of(values: Sequence[Value], value: Value) -> int:
    """The place of a value among different ones.

    Examples
    --------
    >>> place_of([1, True, "tied"], True)
    1
    """
    return next(place for place, other in enumerate(values) if _identity(other) == _identity(value))


def by_table(conditions: Sequence[MeasuredCondition]) -> dict[str, list[MeasuredCondition]]:
    """Conditions by the name of their agent.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition

    Returns
    -------
    dict
        In the order of the first of each.
    """
    tables: dict[str, list[MeasuredCondition]] = {}
    for one in conditions:
        tables.setdefault(one.table, []).append(one)
    return tables


def grouped(
    conditions: Sequence[MeasuredCondition], *columns: str
) -> list[tuple[tuple[Value, ...], list[MeasuredCondition]]]:
    """Conditions by their values in some columns, ascending.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
    *columns : str

    Returns
    -------
    list of (tuple of Value, list of MeasuredCondition)
    """
    groups: dict[tuple[tuple[bool, Value], ...], list[MeasuredCondition]] = {}
    for one in conditions:
        groups.setdefault(tuple(_identity(one.coordinates[column]) for column in columns), []).append(one)
    held = [(tuple(one[0].coordinates[column] for column in columns), one) for one in groups.values()]
    return sorted(held, key=lambda pair: [_order(value) for value in pair[0]])


def _mean(measure: Measure, found: Measured) -> float:
    """The estimate without its interval, which takes longer."""
    return measure.point_estimate(found)

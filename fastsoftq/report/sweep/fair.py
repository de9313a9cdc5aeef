"""A fair comparison: each algorithm at its best, chosen on some seeds and compared on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fastsoftq.figures.labels import typeset
from fastsoftq.measures import Measure, choice_bias
from fastsoftq.measures import best_of as choose
from fastsoftq.report.decision import decided
from fastsoftq.report.sweep.measured import MeasuredCondition, bounds_of_all, samples, sense
from fastsoftq.statistics import Comparison, Interval, SelectionBias

__all__ = ["Chosen", "FairComparison", "SeedSplit", "best_of", "check_named", "chosen_of", "compared", "seed_split"]

_TO_SPLIT = 6  # seeds: a third of fewer is no sample


class SeedSplit(NamedTuple):
    """Which of the seeds choose, and which compare.

    Parameters
    ----------
    tune, test : int
        How many of the first seeds choose, and how many of the next compare; `tune` is 0 where all do both.
    chosen : bool
        Whether there is anything to choose.
    alike : bool
        Whether as many compare of each algorithm; else `test` is the most.

    Examples
    --------
    >>> SeedSplit(2, 4, True).testing
    slice(2, 6, None)
    """

    tune: int
    test: int
    chosen: bool
    alike: bool = True

    @property
    def choosing(self) -> slice:
        """The rows of runs that choose."""
        return slice(self.tune) if self.tune else slice(None)

    @property
    def testing(self) -> slice:
        """The rows of runs that compare."""
        return slice(self.tune, self.tune + self.test) if self.tune else slice(None)

    def rows_of(self, conditions: Sequence[MeasuredCondition]) -> slice:
        """The rows that compare these conditions: all, where one of them was run on the seeds that choose only."""
        tested = all(one.runs >= self.tune + 2 for one in conditions)
        return self.testing if tested else slice(None)

    def words(self) -> str:
        """Say it to a reader, in a sentence."""
        if not self.chosen:
            return "Each algorithm has one setting, so that nothing was chosen, and all seeds compare."
        if not self.tune:
            return (
                f"{self.test} seeds are too few to choose on some and to compare on others: settings were chosen and "
                "compared on the same ones, which flatters the algorithm with more of them."
            )
        first, them = (f"first {typeset(self.tune)} seeds", "them") if self.tune > 1 else ("first seed", "it")
        return (
            f"Settings were chosen on the {first} and compared on {'the' if self.alike else 'up to'} "
            f"{typeset(self.test)} after {them}, so that luck in choosing flatters nobody."
        )


def seed_split(conditions: Sequence[MeasuredCondition], select: tuple[int, int] | None) -> SeedSplit:
    """Split the seeds of a sweep: as its study says, or else a third to choose and the rest to compare.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
    select : (int, int) or None
        How many choose and how many compare at least, if the study says so: all that come after those that choose.

    Returns
    -------
    SeedSplit
    """
    runs = [one.runs for one in conditions]
    most: dict[tuple[str, str], int] = {}
    for one in conditions:
        kind = one.agent.world, one.table
        most[kind] = max(most.get(kind, 0), one.runs)
    if len(most) == len(conditions):
        return SeedSplit(0, max(runs), False)
    if select is not None and select[0] + 2 <= min(most.values()):  # what was given up has fewer
        tune = select[0]
    else:
        tune = min(runs) // 3 if min(runs) >= _TO_SPLIT else 0
    compare = max(most.values()) - tune if tune else min(runs)
    return SeedSplit(tune, compare, True, len(set(most.values())) == 1)


@dataclass(frozen=True, eq=False)
class Chosen:
    """The best setting of an algorithm in a world.

    Attributes
    ----------
    condition : MeasuredCondition
    settings : int
        How many there were to choose from.
    seemed : float
        What it came to on the seeds that chose it.
    worth : Interval
        What it comes to on the others.
    flattery : SelectionBias or None
        How much better it seemed than it is, and how much choosing adds on average; None where nothing was chosen on
        runs of its own, or the measure is no mean over runs.
    """

    condition: MeasuredCondition
    settings: int
    seemed: float
    worth: Interval
    flattery: SelectionBias | None


def best_of(
    conditions: Sequence[MeasuredCondition], measure: Measure, index: int, rows: slice = slice(None)
) -> MeasuredCondition:
    """The best of some conditions by a measure; the first of equals.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
    measure : Measure
    index : int
        Which of the measures it is.
    rows : slice
        The runs that choose.

    Returns
    -------
    MeasuredCondition
    """
    return conditions[choose(measure, [one.of(index) for one in conditions], rows.stop).place]


def chosen_of(
    conditions: Sequence[MeasuredCondition], measure: Measure, index: int, split: SeedSplit, error: float
) -> Chosen:
    """Choose the best setting of an algorithm in a world, and estimate what it is worth.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
        Of one algorithm in one world.
    measure : Measure
    index : int
        Which of the measures it is.
    split : SeedSplit
    error : float
        Chance that the interval misses.

    Returns
    -------
    Chosen
    """
    best = choose(measure, [one.of(index) for one in conditions], split.choosing.stop)
    condition = conditions[best.place]
    found = condition.of(index)
    seemed, test = measure.point_estimate(found.part(split.choosing)), found.part(split.testing)
    _check_left(condition, split, f"{condition.label} is the best on them")
    flattery = None
    if split.tune and len(best.candidates) > 1 and measure.is_mean:
        bias = choice_bias(measure, best.tuned, test, 1.0 - error)
        flattery = bias if best.candidates[bias.chosen] == best.place else None  # a later horizon may choose another
    return Chosen(
        condition,
        len(conditions),
        seemed,
        measure.estimate(test, level=1.0 - error, bounds=condition.bounds[index]),
        flattery,
    )


def check_named(one: MeasuredCondition, split: SeedSplit) -> None:
    """Refuse to compare with a condition that has no seeds but those that choose: what was chosen is flattered there.

    Parameters
    ----------
    one : MeasuredCondition
    split : SeedSplit

    Raises
    ------
    ValueError
    """
    _check_left(one, split, f"against is {one.label!r}")


def _check_left(one: MeasuredCondition, split: SeedSplit, what: str) -> None:
    if split.tune and one.runs < split.tune + 2:
        raise ValueError(
            f"the first {split.tune} seeds choose settings, and others compare; {what}, which has {one.runs} seeds: "
            f"it must have {split.tune + 2} or more"
        )


@dataclass(frozen=True, eq=False)
class FairComparison:
    """Two conditions compared by a measure.

    Attributes
    ----------
    one, reference : MeasuredCondition
    measure : Measure
    found : Comparison
        One - reference, in the measure's unit.
    """

    one: MeasuredCondition
    reference: MeasuredCondition
    measure: Measure
    found: Comparison

    @property
    def sign(self) -> int:
        """+1 better, -1 worse, 0 not told apart."""
        apart = int(self.found.low > 0.0) - int(self.found.high < 0.0)
        return apart if self.measure.higher_is_better else -apart


def compared(
    one: MeasuredCondition,
    reference: MeasuredCondition,
    measure: Measure,
    index: int,
    rows: slice = slice(None),
    error: float = 0.05,
) -> FairComparison:
    """Compare two conditions by a measure, by seed where they share seeds.

    Parameters
    ----------
    one, reference : MeasuredCondition
    measure : Measure
    index : int
        Which of the measures it is.
    rows : slice
        The runs that compare.
    error : float
        Chance at which equals are taken for different.

    Returns
    -------
    FairComparison
    """
    a, b = one.of(index).part(rows), reference.of(index).part(rows)
    common, rows_a, rows_b = np.intersect1d(a.seeds, b.seeds, return_indices=True)
    paired = len(common) > 1
    if paired:
        a, b = a.part(rows_a), b.part(rows_b)
    bounds = bounds_of_all(index, [one, reference])
    if measure.is_mean:
        first, second = (sense(measure) * sample for sample in samples(measure, [a, b]))
        found = decided(first, second, paired, error, bounds)
    else:
        found = measure.compare(a, b, paired, level=1.0 - error, bounds=bounds)
    return FairComparison(one, reference, measure, found)

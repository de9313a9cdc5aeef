"""Selected: hyperparameters chosen on some seeds, and how what was chosen does on others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fastsoftq.measures import best_of, choice_bias
from fastsoftq.measures import measure as measure_of
from fastsoftq.studies.compared_pairs import references, tables_of
from fastsoftq.studies.measured_runs import main_measure, measured
from fastsoftq.studies.selection import Selection

if TYPE_CHECKING:
    from fastsoftq.measures import Measure, Measured
    from fastsoftq.statistics import Comparison, SelectionBias
    from fastsoftq.studies.conditions import Condition
    from fastsoftq.studies.results import Results

__all__ = ["Choice", "Compared", "Selected", "bests", "compared_pool", "select_conditions"]


@dataclass(frozen=True, eq=False)
class Choice:
    """The best condition of a table of agents in an environment, by its tuning seeds.

    Attributes
    ----------
    environment, table : str
    condition : str
        The one that was chosen.
    candidates : tuple of str
        Those it was chosen from: all of the table that have as many runs as tune.
    estimates : ndarray of float64, shape [candidates]
        What the measure is estimated at on the tuning seeds.
    tuned : tuple of Measured
        Of each candidate, on the tuning seeds.
    test : Measured
        Of the chosen one, on the others; None where those have not been looked at.
    """

    environment: str
    table: str
    condition: str
    candidates: tuple[str, ...]
    estimates: NDArray[np.float64]
    tuned: tuple[Measured, ...]
    test: Measured | None

    @property
    def tune(self) -> Measured:
        """Of the chosen one, on the tuning seeds."""
        return self.tuned[self.candidates.index(self.condition)]


@dataclass(frozen=True, eq=False)
class Compared:
    """A chosen condition beside the one that it is compared with, on the test seeds of both.

    Attributes
    ----------
    condition, reference : str
    comparison : fastsoftq.statistics.Comparison
        Of condition - reference, paired by seed.
    """

    condition: str
    reference: str
    comparison: Comparison


@dataclass(frozen=True, eq=False)
class Selected:
    """What was chosen, and on which seeds. `Results.selected` makes one.

    Attributes
    ----------
    selection : Selection
    measure : Measure
        By which the best is the best.
    choices : tuple of Choice
        One for each environment and table of agents, in the study's order.
    against : str or None
        What `compare` compares with, unless it is told.
    """

    selection: Selection
    measure: Measure
    choices: tuple[Choice, ...]
    against: str | None
    _results: Results

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.choices)

    def bias(self, choice: Choice, level: float = 0.95) -> SelectionBias:
        """How much better a chosen condition looks on the seeds that it was chosen by.

        Parameters
        ----------
        choice : Choice
        level : float

        Returns
        -------
        fastsoftq.statistics.SelectionBias
            Its `optimism` is what it looks better by, with the interval.

        Raises
        ------
        ValueError
            A measure that is no mean over runs, or fewer than two runs.
        """
        return choice_bias(self.measure, choice.tuned, choice.test or choice.tune, level)

    def compare(self, against: str | None = None, level: float = 0.95) -> list[Compared]:
        """Compare what was chosen with what was chosen of the reference, on the test seeds.

        Parameters
        ----------
        against : str, optional
            A table of agents, an agent or a condition; the study's if not given, else the hard agent, else the first.
        level : float
            Confidence with which all intervals hold together: the error is shared out equally.

        Returns
        -------
        list of Compared

        Raises
        ------
        ValueError
            Nothing to compare, or several references in an environment.
        """
        results, against = self._results, against or self.against
        conditions = [results.condition(name) for name in results.conditions]
        pool = compared_pool(conditions, against, [choice.condition for choice in self.choices])
        pairs = references(pool, results.record["agents"], results.origins, against)
        samples = {choice.condition: choice.test for choice in self.choices if choice.test is not None}
        for name in {pair.reference for pair in pairs} - set(samples):
            samples[name] = _test(results, name, self.measure, self.selection)
        each = 1.0 - (1.0 - level) / len(pairs)
        return [
            Compared(
                *pair, self.measure.compare(samples[pair.condition], samples[pair.reference], paired=True, level=each)
            )
            for pair in pairs
            if pair.condition in samples
        ]


def select_conditions(results: Results, selection: Selection, measure: str | None = None) -> Selected:
    """Choose the best condition of each table in each environment on the first seeds, and read it on the next.

    Parameters
    ----------
    results : Results
    selection : Selection
        How many of the first runs choose. All that come after them test, which may be more than `selection.test`.
    measure : str, optional
        By which the best is the best; the study's main one if not given.

    Returns
    -------
    Selected

    Raises
    ------
    ValueError
        A condition that could be chosen has fewer runs than are needed, or the study keeps summaries.
    DamagedError
        Runs that are missing or damaged.
    """
    conditions = [results.condition(name) for name in results.conditions]
    if measure is not None:
        measure_of(measure, results.axis).check_fits(max(condition.columns for condition in conditions))
    chosen_by = main_measure((measure,) if measure is not None else results.measures, results.axis, conditions)
    choices = tuple(
        replace(best, test=_test(results, best.condition, chosen_by, selection))
        for best in bests(results, selection.tune, chosen_by)
    )
    return Selected(selection, chosen_by, choices, results.against, results)


def bests(results: Results, tune: int, measure: Measure) -> list[Choice]:
    """Choose the best condition of each table in each environment on the first seeds.

    Parameters
    ----------
    results : Results
    tune : int
        How many of the first runs choose. Conditions with fewer are no candidates: they were given up.
    measure : Measure

    Returns
    -------
    list of Choice
        Without `test`.

    Raises
    ------
    ValueError
        A measure that is of two conditions, or no candidate.
    DamagedError
        Runs that are missing or damaged.
    """
    if measure.comparison_only:
        raise ValueError(f"the measure is {measure.name!r}; to choose by, it must be a measure of one condition")
    conditions = {name: results.condition(name) for name in results.conditions}
    choices = []
    for (environment, table), names in tables_of(conditions.values(), results.origins).items():
        there = [name for name in names if _runs(conditions[name]) >= tune]
        if not there:
            most = max(_runs(conditions[name]) for name in names)
            raise ValueError(
                f"select.tune is {tune}; no condition of {table!r} in {environment!r} has more than {most} seeds"
            )
        samples = [measured(results, name, measure, tune) for name in there]
        best = best_of(measure, samples, tune)
        choices.append(Choice(environment, table, there[best.place], tuple(there), best.estimates, best.tuned, None))
    return choices


def compared_pool(conditions: Iterable[Condition], against: str | None, chosen: Sequence[str]) -> list[Condition]:
    """The conditions that were chosen, and those that are named as what others are compared with."""
    wanted = {*chosen, against}
    return [condition for condition in conditions if wanted & {condition.name, condition.agent}]


def _runs(condition: Condition) -> int:
    return condition.seeds or 0


def _test(results: Results, name: str, measure: Measure, selection: Selection) -> Measured:
    """A measure of the runs of a condition that did not choose it."""
    runs = _runs(results.condition(name))
    if runs < selection.seeds:
        raise ValueError(
            f"select.test is {selection.test}; {name!r} has {runs} seeds, of which {selection.tune} tune: run it again"
        )
    return measured(results, name, measure, first=selection.tune)

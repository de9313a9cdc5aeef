"""What a measure is of the runs of a condition, read from a study's folder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastsoftq.attainable_returns import ReturnSpan
    from fastsoftq.comparing import Axis
    from fastsoftq.exact_curves import ExactCurves
    from fastsoftq.measures import Measure, Measured
    from fastsoftq.studies.conditions import Condition
    from fastsoftq.studies.results import Results

__all__ = ["MAIN", "answer_for", "main_measure", "measured"]

MAIN = "last"
"""The main measure of a study that names none: of the last 100 episodes, or of the last 10 points."""


def main_measure(measures: tuple[str, ...], axis: Axis, conditions: Iterable[Condition] = ()) -> Measure:
    """The measure by which a study decides: the first that it names, or else the mean of the last returns.

    Parameters
    ----------
    measures : tuple of str
    axis : Axis
        What the study counts.
    conditions : iterable of Condition
        With their episodes or points: where none has so many, the measure says so.

    Returns
    -------
    Measure
    """
    from fastsoftq.measures import measure

    found = measure(measures[0] if measures else MAIN, axis)
    most = max((condition.columns for condition in conditions), default=0)
    return found.within(most) if most else found


def measured(results: Results, condition: str, measure: Measure, runs: int | None = None, first: int = 0) -> Measured:
    """A measure of some runs of a condition.

    Parameters
    ----------
    results : Results
    condition : str
    measure : Measure
    runs : int, optional
        Only the first so many; all if not given.
    first : int
        How many of these are left out, at the beginning.

    Returns
    -------
    Measured

    Raises
    ------
    ValueError
        No such condition, fewer runs, a study that keeps summaries, or a measure that needs the exact answer where
        there is none.
    DamagedError
        Chunks that are missing or damaged.
    """
    answer = answer_for(results, condition, measure)
    if measure.needs_planning and answer is None:
        what = "the exact answer" if measure.needs_exact else "the optimum of the world"
        raise ValueError(f"the measure is {measure.name!r}; it needs {what}, which is not known of {condition!r}")
    return measure.values(results.curves(condition, runs), answer).part(slice(first, None))


def answer_for(results: Results, condition: str, measure: Measure) -> ExactCurves | ReturnSpan | None:
    """What a measure needs of planning.

    Parameters
    ----------
    results : Results
    condition : str
    measure : Measure

    Returns
    -------
    ExactCurves, ReturnSpan or None
        None where nothing is needed, or what is needed is not known.

    Raises
    ------
    ValueError
        No such condition.
    """
    if measure.needs_exact:
        return results.exact(condition)
    return results.return_span(condition) if measure.needs_optimum else None

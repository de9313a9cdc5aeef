"""The conditions of a sweep of which only summaries are kept, read one at a time: their means by each measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq.attainable_returns import ReturnSpan
from fastsoftq.measures import Measure
from fastsoftq.measures.run_values import Optimum
from fastsoftq.report.folder import FolderContents, Summaries
from fastsoftq.report.mean_errors import MeanError
from fastsoftq.report.sweep.measured import MeanCurves, MeasuredCondition, exact_value

__all__ = ["KnownCondition", "known_condition", "mean_and_error"]

_NOTHING = ReturnSpan(0.0, 0.0)  # to lose: errors have no optimum


def mean_and_error(measure: Measure, known: Summaries, optimum: Optimum | None) -> tuple[float, float, float]:
    """Give the mean of a measure over runs, the most that its standard error can be, and the skewness of a run.

    Parameters
    ----------
    measure : Measure
        Of mean curves.
    known : Summaries
    optimum : ReturnSpan or None
        Of the world, where the measure needs it.

    Returns
    -------
    (float, float, float)

    Notes
    -----
    The measure is linear in the curves, so that what it gives for mean curves is its mean, and its standard error is at
    most what it gives for the episodes' standard errors. Its skewness is as if episodes went together.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> from fastsoftq.report.folder import EpisodeMoments
    >>> returns = EpisodeMoments(16, np.array([-9.0, -5.0]), np.array([0.5, 0.25]), np.zeros((5, 2)))
    >>> mean_and_error(measure("area"), Summaries(returns, returns), None)
    (-7.0, 0.375, 0.0)
    """

    def of(returns: NDArray[np.float64], lengths: NDArray[np.float64], less: Optimum | None) -> float:
        return float(measure.values(MeanCurves.of(returns[None], lengths[None]), less).values[0])

    returns, lengths = known.returns, known.lengths
    error = abs(of(returns.error, lengths.error, _NOTHING))
    cubes = of(returns.error * returns.skewness, lengths.error * lengths.skewness, _NOTHING)
    return of(returns.mean, lengths.mean, optimum), error, cubes / error if error > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class KnownCondition:
    """A condition with its mean by each measure.

    Attributes
    ----------
    condition : MeasuredCondition
    means : MeanError
        Each [measures], but for the runs.
    """

    condition: MeasuredCondition
    means: MeanError


def known_condition(contents: FolderContents, place: int, measures: Sequence[Measure]) -> KnownCondition:
    """Read a condition of which summaries are kept.

    Parameters
    ----------
    contents : FolderContents
        With a sweep.
    place : int
        Of the condition among those of the folder.
    measures : sequence of Measure
        Of mean curves.

    Returns
    -------
    KnownCondition

    Raises
    ------
    ValueError
        A measure that needs the optimum of the world, where it is not known.
    DamagedError
        Summaries that are missing or damaged.
    """
    agent, sweep = contents.summarised[place], contents.sweep
    assert agent.summaries is not None
    assert sweep is not None
    known, exact, span = agent.summaries(), sweep.exact(place), sweep.span(place)
    for measure in measures:
        if measure.needs_planning and span is None:
            raise ValueError(
                f"measure is {measure.name!r}; it needs the optimum of the world, and planning has none of "
                f"{agent.name!r}"
            )
    means = np.array([mean_and_error(measure, known, span) for measure in measures])
    condition = MeasuredCondition(
        place=place,
        agent=agent,
        table=sweep.tables[place],
        coordinates={name: values[place] for name, values in sweep.coordinates.items()},
        measured=(),
        bounds=(None,) * len(measures),
        exact=exact,
        span=span,
        exact_values=tuple(exact_value(measure, exact) for measure in measures),
        steps=round(known.lengths.runs * float(known.lengths.mean.sum())),
        runs=known.returns.runs,
    )
    return KnownCondition(condition, MeanError(means[:, 0], means[:, 1], means[:, 2], np.asarray(known.returns.runs)))

"""Which conditions cannot be told from the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastsoftq.measures import Measure
from fastsoftq.report.sweep.measured import MeasuredCondition, bounds_of_all, samples, sense
from fastsoftq.statistics import best_set

__all__ = ["among_best"]


def among_best(
    conditions: Sequence[MeasuredCondition],
    measure: Measure,
    index: int,
    error: float,
    rows: slice = slice(None),
) -> set[int]:
    """The places, among these conditions, of those that cannot be told from the best.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
    measure : Measure
    index : int
        Which of the measures it is.
    error : float
        Chance that the truly best is not among them.
    rows : slice
        The runs that count.

    Returns
    -------
    set of int
        Empty for a measure that is not the mean of a number a run: of its best nothing is said.
    """
    if not measure.is_mean:
        return set()
    found = [one.of(index).part(rows) for one in conditions]
    if len(found) == 1:
        return {0}
    values = samples(measure, found)
    shared = found[0].seeds
    for one in found[1:]:
        shared = np.intersect1d(shared, one.seeds)
    paired = len(shared) > 1
    if paired:  # what all have is compared seed by seed
        rows_of = [np.intersect1d(one.seeds, shared, return_indices=True)[1] for one in found]
        values = [sample[own] for sample, own in zip(values, rows_of, strict=True)]
    bounds = bounds_of_all(index, conditions)
    if bounds is not None and sense(measure) < 0.0:
        bounds = -bounds[1], -bounds[0]
    members = best_set(values, level=1.0 - error, paired=paired, bounds=bounds).members
    return set(np.flatnonzero(members).tolist())

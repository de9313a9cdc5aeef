"""Columns of an experiment's summary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.statistics import confidence_interval

__all__ = ["interval_columns"]


def interval_columns(name: str, values: NDArray[np.float64]) -> dict[str, float]:
    """The mean of one number a run, and the ends of its 95 % interval.

    Parameters
    ----------
    name : str
    values : ndarray of float64, shape [runs]
        A single value is taken as exact: it is its own interval.

    Returns
    -------
    dict of str to float
        `name`, `name_low` and `name_high`.
    """
    if len(values) == 1:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float(values[0]))
    interval = confidence_interval(values)
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}

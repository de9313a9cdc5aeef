"""Intervals as columns of an experiment's summary: the mean of one number a run, and the ends of its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fastsoftq.statistics import confidence_interval

__all__ = ["EACH", "interval_columns", "interval_of", "length_bounds"]

EACH = "95 % intervals, each by itself"  # what tables and figures call them


def interval_columns(
    name: str, values: NDArray[Any], bounds: tuple[float, float] = (-math.inf, math.inf)
) -> dict[str, float]:
    """The mean of one number a run, and the ends of its 95 % interval.

    Parameters
    ----------
    name : str
    values : ndarray of float64, shape [runs]
        A single value is taken as exact: it is its own interval.
    bounds : (float, float)
        Lowest and highest value that the mean can have by nature; the interval ends there.

    Returns
    -------
    dict of str to float
        `name`, `name_low` and `name_high`.

    Examples
    --------
    >>> import numpy as np
    >>> interval_columns("steps", np.array([13.0]))
    {'steps': 13.0, 'steps_low': 13.0, 'steps_high': 13.0}
    """
    if len(values) == 1:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float(values[0]))
    finite = all(math.isfinite(bound) for bound in bounds)
    interval = confidence_interval(values, bounds=bounds if finite else None)
    # Rounding may take the mean of, say, entropies past their bound: it still lies within its interval.
    low = max(interval.low, min(bounds[0], interval.estimate))
    high = min(interval.high, max(bounds[1], interval.estimate))
    return {name: interval.estimate, f"{name}_low": low, f"{name}_high": high}


def interval_of(row: Mapping[str, Any], name: str) -> tuple[float, float, float]:
    """The columns of `interval_columns`, for `interval_text`.

    Parameters
    ----------
    row : mapping
    name : str

    Returns
    -------
    (float, float, float)
        The mean and the ends of its interval.

    Examples
    --------
    >>> interval_of({"return": -12.5, "return_low": -13.0, "return_high": -12.0}, "return")
    (-12.5, -13.0, -12.0)
    """
    return row[name], row[f"{name}_low"], row[f"{name}_high"]


def length_bounds(max_steps: int) -> tuple[float, float]:
    """The fewest and the most steps of an episode; the second is always greater, as bounds must be.

    Parameters
    ----------
    max_steps : int

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> length_bounds(1000)
    (1.0, 1000.0)
    """
    return float(min(1, max_steps - 1)), float(max_steps)

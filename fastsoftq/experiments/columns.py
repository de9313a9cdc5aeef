"""Columns of an experiment's summary, and how its tables show them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fastsoftq.statistics import confidence_interval

__all__ = ["EACH", "interval_columns", "interval_text", "length_bounds"]

EACH = "95 % intervals, each by itself"  # what tables and figures call them

_LEAST = 1e-9  # of a mean: what is narrower is the rounding of sums


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
    """
    if len(values) == 1:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float(values[0]))
    finite = all(math.isfinite(bound) for bound in bounds)
    interval = confidence_interval(values, bounds=bounds if finite else None)
    # Rounding may take the mean of, say, entropies past their bound: it still lies within its interval.
    low = max(interval.low, min(bounds[0], interval.estimate))
    high = min(interval.high, max(bounds[1], interval.estimate))
    return {name: interval.estimate, f"{name}_low": low, f"{name}_high": high}


def interval_text(row: Mapping[str, Any], name: str, decimals: int = 2, *, percent: bool = False) -> str:
    """An interval as tables show it: by its half width, or by both ends where the mean is not in its middle.

    Parameters
    ----------
    row : mapping
        With the columns of `interval_columns`.
    name : str
    decimals : int
    percent : bool
        Show shares in per cent.

    Returns
    -------
    str
        "mean ± half width" (the larger half), or "mean [low, high]" where an interval was cut at a bound or is skew:
        its halves differ by more than a tenth of it, and by more than one unit of the last decimal. With more decimals
        than asked for where the width, or a share, would be shown as none, or as all, otherwise.
    """
    scale, unit = (100.0, "%") if percent else (1.0, "")
    mean, low, high = (scale * row[column] for column in (name, f"{name}_low", f"{name}_high"))
    below, above = mean - low, high - mean
    # What is not 0, nor all, is not shown as such.
    told = [(max(below, above), 0.0)] + ([(mean, 0.0), (mean, 100.0)] if percent else [])
    while any(abs(x - y) > _LEAST * max(1.0, abs(mean)) and round(x, decimals) == y for x, y in told):
        decimals += 1
    if below + above < math.inf and abs(above - below) <= max(10.0**-decimals, 0.1 * (below + above)):
        return f"{mean:.{decimals}f}{unit} ± {max(below, above):.{decimals}f}"
    return f"{mean:.{decimals}f}{unit} [{low:.{decimals}f}, {high:.{decimals}f}]"


def length_bounds(max_steps: int) -> tuple[float, float]:
    """The fewest and the most steps of an episode; the second is always greater, as bounds must be.

    Parameters
    ----------
    max_steps : int

    Returns
    -------
    (float, float)
    """
    return float(min(1, max_steps - 1)), float(max_steps)

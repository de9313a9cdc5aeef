"""How surely an experiment knows a number: means with intervals each by itself, comparisons decided together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.report.decision import ALPHA, decided, sign
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import Comparison, confidence_interval

__all__ = [
    "EACH",
    "compare_together",
    "comparison_text",
    "comparisons_text",
    "interval_columns",
    "interval_of",
]

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
    interval = confidence_interval(values)
    if math.isinf(interval.high - interval.low) and all(map(math.isfinite, bounds)):  # few runs, which all agree
        interval = confidence_interval(values, bounds=bounds)
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


Sample = NDArray[np.float64]


def compare_together(
    pairs: Mapping[str, tuple[Sample, Sample]], among: int | None = None, bounds: tuple[float, float] | None = None
) -> dict[str, Comparison]:
    """Compare pairs of samples; the chance to take equals for different anywhere is 5 % at most (Bonferroni).

    Parameters
    ----------
    pairs : mapping of str to (ndarray, ndarray) of float64, shape [runs]
        Paired by seed.
    among : int, optional
        How many comparisons there are in all; as many as these if not given.
    bounds : (float, float), optional
        Lowest and highest value that a run can have.

    Returns
    -------
    dict of str to Comparison
        Their intervals hold together, and are clear of 0 where the two are told apart.

    Examples
    --------
    >>> found = compare_together({"b": (np.arange(20.0) + 25.0, np.arange(20.0)[::-1])})
    >>> comparison_text(found["b"], "more", "less")
    'more by 25 [19, 31]'
    """
    error = ALPHA / (len(pairs) if among is None else among)
    return {name: decided(a, b, error=error, bounds=bounds) for name, (a, b) in pairs.items()}


def comparison_text(found: Comparison, more: str, less: str) -> str:
    """A comparison in words.

    Parameters
    ----------
    found : Comparison
    more, less : str
        What to say where the first has more, or less, than the second.

    Returns
    -------
    str
        Such as "more by 3.0 [1.2, 4.8]".

    Examples
    --------
    >>> found = compare_together({"b": (np.arange(20.0), np.arange(20.0)[::-1])})
    >>> comparison_text(found["b"], "more", "less")
    'not told apart, 0 [−6, 6]'
    """
    if sign(found):
        ends = sorted((abs(found.low), abs(found.high)))
        return f"{more if sign(found) > 0 else less} by {interval_text(abs(found.difference), *ends)}"
    return f"not told apart, {interval_text(found.difference, found.low, found.high)}"


def comparisons_text(found: Mapping[str, Comparison], more: str, less: str) -> str:
    """Comparisons with the same reference in words: who has more, who has less, who is not told from it.

    Parameters
    ----------
    found : mapping of str to Comparison
        By the name of the first of each pair.
    more, less : str
        What to say before those who have more, or less.

    Returns
    -------
    str
        Such as "more: a (3.0 [1.2, 4.8]); not told apart: b (0.1 [−0.5, 0.7])".

    Examples
    --------
    >>> a = np.arange(20.0)
    >>> comparisons_text(compare_together({"b": (a + 25.0, a[::-1]), "c": (a, a[::-1])}), "more", "less")
    'more: b (25 [19, 31]); not told apart: c (0 [−6, 6])'
    """
    texts = []
    for wanted, words in ((1, more), (-1, less), (0, "not told apart")):
        own = [
            f"{name} ({interval_text(c.difference, c.low, c.high)})" for name, c in found.items() if sign(c) == wanted
        ]
        texts += [f"{words}: {', '.join(own)}"] if own else []
    return "; ".join(texts)

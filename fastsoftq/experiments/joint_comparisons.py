"""Comparisons that are decided together, at 5 % of error for all of them, and put into words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fastsoftq.report.decision import decided
from fastsoftq.report.error_rate import ALPHA
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import Comparison

__all__ = ["compare_together", "comparison_text", "comparisons_text", "sign"]

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


def sign(found: Comparison) -> int:
    """Whether the first has more (1), less (-1), or neither is told (0).

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    int

    Examples
    --------
    >>> found = compare_together({"b": (np.arange(20.0) + 5.0, np.arange(20.0))})
    >>> sign(found["b"])
    1
    """
    return int(found.low > 0.0) - int(found.high < 0.0)


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

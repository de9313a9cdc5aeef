"""What experiments conclude: comparisons that are decided together, at 5 % for all of them, and told in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fastsoftq.report.decision import decided
from fastsoftq.report.error_rate import ALPHA
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import Comparison

__all__ = ["against", "sign", "together", "told"]

Sample = NDArray[np.float64]


def together(
    pairs: Mapping[str, tuple[Sample, Sample]], among: int | None = None, bounds: tuple[float, float] | None = None
) -> dict[str, Comparison]:
    """Compare pairs of samples so that equals are taken for different anywhere at most 5 % of the time (Bonferroni).

    Parameters
    ----------
    pairs : mapping of str to (ndarray, ndarray) of float64, shape [runs]
        Paired by seed.
    among : int, optional
        How many comparisons there are in all; if not given, as many as these.
    bounds : (float, float), optional
        Lowest and highest value that a run can have.

    Returns
    -------
    dict of str to Comparison
        Their intervals hold together, and are clear of 0 where the two are told apart.
    """
    error = ALPHA / (len(pairs) if among is None else among)
    return {name: decided(a, b, error=error, bounds=bounds) for name, (a, b) in pairs.items()}


def sign(found: Comparison) -> int:
    """+1 more, -1 less, 0 not told apart."""
    return int(found.low > 0.0) - int(found.high < 0.0)


def told(found: Comparison, more: str, less: str) -> str:
    """A comparison in words.

    Parameters
    ----------
    found : Comparison
    more, less : str
        What to say where the first is told to be more, or less, than the second.

    Returns
    -------
    str
        Such as "more by 3.0 [1.2, 4.8]".
    """
    if sign(found):
        ends = sorted((abs(found.low), abs(found.high)))
        return f"{more if sign(found) > 0 else less} by {interval_text(abs(found.difference), *ends)}"
    return f"not told apart, {interval_text(found.difference, found.low, found.high)}"


def against(found: Mapping[str, Comparison], more: str, less: str) -> str:
    """Comparisons with the same reference in words: who has more, who has less, and who is not told from it.

    Parameters
    ----------
    found : mapping of str to Comparison
        By what to call the first of each pair.
    more, less : str
        What to say before those who are told to have more, or less.

    Returns
    -------
    str
        Such as "more: a (3.0 [1.2, 4.8]); not told apart: b (0.1 [−0.5, 0.7])".
    """
    texts = []
    for wanted, words in ((1, more), (-1, less), (0, "not told apart")):
        own = [
            f"{name} ({interval_text(c.difference, c.low, c.high)})" for name, c in found.items() if sign(c) == wanted
        ]
        texts += [f"{words}: {', '.join(own)}"] if own else []
    return "; ".join(texts)

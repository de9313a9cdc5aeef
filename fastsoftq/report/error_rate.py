"""One error rate a report: a chance of 5 % that anything in it is wrong, shared out among its statements."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from fastsoftq.figures.labels import typeset

__all__ = ["ALPHA", "ErrorRate"]

ALPHA = 0.05  # of a whole report
_OF_AGENT = 4  # bands of return and of length, interval of the end, profile
_OF_PAIR = 2  # the end, and the curve


class ErrorRate(NamedTuple):
    """How a report's 5 % are shared out (Bonferroni): half among comparisons and half among descriptions.

    All statements are then right at once 95 times in 100, however bands and tests depend on each other. A report
    without comparisons, or without descriptions, gives the other kind all of it. The halves keep comparisons, which
    matter most and of which a few seeds can bear few, from paying for descriptions.

    Parameters
    ----------
    conditions : int
        Agents in worlds. Each is described by its curves of return and length, its last episodes and its profile.
    pairs : int
        Comparisons. Each is of the last episodes and of the curves, and describes the correlation.

    Examples
    --------
    >>> rate = ErrorRate(conditions=2, pairs=1)
    >>> rate.of_comparison, round(rate.of_description, 5)
    (0.0125, 0.00278)
    """

    conditions: int
    pairs: int

    @classmethod
    def of(cls, worlds: Iterable[int]) -> ErrorRate:
        """The error rate where the agents of each world are compared with one of them.

        Parameters
        ----------
        worlds : iterable of int
            How many agents each has.

        Returns
        -------
        ErrorRate
        """
        sizes = list(worlds)
        return cls(sum(sizes), sum(size - 1 for size in sizes))

    def __add__(self, other: object) -> ErrorRate:
        """The error rate of two sets of statements together."""
        if not isinstance(other, ErrorRate):
            return NotImplemented
        return ErrorRate(self.conditions + other.conditions, self.pairs + other.pairs)

    @property
    def of_comparison(self) -> float:
        """Chance that a test of a pair, of the ends or of the curves, takes equals for different."""
        return (ALPHA / 2.0 if self.conditions else ALPHA) / max(1, _OF_PAIR * self.pairs)

    @property
    def of_description(self) -> float:
        """Chance that a band or an interval of one agent, or the correlation of a pair, misses the truth."""
        return (ALPHA / 2.0 if self.pairs else ALPHA) / max(1, _OF_AGENT * self.conditions + self.pairs)

    def words(self) -> str:
        """Say it to a reader, in a sentence or two."""
        described = _OF_AGENT * self.conditions + self.pairs
        text = (
            "All bands, intervals, p-values and sentences that this report draws from curves are made to hold together "
            f"with {1.0 - ALPHA:.0%} confidence (where runs are too few for that, or too much alike, it is said beside "
            "them)"
        )
        if not self.pairs:
            return f"{text}: each of {described} by itself with {_percent(self.of_description)}."
        return (
            f"{text}: {_OF_PAIR * self.pairs} comparisons share one half of the {ALPHA:.0%} of error and "
            f"{typeset(described)} statements on single agents the other, so that each by itself holds with "
            f"{_percent(self.of_comparison)} and {_percent(self.of_description)}."
        )


def _percent(error: float) -> str:
    """One minus an error, in per cent, to two digits of the error."""
    decimals = max(0, 1 - math.floor(math.log10(100.0 * error)))
    return f"{100.0 * (1.0 - error):.{decimals}f}%"

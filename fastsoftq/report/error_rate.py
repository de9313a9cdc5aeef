"""One error rate a report: 5 % that anything it says is wrong, shared out among all that it says."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from fastsoftq.figures.labels import typeset

__all__ = ["ALPHA", "ErrorRate"]

ALPHA = 0.05  # of a whole report
_OF_CONDITION = 4  # bands of return and of length, interval of the end, profile
_OF_PAIR = 2  # the end, and the curve


class ErrorRate(NamedTuple):
    """How a report's 5 % are shared out (Bonferroni): half among comparisons and half among all else, if there is both.

    Everything is then right at once 95 times in 100, however bands and tests depend on each other. The halves keep
    comparisons, which matter most and of which a few seeds can bear few, from paying for what is only described.

    Parameters
    ----------
    conditions : int
        Of each a report gives the mean return and length as curves, the return of the end, and the profile.
    pairs : int
        Of each it compares the ends and the curves, and tells the correlation.

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
        """That of conditions compared with a reference in each world.

        Parameters
        ----------
        worlds : iterable of int
            How many conditions there are in each.
        """
        sizes = list(worlds)
        return cls(sum(sizes), sum(size - 1 for size in sizes))

    def __add__(self, other: object) -> ErrorRate:
        """That of both together."""
        if not isinstance(other, ErrorRate):
            return NotImplemented
        return ErrorRate(self.conditions + other.conditions, self.pairs + other.pairs)

    @property
    def of_comparison(self) -> float:
        """Chance that a test of a pair, of the ends or of the curves, takes equals for different."""
        return (ALPHA / 2.0 if self.conditions else ALPHA) / max(1, _OF_PAIR * self.pairs)

    @property
    def of_description(self) -> float:
        """Chance that a band or an interval of one condition, or that of a pair's correlation, misses the truth."""
        return (ALPHA / 2.0 if self.pairs else ALPHA) / max(1, _OF_CONDITION * self.conditions + self.pairs)

    def words(self) -> str:
        """What a reader is told of it, in a sentence or two."""
        described = _OF_CONDITION * self.conditions + self.pairs
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
    """How often something holds that errs so seldom, to two digits of the error."""
    decimals = max(0, 1 - math.floor(math.log10(100.0 * error)))
    return f"{100.0 * (1.0 - error):.{decimals}f}%"

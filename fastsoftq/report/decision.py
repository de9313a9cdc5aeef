"""What a report decides, and how surely: one chance of 5 % that anything in it is wrong, shared out among statements.

The interval, the p-value and the band of two samples of runs all agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.labels import typeset
from fastsoftq.statistics import Band, Comparison, compare_samples, difference_band, least_p_value
from fastsoftq.statistics.resampling import permutations_for, resamples_for

__all__ = ["ALPHA", "ErrorRate", "decided", "decided_band", "sign"]

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
    descriptions, tests : int
        Other statements on single agents, and other comparisons, one each: those of a sweep.

    Examples
    --------
    >>> rate = ErrorRate(conditions=2, pairs=1)
    >>> rate.of_comparison, round(rate.of_description, 5)
    (0.0125, 0.00278)
    """

    conditions: int
    pairs: int
    descriptions: int = 0
    tests: int = 0

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
        return ErrorRate(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def compared(self) -> int:
        """How many comparisons there are in all."""
        return _OF_PAIR * self.pairs + self.tests

    @property
    def described(self) -> int:
        """How many statements on single agents there are in all; a pair's correlation is one of them."""
        return _OF_AGENT * self.conditions + self.pairs + self.descriptions

    @property
    def of_comparison(self) -> float:
        """Chance that a test of a pair, of the ends or of the curves, takes equals for different."""
        return (ALPHA / 2.0 if self.described > self.pairs else ALPHA) / max(1, self.compared)

    @property
    def of_description(self) -> float:
        """Chance that a band or an interval of one agent, or the correlation of a pair, misses the truth."""
        return (ALPHA / 2.0 if self.compared else ALPHA) / max(1, self.described)

    @property
    def _comparisons(self) -> str:
        return "a comparison has" if self.compared == 1 else f"{typeset(self.compared)} comparisons share"

    def words(self) -> str:
        """Say it to a reader, in a sentence or two."""
        text = (
            "All bands, intervals, p-values and sentences that this report draws from curves are made to hold together "
            f"with {1.0 - ALPHA:.0%} confidence (where runs are too few for that, or too much alike, it is said beside "
            "them)"
        )
        if not self.compared:
            return f"{text}: each of {typeset(self.described)} by itself with {_percent(self.of_description)}."
        return (
            f"{text}: {self._comparisons} one half of the {ALPHA:.0%} of error and "
            f"{typeset(self.described)} statements on single agents the other, so that each by itself holds with "
            f"{_percent(self.of_comparison)} and {_percent(self.of_description)}."
        )


def _percent(error: float) -> str:
    """One minus an error, in per cent, to two digits of the error."""
    decimals = max(0, 1 - math.floor(math.log10(100.0 * error)))
    return f"{100.0 * (1.0 - error):.{decimals}f}%"


_HALVINGS = 25


def decided(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    paired: bool = True,
    error: float = 0.05,
    bounds: tuple[float, float] | None = None,
) -> Comparison:
    """Compare two samples of runs, by an interval and a p-value that agree.

    Parameters
    ----------
    a, b : ndarray of float64, shape [runs]
        Paired: entry i of both belongs to one seed.
    paired : bool
    error : float
        Chance at which equals are taken for different, in (0, 1).
    bounds : (float, float), optional
        Lowest and highest value that a run can have.

    Returns
    -------
    Comparison
        Of a - b, at the level 1 - error. Its interval is clear of 0 if and only if its p-value is `error` at most: the
        more cautious of the two decides. Where that is the permutation test, the interval is stretched to hold 0; where
        it is the interval, the p-value is raised to the error at which the interval would be clear.

    Examples
    --------
    >>> found = decided(np.arange(20.0), np.arange(20.0) - 3.0 + np.arange(20.0) % 2)
    >>> found.low > 0.0, found.p_value <= 0.05
    (True, True)
    """
    found = compare_samples(a, b, paired, 1.0 - error, resamples=permutations_for(error))
    if bounds is not None:
        widest = max(bounds[1] - bounds[0], abs(found.difference))  # that of rounded sums may be past it
        found = replace(found, low=max(found.low, -widest), high=min(found.high, widest))
    if found.p_value > error:
        return replace(found, low=min(found.low, 0.0), high=max(found.high, 0.0))
    if found.low <= 0.0 <= found.high:
        return replace(found, p_value=max(found.p_value, _clear_at(a, b, paired, error)))
    return found


def _clear_at(a: NDArray[np.float64], b: NDArray[np.float64], paired: bool, error: float) -> float:
    """The least error at which the interval is clear of 0; at `error` it is not."""
    holds, clear = error, 1.0
    for _ in range(_HALVINGS):
        middle = (holds + clear) / 2.0
        found = compare_samples(a, b, paired, 1.0 - middle, resamples=permutations_for(middle))
        holds, clear = (middle, clear) if found.low <= 0.0 <= found.high else (holds, middle)
    return clear


def decided_band(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    paired: bool = True,
    error: float = 0.05,
    bounds: tuple[float, float] | None = None,
) -> Band:
    """Find the band of a difference of mean curves; it holds 0 where so few runs could differ so by chance.

    Parameters
    ----------
    a, b : ndarray of float64, shape [runs, blocks]
    paired : bool
    error : float
        Chance at which equals are taken for different anywhere, in (0, 1).
    bounds : (float, float), optional
        Lowest and highest value that a block can have.

    Returns
    -------
    Band
        Of a - b, at the level 1 - error.

    Examples
    --------
    >>> few = np.array([[1.0], [1.1], [1.2]])
    >>> band = decided_band(few, few - 1.0)  # three pairs have the same sign one time in four
    >>> bool(band.low[0] <= 0.0)
    True
    """
    band = difference_band(a, b, paired, 1.0 - error, resamples=resamples_for(error), bounds=bounds)
    if least_p_value(len(a), len(b), paired) <= error:
        return band
    return replace(band, low=np.minimum(band.low, 0.0), high=np.maximum(band.high, 0.0))


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
    >>> found = decided(np.arange(20.0) + 5.0, np.arange(20.0))
    >>> sign(found)
    1
    """
    return int(found.low > 0.0) - int(found.high < 0.0)

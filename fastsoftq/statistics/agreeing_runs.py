"""Intervals of runs that all agree, which may have missed other values of a small share.

Where a share s of all runs takes other values, n runs miss all of them with probability (1 - s)^n. So n runs that agree
bound s, and nothing else: only known bounds can tell how far those values lie from the one that was seen.
"""

import math
from collections.abc import Callable

#: Unseen values are ignored if their weight in a statistic can be no more than this.
NEGLIGIBLE = 0.1

#: The weights in a statistic of the runs below, and above, what was seen, from the share of runs that may lie there.
Parts = Callable[[float], tuple[float, float]]


def unseen(runs: int, alpha: float) -> float:
    """Return the largest share of other values, on either side, that ``runs`` agreeing runs may miss at error alpha.

    Examples
    --------
    >>> round(unseen(10, 0.05), 3), round(1 - 0.025 ** (1 / 10), 3)
    (0.308, 0.308)
    """
    return -math.expm1(math.log(alpha / 2.0) / runs)


def is_negligible(runs: int, alpha: float) -> bool:
    """Return whether so many agreeing runs are enough to take their mean as known: 36 at 95 %."""
    return unseen(runs, alpha) <= NEGLIGIBLE


def of_weights(below: Callable[[float], float]) -> Parts:
    """Return the parts of a statistic that is a weighted mean of ordered runs; ``below`` is the weight of the lowest.

    Examples
    --------
    >>> of_weights(lambda share: min(4.0 * share, 1.0))(0.125)  # the mean of the worst quarter
    (0.5, 0.0)
    """
    return lambda share: (below(share), 1.0 - below(1.0 - share))


def of_unknown(share: float) -> tuple[float, float]:
    """Return the parts of a statistic whose weights are unknown: all, unless the share is negligible."""
    part = float(share > NEGLIGIBLE)
    return part, part


def agreed_interval(
    value: float, runs: int, alpha: float, parts: Parts, bounds: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Return the interval of a statistic of runs that all agree.

    Parameters
    ----------
    value
        The statistic of what was seen.
    runs
        How many agree.
    alpha
        Error, half of it for either end.
    parts
        The weights in the statistic of a share of other runs.
    bounds
        Lowest and highest value that there can be. Without them an end is infinite, unless the part is negligible.

    Examples
    --------
    >>> mean = of_weights(lambda share: share)
    >>> agreed_interval(0.0, 5, 0.05, mean), agreed_interval(0.0, 50, 0.05, mean)
    ((-inf, inf), (0.0, 0.0))
    >>> low, high = agreed_interval(0.0, 5, 0.05, mean, bounds=(0.0, 1.0))
    >>> low, round(high, 3)
    (0.0, 0.522)
    """
    below, above = parts(unseen(runs, alpha))
    if bounds is None:
        return value if below <= NEGLIGIBLE else -math.inf, value if above <= NEGLIGIBLE else math.inf
    return value - max(value - bounds[0], 0.0) * below, value + max(bounds[1] - value, 0.0) * above

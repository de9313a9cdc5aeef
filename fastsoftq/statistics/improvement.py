"""The chance that a run of one sample exceeds a run of another, with its interval."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.intervals import Interval
from fastsoftq.statistics.moments import moments
from fastsoftq.statistics.samples import FloatArray, as_fraction, as_two_samples


def probability_of_improvement(
    a: npt.ArrayLike, b: npt.ArrayLike, paired: bool = True, level: float = 0.95
) -> Interval:
    """Estimate the chance that a run of a exceeds a run of b, ties counting half.

    Parameters
    ----------
    a, b
        One number per run, float [runs].
    paired
        Whether entry i of both belongs to one seed. It changes the interval, not the estimate: all pairs of runs count.
    level
        Coverage of the interval.

    Notes
    -----
    The estimate is the Mann-Whitney statistic over the number of pairs. The interval is DeLong's, by t on the logit
    scale; where shares of wins do not vary, as when one sample lies wholly above the other, it is the exact binomial
    one for as many disjoint pairs as there are.

    Examples
    --------
    >>> ci = probability_of_improvement([3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 4.0])
    >>> ci.estimate, ci.runs
    (0.875, 4)
    """
    first, second = as_two_samples(a, b, paired)
    level = as_fraction(level, "level")
    won, lost = wins(first, second)
    # A run of b loses where a run of a wins: 1 - lost points the same way as won.
    groups = [won + (1.0 - lost)] if paired else [won, 1.0 - lost]
    disjoint = min(len(first), len(second))
    return improvement_interval(float(won.mean()), groups, disjoint, level, disjoint)


def improvement_interval(p: float, groups: Sequence[FloatArray], disjoint: int, level: float, runs: int) -> Interval:
    """Return the interval of a probability of improvement from its independent groups of shares of wins.

    If these do not vary, as when all is won, lost or tied, ``disjoint`` independent pairs came out alike, which has
    probability q^disjoint if one does with chance q; nothing else is known.
    """
    from scipy.special import expit, logit, stdtrit

    m = moments(groups)
    if m.error == 0.0:
        q = ((1.0 - level) / 2.0) ** (1.0 / disjoint)
        return Interval(p, p * q, 1.0 - (1.0 - p) * q, level, "binomial", runs)
    half = stdtrit(m.dof, 0.5 + level / 2.0) * m.error / (p * (1.0 - p))
    return Interval(p, float(expit(logit(p) - half)), float(expit(logit(p) + half)), level, "delong", runs)


def improvement_p_value(a: FloatArray, b: FloatArray, paired: bool) -> float:
    """Return the least error at which the interval of the probability of improvement leaves out one half.

    Examples
    --------
    >>> improvement_p_value(np.arange(5.0) + 9.0, np.arange(5.0), paired=True)
    0.0625
    """
    from scipy.special import logit, stdtr

    won, lost = wins(a, b)
    p, m = float(won.mean()), moments([won + (1.0 - lost)] if paired else [won, 1.0 - lost])
    if p == 0.5:
        return 1.0
    if m.error == 0.0:
        return float(min(2.0 * (0.5 / max(p, 1.0 - p)) ** min(len(a), len(b)), 1.0))
    return float(2.0 * stdtr(m.dof, -abs(logit(p)) * p * (1.0 - p) / m.error))


def wins(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return for each run the share of the other sample's runs that it exceeds, ties counting half."""

    def share(x: FloatArray, y: FloatArray) -> FloatArray:
        ordered = np.sort(y)
        return (np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right")) / (2.0 * len(y))

    return share(a, b), share(b, a)

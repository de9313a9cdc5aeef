"""Why the coverage of an interval may be below its level: what a sample shows, or is too small to show."""

import math
from collections.abc import Sequence

import numpy as np

from fastsoftq.statistics.agreeing_runs import unseen
from fastsoftq.statistics.clopper_pearson import is_two_valued
from fastsoftq.statistics.moments import ENOUGH
from fastsoftq.statistics.samples import FloatArray, exponent, paired_differences, scaled

#: From so many runs on a function of them, as numpy.std, is nearly linear in each.
_NEARLY_LINEAR = 100

#: A tail mean holds with so many runs in the tail, and with so many where tails are heavy: 50 and 200 runs at 5 %.
IN_TAIL, _IN_HEAVY_TAIL = 2.5, 10.0

#: Kurtosis beyond which tails are heavy: samples of 100 normal runs have more in 3 cases of 100.
_HEAVY = 4.0

#: So many runs must differ from the most frequent value before their spread is known at all.
_TELLING = 5


def caution_of_agreement(runs: int, alpha: float, *, known: bool) -> str:
    """Return what runs that all agree leave open; ``known`` is whether an interval says by how much."""
    share = unseen(runs, alpha)
    how = "" if known else "; bounds= would say by how much"
    return f"all {runs} runs agree, as they may where a share of up to {share:.2g} differs by any amount{how}"


def caution_of_mean(sample: FloatArray, alpha: float, *, known: bool = True) -> str:
    """Return what makes the t interval of a mean doubtful; empty if nothing does."""
    n = len(sample)
    values, counts = np.unique(sample, return_counts=True)
    if len(values) == 1:
        return caution_of_agreement(n, alpha, known=known)
    if n < ENOUGH:
        return f"{n} runs are enough where returns are nearly normal; elsewhere it takes {ENOUGH}"
    differ = n - int(counts.max())
    if differ < _TELLING:
        return f"only {differ} of {n} runs differ from the others, too few to know how much runs differ"
    return ""


def caution_of_tail(sample: FloatArray, fraction: float) -> str:
    """Return what makes the interval of a tail mean doubtful."""
    n = len(sample)
    enough, enough_if_heavy = (math.ceil(runs / fraction - 1e-9) for runs in (IN_TAIL, _IN_HEAVY_TAIL))
    if n < enough:
        return (
            f"the worst {100.0 * fraction:.3g}% of {n} runs are too few to know how much they vary: it takes {enough}"
        )
    if n < enough_if_heavy and (found := kurtosis(sample)) > _HEAVY:
        heavy = f"tails are heavy (kurtosis {found:.2g}, of normal runs 3)"
        return f"{heavy}: the worst {100.0 * fraction:.3g}% of {n} runs may not show them; it takes {enough_if_heavy}"
    return ""


def caution_of_function(sample: FloatArray, pseudo_values: FloatArray) -> str:
    """Return what makes the interval of a function of the runs doubtful; with the jackknife's pseudo-values."""
    n = len(sample)
    if n < _NEARLY_LINEAR:
        return f"{n} runs are few for a bootstrap: it takes {_NEARLY_LINEAR}, and more where tails are heavy"
    if min(found := kurtosis(sample), kurtosis(pseudo_values)) > _HEAVY:
        heavy = f"tails are heavy (kurtosis {found:.2g}, of normal runs 3)"
        return f"{heavy}: what grows with them, as a standard deviation does, may be far larger than runs show"
    return ""


def caution_of_bootstrap(runs: int) -> str:
    """Return what makes the bootstrap of a named statistic doubtful."""
    return f"{runs} runs are few for a bootstrap: it takes {ENOUGH}" if runs < ENOUGH else ""


def caution_of_difference(
    a: FloatArray, b: FloatArray, paired: bool, alpha: float, bounds: tuple[float, float] | None, *, known: bool
) -> str:
    """Return what makes the interval of a difference of means doubtful.

    ``known`` is whether it has ends or ``bounds``. Runs that take two values have an exact interval if these are the
    bounds; others, or differences, may have missed a third.
    """
    if not (paired or known) and np.ptp(a) > 0.0 and np.ptp(b) > 0.0:
        return f"{len(a)} runs against {len(b)} that are not paired are too few for an end at level {1.0 - alpha:g}"

    def has_all(x: FloatArray) -> bool:
        return bounds is not None if paired else bounds == (x.min(), x.max())

    groups = {"a - b": paired_differences(a, b)} if paired else {"a": a, "b": b}
    found = {
        name: "" if is_two_valued(x) and np.ptp(x) > 0.0 and has_all(x) else caution_of_mean(x, alpha, known=known)
        for name, x in groups.items()
    }
    return "; ".join(f"{name}: {text}" for name, text in found.items() if text)


def caution_of_curves(groups: Sequence[FloatArray]) -> str:
    """Return what makes a band, or intervals, of mean curves doubtful; each group is [runs, episodes]."""
    fewest = min(len(group) for group in groups)
    agree = int(np.count_nonzero(np.logical_and.reduce([np.ptp(group, axis=0) == 0.0 for group in groups])))
    found = [f"{fewest} runs are enough where returns are nearly normal; elsewhere it takes {ENOUGH}"]
    found = found if fewest < ENOUGH else []
    if agree:
        found.append(
            f"all runs agree at {agree} of {groups[0].shape[1]} episodes, where rare exceptions leave no trace"
        )
    return "; ".join(found)


def kurtosis(sample: FloatArray) -> float:
    """Return the fourth moment over the square of the second; 0 where runs do not vary.

    Examples
    --------
    >>> kurtosis(np.array([-1.0, 1.0, -1.0, 1.0]))
    1.0
    """
    centered = scaled(sample, -exponent(sample))
    centered = centered - centered.mean()
    variance = float((centered**2).mean())
    return float((centered**4).mean()) / variance**2 if variance > 0.0 else 0.0

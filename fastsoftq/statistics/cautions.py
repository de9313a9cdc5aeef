"""Why the coverage of an interval may be below its level: what a sample shows, or is too small to show."""

import math
from collections.abc import Sequence

import numpy as np

from fastsoftq.statistics.agreeing_runs import unseen
from fastsoftq.statistics.clopper_pearson import is_two_valued, spans
from fastsoftq.statistics.moments import ENOUGH
from fastsoftq.statistics.samples import FloatArray, exponent, paired_differences, scaled

#: From so many runs on a function of them, as numpy.std, is nearly linear in each.
_NEARLY_LINEAR = 100

#: From so many runs on a bootstrap is hardly too short, if its level is not widened.
_NOT_WIDENED = 50

#: A tail mean holds with so many runs in the tail, and with so many where tails are heavy: 100 and 200 runs at 5 %.
_IN_TAIL, _IN_HEAVY_TAIL = 5.0, 10.0

#: Kurtosis beyond which tails are heavy: samples of 100 normal runs have more in 3 cases of 100.
_HEAVY = 4.0

#: So many runs must differ from the most frequent value before their spread is known at all.
_TELLING = 5

#: Runs of any kind: from so many on a tenth of all is missed no more often than half of an error of 5 % allows.
_ANY_KIND = 36

_NEARLY_NORMAL = "enough where returns are nearly normal; elsewhere it takes"


def caution_of_agreement(runs: int, alpha: float, *, known: bool) -> str:
    """Return what runs that all agree leave open; ``known`` is whether an interval says by how much."""
    share = unseen(runs, alpha)
    how = "" if known else "; bounds= would say by how much"
    return f"all {runs} runs agree, as they may where a share of up to {share:.2g} differs by any amount{how}"


def caution_of_mean(
    sample: FloatArray, alpha: float, bounds: tuple[float, float] | None = None, *, known: bool = True
) -> str:
    """Return what makes the interval of a mean doubtful; empty if nothing does.

    Runs that take two values have an interval that holds for any third, if there are ``bounds``.
    """
    n = len(sample)
    values, counts = np.unique(sample, return_counts=True)
    if len(values) == 1:
        return caution_of_agreement(n, alpha, known=known)
    if is_two_valued(sample) and bounds is not None:
        return ""
    if n < _ANY_KIND:
        return f"{n} runs are {_NEARLY_NORMAL} {_ANY_KIND}"
    if third := caution_of_third(sample, alpha, None):
        return third
    differ = n - int(counts.max())
    if differ < _TELLING:
        return f"only {differ} of {n} runs differ from the others, too few to know how much runs differ"
    return ""


def caution_of_suite(scores: FloatArray, alpha: float, bounds: tuple[float, float] | None, *, of_mean: bool) -> str:
    """Return what makes the interval of an aggregate doubtful; scores are [runs, environments]."""
    (runs, environments), differ = scores.shape, np.ptp(scores, axis=0) > 0.0
    found = []
    if not differ.all():
        found.append(f"all {runs} runs agree in {np.count_nonzero(~differ)} of {environments} environments")
    if of_mean and scores.size < _ANY_KIND:
        found.append(f"{scores.size} runs in all are {_NEARLY_NORMAL} {_ANY_KIND}")
    elif of_mean:
        found.append(caution_of_third(scores.ravel(), alpha, bounds))
    return "; ".join(filter(None, found))


def caution_of_third(sample: FloatArray, alpha: float, bounds: tuple[float, float] | None) -> str:
    """Return what runs leave open that take two values, where a third would count; empty if there is none."""
    if not _may_miss_a_third(sample, bounds):
        return ""
    n, share = len(sample), unseen(len(sample), alpha)
    how = "; bounds= would say by how much" if bounds is None else ""
    return f"all {n} runs take two values, as they may where a share of up to {share:.2g} differs by any amount{how}"


def _may_miss_a_third(sample: FloatArray, bounds: tuple[float, float] | None) -> bool:
    return bool(np.ptp(sample) > 0.0) and is_two_valued(sample) and not spans(sample, bounds)


def caution_of_tail(sample: FloatArray, fraction: float, alpha: float, bounds: tuple[float, float] | None) -> str:
    """Return what makes the interval of a tail mean doubtful."""
    n = len(sample)
    enough, enough_if_heavy = (math.ceil(runs / fraction - 1e-9) for runs in (_IN_TAIL, _IN_HEAVY_TAIL))
    if n < enough:
        return (
            f"the worst {100.0 * fraction:.3g}% of {n} runs are too few to know how much they vary: it takes {enough}"
        )
    if n < enough_if_heavy and (found := kurtosis(sample)) > _HEAVY:
        heavy = f"tails are heavy (kurtosis {found:.2g}, of normal runs 3)"
        return f"{heavy}: the worst {100.0 * fraction:.3g}% of {n} runs may not show them; it takes {enough_if_heavy}"
    return caution_of_third(sample, alpha, bounds)


def caution_of_function(
    sample: FloatArray, pseudo_values: FloatArray, alpha: float, bounds: tuple[float, float] | None
) -> str:
    """Return what makes the interval of a function of the runs doubtful; ``bounds`` are those of runs.

    ``pseudo_values`` are the jackknife's.
    """
    n = len(sample)
    if n < _NEARLY_LINEAR:
        return f"{n} runs are few for a bootstrap: it takes {_NEARLY_LINEAR}, and more where tails are heavy"
    if min(found := kurtosis(sample), kurtosis(pseudo_values)) > _HEAVY:
        heavy = f"tails are heavy (kurtosis {found:.2g}, of normal runs 3)"
        return f"{heavy}: what grows with them, as a standard deviation does, may be far larger than runs show"
    return caution_of_third(sample, alpha, bounds).partition(";")[0]  # bounds of the function say nothing of runs


def caution_of_bootstrap(runs: int, *, widened: bool) -> str:
    """Return what makes the bootstrap of a named statistic doubtful, its level widened for small samples or not."""
    enough = ENOUGH if widened else _NOT_WIDENED
    return f"{runs} runs are few for a bootstrap: it takes {enough}" if runs < enough else ""


def caution_of_difference(
    a: FloatArray, b: FloatArray, paired: bool, alpha: float, bounds: tuple[float, float] | None, *, known: bool
) -> str:
    """Return what makes the interval of a difference of means doubtful.

    ``known`` is whether it has ends or ``bounds``.
    """
    if not (paired or known) and np.ptp(a) > 0.0 and np.ptp(b) > 0.0:
        return f"{len(a)} runs against {len(b)} that are not paired are too few for an end at level {1.0 - alpha:.12g}"
    if not paired:
        found = {name: caution_of_mean(x, alpha, bounds, known=known) for name, x in (("a", a), ("b", b))}
    else:
        differences = paired_differences(a, b)
        # A third difference may be as far off as runs can lie apart, unless two as far apart were seen.
        told = bounds if spans(differences, bounds) else None
        found = {"a - b": caution_of_mean(differences, alpha, told, known=known)}
        if not any(found.values()) and bounds is None:  # one side may have missed what the differences do not show
            found = {name: caution_of_mean(x, alpha) for name, x in (("a", a), ("b", b)) if is_two_valued(x)}
    return "; ".join(f"{name}: {text}" for name, text in found.items() if text)


def caution_of_curves(groups: Sequence[FloatArray], bounds: tuple[float, float] | None, *, simultaneous: bool) -> str:
    """Return what makes a band, or intervals episode by episode, of mean curves doubtful.

    Parameters
    ----------
    groups
        float64 [runs, episodes] each.
    bounds
        As far apart as runs of one group, or paired differences, can lie.
    simultaneous
        Whether it is a band: it learns from the episodes nearby what runs may take besides what they take at one.
    """
    fewest, episodes = min(len(group) for group in groups), groups[0].shape[1]
    enough = ENOUGH if simultaneous else _ANY_KIND
    found = [f"{fewest} runs are {_NEARLY_NORMAL} {enough}"] if fewest < enough else []
    agree = int(np.count_nonzero(np.logical_and.reduce([np.ptp(group, axis=0) == 0.0 for group in groups])))
    if agree:
        found.append(f"all runs agree at {agree} of {episodes} episodes, where rare exceptions leave no trace")
    if not simultaneous:
        two = sum(_may_miss_a_third(x, bounds) for x in groups[0].T)
        where = f"at {two} of {episodes} episodes" if two else ""
    else:
        where = "throughout" if any(_may_miss_a_third(group.ravel(), bounds) for group in groups) else ""
    if where and fewest >= enough:
        found.append(f"runs take two values {where}, where rarer ones leave no trace")
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

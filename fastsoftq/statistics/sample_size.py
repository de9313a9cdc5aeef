"""How many seeds: the power of a comparison, and the seeds it needs, judged from a pilot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count, flag, number, positive
from fastsoftq.statistics.moments import variation
from fastsoftq.statistics.permuted_runs import fewest_runs
from fastsoftq.statistics.samples import (
    FloatArray,
    as_fraction,
    as_runs,
    check_same_shape,
    exponent,
    paired_differences,
    scaled,
)
from fastsoftq.system.html import NotebookTable

#: More seeds than this are not searched for; the difference asked for is then out of reach.
MOST_SEEDS = 10_000_000

#: How much heavier than they show in a pilot its tails may be.
_HEAVY = 35.0

#: From so many runs on a pilot keeps its assurance where tails are heavy.
_PILOT = 10


#: So many pairs more than a permutation test can tell apart at all, and so many times the runs that are not paired, are
#: the fewest at which `compare_samples` finds differences about as often as a t test.
_MORE_PAIRS, _TIMES_RUNS = 2, 3


@dataclass(frozen=True)
class SampleSize(NotebookTable):
    """The seeds that a comparison needs.

    Attributes
    ----------
    seeds
        Runs of a and of b each; no fewer than `compare_samples` tells apart about as often as a t test: at 95 % 8
        pairs, or 6 that are all but certain to differ the same way, and 12 runs that are not paired.
    power
        Power that this number has, at the planning standard deviation.
    difference
        The difference to be found.
    std
        Standard deviation in the pilot: of the paired differences, or of one run when not paired.
    planning_std
        What ``seeds`` rests on: an upper confidence bound of ``std`` at the assurance asked for, tails allowed for.
    caution
        Why the plan may have less power than it says; empty if nothing suggests it.

    Examples
    --------
    >>> seeds_needed([1.0, 2.0, 4.0], [2.0, 2.0, 2.0], difference=5.0).caution
    'a pilot of 3 runs does not show heavy tails: it takes 10'
    """

    seeds: int
    power: float
    difference: float
    std: float
    planning_std: float
    caution: str = ""


def power(seeds: int, difference: float, std: float, level: float = 0.95, paired: bool = True) -> float:
    """Return the chance that a two-sided t test finds a difference.

    Parameters
    ----------
    seeds
        Runs of a and of b each, at least 2.
    difference
        The true difference of means.
    std
        Standard deviation of the paired differences; when not paired, of one run (the root mean square of both kinds).
    level
        One minus the error of the test.
    paired
        Whether runs are matched by seed.

    Notes
    -----
    From the noncentral distribution of t; exact for normal returns.

    Examples
    --------
    >>> round(power(34, difference=0.5, std=1.0), 3)  # a medium effect, in pairs
    0.808
    """
    seeds, paired = count("seeds", seeds, least=2), flag("paired", paired)
    effect = abs(number("difference", difference)) / positive("std", std)
    return _power(seeds, effect, as_fraction(level, "level"), paired)


def seeds_needed(
    pilot_a: npt.ArrayLike,
    pilot_b: npt.ArrayLike,
    difference: float,
    power: float = 0.9,
    level: float = 0.95,
    paired: bool = True,
    assurance: float = 0.8,
) -> SampleSize:
    """Return how many seeds a study needs to find a difference, from a pilot of a few.

    Parameters
    ----------
    pilot_a, pilot_b
        One number per run, float [runs].
    difference
        The smallest difference that matters, not the one that the pilot happened to show.
    power
        Chance of finding it.
    level
        One minus the error of the test.
    paired
        Whether runs are, and will be, matched by seed.
    assurance
        A pilot's standard deviation is itself uncertain, the more the heavier the tails of returns may be: with this
        probability the study has at least the power asked for. Pilots of fewer than 10 runs cannot promise it where
        tails are heavy.

    Raises
    ------
    ValueError
        On a bad pilot, one without variation, a difference of zero, or one too small for 10 million seeds.

    Examples
    --------
    >>> pilot_a, pilot_b = np.random.default_rng(0).normal(size=(2, 20))
    >>> plan = seeds_needed(pilot_a, pilot_b, difference=2.0)
    >>> plan.power >= 0.9, plan.planning_std > plan.std
    (True, True)
    """
    a, b = as_runs(pilot_a, "pilot_a"), as_runs(pilot_b, "pilot_b")
    difference, level = abs(number("difference", difference)), as_fraction(level, "level")
    power, assurance = as_fraction(power, "power"), as_fraction(assurance, "assurance")
    if difference == 0.0:
        raise ValueError("difference is 0; it must be the smallest difference that matters")
    if flag("paired", paired):
        check_same_shape(a, b, ("pilot_a", "pilot_b"), "to be paired")
        groups = [paired_differences(a, b)]
    else:
        groups = [a, b]
    if not any(variation(group) for group in groups):
        what = "paired differences do" if paired else "runs do"
        raise ValueError(f"the pilot's {what} not vary, so there is no standard deviation to plan with")
    exponents = exponent(*groups)
    std, planning = (
        float(np.ldexp(x, exponents)) for x in _planning([scaled(g, -exponents) for g in groups], assurance)
    )
    seeds = _fewest(difference / planning, power, level, paired)
    if seeds is None:
        raise ValueError(
            f"difference is {difference}; beside a deviation of {planning:g} that is out of reach of {MOST_SEEDS} seeds"
        )
    runs = min(len(a), len(b))
    caution = f"a pilot of {runs} runs does not show heavy tails: it takes {_PILOT}" if runs < _PILOT else ""
    return SampleSize(seeds, _power(seeds, difference / planning, level, paired), difference, std, planning, caution)


def _planning(groups: Sequence[FloatArray], assurance: float) -> tuple[float, float]:
    """Return the standard deviation of a pilot, pooled over its groups, and its upper confidence bound.

    The logarithm of a sample variance has about the variance (kurtosis - 1) / runs (Bonett, Computational Statistics &
    Data Analysis 50, 2006). The kurtosis of few runs tells little of a heavy tail: without an outlier they look normal,
    and with one it is their number at most. So 35 times the root of its excess over 1.5 replaces it: enough for plans
    from pilots of 10 to keep their assurance if runs are normal, exponential, Student's with 3 degrees of freedom,
    lognormal or fail once in ten (docs/statistics.md). The bound is never below that of normal runs (Browne,
    Statistics in Medicine 14, 1995), for which half as many seeds would do.
    """
    from scipy.stats import chi2, t

    runs = sum(len(group) for group in groups)
    dof = runs - len(groups)
    centered = [group - group.mean() for group in groups]
    squares = sum(float(np.sum(c**2)) for c in centered)
    variance = float(np.mean([group.var(ddof=1) for group in groups]))
    kurtosis = runs * sum(float(np.sum(c**4)) for c in centered) / squares**2
    relative = (2.0 + _HEAVY * np.sqrt(max(kurtosis - 1.5, 0.0))) / runs
    upper = variance * float(np.exp(t.ppf(assurance, dof) * np.sqrt(relative)))
    upper = max(upper, variance * dof / float(chi2.ppf(1.0 - assurance, dof)))
    return float(np.sqrt(variance)), float(np.sqrt(upper))


def _fewest(effect: float, power: float, level: float, paired: bool) -> int | None:
    """Return the fewest seeds with a power, at a difference in standard deviations; None where there are not enough.

    The power is that of a t test, which finds in very few runs what `compare_samples` does not: where a permutation
    test has one or two arrangements to go by, or intervals that are not paired allow for what the other sample hides.
    """
    fewest = fewest_runs(level, paired)
    if paired and _power(fewest, effect, level, paired) >= power and _of_one_sign(fewest, effect) >= power:
        return fewest
    high = fewest + _MORE_PAIRS if paired else _TIMES_RUNS * fewest
    low = high - 1  # too few
    while _power(high, effect, level, paired) < power:
        if high == MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, effect, level, paired) >= power else (middle, high)
    return high


def _of_one_sign(pairs: int, effect: float) -> float:
    """Return the chance that normal pairs all differ the same way, which no permutation test can miss."""
    from scipy.special import ndtr

    return float(ndtr(effect) ** pairs)


def _power(seeds: int, effect: float, level: float, paired: bool) -> float:
    from scipy.stats import f, ncf

    dof = seeds - 1 if paired else 2 * (seeds - 1)
    noncentrality = min(effect, 1e6) ** 2 * (seeds if paired else seeds / 2.0)
    if noncentrality == 0.0:  # which ncf.sf answers with a negative number, and far larger effects with NaN
        return 1.0 - level
    # The square of a noncentral t is a noncentral F, which SciPy computes without failing far out.
    return float(ncf.sf(f.isf(1.0 - level, 1, dof), 1, dof, noncentrality))

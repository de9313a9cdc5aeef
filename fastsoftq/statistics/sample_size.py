"""How many seeds: the power of a comparison, and the seeds it needs, judged from a pilot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count, flag, number, positive
from fastsoftq.statistics.samples import as_fraction, as_runs, check_same_shape, paired_differences

#: More seeds than this are not searched for; the difference asked for is then out of reach.
MOST_SEEDS = 10_000_000


@dataclass(frozen=True)
class SampleSize:
    """The seeds that a comparison needs.

    Attributes
    ----------
    seeds
        Runs of a and of b each.
    power
        Power that this number has, at the planning standard deviation.
    difference
        The difference to be found.
    std
        Standard deviation in the pilot: of the paired differences, or of one run when not paired.
    planning_std
        What ``seeds`` rests on: the upper confidence bound of ``std`` at the assurance asked for.
    """

    seeds: int
    power: float
    difference: float
    std: float
    planning_std: float


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
        The smallest difference that matters, not the one the pilot happened to show: planning for the latter is
        planning for luck.
    power
        Chance of finding it.
    level
        One minus the error of the test.
    paired
        Whether runs are, and will be, matched by seed.
    assurance
        A pilot's standard deviation is itself uncertain: with this probability the study has at least the power asked
        for (Browne, Statistics in Medicine 14, 1995).

    Raises
    ------
    ValueError
        On a bad pilot, one without variation, a difference of zero, or one too small for 10 million seeds.
    """
    from scipy.stats import chi2

    a, b = as_runs(pilot_a, "pilot_a"), as_runs(pilot_b, "pilot_b")
    difference, level = abs(number("difference", difference)), as_fraction(level, "level")
    power, assurance = as_fraction(power, "power"), as_fraction(assurance, "assurance")
    if difference == 0.0:
        raise ValueError("difference is 0; it must be the smallest difference that matters")
    if flag("paired", paired):
        check_same_shape(a, b, ("pilot_a", "pilot_b"), "to be paired")
        differences = paired_differences(a, b)
        variance, dof = differences.var(ddof=1), len(a) - 1
        varies = np.ptp(differences) > 0.0
    else:
        variance, dof = (a.var(ddof=1) + b.var(ddof=1)) / 2.0, len(a) + len(b) - 2
        varies = np.ptp(a) > 0.0 or np.ptp(b) > 0.0
    if not varies:
        what = "paired differences do" if paired else "runs do"
        raise ValueError(f"the pilot's {what} not vary, so there is no standard deviation to plan with")
    std = float(np.sqrt(variance))
    planning = std * float(np.sqrt(dof / chi2.ppf(1.0 - assurance, dof)))
    effect = difference / planning

    high = 2
    while _power(high, effect, level, paired) < power:
        high *= 2
        if high > MOST_SEEDS:
            raise ValueError(f"difference is {difference}; beside a deviation of {planning:g} that is out of reach")
    low = high // 2  # too few, or 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(middle, effect, level, paired) >= power else (middle, high)
    return SampleSize(high, _power(high, effect, level, paired), difference, std, planning)


def _power(seeds: int, effect: float, level: float, paired: bool) -> float:
    from scipy.stats import f, ncf

    dof = seeds - 1 if paired else 2 * (seeds - 1)
    noncentrality = min(effect, 1e6) ** 2 * (seeds if paired else seeds / 2.0)
    if noncentrality == 0.0:  # which ncf.sf answers with a negative number, and far larger effects with NaN
        return 1.0 - level
    # The square of a noncentral t is a noncentral F, which SciPy computes without failing far out.
    return float(ncf.sf(f.isf(1.0 - level, 1, dof), 1, dof, noncentrality))

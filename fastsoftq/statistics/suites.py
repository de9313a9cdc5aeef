"""Statistics over a suite of environments: runs are resampled within each environment, never across."""

import math

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice, flag
from fastsoftq.statistics.bootstraps import FEWEST, check_fineness, expanded_level
from fastsoftq.statistics.cautions import ENOUGH
from fastsoftq.statistics.comparison import improvement_interval, wins
from fastsoftq.statistics.distributions import Profile
from fastsoftq.statistics.intervals import Interval, interquartile_mean
from fastsoftq.statistics.moments import moments, skew_corrected_interval, variation
from fastsoftq.statistics.samples import (
    BLOCK,
    FloatArray,
    as_curves,
    as_fraction,
    as_generator,
    as_resamples,
    as_runs,
    check_same_shape,
)
from fastsoftq.statistics.sup_t import largest_deviations, standardised

#: Degrees of freedom, of all environments together, from which on a bootstrap of them holds.
_LEAST_DOF = 6


def suite_interval(
    scores: npt.ArrayLike,
    statistic: str = "interquartile_mean",
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 2000,
) -> Interval:
    """Estimate an aggregate over a suite of environments.

    Parameters
    ----------
    scores
        float [runs, environments], normalised so that environments compare: 0 for a random policy and 1 for the exact
        optimum, say.
    statistic
        ``"mean"``; ``"median"``, of the environments' means; or ``"interquartile_mean"``, of all runs of all
        environments together (Agarwal et al., NeurIPS 2021).
    level
        Nominal coverage.
    rng
        Seed or generator of the bootstrap. None means a fixed seed: the answer is reproducible.
    resamples
        Number of bootstrap resamples.

    Returns
    -------
    Interval
        ``runs`` is the number per environment. It speaks of these environments; of others it says nothing.

    Notes
    -----
    Of fewer than 5 runs a bootstrap knows too little, unless environments lend each other the degrees of freedom they
    lack, 6 in all: elsewhere it is refused. The median needs 20 runs, with fewer of which chance reorders environments.

    The mean has the skewness-corrected t interval with one group per environment. The others have a stratified
    percentile bootstrap at the expanded level of `confidence_interval`.
    """
    x = as_curves(scores, "scores", columns="environments")
    choice("statistic", statistic, ("mean", "median", "interquartile_mean"))
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    generator = as_generator(rng)
    runs, environments = x.shape
    if statistic == "mean":
        m = moments([column / environments for column in x.T])
        low, high = skew_corrected_interval(m, 1.0 - level)
        caution = "" if m.error > 0.0 else "no environment's runs vary"
        return Interval(float(m.estimate), float(low), float(high), level, "skew", runs, caution)

    def aggregate(sample: FloatArray) -> FloatArray:  # [..., runs, environments]
        if statistic == "median":
            return np.asarray(np.median(sample.mean(axis=-2), axis=-1))
        return interquartile_mean(sample.reshape(*sample.shape[:-2], -1), axis=-1)

    estimate = float(aggregate(x))
    if not variation(x).any():
        return Interval(estimate, estimate, estimate, level, "expanded", runs, "no environment's runs vary")
    least = min(FEWEST, 1 + math.ceil(_LEAST_DOF / environments))
    if runs < least:
        raise ValueError(
            f"scores holds {runs} runs of {environments} environment(s); statistic {statistic!r} has an interval from "
            f"{least} runs on, the mean from 2"
        )
    caution = ""
    if statistic == "median" and runs < ENOUGH:
        caution = f"{runs} runs may change the order of environments, which shifts a median: it takes {ENOUGH}"
    inner = expanded_level(level, runs, dof=environments * (runs - 1))
    check_fineness(level, inner, resamples, runs)
    draws = np.empty(resamples)
    block = max(1, BLOCK // x.size)
    for start in range(0, resamples, block):
        stop = min(start + block, resamples)
        chosen = generator.integers(runs, size=(stop - start, runs, environments))
        draws[start:stop] = aggregate(x[chosen, np.arange(environments)])
    tail = (1.0 - inner) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Interval(estimate, float(low), float(high), level, "expanded", runs, caution)


def suite_profile(
    scores: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 2000,
) -> Profile:
    """Return the share of runs above each threshold, averaged over environments, with a simultaneous band.

    Parameters
    ----------
    scores
        float [runs, environments], normalised.
    thresholds
        float [thresholds].
    level, rng, resamples
        As in `suite_interval`.

    Notes
    -----
    The band has one width throughout, the ``level`` quantile of the largest deviation over all thresholds when runs are
    resampled within environments: at the ends of the profile, where no run varies, it does not pretend to certainty.
    """
    x = as_curves(scores, "scores", columns="environments")
    taus = as_runs(thresholds, "thresholds", least=1)
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    check_fineness(level, 2.0 * level - 1.0, resamples, len(x))  # only the largest deviations count: one tail
    above = [group[:, None] > taus for group in x.T]
    shares = [group / x.shape[1] for group in above]
    largest = largest_deviations(standardised(shares, np.ones(len(taus))), as_generator(rng), resamples)
    half, share = float(np.quantile(largest, level)), np.mean(above, axis=(0, 1))
    return Profile(taus, share, np.maximum(share - half, 0.0), np.minimum(share + half, 1.0), level)


def suite_probability_of_improvement(
    a: npt.ArrayLike, b: npt.ArrayLike, paired: bool = True, level: float = 0.95
) -> Interval:
    """Estimate the chance that a run of a exceeds one of b in an environment of the suite drawn at random.

    Parameters
    ----------
    a, b
        float [runs, environments]; equally many environments, and runs when paired.
    paired
        Whether row i of both belongs to one seed.
    level
        Coverage of the interval, which is that of `probability_of_improvement` with one group per environment.

    Notes
    -----
    An environment in which one sample lies wholly above the other counts as certain, unless all of them are like that.
    """
    first, second = as_curves(a, "a", columns="environments"), as_curves(b, "b", columns="environments")
    if flag("paired", paired):
        check_same_shape(first, second, ("a", "b"), "to be paired")
    elif first.shape[1] != second.shape[1]:
        raise ValueError(f"a has {first.shape[1]} environments and b {second.shape[1]}; they must be equal")
    level = as_fraction(level, "level")
    environments = first.shape[1]
    groups, shares = [], []
    for x, y in zip(first.T, second.T, strict=True):
        won, lost = wins(x, y)
        shares.append(won.mean())
        groups += [(won + 1.0 - lost) / environments] if paired else [won / environments, (1.0 - lost) / environments]
    disjoint = min(len(first), len(second))
    return improvement_interval(float(np.mean(shares)), groups, disjoint * environments, level, disjoint)

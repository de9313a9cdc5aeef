"""Statistics over a suite of environments: runs are resampled within each environment, never across."""

import math

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice, flag, number
from fastsoftq.statistics.agreeing_runs import agreed_interval, of_unknown, of_weights
from fastsoftq.statistics.bootstraps import FEWEST, check_fineness, expanded_level
from fastsoftq.statistics.cautions import caution_of_suite
from fastsoftq.statistics.distributions import Profile
from fastsoftq.statistics.improvement import improvement_interval, wins
from fastsoftq.statistics.intervals import Interval
from fastsoftq.statistics.moments import ENOUGH, moments, skew_corrected_interval, variation
from fastsoftq.statistics.order_statistics import interquartile_mean
from fastsoftq.statistics.samples import (
    BLOCK,
    FloatArray,
    as_curves,
    as_fraction,
    as_generator,
    as_numbers,
    as_resamples,
    as_runs,
    check_same_shape,
    limits_of,
    within,
)
from fastsoftq.statistics.sup_t import largest_deviations, standardised

_OF_MEANS = of_weights(lambda share: share)

#: Degrees of freedom, of all environments together, from which on a bootstrap of them holds.
_LEAST_DOF = 6


def normalised(values: npt.ArrayLike, random: float, optimum: float) -> FloatArray:
    """Return values on the scale on which a random policy scores 0 and the exact optimum 1.

    Parameters
    ----------
    values
        float, of any shape.
    random, optimum
        What a random policy and the best one return in this environment.

    Returns
    -------
    float64, of the shape of ``values``

    Raises
    ------
    ValueError
        Where the optimum is no better than random: then nothing can be learned.

    Examples
    --------
    >>> normalised([-113.0, -63.0, -13.0], random=-113.0, optimum=-13.0).tolist()
    [0.0, 0.5, 1.0]
    """
    low, high = number("random", random), number("optimum", optimum)
    if not high > low:
        raise ValueError(f"optimum is {high} and random {low}; the optimum must be higher")
    return np.asarray((as_numbers(values, "values", None) - low) / (high - low))


def suite_interval(
    scores: npt.ArrayLike,
    statistic: str = "interquartile_mean",
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Estimate an aggregate over a suite of environments.

    Parameters
    ----------
    scores
        float [runs, environments], normalised so that environments compare: 0 for a random policy and 1 for the exact
        optimum, say.
    statistic
        ``"mean"``; ``"median"``, of the environments' means; or ``"interquartile_mean"``, of all runs of all
        environments together (Agarwal et al., NeurIPS 2021); or ``"optimality_gap"``, the mean of what scores are short
        of 1, of which more than that makes up for nothing.
    level
        Nominal coverage.
    rng
        Seed or generator of the bootstrap. None means a fixed seed: the answer is reproducible.
    resamples
        Number of bootstrap resamples.
    bounds
        Lowest and highest score that a run can have, if known: the interval is cut there.

    Returns
    -------
    Interval
        ``runs`` is the number per environment. It speaks of these environments; of others it says nothing.

    Raises
    ------
    ValueError
        A bad sample, or too few runs or resamples for the level.

    Notes
    -----
    A bootstrap of fewer than 5 runs is refused, unless all environments together have 6 degrees of freedom. The median
    needs 20 runs: with fewer, chance reorders environments.

    The mean has the skewness-corrected t interval with one group per environment. An environment whose runs all agree
    adds an interval within ``bounds``, or else between the lowest and the highest score of all (joined by Newcombe's
    method for independent intervals, Statistics in Medicine 17, 1998). The other statistics have a stratified
    percentile bootstrap at the expanded level of `confidence_interval`. If all scores are the same, the interval is
    infinite without bounds; from 36 runs on (at 95 %) it has no width.

    Examples
    --------
    >>> scores = [[0.9, 0.4], [1.0, 0.5], [0.8, 0.7], [0.9, 0.6], [1.0, 0.4]]
    >>> ci = suite_interval(scores, "mean")
    >>> f"{ci.estimate:.2f} [{ci.low:.2f}, {ci.high:.2f}]"
    '0.72 [0.64, 0.81]'
    """
    x = as_curves(scores, "scores", columns="environments")
    choice("statistic", statistic, ("mean", "median", "interquartile_mean", "optimality_gap"))
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    generator = as_generator(rng)
    limits = limits_of(bounds, scores)
    x = x if limits is None else within(x, "scores", limits)
    if statistic == "optimality_gap":
        # The largest gap is above the least unless no score can be below 1: then there is no gap at all.
        gaps = None if limits is None or limits[0] >= 1.0 else (max(1.0 - limits[1], 0.0), 1.0 - limits[0])
        return suite_interval(np.maximum(1.0 - x, 0.0), "mean", level, bounds=gaps)
    runs, environments = x.shape
    caution = caution_of_suite(x, 1.0 - level, limits, of_mean=statistic == "mean")

    def aggregate(sample: FloatArray) -> FloatArray:  # [..., runs, environments]
        if statistic == "mean":
            return np.asarray(sample.mean(axis=(-2, -1)))
        if statistic == "median":
            return np.asarray(np.median(sample.mean(axis=-2), axis=-1))
        return interquartile_mean(sample.reshape(*sample.shape[:-2], -1), axis=-1)

    if statistic == "mean":
        estimate, low, high = _mean(x, 1.0 - level, limits)
        return Interval(*_cut(estimate, low, high, limits), level, "skew", runs, caution)
    estimate = float(aggregate(x))
    if not variation(x).any():
        low, high = agreed_interval(estimate, runs, 1.0 - level, of_unknown, limits or _range(x))
        return Interval(estimate, low, high, level, "expanded", runs, caution)
    least = min(FEWEST, 1 + math.ceil(_LEAST_DOF / environments))
    if runs < least:
        raise ValueError(
            f"scores holds {runs} runs of {environments} environment(s); statistic {statistic!r} has an interval from "
            f"{least} runs on, the mean from 2"
        )
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
    low, high = (float(end) for end in np.quantile(draws, [tail, 1.0 - tail]))
    return Interval(*_cut(estimate, low, high, limits), level, "expanded", runs, caution)


def _mean(x: FloatArray, alpha: float, limits: tuple[float, float] | None) -> tuple[float, float, float]:
    """Return the mean of scores [runs, environments] with its interval."""
    runs, environments = x.shape
    m = moments([column / environments for column in x.T])
    estimate = float(m.estimate)
    low, high = (float(end) for end in skew_corrected_interval(m, alpha))
    agreeing = x[0, ~variation(x)]
    open_ends = [agreed_interval(float(v), runs, alpha, _OF_MEANS, limits or _range(x)) for v in agreeing]
    below = [estimate - low, *((v - end[0]) / environments for v, end in zip(agreeing, open_ends, strict=True))]
    above = [high - estimate, *((end[1] - v) / environments for v, end in zip(agreeing, open_ends, strict=True))]
    return estimate, estimate - math.hypot(*below), estimate + math.hypot(*above)


def _range(x: FloatArray) -> tuple[float, float] | None:
    """Return the lowest and the highest score; None where all are the same."""
    return (float(x.min()), float(x.max())) if x.min() < x.max() else None


def _cut(estimate: float, low: float, high: float, limits: tuple[float, float] | None) -> tuple[float, float, float]:
    return (estimate, low, high) if limits is None else (estimate, max(low, limits[0]), min(high, limits[1]))


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

    Examples
    --------
    >>> scores = np.random.default_rng(0).random((20, 3))
    >>> suite_profile(scores, [0.0, 0.5, 1.0]).share.round(2).tolist()
    [1.0, 0.53, 0.0]
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

    Raises
    ------
    ValueError
        A bad sample, unequal numbers of environments, or of runs where paired.

    Notes
    -----
    An environment in which one sample lies wholly above the other counts as certain, unless all of them are like that.

    Examples
    --------
    >>> a, b = np.random.default_rng(0).random((2, 20, 3))
    >>> ci = suite_probability_of_improvement(a + 0.2, b)
    >>> ci.low < ci.estimate < ci.high
    True
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

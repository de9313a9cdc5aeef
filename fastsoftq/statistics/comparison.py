"""Two samples of runs compared: difference, p-value, effect size, probability of improvement, gain of pairing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.cautions import caution_of_difference
from fastsoftq.statistics.clopper_pearson import is_two_valued
from fastsoftq.statistics.difference_interval import difference_interval
from fastsoftq.statistics.improvement import wins
from fastsoftq.statistics.moments import moments
from fastsoftq.statistics.permutation import permute
from fastsoftq.statistics.samples import (
    FloatArray,
    as_fraction,
    as_generator,
    as_resamples,
    as_runs,
    as_two_samples,
    exponent,
    limits_of,
    paired_differences,
    scaled,
    scaled_bounds,
    within,
)
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True)
class Comparison(NotebookTable):
    """What two samples say about a - b.

    Attributes
    ----------
    difference, low, high
        Difference of means, a - b, and its confidence interval.
    level
        Nominal coverage of the interval.
    p_value
        Two-sided permutation test of "no difference": signs of the paired differences flipped, or runs relabelled.
    effect_size
        Hedges' g: the difference over the standard deviation of one run (the root mean square of both samples'), with
        the small-sample correction. It does not depend on pairing. Infinite where neither sample varies.
    probability_of_improvement
        Chance that a run of a exceeds a run of b, ties counting half.
    correlation
        Pearson correlation of a and b over the seeds, due to common random numbers. NaN when not paired or when a
        sample does not vary.
    seeds_saved
        How many more seeds each of a and b would need for the same precision had they not been paired; negative where
        pairing hurts, 0 when not paired, infinite where the paired difference does not vary.
    mean_a, mean_b
        Sample means.
    runs_a, runs_b
        Numbers of runs.
    paired
        Whether runs were matched.
    caution
        Why the interval's coverage may be below its level; empty if nothing suggests it.

    Examples
    --------
    >>> result = compare_samples([-12.0, -13.0, -12.5, -11.0], [-48.0, -52.0, -47.5, -45.0])
    >>> result.mean_a, result.mean_b, result.probability_of_improvement
    (-12.125, -48.125, 1.0)
    """

    difference: float
    low: float
    high: float
    level: float
    p_value: float
    effect_size: float
    probability_of_improvement: float
    correlation: float
    seeds_saved: float
    mean_a: float
    mean_b: float
    runs_a: int
    runs_b: int
    paired: bool
    caution: str = ""


def compare_samples(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    paired: bool = True,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 9999,
    bounds: tuple[float, float] | None = None,
) -> Comparison:
    """Compare two samples of runs, a - b.

    Parameters
    ----------
    a, b
        One number per run, float [runs]. Paired: entry i of both belongs to one seed.
    paired
        Whether entries are matched. Not paired, numbers of runs and variances may differ.
    level
        Coverage of the interval of the difference.
    rng
        Seed or generator of the permutation test. None means a fixed seed: the answer is reproducible.
    resamples
        Permutations drawn; if there are no more in all, every one is taken and the p-value is exact.
    bounds
        Lowest and highest value that a run can have, if known; they bound differences too. Truth values have the bounds
        0 and 1 by themselves.

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite sample, one out of its bounds, or unequal numbers of runs when paired.

    Notes
    -----
    The interval is the skewness-corrected t interval of `confidence_interval`: of the paired differences, or with
    Welch's degrees of freedom where runs are not paired. It holds 0 where differences, or the runs of an unpaired
    sample, take two values and the p-value does not reject.

    Few unpaired runs may have missed rare values that the other sample shows. Below 100 runs the interval is no shorter
    than that of a bootstrap-t in which both samples have one shape, that of all runs, each at its own scale; nor is
    the p-value smaller (`permutation_test`). Three runs against two are too few for an end at 95 %.

    Where runs show no spread the interval rests on their number. Paired differences that all agree bound the share of
    others, which are at most as large as the runs of a and b, or ``bounds``, lie apart: with fewer than 6 pairs like
    (1, 2) it holds 0, as the p-value says. If all runs of both are the same, the interval is infinite without
    ``bounds``, and from 36 runs on it has no width. Of unpaired samples, one that takes two values has the interval
    ``"binomial"`` of `confidence_interval`; one whose runs all agree has that of Clopper and Pearson between
    ``bounds``, or else the ends of both samples, or is infinite if the other shows values so rare that these runs may
    have missed them. The intervals of a and of b are joined by Newcombe's method (Statistics in Medicine 17, 1998).

    Examples
    --------
    >>> result = compare_samples([-12.0, -13.0, -12.5, -11.0], [-48.0, -52.0, -47.5, -45.0])
    >>> result.difference, result.p_value
    (36.0, 0.125)
    """
    first, second = as_two_samples(a, b, paired)
    alpha = 1.0 - as_fraction(level, "level")
    limits = limits_of(bounds, a, b)
    if limits is not None:
        first, second = within(first, "a", limits), within(second, "b", limits)
    p_value = permute(first, second, paired, as_generator(rng), as_resamples(resamples), limits).p_value
    power = exponent(first, second)  # squares of scaled numbers neither overflow nor vanish
    one, other = scaled(first, -power), scaled(second, -power)
    difference = float(moments([paired_differences(one, other)] if paired else [one, -other]).estimate)
    ends = scaled_bounds(limits, power)
    low, high = difference_interval(one, other, paired, alpha, ends)
    groups = [paired_differences(one, other)] if paired else [one, other]
    if p_value > alpha and any(is_two_valued(group) for group in groups):
        low, high = min(low, 0.0), max(high, 0.0)
    reach = np.inf if limits is None else limits[1] - limits[0]
    return Comparison(
        difference=float(np.ldexp(difference, power)),
        low=max(float(np.ldexp(low, power)), -reach),
        high=min(float(np.ldexp(high, power)), reach),
        level=level,
        p_value=p_value,
        effect_size=_hedges_g(one, other, difference),
        probability_of_improvement=float(wins(first, second)[0].mean()),
        correlation=_correlation(first, second) if paired else np.nan,
        seeds_saved=_seeds_saved(one, other) if paired else 0.0,
        mean_a=float(moments([first]).estimate),
        mean_b=float(moments([second]).estimate),
        runs_a=len(first),
        runs_b=len(second),
        paired=paired,
        caution=caution_of_difference(
            one, other, paired, alpha, ends, known=limits is not None or bool(np.isfinite(high - low))
        ),
    )


@dataclass(frozen=True)
class Welch:
    """Welch's test: the statistic, its degrees of freedom and the two-sided p-value.

    Examples
    --------
    >>> welch_test([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).p_value
    1.0
    """

    statistic: float
    dof: float
    p_value: float


def welch_test(a: npt.ArrayLike, b: npt.ArrayLike) -> Welch:
    """Test equality of two means, runs not matched and variances not assumed equal (``scipy.stats.ttest_ind``).

    Parameters
    ----------
    a, b
        One number per run, float [runs]. At least one of them must vary.

    Raises
    ------
    ValueError
        A bad sample, or neither of the two varies.

    Examples
    --------
    >>> result = welch_test([1.0, 2.0, 3.0], [4.0, 6.0, 8.0, 11.0])
    >>> round(result.p_value, 3)
    0.032
    """
    from scipy.stats import ttest_ind

    first, second = as_runs(a, "a"), as_runs(b, "b")
    if np.ptp(first) == np.ptp(second) == 0.0:
        raise ValueError("neither a nor b varies; Welch's test needs a variance")
    power = exponent(first, second)
    result = ttest_ind(scaled(first, -power), scaled(second, -power), equal_var=False)
    return Welch(float(result.statistic), float(result.df), float(result.pvalue))


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Adjust p-values for their number: rejecting those below alpha has a family-wise error of at most alpha.

    Parameters
    ----------
    p_values
        float [tests]; the tests may depend on each other.

    Returns
    -------
    float64 [tests]
        In the order given (Holm, Scandinavian Journal of Statistics 6, 1979).

    Raises
    ------
    ValueError
        p-values outside of [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = as_runs(p_values, "p_values", least=1)
    if p.min() < 0.0 or p.max() > 1.0:
        raise ValueError(f"p_values range over [{p.min()}, {p.max()}]; they must lie in [0, 1]")
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted


def _hedges_g(a: FloatArray, b: FloatArray, difference: float) -> float:
    deviation = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2.0))
    if deviation == 0.0:
        return float(np.copysign(np.inf, difference)) if difference else 0.0
    return difference / deviation * (1.0 - 3.0 / (4.0 * (len(a) + len(b) - 2) - 1.0))


def _correlation(a: FloatArray, b: FloatArray) -> float:
    if np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return np.nan
    return float(np.corrcoef(scaled(a, -exponent(a)), scaled(b, -exponent(b)))[0, 1])


def _seeds_saved(a: FloatArray, b: FloatArray) -> float:
    """Return the further seeds that unpaired runs would need for the standard error that pairs have."""
    unpaired, differences = a.var(ddof=1) + b.var(ddof=1), paired_differences(a, b)
    if unpaired == 0.0:
        return 0.0
    with np.errstate(over="ignore"):  # infinite, too, where a difference is by far too small to be squared
        paired = differences.var(ddof=1)
        return float(len(a) * (unpaired / paired - 1.0)) if paired > 0.0 else np.inf

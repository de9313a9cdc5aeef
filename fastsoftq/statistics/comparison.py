"""Two samples of runs compared: how much better, how surely, how often, and what pairing by seed bought."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import flag
from fastsoftq.statistics.caution import caution_of_difference
from fastsoftq.statistics.differences import difference_interval
from fastsoftq.statistics.intervals import Interval
from fastsoftq.statistics.moments import moments
from fastsoftq.statistics.permutation import permutation_test
from fastsoftq.statistics.samples import (
    FloatArray,
    as_fraction,
    as_generator,
    as_runs,
    check_same_shape,
    exponent,
    paired_differences,
    scaled,
)
from fastsoftq.statistics.two_valued import is_two_valued
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
        Pearson correlation of a and b over the seeds: what common random numbers gave. NaN when not paired or when a
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
        Why the interval may hold less often than its level says; empty where nothing is seen that speaks against it.
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
        Permutations drawn; if there are no more than that in all, every one is taken and the p-value is exact.

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite sample, or unequal numbers of runs when paired.

    Notes
    -----
    The interval is the skewness-corrected t interval of `confidence_interval`: of the paired differences, or with
    Welch's degrees of freedom where runs are not paired.

    Where runs show no spread it says what their number alone does. Paired differences that all agree, those of fewer
    runs than any test could decide to within a hundredth, might have been their opposites, were a and b the same: the
    interval is that of Clopper and Pearson between the two, which holds 0 exactly where the p-value does not reject;
    where differences take two values, 0 too, it is stretched to 0 unless the p-value rejects. Of samples that are not
    paired, one that takes two values has the interval of Clopper and Pearson, and one whose runs all agree has it
    between the ends of both; those of a and of b are joined as Newcombe (Statistics in Medicine 17, 1998) joins them.

    Examples
    --------
    >>> result = compare_samples([-12.0, -13.0, -12.5, -11.0], [-48.0, -52.0, -47.5, -45.0])
    >>> result.difference, result.p_value
    (36.0, 0.125)
    """
    first, second = _samples(a, b, paired)
    alpha = 1.0 - as_fraction(level, "level")
    p_value = permutation_test(first, second, paired, as_generator(rng), resamples=resamples).p_value
    power = exponent(first, second)  # squares of what is scaled by it neither overflow nor vanish
    one, other = scaled(first, -power), scaled(second, -power)
    difference = float(moments([paired_differences(one, other)] if paired else [one, -other]).estimate)
    low, high = difference_interval(one, other, paired, alpha)
    if paired and p_value > alpha and is_two_valued(paired_differences(one, other)):
        low, high = min(low, 0.0), max(high, 0.0)
    return Comparison(
        difference=float(np.ldexp(difference, power)),
        low=float(np.ldexp(low, power)),
        high=float(np.ldexp(high, power)),
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
        caution=caution_of_difference(one, other, paired, alpha),
    )


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
    """
    first, second = _samples(a, b, paired)
    level = as_fraction(level, "level")
    won, lost = wins(first, second)
    # A run of b loses where a run of a wins: 1 - lost points the same way as won.
    groups = [won + (1.0 - lost)] if paired else [won, 1.0 - lost]
    disjoint = min(len(first), len(second))
    return improvement_interval(float(won.mean()), groups, disjoint, level, disjoint)


@dataclass(frozen=True)
class Welch:
    """Welch's test: the statistic, its degrees of freedom and the two-sided p-value."""

    statistic: float
    dof: float
    p_value: float


def welch_test(a: npt.ArrayLike, b: npt.ArrayLike) -> Welch:
    """Test equality of two means, runs not matched and variances not assumed equal (``scipy.stats.ttest_ind``).

    Parameters
    ----------
    a, b
        One number per run, float [runs]. At least one of them must vary.
    """
    from scipy.stats import ttest_ind

    first, second = as_runs(a, "a"), as_runs(b, "b")
    if np.ptp(first) == np.ptp(second) == 0.0:
        raise ValueError("neither a nor b varies; Welch's test needs a variance")
    power = exponent(first, second)
    result = ttest_ind(scaled(first, -power), scaled(second, -power), equal_var=False)
    return Welch(float(result.statistic), float(result.df), float(result.pvalue))


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Adjust p-values for their number, so that rejecting those below alpha errs anywhere at most alpha of the time.

    Parameters
    ----------
    p_values
        float [tests], of any dependence.

    Returns
    -------
    float64 [tests]
        In the order given (Holm, Scandinavian Journal of Statistics 6, 1979).

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


def _samples(a: npt.ArrayLike, b: npt.ArrayLike, paired: bool) -> tuple[FloatArray, FloatArray]:
    first, second = as_runs(a, "a"), as_runs(b, "b")
    if flag("paired", paired):
        check_same_shape(first, second, ("a", "b"), "to be paired")
    return first, second


def improvement_interval(p: float, groups: Sequence[FloatArray], disjoint: int, level: float, runs: int) -> Interval:
    """Return the interval of a probability of improvement from its independent groups of shares of wins.

    Where these do not vary, as where all is won, lost or tied, ``disjoint`` says how many independent pairs came out
    alike: a chance q of that outcome would have let them with probability q^disjoint, and all else is unknown.
    """
    from scipy.special import expit, logit, stdtrit

    m = moments(groups)
    if m.error == 0.0:
        q = ((1.0 - level) / 2.0) ** (1.0 / disjoint)
        return Interval(p, p * q, 1.0 - (1.0 - p) * q, level, "binomial", runs)
    half = stdtrit(m.dof, 0.5 + level / 2.0) * m.error / (p * (1.0 - p))
    return Interval(p, float(expit(logit(p) - half)), float(expit(logit(p) + half)), level, "delong", runs)


def wins(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return for each run the share of the other sample's runs that it exceeds, ties counting half."""

    def share(x: FloatArray, y: FloatArray) -> FloatArray:
        ordered = np.sort(y)
        return (np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right")) / (2.0 * len(y))

    return share(a, b), share(b, a)


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

"""Curves with intervals: episode by episode, or as a band that holds for all episodes at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import array
from fastsoftq.statistics.caution import caution_of_curves
from fastsoftq.statistics.evidence import least_p_value
from fastsoftq.statistics.moments import Moments, moments, skew_corrected_interval
from fastsoftq.statistics.parting import parted
from fastsoftq.statistics.samples import (
    BLOCK,
    FloatArray,
    as_bounds,
    as_curves,
    as_fraction,
    as_generator,
    as_resamples,
    check_same_shape,
    paired_differences,
    within,
)
from fastsoftq.statistics.steadying import steadied
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True, eq=False)
class Band(NotebookTable):
    """A curve between two others.

    Attributes
    ----------
    center, low, high
        float64 [episodes]: the mean curve, or difference of mean curves, and its bounds.
    level
        Nominal coverage: of the whole curve if ``simultaneous``, of each episode by itself otherwise.
    simultaneous
        Whether the band holds for all episodes at once.
    caution
        Why it may hold less often than its level says; empty where nothing is seen that speaks against it.
    """

    center: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    simultaneous: bool
    caution: str = ""


class Stretch(NamedTuple):
    """Episodes ``start`` to ``stop - 1`` (from 0), in which the band stays above (+1) or below (-1) the reference."""

    start: int
    stop: int
    sign: int


def confidence_band(
    x: npt.ArrayLike,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = None,
) -> Band:
    """Return a band that covers the whole mean curve with probability ``level``.

    Parameters
    ----------
    x
        One curve per run, float [runs, episodes]; at least two runs.
    level
        Probability that the true mean curve lies inside at every episode.
    rng
        Seed or generator for the resampling. None means a fixed seed: the answer is reproducible.
    resamples
        Number of resamples of whole runs.
    bounds
        Lowest and highest value that an episode can have by nature, if known: the band is cut there.

    Returns
    -------
    Band
        With ``.center``, ``.low`` and ``.high``, each float64 [episodes].

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite ``x``, one that is not two-dimensional, or one that leaves its bounds.

    Notes
    -----
    Sup-t with a multiplier bootstrap: each resample draws one Gaussian weight per run, the same for all its episodes,
    and so keeps how episodes depend on each other; the ``level`` quantile of the largest studentised deviation says
    how strict every single episode must be (Montiel Olea and Plagborg-Møller, Journal of Applied Econometrics 34,
    2019; Chernozhukov, Chetverikov and Kato, Annals of Statistics 41, 2013). At that strictness each episode gets the
    interval of `confidence_interval` for the mean.

    A few runs make episodes look more alike than they are: any two of them, from two runs, perfectly correlated. So
    their correlations are shrunk by what chance alone would show (Schäfer and Strimmer, Statistical Applications in
    Genetics and Molecular Biology 4, 2005, with none of it as the target).

    A few runs that happen to agree at an episode look surer than they are: below 30 runs an episode's variance is taken
    to be at least a part, 8 / runs and half at most, of the mean over the ten episodes on either side, the largest left
    out; and three quarters of it, whatever the number of runs, where fewer than five runs stand apart from all others,
    who have a value that is seen at those episodes too. Where all runs agree at all of these the band has no width: a
    disaster no run has met leaves no trace. Where such disasters matter, average blocks of episodes first.
    """
    curves = as_curves(x, "x")
    limits, (curves,) = _limits(bounds, x=curves)
    return _band([curves], level, as_generator(rng), resamples, limits)


def difference_band(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    paired: bool = True,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = None,
) -> Band:
    """Return a simultaneous band for the difference of two mean curves, a - b.

    Parameters
    ----------
    a, b
        float [runs, episodes]. Paired: row i of both belongs to one seed.
    paired
        Whether runs are matched; pairs are then resampled together.
    level, rng, resamples
        As in `confidence_band`.
    bounds
        Lowest and highest value that an episode of a or b can have.

    Raises
    ------
    ValueError
        On unequal numbers of episodes, or of runs when paired, or on samples that leave their bounds.

    Notes
    -----
    The band leaves out 0 only where a permutation test of whole runs, signs flipped or labels dealt anew, says so too,
    for all episodes at once (Westfall and Young, Resampling-Based Multiple Testing, 1993); elsewhere it reaches to 0.
    That test errs no more often than it says whatever the returns are, where a and b are alike: few runs that differ
    by much the same are no proof. Five pairs prove nothing at 95 %, and six only that all of them differ.
    """
    first, second = as_curves(a, "a"), as_curves(b, "b")
    if paired:
        check_same_shape(first, second, ("a", "b"), "to be paired")
    elif first.shape[1] != second.shape[1]:
        raise ValueError(f"a has {first.shape[1]} episodes and b {second.shape[1]}; they must be equal")
    limits, (first, second) = _limits(bounds, a=first, b=second)
    if limits is not None:
        limits = (limits[0] - limits[1], limits[1] - limits[0])
    groups = [paired_differences(first, second)] if paired else [first, -second]
    generator = as_generator(rng)
    band = _band(groups, level, generator, resamples, limits)
    alpha = 1.0 - band.level
    apart = parted(first, second, paired, alpha, generator, resamples)
    if least_p_value(len(first), len(second), paired) > alpha / len(apart):
        apart &= band.low < band.high  # where nothing varies their number alone must tell, at every episode by itself
    low = np.where(apart, band.low, np.minimum(band.low, 0.0))
    high = np.where(apart, band.high, np.maximum(band.high, 0.0))
    return replace(band, low=low, high=high)


def pointwise_intervals(x: npt.ArrayLike, level: float = 0.95, *, bounds: tuple[float, float] | None = None) -> Band:
    """Return a confidence interval for the mean at each episode by itself.

    Over a whole curve these intervals miss somewhere far more often than ``1 - level``: use `confidence_band` to speak
    of the curve. The method is that of `confidence_interval` for the mean; nothing is random.

    Parameters
    ----------
    x
        float [runs, episodes].
    level
        Coverage at each episode.
    bounds
        As in `confidence_band`.
    """
    curves = as_curves(x, "x")
    limits, (curves,) = _limits(bounds, x=curves)
    level, m = as_fraction(level, "level"), moments([curves])
    ends = _cut(m.estimate, skew_corrected_interval(m, 1.0 - level), limits)
    return Band(*ends, level, simultaneous=False, caution=caution_of_curves([curves]))


def significant_stretches(band: Band, reference: float | npt.ArrayLike = 0.0) -> tuple[Stretch, ...]:
    """Return the maximal stretches of episodes in which a band stays clear of a reference on one side.

    Parameters
    ----------
    band
        Of a difference, as a rule. With a simultaneous band all stretches are true together with probability ``level``.
    reference
        A number, or an array [episodes].

    Raises
    ------
    TypeError
        If ``band`` is not a band, or ``reference`` does not hold numbers.
    ValueError
        If ``reference`` is an array of another shape.
    """
    if not isinstance(band, Band):
        raise TypeError(f"band is {band!r}; it must be a Band, as difference_band returns")
    value = array("reference", reference, "iuf")
    if value.shape not in ((), band.center.shape):
        raise ValueError(f"reference has shape {value.shape}; it must be a number or of shape {band.center.shape}")
    sign = (band.low > value).astype(np.int8) - (band.high < value).astype(np.int8)
    edges = np.flatnonzero(np.diff(sign, prepend=np.int8(0), append=np.int8(0)))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return tuple(Stretch(start, stop, int(sign[start])) for start, stop in pairs if sign[start])


def _limits(
    bounds: tuple[float, float] | None, **samples: FloatArray
) -> tuple[tuple[float, float] | None, list[FloatArray]]:
    """Return the bounds and the samples, free of the rounding that leaves them."""
    if bounds is None:
        return None, list(samples.values())
    limits = as_bounds(bounds)
    return limits, [within(sample, name, limits) for name, sample in samples.items()]


def _cut(
    center: FloatArray, ends: tuple[FloatArray, FloatArray], limits: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    curves = (center, *ends)
    return curves if limits is None else (curves[0].clip(*limits), curves[1].clip(*limits), curves[2].clip(*limits))


def _band(
    groups: Sequence[FloatArray],
    level: float,
    rng: np.random.Generator,
    resamples: int,
    limits: tuple[float, float] | None,
) -> Band:
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    m = moments(groups)
    alpha = _pointwise_alpha(groups, m, level, rng, resamples)
    curves = _cut(m.estimate, skew_corrected_interval(steadied(groups, m), alpha), limits)
    return Band(*curves, level, simultaneous=True, caution=caution_of_curves(groups))


def _pointwise_alpha(
    groups: Sequence[FloatArray], m: Moments, level: float, rng: np.random.Generator, resamples: int
) -> float:
    """Return the error each episode may have by itself so that all of them together err with 1 - level."""
    from scipy.special import ndtr

    varies = m.error > 0.0
    if not varies.any():
        return 1.0 - level
    if not varies.all():
        groups = [group[:, varies] for group in groups]
    rows = standardised(groups, m.error[varies])
    points = rows.shape[1]
    # Each by itself errs less than all together, and no less than its part of that (Bonferroni): beyond what resamples
    # can tell, and for a single episode, that is all there is to know.
    most, least = 1.0 - level, (1.0 - level) / points
    if points == 1 or most * resamples < 1.0:
        return float(least)
    largest = largest_deviations(rows, rng, resamples, _independence(rows, float(m.dof[varies].mean())))
    return float(np.clip(2.0 * ndtr(-np.quantile(largest, level)), least, most))


def _independence(rows: FloatArray, dof: float) -> float:
    """Return which part, in [0, 1], of the squared correlations between points is no more than chance shows.

    Squares of correlations seen are on average those that are true, and 1 / dof of what these leave of 1.
    """
    points = rows.shape[1]
    if points == 1:
        return 0.0
    gram = rows @ rows.T if len(rows) < points else rows.T @ rows  # of the same squares in all
    seen = (float(np.square(gram).sum()) - points) / (points * (points - 1))
    chance = 1.0 / max(dof, 1.0)
    if seen <= chance or chance == 1.0:
        return 1.0
    return float(max(1.0 - (seen - chance) / (1.0 - chance) / seen, 0.0))


def standardised(groups: Sequence[FloatArray], scale: FloatArray) -> FloatArray:
    """Return one row [points] for each run of each group: its share of the deviation of the sum of means, in scales."""
    return np.concatenate([(g - g.mean(axis=0)) / (scale * math.sqrt(len(g) * (len(g) - 1))) for g in groups])


def largest_deviations(
    rows: FloatArray, rng: np.random.Generator, resamples: int, independence: float = 0.0
) -> FloatArray:
    """Resample whole runs; return for each resample the largest deviation, [resamples].

    A resample is a matrix product, weights [resamples, runs] @ rows [runs, points], taken in blocks so that memory
    stays bounded whatever the number of resamples. Deviations are given noise of their own for the part
    ``independence`` of their variance; rows are then to be standardised to a variance of 1.
    """
    runs, points = rows.shape
    drawn = runs + (points if independence > 0.0 else 0)
    largest = np.empty(resamples)
    block = max(1, BLOCK // max(runs, points))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        normal = rng.standard_normal((size, drawn))  # in one draw, so that blocks do not matter
        deviations = normal[:, :runs] @ rows
        if independence > 0.0:
            deviations *= math.sqrt(1.0 - independence)
            deviations += math.sqrt(independence) * normal[:, runs:]
        largest[start : start + size] = np.abs(deviations, out=deviations).max(axis=1)
    return largest

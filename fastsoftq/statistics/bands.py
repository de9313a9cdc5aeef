"""Curves with intervals: episode by episode, or as a band that holds for all episodes at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count
from fastsoftq.statistics.intervals import BLOCK
from fastsoftq.statistics.moments import Moments, moments, skew_corrected_interval, student_interval
from fastsoftq.statistics.samples import (
    FloatArray,
    as_curves,
    as_fraction,
    as_generator,
    check_same_shape,
)


@dataclass(frozen=True, eq=False)
class Band:
    """A curve between two others.

    Attributes
    ----------
    center, low, high
        float64 [episodes]: the mean curve, or difference of mean curves, and its bounds.
    level
        Nominal coverage: of the whole curve if ``simultaneous``, of each episode by itself otherwise.
    simultaneous
        Whether the band holds for all episodes at once.
    """

    center: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    simultaneous: bool


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

    Returns
    -------
    Band
        With ``.center``, ``.low`` and ``.high``, each float64 [episodes].

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite ``x``, or one that is not two-dimensional.

    Notes
    -----
    Sup-t with a multiplier bootstrap: each resample draws one Gaussian weight per run, the same for all its episodes,
    and so keeps how episodes depend on each other; the ``level`` quantile of the largest studentised deviation says
    how strict every single episode must be (Montiel Olea and Plagborg-Møller, Journal of Applied Econometrics 34,
    2019; Chernozhukov, Chetverikov and Kato, Annals of Statistics 41, 2013). At that strictness each episode gets the
    wider of the t interval and the skewness-corrected one, which makes the band hold from about 20 runs on.

    Where all runs agree at an episode the band has no width: a disaster no run has met leaves no trace. Where such
    disasters matter, average blocks of episodes first.
    """
    curves = as_curves(x, "x")
    return _band([curves], level, as_generator(rng), resamples)


def difference_band(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    paired: bool = True,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 2000,
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

    Raises
    ------
    ValueError
        On unequal numbers of episodes, or of runs when paired.
    """
    first, second = as_curves(a, "a"), as_curves(b, "b")
    if paired:
        check_same_shape(first, second, ("a", "b"), "to be paired")
    elif first.shape[1] != second.shape[1]:
        raise ValueError(f"a has {first.shape[1]} episodes and b {second.shape[1]}; they must be equal")
    groups = [first - second] if paired else [first, -second]
    return _band(groups, level, as_generator(rng), resamples)


def pointwise_intervals(x: npt.ArrayLike, level: float = 0.95) -> Band:
    """Return a confidence interval for the mean at each episode by itself.

    Over a whole curve these intervals miss somewhere far more often than ``1 - level``: use `confidence_band` to speak
    of the curve. The method is that of `confidence_interval` for the mean; nothing is random.

    Parameters
    ----------
    x
        float [runs, episodes].
    level
        Coverage at each episode.
    """
    m = moments([as_curves(x, "x")])
    level = as_fraction(level, "level")
    low, high = skew_corrected_interval(m, 1.0 - level)
    return Band(m.estimate, low, high, level, simultaneous=False)


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
    ValueError
        If ``reference`` is an array of another shape.
    """
    value = np.asarray(reference, dtype=np.float64)
    if value.shape not in ((), band.center.shape):
        raise ValueError(f"reference has shape {value.shape}; it must be a number or of shape {band.center.shape}")
    sign = (band.low > value).astype(np.int8) - (band.high < value).astype(np.int8)
    edges = np.flatnonzero(np.diff(sign, prepend=np.int8(0), append=np.int8(0)))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return tuple(Stretch(start, stop, int(sign[start])) for start, stop in pairs if sign[start])


def _band(groups: Sequence[FloatArray], level: float, rng: np.random.Generator, resamples: int) -> Band:
    level = as_fraction(level, "level")
    resamples = count("resamples", resamples, least=100)
    m = moments(groups)
    alpha = _pointwise_alpha(groups, m, level, rng, resamples)
    t_low, t_high = student_interval(m, alpha)
    skew_low, skew_high = skew_corrected_interval(m, alpha)
    return Band(m.estimate, np.minimum(t_low, skew_low), np.maximum(t_high, skew_high), level, simultaneous=True)


def _pointwise_alpha(
    groups: Sequence[FloatArray], m: Moments, level: float, rng: np.random.Generator, resamples: int
) -> float:
    """Return the error each episode may have by itself so that all of them together err with 1 - level."""
    from scipy.special import ndtr

    varies = m.error > 0.0
    if not varies.any():
        return 1.0 - level
    return float(2.0 * ndtr(-np.quantile(largest_deviations(groups, m.error, rng, resamples), level)))


def largest_deviations(
    groups: Sequence[FloatArray], scale: FloatArray, rng: np.random.Generator, resamples: int
) -> FloatArray:
    """Resample whole runs; return for each resample the largest deviation in units of ``scale``, [resamples].

    A resample is a matrix product, weights [resamples, runs] @ deviations [runs, points], taken in blocks so that
    memory stays bounded whatever the number of resamples. Points of zero scale do not count.
    """
    inverse = np.where(scale > 0.0, 1.0 / np.where(scale > 0.0, scale, 1.0), 0.0)
    standardised = [(g - g.mean(axis=0)) * (inverse / np.sqrt(len(g) * (len(g) - 1))) for g in groups]
    largest = np.empty(resamples)
    block = max(1, BLOCK // max(scale.size, *(len(g) for g in groups)))
    for start in range(0, resamples, block):
        stop = min(start + block, resamples)
        deviations = np.zeros((stop - start, scale.size))
        for group in standardised:
            deviations += rng.standard_normal((stop - start, len(group))) @ group
        largest[start:stop] = np.abs(deviations, out=deviations).max(axis=1)
    return largest

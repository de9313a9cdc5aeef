"""Curves with intervals: episode by episode, or as a band that holds for all episodes at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import array, flag, shown
from fastsoftq.statistics.agreeing_runs import is_negligible, unseen
from fastsoftq.statistics.cautions import caution_of_curves
from fastsoftq.statistics.max_t_test import parted
from fastsoftq.statistics.moments import Moments, moments, skew_corrected_interval
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.samples import (
    FloatArray,
    as_curves,
    as_fraction,
    as_generator,
    as_resamples,
    check_same_shape,
    limits_of,
    paired_differences,
    within,
)
from fastsoftq.statistics.sup_t import pointwise_alpha
from fastsoftq.statistics.variance_floors import with_least_variances
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
        Why its coverage may be below its level; empty if nothing suggests it.

    Examples
    --------
    >>> band = confidence_band([[0.0, 3.0], [0.1, 3.1], [0.2, 3.3]])
    >>> band.center.round(2).tolist(), band.simultaneous
    ([0.1, 3.13], True)
    """

    center: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    simultaneous: bool
    caution: str = ""


class Stretch(NamedTuple):
    """Episodes ``start`` to ``stop - 1`` (from 0), in which the band stays above (+1) or below (-1) the reference.

    Examples
    --------
    >>> stretch = Stretch(start=12, stop=30, sign=1)
    >>> stretch.stop - stretch.start
    18
    """

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

    Few runs overstate the correlations of episodes: from two runs any two are perfectly correlated. So correlations are
    shrunk by what chance alone would show (Schäfer and Strimmer, Statistical Applications in Genetics and Molecular
    Biology 4, 2005, with none of it as the target).

    Few runs that happen to agree at an episode understate its variance. Below 30 runs it is taken to be at least
    8 / runs, half at most, of the mean over the ten episodes on either side, the largest left out. At any number of
    runs it is at least three quarters of that where fewer than five runs differ from a value that is seen at those
    episodes too.

    Where all runs agree at all of these, a disaster that no run has met leaves no trace. With fewer than 36 runs (at
    95 %) it might strike one in ten: there the band is infinite, or with ``bounds`` as wide as Clopper and Pearson's
    interval. From 36 runs on it has no width. If such disasters matter, average blocks of episodes.

    Examples
    --------
    >>> curves = np.random.default_rng(0).normal(size=(20, 30)) + np.arange(30.0)
    >>> band = confidence_band(curves)
    >>> bool(((band.low <= np.arange(30)) & (np.arange(30) <= band.high)).all())
    True
    """
    curves = as_curves(x, "x")
    limits, (curves,) = _limits(limits_of(bounds, x), x=curves)
    return _band([curves], level, as_generator(rng), resamples, limits, limits)


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
    That test errs no more often than it says, for any returns, if a and b are alike. Five pairs prove nothing at 95 %,
    and six only if all of them differ the same way.

    Examples
    --------
    >>> a, b = np.random.default_rng(0).normal(size=(2, 20, 30))
    >>> a[:, 12:] += 5.0
    >>> significant_stretches(difference_band(a, b))
    (Stretch(start=12, stop=30, sign=1),)
    """
    first, second = as_curves(a, "a"), as_curves(b, "b")
    if flag("paired", paired):
        check_same_shape(first, second, ("a", "b"), "to be paired")
    elif first.shape[1] != second.shape[1]:
        raise ValueError(f"a has {first.shape[1]} episodes and b {second.shape[1]}; they must be equal")
    limits, (first, second) = _limits(limits_of(bounds, a, b), a=first, b=second)
    reach = limits
    if limits is not None:
        limits = (limits[0] - limits[1], limits[1] - limits[0])
    groups = [paired_differences(first, second)] if paired else [first, -second]
    generator = as_generator(rng)
    band = _band(groups, level, generator, resamples, limits, reach)
    alpha = 1.0 - band.level
    apart = parted(first, second, paired, alpha, generator, resamples)
    if least_p_value(len(first), len(second), paired) > alpha / len(apart):
        apart &= band.low < band.high  # where nothing varies their number alone must tell, at every episode by itself
    low = np.where(apart, band.low, np.minimum(band.low, 0.0))
    high = np.where(apart, band.high, np.maximum(band.high, 0.0))
    return replace(band, low=low, high=high)


def pointwise_intervals(x: npt.ArrayLike, level: float = 0.95, *, bounds: tuple[float, float] | None = None) -> Band:
    """Return a confidence interval for the mean at each episode by itself.

    Over a whole curve these intervals miss somewhere far more often than ``1 - level``: for the curve use
    `confidence_band`. The method is that of `confidence_interval` for the mean; nothing is random.

    Parameters
    ----------
    x
        float [runs, episodes].
    level
        Coverage at each episode.
    bounds
        As in `confidence_band`.

    Examples
    --------
    >>> pointwise_intervals([[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]).low.round(2).tolist()
    [-0.48, 3.52]
    """
    curves = as_curves(x, "x")
    limits, (curves,) = _limits(limits_of(bounds, x), x=curves)
    level, m = as_fraction(level, "level"), moments([curves])
    caution = caution_of_curves([curves], limits, simultaneous=False)
    return Band(*_between(m, len(curves), 1.0 - level, level, limits), level, False, caution)


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

    Examples
    --------
    >>> band = confidence_band([[0.0, 3.0], [0.1, 3.1], [0.2, 3.3], [0.1, 3.0], [0.0, 3.1]])
    >>> significant_stretches(band, reference=2.0)
    (Stretch(start=0, stop=1, sign=-1), Stretch(start=1, stop=2, sign=1))
    """
    if not isinstance(band, Band):
        raise TypeError(f"band is {shown(band)}; it must be a Band, as difference_band returns")
    value = array("reference", reference, "iuf")
    if value.shape not in ((), band.center.shape):
        raise ValueError(f"reference has shape {value.shape}; it must be a number or of shape {band.center.shape}")
    sign = (band.low > value).astype(np.int8) - (band.high < value).astype(np.int8)
    edges = np.flatnonzero(np.diff(sign, prepend=np.int8(0), append=np.int8(0)))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return tuple(Stretch(start, stop, int(sign[start])) for start, stop in pairs if sign[start])


def _limits(
    limits: tuple[float, float] | None, **samples: FloatArray
) -> tuple[tuple[float, float] | None, list[FloatArray]]:
    """Return the bounds and the samples, free of the rounding that leaves them."""
    if limits is None:
        return None, list(samples.values())
    return limits, [within(sample, name, limits) for name, sample in samples.items()]


def _band(
    groups: Sequence[FloatArray],
    level: float,
    rng: np.random.Generator,
    resamples: int,
    limits: tuple[float, float] | None,
    reach: tuple[float, float] | None,
) -> Band:
    """Return the band of a sum of mean curves; ``limits`` are those of the sum, ``reach`` those of one curve."""
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    m, fewest = moments(groups), min(len(group) for group in groups)
    alpha = pointwise_alpha(groups, m, level, rng, resamples)
    curves = _between(with_least_variances(groups, m), fewest, alpha, level, limits)
    return Band(*curves, level, True, caution_of_curves(groups, reach, simultaneous=True))


def _between(
    m: Moments, runs: int, alpha: float, level: float, limits: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a curve and its bounds at the error ``alpha`` by episode; where runs agree, `agreed_interval`'s."""
    low, high = skew_corrected_interval(m, alpha)
    if not is_negligible(runs, 1.0 - level):
        agree, share = m.error == 0.0, unseen(runs, alpha)
        least, most = (-np.inf, np.inf) if limits is None else limits
        low, high = np.where(agree, [low - (low - least) * share, high + (most - high) * share], [low, high])
    curves = (m.estimate, low, high)
    return curves if limits is None else (curves[0].clip(*limits), curves[1].clip(*limits), curves[2].clip(*limits))

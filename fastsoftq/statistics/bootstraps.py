"""Bootstraps of any statistic, with checks that runs and resamples suffice; the jackknife."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fastsoftq.statistics.samples import BLOCK, MOST_RESAMPLES, FloatArray

Statistic = Callable[..., Any]

#: Of fewer runs an expanded bootstrap knows nothing but the extremes.
FEWEST = 5


def expanded_level(level: float, runs: int, dof: int | None = None) -> float:
    """Return the level at which a percentile bootstrap of ``runs`` runs has the length of a t interval at ``level``.

    ``dof`` are the degrees of freedom of the t interval: more than ``runs - 1`` where there are several groups.

    Examples
    --------
    >>> round(expanded_level(0.95, 10), 3)
    0.983
    """
    from scipy.stats import norm, t

    return float(1.0 - 2.0 * norm.sf(math.sqrt(runs / (runs - 1)) * t.isf((1.0 - level) / 2.0, dof or runs - 1)))


def check_fineness(level: float, inner: float, resamples: int, runs: int) -> None:
    """Refuse a level, ``inner`` once expanded for so few runs, whose ends lie beyond the outermost resamples."""
    tail = (1.0 - inner) / 2.0
    if tail * resamples >= 1.0:
        return
    takes = math.ceil(1.0 / tail) if tail > 0.0 else math.inf
    why = f"level is {level}; with {runs} runs its ends lie beyond {resamples} resamples"
    if takes > MOST_RESAMPLES:
        raise ValueError(f"{why}, and beyond {MOST_RESAMPLES} too: it takes more runs, or a lower level")
    raise ValueError(f"{why}: it takes resamples={takes}")


def bootstrap_interval(
    sample: FloatArray, function: Statistic, level: float, method: str, resamples: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the interval of one of SciPy's bootstraps; of the percentile one, too, at the expanded level.

    Raises
    ------
    ValueError
        Of too few runs or resamples, or where the statistic is not finite for all of them.
    """
    from scipy.stats import bootstrap

    if method == "expanded" and len(sample) < FEWEST:
        raise ValueError(
            f"x holds {len(sample)} runs; method 'expanded' takes {FEWEST}, and 'percentile' covers less than its level"
        )
    inner = expanded_level(level, len(sample)) if method == "expanded" else level
    check_fineness(level, inner, resamples, len(sample))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what SciPy warns of is refused below
        result = bootstrap(
            (sample,),
            function,
            confidence_level=inner,
            method="bca" if method == "bca" else "percentile",
            n_resamples=resamples,
            batch=max(1, BLOCK // len(sample)),
            rng=rng,
        )
    odd = int(np.count_nonzero(~np.isfinite(result.bootstrap_distribution)))
    if odd:
        raise ValueError(f"statistic is not finite for {odd} of {resamples} resamples; it must be for any of the runs")
    low, high = (float(end) for end in result.confidence_interval)
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"method={method!r} has no interval for this sample (too many ties); use method='percentile'")
    return low, high


def pseudo_values(sample: FloatArray, function: Statistic, estimate: float) -> FloatArray:
    """Return the jackknife's pseudo-values [runs]: their mean is about the statistic, and their spread its variation.

    A statistic that is not finite where a run is left out has none, and is left with its estimate.
    """
    n = len(sample)
    without = np.empty(n)
    for start in range(0, n, step := max(1, BLOCK // n)):
        left_out = np.arange(start, min(start + step, n))
        kept = np.arange(n - 1) + (np.arange(n - 1) >= left_out[:, None])
        without[left_out] = function(sample[kept], axis=-1)
    values = n * estimate - (n - 1) * without
    return values if np.isfinite(values).all() else np.full(n, estimate)

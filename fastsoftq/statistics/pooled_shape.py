"""The bootstrap-t of two samples with a common shape: what one is too small to show, the other may.

Ten runs of which one in ten should fail show no failure one time in three; their standard error then is far too small.
Where forty other runs do show failures, the ten may have missed theirs. So both samples are taken to have one shape,
that of all runs together, each at its own place and scale. Drawn from it anew, again and again, each time scaled to the
interquartile range that was seen, they say how far the studentised difference strays.

Source of the bootstrap-t: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 12.5; that the shape,
too, is drawn anew makes it the predictive one of Rubin, The Bayesian bootstrap, Annals of Statistics 9 (1981).
"""

import math

import numpy as np

from fastsoftq.statistics.samples import BLOCK, ROUNDING, FloatArray, as_generator

#: Samples of so many runs show their own shape.
_MANY = 100

#: So many runs are drawn of a larger sample; their errors are scaled to its size.
_DRAWN = 200

_LEAST, _MOST, _BEYOND = 1000, 20_000, 12  # draws; so many of them lie beyond both ends


def studentised_errors(a: FloatArray, b: FloatArray, alpha: float) -> FloatArray | None:
    """Return how far the studentised difference of means strays from the true one, sorted, [draws].

    Parameters
    ----------
    a, b
        float64 [runs].
    alpha
        The least error for which draws must suffice.

    Returns
    -------
    float64 [draws], or None
        None where both samples are large, or one has no interquartile range.

    Notes
    -----
    Draws are always the same, so that an interval of a smaller error holds one of a larger. In a draw that does not
    vary the difference may stray by any number of its standard errors, either way: half of such draws are infinite,
    half minus infinity. Three runs against three do not vary in 3 draws of 100, two against three in 6, two against
    two in 41.

    Examples
    --------
    >>> errors = studentised_errors(np.arange(10.0), np.arange(12.0), 0.05)
    >>> bool(np.quantile(errors, 0.975) > 2.0)
    True
    """
    if min(len(a), len(b)) >= _MANY:
        return None
    if (len(a), sorted(a)) > (len(b), sorted(b)):  # in one order, so that a - b is b - a turned round
        turned = studentised_errors(b, a, alpha)
        return None if turned is None else -turned[::-1]
    ranges = [float(_interquartile_range(x[None])[0]) for x in (a, b)]
    roundings = [ROUNDING * float(np.abs(x).max()) for x in (a, b)]
    if any(scale <= rounding for scale, rounding in zip(ranges, roundings, strict=True)):
        return None
    noise = max(rounding / scale for scale, rounding in zip(ranges, roundings, strict=True))
    residuals = [(x - np.median(x)) / scale for x, scale in zip((a, b), ranges, strict=True)]
    shape = np.sort(np.concatenate(residuals))
    rng, draws = as_generator(None), min(max(_LEAST, math.ceil(_BEYOND / alpha)), _MOST)
    values = min(len(shape), 2 * _DRAWN)
    block, found = max(1, BLOCK // values), []
    for start in range(0, draws, block):
        size = min(block, draws - start)
        drawn = shape[rng.integers(len(shape), size=(size, values))]
        drawn -= drawn.mean(axis=1, keepdims=True)
        (error_a, variance_a), (error_b, variance_b) = (
            _mean_error(drawn, len(x), scale, noise, rng) for x, scale in zip((a, b), ranges, strict=True)
        )
        error, variance = error_a - error_b, variance_a + variance_b
        varies = variance > 0.0
        found.append(error[varies] / np.sqrt(variance[varies]))
    errors = np.concatenate(found)
    still = draws - len(errors)
    below = np.full(still // 2, -np.inf)
    return np.concatenate([below, np.sort(errors), np.full(still - len(below), np.inf)])


def _mean_error(
    shapes: FloatArray, runs: int, scale: float, noise: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return for each shape [draws, values] the error of a mean of so many runs, and the variance it seems to have.

    Values no further apart than ``noise`` differ by rounding only: they have no range, and no variance.
    """
    n = min(runs, _DRAWN)
    chosen = np.take_along_axis(shapes, rng.integers(shapes.shape[1], size=(len(shapes), n)), axis=1)
    ranges, varies = _interquartile_range(chosen), np.ptp(chosen, axis=1) > noise
    ranged = ranges > noise
    usual = float(np.median(ranges[ranged])) if ranged.any() else 1.0
    chosen *= (scale / np.where(ranged, ranges, usual))[:, None]
    variance = np.where(varies, chosen.var(axis=1, ddof=1) / runs, 0.0)
    return chosen.mean(axis=1) * math.sqrt(n / runs), variance


def _interquartile_range(x: FloatArray) -> FloatArray:
    """Return the interquartile range of each row [rows, runs], by NumPy's quantiles."""
    runs = x.shape[1]
    at = np.array([0.25, 0.75]) * (runs - 1)
    below = at.astype(np.intp)
    above = np.minimum(below + 1, runs - 1)
    ordered = np.partition(x, np.unique([below, above]), axis=1)
    quarter, three_quarters = (ordered[:, below] + (at - below) * (ordered[:, above] - ordered[:, below])).T
    return np.asarray(three_quarters - quarter)

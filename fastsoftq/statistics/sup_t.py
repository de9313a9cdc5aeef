"""The sup-t calibration of bands: how strict each point must be so that all of them hold together.

Sources: Montiel Olea and Plagborg-Møller, Simultaneous confidence bands, Journal of Applied Econometrics 34 (2019);
Chernozhukov, Chetverikov and Kato, Gaussian approximations and multiplier bootstrap, Annals of Statistics 41 (2013).
"""

import math
from collections.abc import Sequence

import numpy as np

from fastsoftq.statistics.moments import Moments
from fastsoftq.statistics.samples import BLOCK, FloatArray


def pointwise_alpha(
    groups: Sequence[FloatArray], m: Moments, level: float, rng: np.random.Generator, resamples: int
) -> float:
    """Return the error of each episode by itself at which all of them together have the error 1 - level."""
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
    largest = largest_deviations(rows, rng, resamples, standardised_independence(rows, float(m.dof[varies].mean())))
    return float(np.clip(2.0 * ndtr(-np.quantile(largest, level)), least, most))


def standardised_independence(rows: FloatArray, dof: float) -> float:
    """Return the part, in [0, 1], of the squared correlations between points [runs, points] that chance alone explains.

    The squared sample correlation is on average r^2 + (1 - r^2) / dof for a true correlation r.
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

"""All differences of means among many conditions: moments of every pair from products of matrices, and their bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.agreeing_runs import unseen
from fastsoftq.statistics.moments import Moments, skew_corrected_interval, variation
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.samples import FloatArray, exponent, scaled
from fastsoftq.statistics.sup_t import standardised_independence

#: A variance of a difference below this part of those of both is what rounding leaves of none.
_NO_VARIANCE = 2.0**-40

_NEAR = 2**16  # numbers that stay in a core's caches while they are worked on


@dataclass(frozen=True, eq=False)
class Pairwise:
    """What is known of all differences of means of conditions [i, j]: that of j minus that of i.

    Attributes
    ----------
    means
        float64 [conditions].
    moments
        Of the differences, each field [conditions, conditions].
    rows
        float64 [runs, conditions] of unit length each, what every run adds to a mean's error; None where not paired.
    errors
        float64 [conditions], of the means.
    runs
        Number of runs of each condition.
    reach
        float64 [conditions, conditions]: how far unseen differences may lie, either way.

    Examples
    --------
    >>> pairs = Pairwise.of([np.arange(9.0), np.arange(9.0) + 2.0], paired=True)
    >>> pairs.moments.estimate[0, 1], pairs.moments.error[0, 1]
    (np.float64(2.0), np.float64(0.0))
    """

    means: FloatArray
    moments: Moments
    rows: FloatArray | None
    errors: FloatArray
    runs: npt.NDArray[np.intp]
    reach: FloatArray

    @classmethod
    def of(cls, samples: Sequence[FloatArray], paired: bool, reach: float | None = None) -> "Pairwise":
        """Find them of samples [runs], equally many where paired; ``reach`` is how far apart runs can lie, if known."""
        power = exponent(*samples)
        centres = np.array([float(np.median(x)) for x in samples])
        parts = [scaled(x - centre, -power) for x, centre in zip(samples, centres, strict=True)]
        runs = np.array([len(x) for x in samples])
        offsets = np.array([x.mean() for x in parts])
        means = centres + scaled(offsets, power)
        centred = [np.where(variation(x), x - x.mean(), 0.0) for x in parts]
        third = np.array([(x**3).mean() / len(x) ** 2 for x in centred])
        squared = np.array([float(x @ x) / (len(x) * (len(x) - 1)) for x in centred])
        variance = squared[:, None] + squared
        cubed = third - third[:, None]  # of the difference, j minus i
        rows, n = None, runs[0]
        if paired:
            x = np.array(centred).T
            variance = variance - 2.0 * (x.T @ x) / (n * (n - 1))
            mixed = (x * x).T @ x / n**3  # [i, j]: of x_i^2 x_j
            cubed = cubed + 3.0 * (mixed - mixed.T)
            length = np.sqrt(np.square(x).sum(axis=0))
            rows = x / np.where(length > 0.0, length, 1.0)
        variance = np.where(variance > _NO_VARIANCE * (squared[:, None] + squared), variance, 0.0)
        error = np.sqrt(variance)
        safe = np.where(error > 0.0, error, 1.0)
        skew = np.where(error > 0.0, cubed / safe / safe / safe, 0.0)
        dof = np.full(error.shape, float(n - 1)) if paired else _welch(squared, variance, runs)
        spread = np.array([[x.min(), x.max()] for x in samples])
        apart = np.maximum(spread[:, 1, None], spread[:, 1]) - np.minimum(spread[:, 0, None], spread[:, 0])
        estimate = means - means[:, None]
        found = Moments(estimate, scaled(error, power), skew, dof)
        return cls(
            means, found, rows, scaled(np.sqrt(squared), power), runs, apart if reach is None else apart * 0.0 + reach
        )

    def lower_bounds(self, alpha: float, rng: np.random.Generator, resamples: int) -> FloatArray:
        """Return lower bounds on the differences, [i, j]; those of each i hold together at the error ``alpha``.

        Where i is beyond doubt worse than some j its bounds are Bonferroni's, which are lower still.
        """
        k = len(self.means)
        strictest = np.full(k, alpha / (k - 1))
        low = self._bounds(np.arange(k), strictest)
        # What the strictest bounds leave open, the calibrated ones decide.
        few = np.flatnonzero(low.max(axis=1) <= 0.0)
        if k > 2 and len(few) and alpha * resamples >= 1.0:
            low[few] = self._bounds(few, np.clip(self._calibrated(few, alpha, rng, resamples), strictest[0], alpha))
        return low

    def _calibrated(
        self, rows: npt.NDArray[np.intp], alpha: float, rng: np.random.Generator, resamples: int
    ) -> FloatArray:
        """Return for some conditions the error of one comparison at which all with them together have ``alpha``."""
        from scipy.special import ndtr

        k, found = len(self.means), np.empty(len(rows))
        independent = 1.0 if self.rows is None else standardised_independence(self.rows, float(self.runs[0] - 1))
        deviations = np.sqrt(independent) * rng.standard_normal((resamples, k))
        shared = np.zeros((k, k))
        if self.rows is not None and independent < 1.0:
            deviations += np.sqrt(1.0 - independent) * (rng.standard_normal((resamples, len(self.rows))) @ self.rows)
            shared = (1.0 - independent) * (self.rows.T @ self.rows)
        deviations *= self.errors
        block = max(_NEAR // k, 1)
        apart, largest = np.empty((block, k)), np.empty(resamples)
        for at, i in enumerate(rows):
            variance = self.errors**2 + self.errors[i] ** 2 - 2.0 * shared[i] * self.errors * self.errors[i]
            known = variance > _NO_VARIANCE * (self.errors**2 + self.errors[i] ** 2)
            known[i] = False
            if not known.any():
                found[at] = alpha
                continue
            scale = np.where(known, 1.0 / np.sqrt(np.where(known, variance, 1.0)), 0.0)
            for begin in range(0, resamples, block):
                some = deviations[begin : begin + block]
                differ = np.subtract(some, some[:, i, None], out=apart[: len(some)])
                differ *= scale
                differ.max(axis=1, out=largest[begin : begin + block])
            found[at] = ndtr(-np.quantile(largest, 1.0 - alpha))
        return found

    def _bounds(self, rows: npt.NDArray[np.intp], alphas: FloatArray) -> FloatArray:
        """Return one-sided lower bounds [rows, conditions], each row at an error of its own."""
        m = Moments(*(values[rows] for values in self.moments))
        if self.rows is not None:  # one number of degrees of freedom for each row: quantiles are slow
            m = m._replace(dof=m.dof[:, :1])
        low = skew_corrected_interval(m, 2.0 * alphas[:, None])[0]
        if self.rows is not None:
            share = np.array([unseen(int(self.runs[0]), 2.0 * min(alpha, 0.4999)) for alpha in alphas])[:, None]
            agreed = m.estimate - (m.estimate + self.reach[rows]) * share
            proof = 0.5 ** self.runs[0] <= alphas[:, None]
        else:
            sizes = self.runs[rows][:, None], self.runs[None, :]
            share = -np.expm1(np.log(alphas)[:, None] / np.minimum(*sizes))
            agreed = m.estimate - (m.estimate + self.reach[rows]) * share
            least = {pair: least_p_value(*pair, paired=False) for pair in _sizes(self.runs)}
            found = np.array([[least[int(a), int(b)] for b in self.runs] for a in self.runs[rows]])
            proof = found / np.where(sizes[0] == sizes[1], 2.0, 1.0) <= alphas[:, None]
        low = np.where(m.error > 0.0, low, np.minimum(agreed, m.estimate))
        low = np.where(proof, low, np.minimum(low, 0.0))
        low[np.arange(len(rows)), rows] = -np.inf  # of a condition with itself
        return np.asarray(low)


def _sizes(runs: npt.NDArray[np.intp]) -> list[tuple[int, int]]:
    each = np.unique(runs).tolist()
    return [(a, b) for a in each for b in each]


def _welch(squared: FloatArray, variance: FloatArray, runs: npt.NDArray[np.intp]) -> FloatArray:
    """Return the degrees of freedom of Welch and Satterthwaite for all pairs."""
    own = squared**2 / (runs - 1)
    rate = own[:, None] + own
    all_there_are = (runs[:, None] + runs - 2).astype(np.float64)
    return np.where(rate > 0.0, variance**2 / np.where(rate > 0.0, rate, 1.0), all_there_are)

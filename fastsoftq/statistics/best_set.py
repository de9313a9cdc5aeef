"""Which of many conditions cannot be told from the best: multiple comparisons with the best.

Were the truly best condition known, it would have to be compared with each of the others, one-sidedly, all of them
together at the error. So each condition is compared with all others as if it were the best, and those that pass are the
set. The truly best one fails with no more than the error: however many conditions there are, none pays for the others.

Sources: Hsu, Simultaneous confidence intervals for all distances from the "best", Annals of Statistics 9 (1981);
Constrained simultaneous confidence intervals for multiple comparisons with the best, Annals of Statistics 12 (1984).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import flag
from fastsoftq.statistics.pairwise import Pairwise
from fastsoftq.statistics.samples import (
    FloatArray,
    as_bounds,
    as_conditions,
    as_fraction,
    as_generator,
    as_resamples,
    as_runs,
    within,
)
from fastsoftq.system.html import NotebookTable


@dataclass(frozen=True, eq=False)
class BestSet(NotebookTable):
    """The conditions that cannot be told from the best, and how far each is from the best of the others.

    Attributes
    ----------
    members
        bool [conditions]: which may be the best; at least one.
    best
        The condition with the best mean in the sample.
    estimate, low, high
        float64 [conditions]: mean of the condition minus the best mean of the others (where lower is better: the
        reverse, so that more is better still), with intervals that hold together. One that ends at 0 from below
        belongs to a condition that is not the best; only a condition told to be best has one that starts at 0.
    level
        Probability that the truly best is a member and all intervals hold.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(3, 50)) + [[0.0], [0.1], [5.0]]
    >>> found = best_set(x)
    >>> found.members.tolist(), found.best, found.low[2]
    ([False, False, True], 2, np.float64(0.0))
    """

    members: npt.NDArray[np.bool_]
    best: int
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


def best_set(
    samples: Sequence[npt.ArrayLike] | npt.ArrayLike,
    level: float = 0.95,
    paired: bool = True,
    rng: int | np.random.Generator | None = None,
    *,
    higher_is_better: bool = True,
    resamples: int = 2000,
    bounds: tuple[float, float] | None = None,
) -> BestSet:
    """Find the conditions that cannot be told from the best.

    Parameters
    ----------
    samples
        One number per run of each condition: a sequence of float [runs], or float [conditions, runs].
    level
        Probability that the truly best is in the set.
    paired
        Whether run i of all conditions belongs to one seed. Not paired, numbers of runs may differ.
    rng
        Seed or generator of the calibration. None means a fixed seed: the answer is reproducible.
    higher_is_better
        Whether the best mean is the highest.
    resamples
        Number of resamples that calibrate the comparisons.
    bounds
        Lowest and highest value that a run can have, if known; they count where runs agree.

    Raises
    ------
    ValueError
        On a bad sample, one out of its bounds, or unequal numbers of runs when paired.

    Notes
    -----
    Each comparison is the skewness-corrected t bound of `confidence_interval`, made stricter until all comparisons of a
    condition hold together: between none and Bonferroni's correction, as a bootstrap of the largest says (as bands
    have, see `confidence_band`). Pairs whose differences all agree bound the share of others. So few runs that even
    differences of one sign prove nothing at that error tell nobody apart: below 5 pairs of two conditions, and, as they
    depend on each other, below 5 to 11 of a hundred and 15 of a thousand. It takes seconds for a thousand conditions of
    a thousand runs.

    Examples
    --------
    >>> best_set([[0.0, 1.0, 2.0, 1.0, 0.5], [0.2, 1.1, 1.9, 1.2, 0.6]]).members.tolist()
    [True, True]
    """
    level = as_fraction(level, "level")
    sign = 1.0 if flag("higher_is_better", higher_is_better) else -1.0
    given = [as_runs(x, f"samples[{i}]") for i, x in enumerate(as_conditions(samples, "samples"))]
    if not given:
        raise ValueError("samples is empty; it must hold at least one condition")
    if flag("paired", paired) and len({len(x) for x in given}) > 1:
        sizes = ", ".join(str(len(x)) for x in given)
        raise ValueError(f"samples hold {sizes} runs; they must be equally many to be paired")
    reach = None
    if bounds is not None:
        limits = as_bounds(bounds)
        given = [within(x, f"samples[{i}]", limits) for i, x in enumerate(given)]
        reach = limits[1] - limits[0]
    if len(given) == 1:
        nothing = np.zeros(1)
        return BestSet(np.ones(1, dtype=np.bool_), 0, nothing, nothing - np.inf, nothing + np.inf, level)
    pairs = Pairwise.of([sign * x for x in given], paired, reach)
    low = pairs.lower_bounds(1.0 - level, as_generator(rng), as_resamples(resamples))
    below = low.max(axis=1)  # how far each is at least below the best of the others, if it is the best itself
    members = below <= 0.0
    best = int(pairs.means.argmax())
    members[best] = True
    # The truly best is one of the members: whichever it is, the other is no further below it than this.
    rivals = low[members]
    own = np.flatnonzero(members)
    rivals[np.arange(len(own)), own] = np.inf
    furthest = np.minimum(rivals.min(axis=0), 0.0) if len(own) > 1 else np.where(members, 0.0, rivals[0])
    return BestSet(
        members=members,
        best=best,
        estimate=_from_best_other(pairs.means),
        low=np.minimum(furthest, 0.0),
        high=np.where(members, np.maximum(-below, 0.0), 0.0),
        level=level,
    )


def _from_best_other(means: FloatArray) -> FloatArray:
    """Return each mean minus the highest of the others."""
    second, first = np.partition(means, -2)[-2:]
    others = np.full(len(means), first)
    others[means.argmax()] = second
    return np.asarray(means - others)

"""Why an interval may hold less often than its level says: what a sample shows, or is too small to show."""

from collections.abc import Sequence

import numpy as np

from fastsoftq.statistics.clopper_pearson import is_two_valued
from fastsoftq.statistics.samples import FloatArray, paired_differences

#: From so many runs on intervals of a mean hold for returns that are skewed (docs/statistics.md).
ENOUGH = 20

#: So many runs must differ from the most frequent value before their spread is known at all.
_TELLING = 5


def unseen(runs: int, alpha: float) -> float:
    """Return the largest share of runs of another kind that would let ``runs`` of one kind be seen, at error alpha."""
    return float(1.0 - alpha ** (1.0 / runs))


def caution_of_mean(sample: FloatArray, alpha: float) -> str:
    """Return what makes the t interval of a mean doubtful; empty where nothing is seen that speaks against it."""
    n = len(sample)
    values, counts = np.unique(sample, return_counts=True)
    if len(values) == 1:
        return f"all {n} runs agree, as they may where a share of up to {unseen(n, alpha):.2g} differs by any amount"
    if n < ENOUGH:
        return f"{n} runs are enough where returns are nearly normal; elsewhere it takes {ENOUGH}"
    differ = n - int(counts.max())
    if differ < _TELLING:
        return f"only {differ} of {n} runs differ from the others, too few to know how much runs differ"
    return ""


def caution_of_difference(a: FloatArray, b: FloatArray, paired: bool, alpha: float) -> str:
    """Return what makes the interval of a difference of means doubtful."""
    groups = {"a - b": paired_differences(a, b)} if paired else {"a": a, "b": b}
    found = {
        name: "" if is_two_valued(x) and np.ptp(x) > 0.0 else caution_of_mean(x, alpha) for name, x in groups.items()
    }
    return "; ".join(f"{name}: {text}" for name, text in found.items() if text)


def caution_of_curves(groups: Sequence[FloatArray]) -> str:
    """Return what makes a band, or intervals, of mean curves doubtful; each group is [runs, episodes]."""
    fewest = min(len(group) for group in groups)
    agree = int(np.count_nonzero(np.logical_and.reduce([np.ptp(group, axis=0) == 0.0 for group in groups])))
    found = [f"{fewest} runs are enough where returns are nearly normal; elsewhere it takes {ENOUGH}"]
    found = found if fewest < ENOUGH else []
    if agree:
        found.append(
            f"all runs agree at {agree} of {groups[0].shape[1]} episodes, where rare exceptions leave no trace"
        )
    return "; ".join(found)

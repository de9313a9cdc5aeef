"""Whether a peer learns what the others learn: mean returns and lengths along the episodes, within sampling error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.peers import numba_plain, python_lists, task

BLOCKS = 5  # stretches of episodes compared, each by its mean over seeds
LEVEL = 1e-6  # of each comparison; a few hundred are made, and seeds are fixed


def reference(case: task.Case) -> task.Peer:
    return python_lists.peer if case == task.RANDOM else numba_plain.peer


def disagreements(curves: task.Curves, expected: task.Curves) -> list[str]:
    """Say where the means of two sets of runs differ by more than chance allows (Student's test), in words."""
    found = []
    for what, ours, theirs in zip(("return", "length"), curves, expected, strict=True):
        episodes = min(ours.shape[1], theirs.shape[1])
        for block in np.array_split(np.arange(episodes), min(BLOCKS, episodes)):
            a, b = ours[:, block].mean(axis=1), theirs[:, block].mean(axis=1)
            if _p_value(a, b) < LEVEL:
                found.append(
                    f"mean {what} of episodes {block[0]} to {block[-1]} is {a.mean():.2f} +- {stats.sem(a):.2f}, "
                    f"not {b.mean():.2f} +- {stats.sem(b):.2f}"
                )
    return found


def _p_value(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    if np.ptp(a) == 0.0 and np.ptp(b) == 0.0:  # both without spread, as when every episode is truncated
        return float(a[0] == b[0])
    # The spread is pooled: the runs in doubt are few, and where most are truncated they may show none of their own.
    spreads = (len(a), b.mean(), b.std(ddof=1), len(b))
    return float(stats.ttest_ind_from_stats(a.mean(), a.std(ddof=1), *spreads, equal_var=True).pvalue)

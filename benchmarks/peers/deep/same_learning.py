"""Whether a peer learns what fastsoftq learns: the same weights after an update, the same curve within chance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep import numpy_update

UPDATES = 10  # one after another, so that moments and their corrections count
TOLERANCE = 1e-4  # of the length of the change, in each array: float32 rounds by 1.5e-5 of it
BLOCKS = 5  # stretches of steps that are compared, each by the mean return of its episodes
LEVEL = 1e-4  # of each comparison; some twenty are made
LEARNED = 475.0  # the return at which Gymnasium takes cart pole for solved


def update_differences(peer: task.UpdatePeer, size: task.Size) -> list[str]:
    """Say in words where updates from the same weights and batches do not change them as NumPy's in float64 do."""
    rng = np.random.default_rng(0)
    online, target = ([task.layers(size, rng) for _ in range(peer.networks)] for _ in range(2))
    batches = [task.transitions(UPDATES, size.batch, rng) for _ in range(peer.networks)]
    theirs = peer.updates(online, target, batches)
    theirs()
    found = []
    for n, layers in enumerate(theirs.layers()):
        twin = numpy_update.Updates(online[n], target[n], batches[n])
        twin()
        for where, before, right, new in _arrays(online[n], twin.layers()[0], layers):
            apart = np.linalg.norm(new - right) / np.linalg.norm(right - before)
            if not apart <= TOLERANCE:
                found.append(f"{where} of network {n} differ by {apart:.2g} of their change after {UPDATES} updates")
    return found


def _arrays(*each: task.Layers) -> Iterator[tuple[str, *tuple[NDArray, ...]]]:
    for n, layers in enumerate(zip(*each, strict=True)):
        for kind, arrays in zip(task.Layer._fields, zip(*layers, strict=True), strict=True):
            yield f"{kind} of layer {n}", *(array.astype(np.float64) for array in arrays)


def curve_differences(theirs: task.Progress, ours: task.Progress) -> list[str]:
    """Say in words where mean returns differ by more than chance allows: Student's test, seeds are what varies.

    A single seed is held against the spread of the others.
    """
    found = []
    for block in np.array_split(np.arange(ours.episodes.shape[1]), BLOCKS):
        a, b = (_mean_returns(progress, block) for progress in (theirs, ours))
        if _p_value(a, b) < LEVEL:
            found.append(
                f"mean return between points {block[0]} and {block[-1]} is {a.mean():.1f} of {len(a)} seeds, "
                f"not {b.mean():.1f} of {len(b)}"
            )
    return found


def short_of(progress: task.Progress) -> list[str]:
    """Say in words if the seeds do not on average reach what counts as solved, each at its best point."""
    best = _by_point(progress).max(axis=1).mean()
    return [] if best >= LEARNED else [f"the best points of its seeds are {best:.1f} on average, below {LEARNED:g}"]


def _by_point(progress: task.Progress) -> NDArray[np.float64]:
    return np.divide(
        progress.returns, progress.episodes, out=np.zeros_like(progress.returns), where=progress.episodes > 0
    )


def _mean_returns(progress: task.Progress, block: NDArray[np.int64]) -> NDArray[np.float64]:
    return progress.returns[:, block].sum(axis=1) / progress.episodes[:, block].sum(axis=1)


def _p_value(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    freedom = len(a) + len(b) - 2
    spread = np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / freedom)
    apart = abs(a.mean() - b.mean())
    if spread == 0.0:
        return float(apart == 0.0)
    return float(2.0 * stats.t.sf(apart / (spread * np.sqrt(1.0 / len(a) + 1.0 / len(b))), freedom))

"""The grid of steps: what the episodes between two points were like."""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.jit import inlined

__all__ = ["begin_episodes", "break_off", "episode_ended", "grid_of", "write_point"]


def grid_of(steps: int, points: int) -> np.ndarray:
    """After how many steps each point is: evenly, the last after all.

    Examples
    --------
    >>> grid_of(100, 3).tolist()
    [33, 66, 100]
    """
    return np.array([steps * (point + 1) // points for point in range(points)], np.int64)


@inlined
def begin_episodes(episodes, lane):
    """Forget what the run before had."""
    for i in range(4):
        episodes.ended[lane, i] = 0.0
    for i in range(3):
        episodes.latest[lane, i] = 0.0
    episodes.counts[lane, 0] = 0
    episodes.counts[lane, 1] = 0
    episodes.lowest[lane] = np.inf
    episodes.broken[lane] = False


@inlined
def episode_ended(episodes, lane, place, terminated):
    """Count the episode of an environment that has just ended."""
    episodes.ended[lane, 0] += 1.0
    episodes.ended[lane, 1] += episodes.totals[place]
    episodes.ended[lane, 2] += np.float64(episodes.lengths[place])
    if not terminated:
        episodes.ended[lane, 3] += 1.0
    episodes.counts[lane, 0] += 1
    episodes.totals[place] = 0.0
    episodes.lengths[place] = 0


@inlined
def write_point(episodes, lane, place, out, run):
    """Write the next point of a run; `place` is its first environment's, whose episode is under way."""
    point = episodes.counts[lane, 1]
    count = episodes.ended[lane, 0]
    if count > 0.0:
        for i in range(3):
            episodes.latest[lane, i] = episodes.ended[lane, i + 1] / count
            episodes.ended[lane, i + 1] = 0.0
        episodes.ended[lane, 0] = 0.0
    elif episodes.counts[lane, 0] == 0:
        episodes.latest[lane, 0] = episodes.totals[place]
        episodes.latest[lane, 1] = np.float64(episodes.lengths[place])
    episodes.lowest[lane] = min(episodes.lowest[lane], episodes.latest[lane, 0])
    out.returns[run, point] = episodes.latest[lane, 0]
    out.lengths[run, point] = episodes.latest[lane, 1]
    out.truncated[run, point] = episodes.latest[lane, 2]
    out.episodes[run, point] = episodes.counts[lane, 0]
    episodes.counts[lane, 1] = point + 1


@inlined
def break_off(episodes, lane, place, out, run, step):
    """A run has diverged after so many steps: from here on it counts with the lowest return it had."""
    out.diverged_at[run] = step
    while episodes.counts[lane, 1] < out.returns.shape[1]:
        write_point(episodes, lane, place, out, run)
        out.returns[run, episodes.counts[lane, 1] - 1] = episodes.lowest[lane]

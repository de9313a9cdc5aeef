"""The grid of steps: what the episodes between two points were like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.simd import maximum, minimum

__all__ = ["begin_points", "break_off", "episode_ended", "grid_of", "write_point"]


def grid_of(steps: int, points: int) -> NDArray[np.int64]:
    """After how many steps each point is: evenly, the last after all.

    Examples
    --------
    >>> grid_of(100, 3).tolist()
    [33, 66, 100]
    """
    return np.arange(1, points + 1) * steps // points


@inlined
def begin_points(lane):
    """Forget what the run before had."""
    lane.count = lane.returns = lane.lengths = lane.truncated = 0.0
    lane.latest_return = lane.latest_length = lane.latest_truncated = 0.0
    lane.ended = lane.point = lane.broken = 0
    lane.lowest = np.inf


@inlined
def episode_ended(lane, episode, terminated):
    """Count an episode that has just ended."""
    lane.count += 1.0
    lane.returns += episode.total
    lane.lengths += np.float64(episode.length)
    if not terminated:
        lane.truncated += 1.0
    lane.ended += 1
    episode.total = 0.0
    episode.length = 0


@inlined
def write_point(lane, episode, out, run, max_steps):
    """Write the next point of a run, of which `episode` is under way.

    Points before the first episode's end are written when it has ended: what an episode has collected so far would look
    like success where steps cost. If none ends, it counts as if it went on so until `max_steps`, where that is less.
    """
    if lane.count > 0.0:
        first = lane.ended == np.int64(lane.count)
        lane.latest_return = lane.returns / lane.count
        lane.latest_length = lane.lengths / lane.count
        lane.latest_truncated = lane.truncated / lane.count
        lane.count = lane.returns = lane.lengths = lane.truncated = 0.0
        if first:
            for earlier in range(lane.point):
                write_latest(lane, out.points[run, earlier])
    elif lane.ended == 0:
        whole = episode.total * np.float64(max_steps) / np.float64(maximum(episode.length, 1))
        lane.latest_return = minimum(whole, episode.total)
        lane.latest_length = np.float64(episode.length)
    if lane.ended > 0:
        lane.lowest = minimum(lane.latest_return, lane.lowest)
    point = out.points[run, lane.point]
    write_latest(lane, point)
    point.episodes = lane.ended
    lane.point += 1


@inlined
def write_latest(lane, point):
    """Write what the latest episodes were like."""
    point.returns = lane.latest_return
    point.lengths = lane.latest_length
    point.truncated = lane.latest_truncated


@inlined
def break_off(lane, episode, out, run, max_steps, step):
    """A run has diverged after so many steps: from here on it counts with the lowest return it had."""
    out.runs[run].diverged_at = step
    while lane.point < out.points.shape[1]:
        write_point(lane, episode, out, run, max_steps)
        if lane.ended > 0:
            out.points[run, lane.point - 1].returns = lane.lowest

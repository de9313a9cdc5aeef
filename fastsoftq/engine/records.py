"""The two records that enter a training loop: the runs to train, and the arrays of their curves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Output", "Work"]


class Work(NamedTuple):
    """The runs to train, and what the threads that share them tell each other."""

    seeds: NDArray[np.uint64]  # [runs]
    initial_q: NDArray[np.float64]  # [1 or runs, states, actions]: the table of all runs, or of each, at the start
    max_steps: int  # an episode is cut short there; its last update still bootstraps
    next_run: NDArray[np.int64]  # [1]: the run to take next, shared by all threads
    stop: NDArray[np.bool_]  # [1]: set by another thread, ends the work
    progress: NDArray[np.int64]  # [2]: runs done by this thread, and steps taken in them
    done: Any = None  # int64 [pieces of `piece` runs]: runs of each that are done, for who fetches results meanwhile
    piece: int = 1


class Output(NamedTuple):
    """The arrays that a loop fills."""

    returns: NDArray[np.float64]  # [runs, episodes]: the undiscounted sum of unscaled rewards
    lengths: NDArray[np.int32]  # [runs, episodes]: steps
    truncated: NDArray[Any]  # [runs, episodes], bool: the episode met `max_steps` and did not terminate there
    kept: Any  # int64 [0 or episodes]: after each episode, which of `tables` to fill; -1: none. None: no tables
    tables: NDArray[np.float64]  # [0 or runs, tables, states, actions]

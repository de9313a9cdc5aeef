"""The records that enter a loop of deep Q-learning, and the arrays that it fills."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["OBSERVATION", "REWARD", "DeepOutput", "DeepWork", "Learner", "deep_output"]

OBSERVATION, REWARD = 1, 2  # what of an environment was not finite


class Learner(NamedTuple):
    """A `Deep` as the loops take it; the types of its options tell which there are."""

    agent: Any
    optimizer: Any
    replay: Any
    loss: Any
    double: Any  # None or a number
    munchausen: Any  # None or a Munchausen
    clip: Any  # None or a number
    target_period: int
    n_step: int
    lazy: int  # a transition's value is worked out once for each target network: 1, or 0 where it changes meanwhile


class DeepWork(NamedTuple):
    """The runs to train, and what the threads that share them tell each other."""

    seeds: NDArray[np.uint64]
    steps: int
    max_steps: int
    grid: NDArray[np.int64]  # [points]
    initial: NDArray[np.float32]  # [0, 1 or runs, parameters]: what networks start from; none: drawn
    next_run: NDArray[np.int64]  # [1]
    stop: NDArray[np.bool_]  # [1]
    progress: NDArray[np.int64]  # [2]: runs done by this thread, and steps taken


# Of a point of a run's curve, and of a run.
_POINT = np.dtype(
    [("returns", np.float64), ("lengths", np.float64), ("truncated", np.float64), ("episodes", np.int64)], align=True
)
_RUN = np.dtype([("diverged_at", np.int64), ("fault", np.int64), ("fault_at", np.int64)], align=True)


class DeepOutput(NamedTuple):
    """The arrays that a loop fills."""

    points: NDArray[Any]  # [runs, points]
    runs: NDArray[Any]  # [runs]: what of the environment was not finite, and after how many steps
    parameters: NDArray[np.float32]  # [0 or runs, parameters]


def deep_output(runs: int, points: int, parameters: int, keep_parameters: bool) -> DeepOutput:
    """Room for the curves of some runs, none of which has diverged."""
    out = DeepOutput(
        np.zeros((runs, points), _POINT),
        np.zeros(runs, _RUN),
        np.zeros((runs if keep_parameters else 0, parameters), np.float32),
    )
    out.runs["diverged_at"] = -1
    return out

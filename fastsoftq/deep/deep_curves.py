"""DeepCurves: what training a network yields, on a grid of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DeepCurves"]


@dataclass(frozen=True, eq=False)
class DeepCurves:
    """The learning curves of many runs of one deep agent in one environment, on a grid of steps."""

    returns: NDArray[np.float64]
    lengths: NDArray[np.float64]
    truncated: NDArray[np.float64]
    episodes: NDArray[np.int64]
    steps: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    diverged_at: NDArray[np.int64]
    seeds: NDArray[np.uint64]
    agent: Any
    environment: str
    max_steps: int
    precision: str
    parameters: NDArray[np.float32] | None = None

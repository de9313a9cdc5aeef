"""Where the transitions come from that a network learns from: a buffer of old ones, or environments side by side."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PrioritizedReplay", "Replay", "Rollouts"]


class Replay(NamedTuple):
    """A buffer of the latest transitions, sampled evenly (Lin 1992; Mnih et al. 2015)."""

    capacity: int = 10_000
    batch: int = 128
    start: int = 10_000
    every: int = 10


class PrioritizedReplay(NamedTuple):
    """A buffer sampled by the size of the last error (Schaul et al. 2016, proportional)."""

    capacity: int = 10_000
    batch: int = 128
    start: int = 10_000
    every: int = 10
    alpha: float = 0.6
    beta: float = 0.4
    beta_steps: int = 100_000


class Rollouts(NamedTuple):
    """No buffer: environments side by side, and returns that look ahead (PQN, Gallici et al. 2024)."""

    environments: int = 32
    length: int = 32
    epochs: int = 2
    minibatches: int = 16
    trace_decay: float = 0.65

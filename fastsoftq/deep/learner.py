"""Deep: an agent whose action values a network gives."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts
from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.losses import Huber, Squared
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp

__all__ = ["Deep", "Munchausen"]


class Munchausen(NamedTuple):
    """Part of the log-policy of the action taken is added to its reward (Vieillard et al. 2020)."""

    weight: float = 0.9
    floor: float = -1.0


class Deep(NamedTuple):
    """An agent on the rows that a network gives."""

    agent: Any
    network: MLP | Convolutional = MLP()
    optimizer: SGD | RMSProp | Adam = Adam()
    replay: Replay | PrioritizedReplay | Rollouts = Replay()
    target_period: int = 500
    loss: Squared | Huber = Squared()
    double: bool = False
    n_step: int = 1
    munchausen: Munchausen | None = None
    clip: float | None = None

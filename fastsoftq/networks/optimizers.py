"""Optimisers: how a gradient changes parameters. The step size is the agent's."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SGD", "Adam", "RMSProp"]


class SGD(NamedTuple):
    """Stochastic gradient descent, with momentum (Polyak 1964)."""

    momentum: float = 0.0


class RMSProp(NamedTuple):
    """Steps divided by a running root mean square of the gradient (Tieleman & Hinton 2012)."""

    decay: float = 0.99
    epsilon: float = 1e-8


class Adam(NamedTuple):
    """Adam (Kingma & Ba 2015)."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

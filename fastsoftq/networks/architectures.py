"""The shapes of networks: how many units in which layers."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MLP", "Convolutional"]


class MLP(NamedTuple):
    """A multi-layer perceptron: dense layers with rectified units, and action values at the end."""

    hidden: tuple[int, ...] = (120, 84)
    dueling: bool = False
    layer_norm: bool = False
    bias: bool = True


class Convolutional(NamedTuple):
    """Convolutions over a picture, then dense layers."""

    channels: tuple[int, ...] = (16,)
    size: int = 3
    hidden: tuple[int, ...] = (128,)
    dueling: bool = False
    layer_norm: bool = False
    bias: bool = True

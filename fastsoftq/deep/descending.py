"""From the errors of a batch to new parameters."""

from __future__ import annotations

import numpy as np
from numba import types

from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.networks.losses import slope
from fastsoftq.networks.network import backward, gradient_norm, optimise, scale

__all__ = ["descend", "set_slopes"]


@inlined
def set_slopes(loss, network, memory, there, lane, action, target, weight):
    """Write the slopes of the loss by the values of a row, zero but for the action's, and return its error."""
    numbers, places, lanes = memory.numbers, memory.places, network.lanes
    step = network.unit_stride * lanes
    own = np.int64(action) * step
    error = numbers[(places.activations + there) * lanes + lane + own] - np.float32(target)
    slopes = (places.deltas + there) * lanes + lane
    for a in range(network.outputs):
        numbers[slopes + a * step] = np.float32(0)
    numbers[slopes + own] = slope(loss, error) * np.float32(weight)
    return error


@inlined
def descend(learner, network, memory, step_size, rows):
    """From slopes to a step of the optimiser."""
    numbers, places, powers = memory.numbers, memory.places, memory.powers
    backward(network, numbers, places.online, places.gradients, places.activations, places.deltas, places.scratch, rows)
    clipped(learner.clip, network, numbers, places.gradients)
    optimise(network, learner.optimizer, numbers, places.online, places.moments, places.gradients, step_size, powers)


@by_type
def clipped(clip, network, numbers, gradients):
    """Make the gradient no longer than `clip`, where there is one (Pascanu et al. 2013)."""
    if isinstance(clip, types.NoneType):
        return lambda clip, network, numbers, gradients: None

    def implementation(clip, network, numbers, gradients):
        norm = gradient_norm(network, numbers, gradients)
        if norm > clip:
            scale(network, numbers, gradients, clip / norm)

    return implementation

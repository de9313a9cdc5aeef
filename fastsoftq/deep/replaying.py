"""Which transitions are learned from: evenly, or by the size of their last error."""

from __future__ import annotations

import numpy as np

from fastsoftq.deep.replay import PrioritizedReplay
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.numerics import exp2, log2
from fastsoftq.kernels.random import integer, uniform

__all__ = ["begin_buffer", "kept", "note_errors", "pick"]


@inlined
def available(capacity, n_step, t):
    """How many transitions can be learned from at step t: those whose n steps are over."""
    return min(t + 1, capacity) - (n_step - 1)


@by_type
def begin_buffer(replay, buffer, lane):
    """Forget the transitions of the run before."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:
        return lambda replay, buffer, lane: _forget_values(buffer, lane)

    def prioritized(replay, buffer, lane):
        _forget_values(buffer, lane)
        for i in range(buffer.priorities.shape[1]):
            buffer.priorities[lane, i] = 0.0
        buffer.greatest[lane] = 1.0

    return prioritized


@inlined
def _forget_values(buffer, lane):
    for i in range(buffer.versions.shape[1]):
        buffer.versions[lane, i] = -1


@by_type
def kept(replay, buffer, lane, n_step, t):
    """The transition of step t has been kept: of which one the n steps are over now, and which is gone."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:
        return lambda replay, buffer, lane, n_step, t: None

    def prioritized(replay, buffer, lane, n_step, t):
        capacity = buffer.actions.shape[1]
        _set_priority(buffer, lane, t % capacity, 0.0)
        if t >= n_step - 1:
            _set_priority(buffer, lane, (t - n_step + 1) % capacity, buffer.greatest[lane])

    return prioritized


@inlined
def _set_priority(buffer, lane, place, priority):
    """Write a leaf and the sums above it, each of its two children."""
    node = buffer.priorities.shape[1] // 2 + place
    buffer.priorities[lane, node] = priority
    node //= 2
    while node >= 1:
        buffer.priorities[lane, node] = buffer.priorities[lane, 2 * node] + buffer.priorities[lane, 2 * node + 1]
        node //= 2


@by_type
def pick(replay, buffer, episodes, lane, n_step, t):
    """Pick a batch: places to `picked`, weights of their errors to `weights`."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:

        def evenly(replay, buffer, episodes, lane, n_step, t):
            capacity = buffer.actions.shape[1]
            count = available(capacity, n_step, t)
            key = episodes.batch_keys[lane]
            for i in range(replay.batch):
                key, age = integer(key, count)
                buffer.picked[lane, i] = (t - (n_step - 1) - age) % capacity
                buffer.weights[lane, i] = 1.0
            episodes.batch_keys[lane] = key

        return evenly

    def prioritized(replay, buffer, episodes, lane, n_step, t):
        """Schaul et al. 2016: one of each of `batch` equal shares; weights by equation 1 of section 3.4."""
        capacity = buffer.actions.shape[1]
        count = available(capacity, n_step, t)
        leaves = buffer.priorities.shape[1] // 2
        whole = buffer.priorities[lane, 1]
        share = whole / replay.batch
        grown = min(np.float64(t) / np.float64(replay.beta_steps), 1.0)
        beta = replay.beta + grown * (1.0 - replay.beta)
        key = episodes.batch_keys[lane]
        most = 0.0
        for i in range(replay.batch):
            key, u = uniform(key)
            left = (np.float64(i) + u) * share
            node = 1
            while node < leaves:
                below = buffer.priorities[lane, 2 * node]
                # Rounding may carry past the last leaf that has a priority.
                if left < below or buffer.priorities[lane, 2 * node + 1] <= 0.0:
                    node = 2 * node
                else:
                    left -= below
                    node = 2 * node + 1
            probability = buffer.priorities[lane, node] / whole
            weight = exp2(-beta * log2(np.float64(count) * probability))
            buffer.picked[lane, i] = node - leaves
            buffer.weights[lane, i] = weight
            most = max(most, weight)
        for i in range(replay.batch):
            buffer.weights[lane, i] /= most
        episodes.batch_keys[lane] = key

    return prioritized


@by_type
def note_errors(replay, buffer, lane, i, error):
    """A transition's error is known: its new priority."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:
        return lambda replay, buffer, lane, i, error: None

    def prioritized(replay, buffer, lane, i, error):
        priority = exp2(replay.alpha * log2(abs(error) + 1e-6))
        buffer.greatest[lane] = max(buffer.greatest[lane], priority)
        _set_priority(buffer, lane, buffer.picked[lane, i], priority)

    return prioritized

"""Which transitions are learned from: evenly, or by the size of their last error."""

from __future__ import annotations

import numpy as np

from fastsoftq.deep.replay import PrioritizedReplay
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.numerics import exp2, log2
from fastsoftq.kernels.random import integer, uniform
from fastsoftq.kernels.simd import minimum

__all__ = ["begin_buffer", "kept", "note_errors", "pick"]


@inlined
def available(capacity, n_step, t):
    """How many transitions can be learned from at step t: those whose n steps are over."""
    return minimum(t + 1, capacity) - (n_step - 1)


@by_type
def begin_buffer(replay, memory, lane):
    """Forget the transitions of the run before."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:
        return lambda replay, memory, lane: _forget_values(memory, lane)

    def prioritized(replay, memory, lane):
        _forget_values(memory, lane)
        for i in range(memory.priorities.shape[1]):
            memory.priorities[lane, i] = 0.0
        memory.lanes[lane].greatest = 1.0

    return prioritized


@inlined
def _forget_values(memory, lane):
    for i in range(memory.transitions.shape[1]):
        memory.transitions[lane, i].version = -1


@by_type
def kept(replay, memory, lane, n_step, t):
    """The transition of step t has been kept: of which one the n steps are over now, and which is gone."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:
        return lambda replay, memory, lane, n_step, t: None

    def prioritized(replay, memory, lane, n_step, t):
        capacity = memory.transitions.shape[1]
        _set_priority(memory, lane, t % capacity, 0.0)
        if t >= n_step - 1:
            _set_priority(memory, lane, (t - n_step + 1) % capacity, memory.lanes[lane].greatest)

    return prioritized


@inlined
def _set_priority(memory, lane, place, priority):
    """Write a leaf and the sums above it, each of its two children."""
    node = memory.priorities.shape[1] // 2 + place
    memory.priorities[lane, node] = priority
    node //= 2
    while node >= 1:
        memory.priorities[lane, node] = memory.priorities[lane, 2 * node] + memory.priorities[lane, 2 * node + 1]
        node //= 2


@by_type
def pick(replay, memory, lane, n_step, t):
    """Pick a batch: places to `picked`, weights of their errors to `weights`."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:

        def evenly(replay, memory, lane, n_step, t):
            capacity = memory.transitions.shape[1]
            count = available(capacity, n_step, t)
            key = memory.lanes[lane].batch_key
            for i in range(replay.batch):
                key, age = integer(key, count)
                memory.picked[lane, i].place = (t - (n_step - 1) - age) % capacity
                memory.picked[lane, i].weight = 1.0
            memory.lanes[lane].batch_key = key

        return evenly

    def prioritized(replay, memory, lane, n_step, t):
        """Schaul et al. 2016: one of each of `batch` equal shares; weights by equation 1 of section 3.4."""
        capacity = memory.transitions.shape[1]
        count = available(capacity, n_step, t)
        leaves = memory.priorities.shape[1] // 2
        whole = memory.priorities[lane, 1]
        share = whole / replay.batch
        grown = min(np.float64(t) / np.float64(replay.beta_steps), 1.0)
        beta = replay.beta + grown * (1.0 - replay.beta)
        key = memory.lanes[lane].batch_key
        most = 0.0
        for i in range(replay.batch):
            key, u = uniform(key)
            left = (np.float64(i) + u) * share
            node = 1
            while node < leaves:
                below = memory.priorities[lane, 2 * node]
                # Rounding may carry past the last leaf that has a priority.
                if left < below or memory.priorities[lane, 2 * node + 1] <= 0.0:
                    node = 2 * node
                else:
                    left -= below
                    node = 2 * node + 1
            probability = memory.priorities[lane, node] / whole
            weight = exp2(-beta * log2(np.float64(count) * probability))
            memory.picked[lane, i].place = node - leaves
            memory.picked[lane, i].weight = weight
            most = max(most, weight)
        for i in range(replay.batch):
            memory.picked[lane, i].weight /= most
        memory.lanes[lane].batch_key = key

    return prioritized


@by_type
def note_errors(replay, memory, lane, i, error):
    """A transition's error is known: its new priority."""
    if getattr(replay, "instance_class", None) is not PrioritizedReplay:
        return lambda replay, memory, lane, i, error: None

    def prioritized(replay, memory, lane, i, error):
        priority = exp2(replay.alpha * log2(abs(error) + 1e-6))
        memory.lanes[lane].greatest = max(memory.lanes[lane].greatest, priority)
        _set_priority(memory, lane, memory.picked[lane, i].place, priority)

    return prioritized

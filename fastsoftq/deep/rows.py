"""Rows between observations, the network's numbers and the agents' rules."""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import each

__all__ = ["all_finite", "put_row", "row_at"]

_LARGEST = 1e30  # of a value that training goes on with: sums of such values stay finite in float32


@inlined
def put_row(network, numbers, place, lane, values):
    """Write an observation where the network reads it."""
    at, step = place * network.lanes + lane, network.unit_stride * network.lanes
    for j in range(len(values)):
        numbers[at + j * step] = values[j]


@inlined
def _value(_, action, numbers, at, step):
    return np.float64(numbers[at + np.int64(action) * step])


@inlined
def row_at(network, numbers, place, lane, row):
    """The action values at `place`, in the form of `row`: what the agent's rules are given."""
    return each(_value, row, (numbers, place * network.lanes + lane, network.unit_stride * network.lanes))


@inlined
def all_finite(row):
    """Whether training can go on with these values."""
    finite = True
    for a in range(len(row)):
        finite = finite & (abs(row[a]) <= _LARGEST)
    return finite

"""Rows between observations, the network's numbers and the agents' rules."""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import each

__all__ = ["all_finite", "put_row", "row_at"]

_LARGEST = 1e30  # of a value that training goes on with: squares of float32 stay finite below


@inlined
def put_row(numbers, place, lane, lanes, values):
    """Write an observation where the network reads it."""
    for j in range(len(values)):
        numbers[(place + j) * lanes + lane] = values[j]


@inlined
def _value(_, action, numbers, at, lanes):
    return np.float64(numbers[at + np.int64(action) * lanes])


@inlined
def row_at(numbers, place, lane, lanes, row):
    """The action values at `place`, in the form of `row`: what the agent's rules are given."""
    return each(_value, row, (numbers, place * lanes + lane, lanes))


@inlined
def all_finite(row):
    """Whether training can go on with these values."""
    finite = True
    for a in range(len(row)):
        finite = finite & (abs(row[a]) <= _LARGEST)
    return finite

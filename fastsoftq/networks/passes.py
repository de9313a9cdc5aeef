"""A network's numbers forward, and its gradient backward, layer by layer as the plan says."""

from __future__ import annotations

from numba import types

from fastsoftq.kernels.addresses import call_at, floats_at, words_at
from fastsoftq.kernels.jit import apart, inlined
from fastsoftq.networks.float_vectors import put, transpose_eight, vector
from fastsoftq.networks.layer_plan import (
    BIASES,
    COLUMNS,
    FIELDS,
    INPUTS,
    PASSES,
    RECTIFIES,
    TURNED,
    TURNED_ROW,
    WEIGHT_ROW,
    WEIGHTS,
    X_ROW,
    Y_ROW,
    X,
    Y,
)
from fastsoftq.networks.products import ADDED, BIAS, MASKED, NOTHING, PLAIN, RECTIFIED

__all__ = ["backward_pass", "forward_pass"]

_i = types.int64


@apart(types.void(_i, _i, _i, _i, _i, _i, _i))
def forward_pass(memory, plan, layers, product, parameters, activations, rows):
    """The activations of all layers, from `rows` >= 1 rows of observations."""
    table = words_at(plan)
    for n in range(layers):
        at = n * FIELDS
        biases = table[at + BIASES]
        call_at(
            product,
            memory,
            BIAS if biases >= 0 else NOTHING,
            RECTIFIED if table[at + RECTIFIES] else PLAIN,
            activations + table[at + X],
            table[at + X_ROW],
            1,
            parameters + table[at + WEIGHTS],
            table[at + WEIGHT_ROW],
            table[at + INPUTS],
            activations + table[at + Y],
            table[at + Y_ROW],
            parameters + biases,
            0,
            rows,
            table[at + COLUMNS],
        )


@inlined
def _sum_rows(memory, x, row, rows, columns, out):
    """Sums of columns, in the order of rows."""
    for j in range(0, columns, 16):
        total = vector(memory, x + j)
        for i in range(1, rows):
            total = total + vector(memory, x + i * row + j)
        put(memory, out + j, total)


@inlined
def _transpose(memory, x, x_row, rows, columns, y, y_row):
    """Columns of `x` as rows of `y`; rows are rounded up to eight, as columns are."""
    for i in range(0, rows, 8):
        for j in range(0, columns, 8):
            transpose_eight(memory, x + i * x_row + j, x_row, y + j * y_row + i, y_row)


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i, _i))
def backward_pass(memory, plan, layers, product, parameters, gradients, activations, deltas, scratch, rows):
    """The gradient of all parameters, from the deltas of the action values of `rows` >= 1 rows."""
    table, floats = words_at(plan), floats_at(memory)
    for n in range(layers - 1, -1, -1):
        at = n * FIELDS
        inputs, columns = table[at + INPUTS], table[at + COLUMNS]
        x, x_row, d, d_row = table[at + X], table[at + X_ROW], deltas + table[at + Y], table[at + Y_ROW]
        weights, weight_row = table[at + WEIGHTS], table[at + WEIGHT_ROW]
        call_at(
            product, memory, NOTHING, PLAIN, activations + x, 1, x_row, d, d_row, rows,
            gradients + weights, weight_row, 0, 0, inputs, columns,
        )  # fmt: skip
        if table[at + BIASES] >= 0:
            _sum_rows(floats, d, d_row, rows, columns, gradients + table[at + BIASES])
        if table[at + PASSES]:
            turned, turned_row = scratch + table[at + TURNED], table[at + TURNED_ROW]
            _transpose(floats, parameters + weights, weight_row, inputs, columns, turned, turned_row)
            call_at(
                product, memory, ADDED if table[at + PASSES] == 2 else NOTHING, MASKED, d, d_row, 1,
                turned, turned_row, columns, deltas + x, x_row, activations + x, x_row, rows, -(-inputs // 8) * 8,
            )  # fmt: skip

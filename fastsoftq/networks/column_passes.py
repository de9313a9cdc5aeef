"""Batches through dense layers, observations as columns (`column_plan.py`): the numbers of `passes.py`, to the bit."""

from __future__ import annotations

from numba import types

from fastsoftq.kernels.addresses import call_at, floats_at, words_at
from fastsoftq.kernels.jit import apart, inlined
from fastsoftq.networks.column_plan import PANEL
from fastsoftq.networks.layers import layer_of
from fastsoftq.networks.passes import sum_rows, transpose, up_to_units
from fastsoftq.networks.products import BIASES, MASKED, NOTHING, PLAIN, RECTIFIED

__all__ = ["backward_columns", "forward_columns"]

_i = types.int64


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i))
def forward_columns(memory, plan, layers, product, unused, unused_too, parameters, activations, rows):
    """The activations of all layers, from `rows` >= 1 observations.

    Examples
    --------
    It is what `network.forward` calls where observations are columns:

    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network_for(MLP(()), (4,), 2, 16, SGD(), columns=True).forward_at == forward_columns.entry
    True
    """
    for n in range(layers):
        layer = layer_of(words_at(plan), n)
        call_at(
            product, memory, BIASES if layer.biases >= 0 else NOTHING, RECTIFIED if layer.rectifies else PLAIN,
            parameters + layer.weights, 1, layer.weight_row, activations + layer.x, layer.x_row, layer.inputs,
            activations + layer.y, layer.y_row, parameters + layer.biases, 0, layer.units, up_to_units(rows),
        )  # fmt: skip


@inlined
def _up_to_lines(count):
    return -(-count // 16) * 16


@inlined
def _differentiate(memory, floats, layer, product, parameters, gradients, activations, deltas, scratch, rows):
    """One layer's gradient, for which the deltas are turned: a sum over observations is a chain, in their order."""
    x, dy, turned = activations + layer.x, deltas + layer.y, scratch + layer.turned
    for j in range(0, layer.columns, PANEL):
        width = PANEL if layer.columns - j > PANEL else layer.columns - j
        transpose(floats, dy + j * layer.y_row, layer.y_row, _up_to_lines(width), rows, turned, PANEL)
        call_at(
            product, memory, NOTHING, PLAIN, x, layer.x_row, 1, turned, PANEL, rows,
            gradients + layer.weights + j, layer.weight_row, 0, 0, layer.inputs, width,
        )  # fmt: skip
        if layer.biases >= 0:
            sum_rows(memory, floats, product, turned, PANEL, rows, width, scratch, gradients + layer.biases + j)
    if layer.passes:
        call_at(
            product, memory, NOTHING, MASKED, parameters + layer.weights, layer.weight_row, 1, dy, layer.y_row,
            layer.units, deltas + layer.x, layer.x_row, x, layer.x_row, layer.inputs, up_to_units(rows),
        )  # fmt: skip


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i))
def backward_columns(
    memory,
    plan,
    layers,
    product,
    unused,
    unused_too,
    unused_either,
    parameters,
    gradients,
    activations,
    deltas,
    scratch,
    rows,
):
    """The gradient of all parameters, from the deltas of the action values of `rows` >= 1 observations.

    Examples
    --------
    It is what `network.backward` calls where observations are columns:

    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network_for(MLP(()), (4,), 2, 16, SGD(), columns=True).backward_at == backward_columns.entry
    True
    """
    for n in range(layers - 1, -1, -1):
        layer = layer_of(words_at(plan), n)
        _differentiate(
            memory, floats_at(memory), layer, product, parameters, gradients, activations, deltas, scratch, rows
        )

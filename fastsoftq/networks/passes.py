"""A network's numbers forward, and its gradient backward, layer by layer as the plan says."""

from __future__ import annotations

from numba import types

from fastsoftq.kernels.addresses import call_at, floats_at, words_at
from fastsoftq.kernels.jit import apart, inlined
from fastsoftq.networks.float_vectors import put, transpose_eight, vector
from fastsoftq.networks.layer_norm import differentiate_norms, normalise
from fastsoftq.networks.layers import CONVOLUTION, DENSE, FEW, NORM, layer_of
from fastsoftq.networks.products import ADDED, BIAS, MASKED, NOTHING, PLAIN, RECTIFIED

__all__ = ["backward_pass", "forward_pass", "sum_rows", "transpose", "up_to_units"]

_i = types.int64


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i))
def forward_pass(memory, plan, layers, product, gathered_product, norms, parameters, activations, rows):
    """The activations of all layers, from `rows` >= 1 rows of observations.

    Examples
    --------
    It is what `network.forward` calls:

    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network_for(MLP(()), (4,), 2, 1, SGD()).forward_at == forward_pass.entry
    True
    """
    for n in range(layers):
        layer = layer_of(words_at(plan), n)
        x, y = activations + layer.x, activations + layer.y
        begins = BIAS if layer.biases >= 0 else NOTHING
        ends = RECTIFIED if layer.rectifies else PLAIN
        weights, biases = parameters + layer.weights, parameters + layer.biases
        if layer.kind == DENSE:
            call_at(
                product, memory, begins, ends, x, layer.x_row, 1, weights, layer.weight_row, layer.inputs,
                y, layer.y_row, biases, 0, rows, layer.columns,
            )  # fmt: skip
        elif layer.kind == CONVOLUTION:
            for i in range(rows):
                call_at(
                    gathered_product, memory, begins, ends, x + i * layer.x_row, plan + 8 * layer.corners,
                    plan + 8 * layer.window, weights, layer.weight_row, layer.inputs, y + i * layer.y_row,
                    layer.position_row, biases, 0, layer.positions, layer.columns,
                )  # fmt: skip
        elif layer.kind == NORM:
            call_at(norms, memory, plan, n, parameters, activations, rows)
        else:
            _join_streams(floats_at(memory), layer, activations, rows)


# What few networks have is compiled where one has it.


@apart(types.void(_i, _i, _i, _i, _i, _i))
def norms_forward(memory, plan, n, parameters, activations, rows):
    """Layer `n`, which normalises, forward."""
    normalise(floats_at(memory), layer_of(words_at(plan), n), parameters, activations, rows)


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i))
def norms_backward(memory, plan, n, parameters, gradients, activations, deltas, rows):
    """Layer `n`, which normalises, backward."""
    layer = layer_of(words_at(plan), n)
    differentiate_norms(floats_at(memory), layer, parameters, gradients, activations, deltas, rows)


@inlined
def _join_streams(memory, layer, activations, rows):
    """The value plus the advantages less their mean (Wang et al. 2016, equation 9)."""
    for i in range(rows):
        x, y = activations + layer.x + i * layer.x_row, activations + layer.y + i * layer.y_row
        value = memory[activations + layer.second + i * 16]
        mean = memory[x]
        for k in range(1, layer.units):
            mean += memory[x + k]
        mean /= layer.units
        for k in range(layer.units):
            memory[y + k] = value + (memory[x + k] - mean)


@inlined
def _part_streams(memory, layer, deltas, rows):
    """The deltas of the value and the advantages."""
    for i in range(rows):
        x, y = deltas + layer.x + i * layer.x_row, deltas + layer.y + i * layer.y_row
        value = memory[y]
        for k in range(1, layer.units):
            value += memory[y + k]
        memory[deltas + layer.second + i * 16] = value
        mean = value / layer.units
        for k in range(layer.units):
            memory[x + k] = memory[y + k] - mean


@inlined
def sum_rows(memory, floats, product, x, row, rows, columns, scratch, out):
    """Sums of columns, in the order of rows: the product of a row of ones; called from compiled code.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.products import product
    >>> @compiled
    ... def summed(array, product):
    ...     memory = address_of(array)
    ...     sum_rows(memory, floats_at(memory), product, 0, 16, 3, 8, 48, 64)
    >>> numbers = aligned_floats(80)
    >>> numbers[:48] = range(48)
    >>> summed(numbers, product.entry)
    >>> numbers[64:66]
    array([48., 51.], dtype=float32)
    """
    floats[scratch] = 1
    call_at(product, memory, NOTHING, PLAIN, scratch, 0, 0, x, row, rows, out, 0, 0, 0, 1, columns)


@inlined
def _sum_positions(memory, layer, x, rows, out):
    """Sums of columns, in the order of rows and of positions."""
    for j in range(0, layer.columns, 16):
        total = vector(memory, x + j)
        for i in range(rows):
            for p in range(1 if i == 0 else 0, layer.positions):
                total = total + vector(memory, x + i * layer.y_row + p * layer.position_row + j)
        put(memory, out + j, total)


@inlined
def transpose(memory, x, x_row, rows, columns, y, y_row):
    """Columns of `x` as rows of `y`; rows are rounded up to eight, as columns are; called from compiled code.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> numbers = aligned_floats(256)
    >>> numbers[:128] = range(128)
    >>> compiled(lambda array: transpose(floats_at(address_of(array)), 0, 16, 8, 16, 128, 8))(numbers)
    >>> numbers[136:144].tolist()  # the second column
    [1.0, 17.0, 33.0, 49.0, 65.0, 81.0, 97.0, 113.0]
    """
    for i in range(0, rows, 8):
        for j in range(0, columns, 8):
            transpose_eight(memory, x + i * x_row + j, x_row, y + j * y_row + i, y_row)


@inlined
def up_to_units(count):
    """So many columns as a product takes, as `layers.whole_units` says; called from compiled code, too.

    Examples
    --------
    >>> up_to_units(9)
    16
    """
    return -(-count // 8) * 8


@inlined
def _differentiate_dense(memory, floats, layer, product, parameters, gradients, activations, deltas, scratch, rows):
    x, dy, dx = activations + layer.x, deltas + layer.y, deltas + layer.x
    turned, inputs = scratch + layer.turned, up_to_units(layer.inputs)
    if layer.units <= FEW:
        call_at(
            product, memory, NOTHING, PLAIN, dy, 1, layer.y_row, x, layer.x_row, rows,
            turned, layer.turned_row, 0, 0, layer.units, inputs,
        )  # fmt: skip
        transpose(
            floats, turned, layer.turned_row, layer.units, layer.inputs, gradients + layer.weights, layer.weight_row
        )
    else:
        call_at(
            product, memory, NOTHING, PLAIN, x, 1, layer.x_row, dy, layer.y_row, rows,
            gradients + layer.weights, layer.weight_row, 0, 0, layer.inputs, layer.columns,
        )  # fmt: skip
    if layer.biases >= 0:
        sum_rows(memory, floats, product, dy, layer.y_row, rows, layer.columns, scratch, gradients + layer.biases)
    if layer.passes:
        transpose(
            floats, parameters + layer.weights, layer.weight_row, layer.inputs, layer.columns, turned, layer.turned_row
        )
        call_at(
            product, memory, ADDED if layer.passes == 2 else NOTHING, MASKED, dy, layer.y_row, 1,
            turned, layer.turned_row, layer.units, dx, layer.x_row, x, layer.x_row, rows, inputs,
        )  # fmt: skip


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i, _i))
def convolutions_backward(memory, plan, n, product, parameters, gradients, activations, deltas, scratch, rows):
    """Layer `n`, a convolution, backward."""
    layer, floats = layer_of(words_at(plan), n), floats_at(memory)
    x, dy, dx = activations + layer.x, deltas + layer.y, deltas + layer.x
    for i in range(rows):
        call_at(
            product, memory, NOTHING if i == 0 else ADDED, PLAIN, x + i * layer.x_row, plan + 8 * layer.window,
            plan + 8 * layer.corners, dy + i * layer.y_row, layer.position_row, layer.positions,
            gradients + layer.weights, layer.weight_row, 0, 0, layer.inputs, layer.columns,
        )  # fmt: skip
    if layer.biases >= 0:
        _sum_positions(floats, layer, dy, rows, gradients + layer.biases)
    if layer.passes:
        turned, frame = scratch + layer.turned, scratch + layer.frame
        for k in range(layer.area):
            transpose(
                floats, parameters + layer.weights + k * layer.second * layer.weight_row, layer.weight_row,
                layer.second, layer.columns, turned + k * layer.units * layer.turned_row, layer.turned_row,
            )  # fmt: skip
        for k in range(layer.frame_size):
            floats[frame + k] = 0
        inside = layer.frame_row + layer.position_row  # the border is as wide as a window, less one
        border = (layer.frame_row // layer.position_row - layer.width) // 2
        for i in range(rows):
            for p in range(layer.positions):
                row, column = p // layer.width, p % layer.width
                to = frame + border * inside + row * layer.frame_row + column * layer.position_row
                for k in range(layer.units):
                    floats[to + k] = floats[dy + i * layer.y_row + p * layer.position_row + k]
            call_at(
                product, memory, NOTHING, MASKED, frame, plan + 8 * layer.frame_corners,
                plan + 8 * layer.frame_window, turned, layer.turned_row, layer.area * layer.units,
                dx + i * layer.x_row, layer.source_row, x + i * layer.x_row, layer.source_row, layer.sources,
                up_to_units(layer.second),
            )  # fmt: skip


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i))
def backward_pass(
    memory,
    plan,
    layers,
    product,
    gathered_product,
    norms,
    convolutions,
    parameters,
    gradients,
    activations,
    deltas,
    scratch,
    rows,
):
    """The gradient of all parameters, from the deltas of the action values of `rows` >= 1 rows.

    Examples
    --------
    It is what `network.backward` calls:

    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network_for(MLP(()), (4,), 2, 1, SGD()).backward_at == backward_pass.entry
    True
    """
    floats = floats_at(memory)
    for n in range(layers - 1, -1, -1):
        layer = layer_of(words_at(plan), n)
        if layer.kind == NORM:
            call_at(norms, memory, plan, n, parameters, gradients, activations, deltas, rows)
        elif layer.kind == DENSE:
            _differentiate_dense(
                memory, floats, layer, product, parameters, gradients, activations, deltas, scratch, rows
            )
        elif layer.kind == CONVOLUTION:
            call_at(
                convolutions, memory, plan, n, gathered_product, parameters, gradients, activations, deltas, scratch,
                rows,
            )  # fmt: skip
        else:
            _part_streams(floats, layer, deltas, rows)

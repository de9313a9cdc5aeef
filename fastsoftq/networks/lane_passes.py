"""Dense networks of as many seeds side by side as a vector has lanes: the numbers of `passes.py`, to the bit."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.addresses import call_at, floats_at, words_at
from fastsoftq.kernels.jit import apart
from fastsoftq.networks.lane_products import lanes_here
from fastsoftq.networks.layers import layer_of
from fastsoftq.networks.products import ADDED, BIAS, MASKED, NOTHING, PLAIN, RECTIFIED

__all__ = ["backward_lanes", "forward_lanes"]

_i = types.int64


@intrinsic
def _sum_lanes(typing, memory, x, row, rows, units, out):
    """Sums of columns, in the order of rows."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        memory, x, row, rows, units, out = args
        lanes = lanes_here()
        kind = ir.VectorType(ir.FloatType(), lanes)

        def place(number: Any) -> Any:
            at = builder.gep(memory, [builder.mul(number, ir.Constant(number.type, lanes))])
            return builder.bitcast(at, kind.as_pointer())

        total = cgutils.alloca_once(builder, kind)
        with cgutils.for_range(builder, units, intp=x.type) as unit:
            first = builder.add(x, unit.index)
            builder.store(builder.load(place(first), align=4 * lanes), total)
            with cgutils.for_range(builder, rows, start=ir.Constant(x.type, 1), intp=x.type) as loop:
                number = builder.add(first, builder.mul(loop.index, row))
                more = builder.load(place(number), align=4 * lanes)
                builder.store(builder.fadd(builder.load(total), more), total)
            builder.store(builder.load(total), place(builder.add(out, unit.index)), align=4 * lanes)
        return context.get_dummy_value()

    return types.void(types.CPointer(types.float32), _i, _i, _i, _i, _i), emit


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i))
def forward_lanes(memory, plan, layers, product, unused, unused_too, parameters, activations, rows):
    """The activations of all layers, from `rows` >= 1 rows of observations of each seed.

    Examples
    --------
    It is what `network.forward` calls where there are lanes:

    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network_for(MLP(()), (4,), 2, 1, SGD(), lanes=lanes_here()).forward_at == forward_lanes.entry
    True
    """
    for n in range(layers):
        layer = layer_of(words_at(plan), n)
        call_at(
            product, memory, BIAS if layer.biases >= 0 else NOTHING, RECTIFIED if layer.rectifies else PLAIN,
            activations + layer.x, layer.x_row, 1, parameters + layer.weights, layer.weight_row, 1, layer.inputs,
            activations + layer.y, layer.y_row, parameters + layer.biases, 0, rows, layer.units,
        )  # fmt: skip


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i, _i))
def backward_lanes(
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
    """The gradient of all parameters, from the deltas of the action values of `rows` >= 1 rows of each seed.

    Examples
    --------
    It is what `network.backward` calls where there are lanes:

    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network_for(MLP(()), (4,), 2, 1, SGD(), lanes=lanes_here()).backward_at == backward_lanes.entry
    True
    """
    for n in range(layers - 1, -1, -1):
        layer = layer_of(words_at(plan), n)
        x, dy = activations + layer.x, deltas + layer.y
        call_at(
            product, memory, NOTHING, PLAIN, x, 1, layer.x_row, dy, layer.y_row, 1, rows,
            gradients + layer.weights, layer.weight_row, 0, 0, layer.inputs, layer.units,
        )  # fmt: skip
        if layer.biases >= 0:
            _sum_lanes(floats_at(memory), dy, layer.y_row, rows, layer.units, gradients + layer.biases)
        if layer.passes:
            call_at(
                product, memory, ADDED if layer.passes == 2 else NOTHING, MASKED, dy, layer.y_row, 1,
                parameters + layer.weights, 1, layer.weight_row, layer.units, deltas + layer.x, layer.x_row,
                x, layer.x_row, rows, layer.inputs,
            )  # fmt: skip

"""A network as compiled code uses it: one block of float32, and functions that are compiled once, for all networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.core import errors

from fastsoftq.kernels.addresses import address_of, call_at
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.networks import passes, steps
from fastsoftq.networks.architectures import Convolutional
from fastsoftq.networks.layer_plan import plan_of, whole_lines
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from fastsoftq.networks.products import gathered_product, product

__all__ = [
    "Network", "backward", "forward", "gradient_norm", "initialise", "network_for", "optimise", "scale",
]  # fmt: skip


class Network(NamedTuple):
    """Where everything of a network lies, in numbers, and where its functions are."""

    plan: Any  # int64: a row for each layer
    layers: int
    lanes: int
    batch: int
    inputs: int
    input_stride: int
    outputs: int
    head: int
    head_stride: int
    parameters: int
    n_parameters: int  # the padding apart
    activations: int
    moments: int
    scratch: int
    product_at: int  # addresses in this process
    gathered_product_at: int
    forward_at: int
    backward_at: int
    initialise_at: int
    optimise_at: int
    norm_at: int
    scale_at: int

    def __reduce__(self) -> Any:
        raise TypeError("a Network holds addresses of this process; make another with network_for in the other")


def network_for(
    architecture: Any, shape: tuple[int, ...], n_actions: int, batch: int, optimizer: Any, lanes: int = 1
) -> Network:
    """Plan a network, and compile what it needs, or load it."""
    plan, head = plan_of(architecture, shape, n_actions, batch)
    step, moments = _step_of(optimizer)
    return Network(
        plan=plan.table(),
        layers=plan.layers,
        lanes=lanes,
        batch=batch,
        inputs=plan.inputs.size,
        input_stride=plan.input_row,
        outputs=n_actions,
        head=head.at,
        head_stride=head.row,
        parameters=plan.parameters,
        n_parameters=plan.count,
        activations=plan.activations,
        moments=moments * plan.parameters,
        scratch=whole_lines(plan.scratch),
        product_at=product.entry,
        gathered_product_at=gathered_product.entry if isinstance(architecture, Convolutional) else 0,
        forward_at=passes.forward_pass.entry,
        backward_at=passes.backward_pass.entry,
        initialise_at=steps.draw_parameters.entry,
        optimise_at=step.entry,
        norm_at=steps.norm_of.entry,
        scale_at=steps.scaled.entry,
    )


def _step_of(optimizer: Any) -> tuple[Any, int]:
    """The function that takes an optimiser's step, and how many moments it keeps of a parameter."""
    if isinstance(optimizer, Adam):
        return steps.adam_step, 2
    if isinstance(optimizer, RMSProp):
        return steps.rmsprop_step, 1
    return (steps.momentum_step, 1) if optimizer.momentum else (steps.plain_step, 0)


@inlined
def forward(network, memory, parameters, activations, rows):
    """The action values of `rows` rows of observations."""
    if rows > 0:
        call_at(
            network.forward_at, address_of(memory), address_of(network.plan), network.layers, network.product_at,
            network.gathered_product_at,
            np.int64(parameters), np.int64(activations), np.int64(rows),
        )  # fmt: skip


@inlined
def backward(network, memory, parameters, gradients, activations, deltas, scratch, rows):
    """The gradient of all parameters, from the deltas of the action values."""
    call_at(
        network.backward_at, address_of(memory), address_of(network.plan), network.layers, network.product_at,
            network.gathered_product_at,
        np.int64(parameters), np.int64(gradients), np.int64(activations), np.int64(deltas), np.int64(scratch),
        np.int64(rows),
    )  # fmt: skip


@inlined
def initialise(network, memory, parameters, key):
    """Draw all parameters."""
    call_at(
        network.initialise_at, address_of(memory), address_of(network.plan), network.layers, np.int64(parameters),
        network.parameters, np.int64(key),
    )  # fmt: skip


@by_type
def _hyperparameters(optimizer):
    if not isinstance(optimizer, types.BaseNamedTuple):
        raise errors.TypingError(f"optimizer is {optimizer}; it must be an SGD, RMSProp or Adam")
    known = {
        SGD: lambda optimizer: (np.float64(optimizer.momentum), 0.0, 0.0),
        RMSProp: lambda optimizer: (np.float64(optimizer.decay), np.float64(optimizer.epsilon), 0.0),
        Adam: lambda optimizer: (
            np.float64(optimizer.beta_1),
            np.float64(optimizer.beta_2),
            np.float64(optimizer.epsilon),
        ),
    }
    return known[optimizer.instance_class]


@inlined
def optimise(network, optimizer, memory, parameters, moments, gradients, step_size, powers):
    """Take one step of the optimiser."""
    first, second, third = _hyperparameters(optimizer)
    call_at(
        network.optimise_at, address_of(memory), np.int64(parameters), np.int64(moments), np.int64(gradients),
        network.parameters, np.float64(step_size), first, second, third, address_of(powers),
    )  # fmt: skip


@inlined
def gradient_norm(network, memory, gradients):
    """The Euclidean norm of the gradient."""
    out = np.zeros(1)
    call_at(network.norm_at, address_of(memory), np.int64(gradients), network.parameters, address_of(out))
    return out[0]


@inlined
def scale(network, memory, gradients, factor):
    """Multiply the gradient by a factor."""
    call_at(network.scale_at, address_of(memory), np.int64(gradients), network.parameters, np.float64(factor))

"""A network as compiled code uses it: one block of float32, and functions that are compiled once, for all networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.core import errors

from fastsoftq.kernels.addresses import address_of, call_at, number_on_stack, numbers_at
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.networks import lane_passes, passes, steps
from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.lane_products import lane_product, lanes_here
from fastsoftq.networks.layer_plan import plan_of, whole_lines
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from fastsoftq.networks.products import gathered_product, product

__all__ = [
    "Network",
    "backward",
    "forward",
    "gradient_norm",
    "initialise",
    "lockstep_lanes",
    "network_for",
    "optimise",
    "scale",
]


_SMALL = 32  # units: more, and the numbers of all seeds leave the nearest caches


class Network(NamedTuple):
    """Where everything of a network lies, in numbers, and where its functions are.

    Blocks lie where the caller likes, aligned to 64 bytes, in one array of float32 that is 0 at first. With several
    lanes, number `o` of lane `l` is `memory[o*lanes + l]`, and all sizes and places stay those of one lane.

    Attributes
    ----------
    inputs, input_stride : int
        Numbers observed; the distance from one row of them to the next, at the start of a block of activations.
    outputs, head, head_stride : int
        Action values; where they are in a block of activations, or of deltas; the distance from row to row.
    parameters, activations, moments, scratch : int
        Sizes of blocks; a gradient is as large as parameters, deltas as activations.
    n_parameters : int
        Parameters, the padding apart.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.optimizers import Adam
    >>> network = network_for(MLP((64, 64)), shape=(4,), n_actions=2, batch=32, optimizer=Adam())
    >>> network.n_parameters == 4 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2
    True
    """

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
    norms_forward_at: int
    norms_backward_at: int
    convolutions_backward_at: int
    forward_at: int
    backward_at: int
    initialise_at: int
    optimise_at: int
    norm_at: int
    scale_at: int

    def __reduce__(self) -> Any:
        raise TypeError("a Network holds addresses of this process; make another with network_for in the other")


def network_for(
    architecture: Any,
    shape: tuple[int, ...],
    n_actions: int,
    batch: int,
    optimizer: Any,
    lanes: int = 1,
    clips: bool = True,
) -> Network:
    """Plan a network, and compile what it needs, or load it.

    Parameters
    ----------
    architecture : MLP or Convolutional
        As `checked_architecture` returns it.
    shape : tuple of int
        Of what is observed.
    n_actions : int
    batch : int
        The most rows that it is given at once.
    optimizer : SGD, RMSProp or Adam
    lanes : int
        Seeds side by side: 1, or what `lockstep_lanes` says.
    clips : bool
        Whether gradients are measured and scaled, which is not compiled otherwise.

    Returns
    -------
    Network
        For this process only: it holds addresses.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.optimizers import Adam
    >>> network_for(MLP((64, 64)), shape=(4,), n_actions=2, batch=32, optimizer=Adam()).inputs
    4
    """
    most = _most_lanes(architecture)
    if lanes not in (1, most):
        raise ValueError(f"lanes is {lanes}; it must be {'1' if most == 1 else f'1 or {most}'} for {architecture!r}")
    plan, head = plan_of(architecture, shape, n_actions, batch)
    step, moments = _step_of(optimizer)
    pictures = isinstance(architecture, Convolutional)
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
        product_at=(product if lanes == 1 else lane_product).entry,
        gathered_product_at=gathered_product.entry if pictures else 0,
        norms_forward_at=passes.norms_forward.entry if architecture.layer_norm else 0,
        norms_backward_at=passes.norms_backward.entry if architecture.layer_norm else 0,
        convolutions_backward_at=passes.convolutions_backward.entry if pictures else 0,
        forward_at=(passes.forward_pass if lanes == 1 else lane_passes.forward_lanes).entry,
        backward_at=(passes.backward_pass if lanes == 1 else lane_passes.backward_lanes).entry,
        initialise_at=steps.draw_parameters.entry,
        optimise_at=step.entry,
        norm_at=steps.norm_of.entry if clips else 0,
        scale_at=steps.scaled.entry if clips else 0,
    )


def _most_lanes(architecture: Any) -> int:
    """How many seeds of an architecture can be learned side by side."""
    plain = isinstance(architecture, MLP) and not architecture.dueling and not architecture.layer_norm
    return lanes_here() if plain else 1


def lockstep_lanes(architecture: Any, clip: float | None = None) -> int:
    """How many seeds are best learned side by side: as many as a vector has lanes for small networks, else 1.

    Parameters
    ----------
    architecture : MLP or Convolutional
    clip : float, optional
        The largest norm of a gradient; every seed has one of its own, so that there is 1 lane.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> lockstep_lanes(MLP((256, 256))), lockstep_lanes(MLP((16, 16))) in (4, 8, 16)
    (1, True)
    """
    small = max(architecture.hidden, default=0) <= _SMALL and clip is None
    return _most_lanes(architecture) if small else 1


def _step_of(optimizer: Any) -> tuple[Any, int]:
    """The function that takes an optimiser's step, and how many moments it keeps of a parameter."""
    if isinstance(optimizer, Adam):
        return steps.adam_step, 2
    if isinstance(optimizer, RMSProp):
        return steps.rmsprop_step, 1
    return (steps.momentum_step, 1) if optimizer.momentum else (steps.plain_step, 0)


@inlined
def forward(network, memory, parameters, activations, rows):
    """The action values of `rows` rows of observations; called from compiled code.

    Parameters
    ----------
    network : Network
    memory : array of float32
    parameters, activations : int
        Where the blocks are; observations are at `activations + i*network.input_stride`, and action values come to
        `activations + network.head + i*network.head_stride`.
    rows : int
        0 to the network's batch.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP(()), shape=(3,), n_actions=2, batch=1, optimizer=SGD())
    >>> @compiled
    ... def values(network, memory, parameters, activations):
    ...     forward(network, memory, parameters, activations, 1)
    >>> memory = aligned_floats(network.parameters + network.activations)
    >>> at = network.parameters
    >>> memory[at : at + 3] = 1.0
    >>> values(network, memory, 0, at)
    >>> memory[at + network.head]  # of parameters that are all 0
    np.float32(0.0)
    """
    if rows > 0:
        call_at(
            network.forward_at, address_of(memory), address_of(network.plan), network.layers, network.product_at,
            network.gathered_product_at, network.norms_forward_at,
            np.int64(parameters), np.int64(activations), np.int64(rows),
        )  # fmt: skip


@inlined
def backward(network, memory, parameters, gradients, activations, deltas, scratch, rows):
    """The gradient of all parameters, from the deltas of the action values; called from compiled code.

    Parameters
    ----------
    network : Network
    memory : array of float32
    parameters, gradients, activations, deltas, scratch : int
        Where the blocks are; activations are those of `forward`, and the derivatives of what is made small by the
        action values are at `deltas + network.head + i*network.head_stride`, with zeros in the padding.
    rows : int
        1 to the network's batch.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP(()), shape=(3,), n_actions=2, batch=1, optimizer=SGD())
    >>> @compiled
    ... def differentiate(network, memory, gradients, activations, deltas, scratch):
    ...     backward(network, memory, 0, gradients, activations, deltas, scratch, 1)
    >>> gradients = network.parameters
    >>> activations = gradients + network.parameters
    >>> deltas = activations + network.activations
    >>> scratch = deltas + network.activations
    >>> memory = aligned_floats(scratch + network.scratch)
    >>> memory[activations : activations + 3] = 5.0, 6.0, 7.0
    >>> memory[deltas + network.head] = 1.0  # of the first action
    >>> differentiate(network, memory, gradients, activations, deltas, scratch)
    >>> memory[gradients : gradients + 24].reshape(3, 8)[:, 0]
    array([5., 6., 7.], dtype=float32)
    """
    call_at(
        network.backward_at, address_of(memory), address_of(network.plan), network.layers, network.product_at,
            network.gathered_product_at, network.norms_backward_at, network.convolutions_backward_at,
        np.int64(parameters), np.int64(gradients), np.int64(activations), np.int64(deltas), np.int64(scratch),
        np.int64(rows),
    )  # fmt: skip


@inlined
def initialise(network, memory, parameters, key, lane=0):
    """Draw weights and biases, uniform within 1/sqrt(fan in); called from compiled code.

    Parameters
    ----------
    network : Network
    memory : array of float32
    parameters : int
        Where the block is.
    key : int64
        Of a stream of random numbers.
    lane : int
        Whose they are.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP(()), shape=(3,), n_actions=2, batch=1, optimizer=SGD())
    >>> memory = aligned_floats(network.parameters)
    >>> compiled(lambda network, memory: initialise(network, memory, 0, 7))(network, memory)
    >>> int((memory != 0).sum()) == network.n_parameters
    True
    """
    call_at(
        network.initialise_at, address_of(memory), address_of(network.plan), network.layers, np.int64(parameters),
        network.parameters, np.int64(key), network.lanes, np.int64(lane),
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
    """Take one step of the optimiser; called from compiled code.

    Parameters
    ----------
    network : Network
    optimizer : SGD, RMSProp or Adam
        Of the kind that the network was made for.
    memory : array of float32
    parameters, moments, gradients : int
        Where the blocks are; moments are 0 at first.
    step_size : float
    powers : array of float64, shape (4,)
        Ones at first; the optimiser's own.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP(()), shape=(3,), n_actions=2, batch=1, optimizer=SGD())
    >>> @compiled
    ... def step(network, optimizer, memory, gradients, powers):
    ...     optimise(network, optimizer, memory, 0, 0, gradients, 0.5, powers)
    >>> memory = aligned_floats(2 * network.parameters)
    >>> memory[network.parameters] = 1.0
    >>> step(network, SGD(), memory, network.parameters, np.ones(4))
    >>> memory[0]
    np.float32(-0.5)
    """
    first, second, third = _hyperparameters(optimizer)
    lanes = network.lanes
    call_at(
        network.optimise_at, address_of(memory), np.int64(parameters) * lanes, np.int64(moments) * lanes,
        np.int64(gradients) * lanes, network.parameters * lanes, np.float64(step_size), first, second, third,
        address_of(powers),
    )  # fmt: skip


@inlined
def gradient_norm(network, memory, gradients):
    """The Euclidean norm of the gradient, summed in one order; called from compiled code, where there is one lane.

    Returns
    -------
    float64

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP(()), shape=(3,), n_actions=2, batch=1, optimizer=SGD())
    >>> memory = aligned_floats(network.parameters)
    >>> memory[:2] = 3.0, 4.0
    >>> compiled(lambda network, memory: gradient_norm(network, memory, 0))(network, memory)
    5.0
    """
    norm = number_on_stack()
    call_at(network.norm_at, address_of(memory), np.int64(gradients), network.parameters, norm)
    return numbers_at(norm)[0]


@inlined
def scale(network, memory, gradients, factor):
    """Multiply the gradient by a factor; called from compiled code.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP(()), shape=(3,), n_actions=2, batch=1, optimizer=SGD())
    >>> memory = aligned_floats(network.parameters)
    >>> memory[:2] = 3.0, 4.0
    >>> compiled(lambda network, memory: scale(network, memory, 0, 0.5))(network, memory)
    >>> memory[:2].tolist()
    [1.5, 2.0]
    """
    lanes = network.lanes
    call_at(
        network.scale_at,
        address_of(memory),
        np.int64(gradients) * lanes,
        network.parameters * lanes,
        np.float64(factor),
    )

"""What compiled code asks of a network: action values, gradients, steps; each a call of a function compiled apart."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.core import errors

from fastsoftq.kernels.addresses import address_of, call_at, number_on_stack, numbers_at
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp

__all__ = ["backward", "forward", "gradient_norm", "initialise", "optimise", "scale"]


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
    >>> from fastsoftq.networks.network import network_for
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
        action values are at `deltas + network.head + i*network.head_stride`, with zeros in the padding. Where
        observations are columns deltas may be at `activations`, and are written over them.
    rows : int
        1 to the network's batch.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.network import network_for
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
    >>> from fastsoftq.networks.network import network_for
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
    >>> from fastsoftq.networks.network import network_for
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
    >>> from fastsoftq.networks.network import network_for
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
    >>> from fastsoftq.networks.network import network_for
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

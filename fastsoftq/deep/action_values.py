"""The action values that trained networks give for observations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.deep_training import checked_world
from fastsoftq.deep.replay import Replay
from fastsoftq.deep.rows import put_row
from fastsoftq.deep.run_memory import run_memory
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.environments.environment_rules import describe
from fastsoftq.kernels.jit import compiled
from fastsoftq.networks.network import forward, network_for

__all__ = ["action_values"]

_ROWS = 64  # observations that go through the network at a time


@compiled
def evaluate(network, memory, parameters, observations, rows, out):
    """Fill out [runs, observations, actions]."""
    numbers, places = memory.numbers, memory.places
    for run in range(len(parameters)):
        for i in range(network.parameters):
            numbers[places.online + i] = parameters[run, i]
        for begin in range(0, len(observations), rows):
            count = min(rows, len(observations) - begin)
            for i in range(count):
                put_row(network, numbers, places.activations + i * network.input_stride, 0, observations[begin + i])
            forward(network, numbers, places.online, places.activations, count)
            for i in range(count):
                there = places.activations + network.head + i * network.head_stride
                for a in range(out.shape[2]):
                    out[run, begin + i, a] = numbers[there + a * network.unit_stride]


def action_values(environment: Any, curves: DeepCurves, observations: ArrayLike) -> NDArray[np.float32]:
    """The action values of each run's network after training.

    Parameters
    ----------
    environment : NamedTuple or TabularMDP
        The one that was learned in.
    curves : DeepCurves
        Trained with `keep_parameters=True`.
    observations : array_like of float32, shape [observations, numbers] or [observations, *shape]

    Returns
    -------
    ndarray of float32, shape [seeds, observations, actions]

    Raises
    ------
    TypeError
        Curves that are not of networks.
    ValueError
        Parameters that were not kept, or that are of another environment; observations of another shape, or that are
        not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import fastsoftq as fsq
    >>> hard = fsq.QLearning(step_size=1e-3, discount=0.99)
    >>> deep = fsq.Deep(hard, network=fsq.MLP((32,)), replay=fsq.Replay(batch=32, start=100))
    >>> curves = fsq.train(fsq.cart_pole(), deep, seeds=2, steps=200, points=1, keep_parameters=True)
    >>> action_values(fsq.cart_pole(), curves, np.zeros((5, 4))).shape
    (2, 5, 2)
    """
    known = describe(checked_world(environment))
    if not isinstance(curves, DeepCurves):
        raise TypeError(
            f"curves is {checks.shown(curves)}; it must be DeepCurves, as train yields them of a Deep agent"
        )
    if curves.parameters is None:
        raise ValueError("curves has no parameters; train with keep_parameters=True")
    size = int(np.prod(known.shape))
    with np.errstate(over="ignore"):
        given = checks.array("observations", observations, "iuf").astype(np.float32)
    if given.ndim < 2 or math.prod(given.shape[1:]) != size:
        raise ValueError(f"observations has shape {given.shape}; it must have shape (observations, {size})")
    checks.finite("observations", given, "it must be finite in single precision")
    flat = np.ascontiguousarray(given.reshape(len(given), size))
    network = network_for(
        curves.agent.network, known.shape, known.n_actions, _ROWS, curves.agent.optimizer, learns=False
    )
    if curves.parameters.shape[1] != network.parameters:
        raise ValueError(
            f"curves has {curves.parameters.shape[1]} parameters a run; a network for this environment has "
            f"{network.parameters}"
        )
    out = np.zeros((len(curves.parameters), len(flat), known.n_actions), np.float32)
    memory = run_memory(network, network, Replay(capacity=1, batch=1))
    call_compiled(evaluate, network, memory, np.ascontiguousarray(curves.parameters), flat, _ROWS, out)
    return out

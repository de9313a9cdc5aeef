"""One update in NumPy and float64, written out: what all peers' new weights are held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.deep import deep_task as task

Arrays = list[NDArray[np.float64]]  # weights and biases in turn


class Updates:
    """Adam on half the mean squared error, batch by batch."""

    def __init__(self, online: task.Layers, target: task.Layers, batches: task.Transitions) -> None:
        self._online, self._target = _doubles(online), _doubles(target)
        self._mean = [np.zeros_like(x) for x in self._online]
        self._square = [np.zeros_like(x) for x in self._online]
        self._batches, self._done = batches, 0

    def __call__(self) -> None:
        for observations, actions, rewards, following, terminated in zip(*self._batches, strict=True):
            best = _forward(self._target, following)[-1].max(axis=1)
            goal = rewards + task.DISCOUNT * best * ~terminated
            self._step(_gradient(self._online, observations.astype(float), actions, goal))

    def _step(self, gradient: Arrays) -> None:
        self._done += 1
        for x, m, v, g in zip(self._online, self._mean, self._square, gradient, strict=True):
            m += (1.0 - task.BETA_1) * (g - m)
            v += (1.0 - task.BETA_2) * (g * g - v)
            unbiased = m / (1.0 - task.BETA_1**self._done)
            spread = np.sqrt(v / (1.0 - task.BETA_2**self._done))
            x -= task.STEP_SIZE * unbiased / (spread + task.ADAM_EPSILON)

    def layers(self) -> list[tuple[task.Layer, ...]]:
        return [tuple(task.Layer(w, b) for w, b in zip(self._online[::2], self._online[1::2], strict=True))]


def _doubles(layers: task.Layers) -> Arrays:
    return [array.astype(np.float64) for layer in layers for array in layer]


def _forward(parameters: Arrays, x: NDArray) -> Arrays:
    """What goes into each layer, and what comes out of the last."""
    passed = [x]
    for i in range(0, len(parameters), 2):
        x = x @ parameters[i] + parameters[i + 1]
        if i + 2 < len(parameters):
            x = np.maximum(x, 0.0)
        passed.append(x)
    return passed


def _gradient(parameters: Arrays, observations: NDArray, actions: NDArray, goal: NDArray) -> Arrays:
    passed, rows = _forward(parameters, observations), np.arange(len(actions))
    delta = np.zeros_like(passed[-1])
    delta[rows, actions] = (passed[-1][rows, actions] - goal) / len(actions)
    found: Arrays = []
    for i in range(len(parameters) - 2, -1, -2):
        came = passed[i // 2]
        found[:0] = [came.T @ delta, delta.sum(axis=0)]
        delta = (delta @ parameters[i].T) * (came > 0.0)
    return found

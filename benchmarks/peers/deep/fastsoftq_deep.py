"""fastsoftq's own update, made of what its loops are made of, and its own `train`, on one thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import fastsoftq as fsq
from benchmarks.peers.deep import deep_task as task
from fastsoftq.deep.descending import set_slopes
from fastsoftq.deep.rows import put_row, row_at
from fastsoftq.deep.run_memory import run_memory
from fastsoftq.deep.value_targets import value_of_row
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.updates import td_target
from fastsoftq.networks.column_plan import goes_in_columns
from fastsoftq.networks.network import backward, forward, network_for, optimise
from fastsoftq.networks.parameter_arrays import layers_in


def deep(steps: int, size: task.Size = task.SIZES[0]) -> fsq.Deep:
    """A learner of so many steps; all that is not said here is as it is unasked."""
    slope = (task.EPSILON_START - task.EPSILON_END) / task.exploring_steps(steps)
    epsilon = fsq.LinearDecay(task.EPSILON_START, task.EPSILON_END, slope)
    agent = fsq.QLearning(step_size=task.STEP_SIZE, discount=task.DISCOUNT, epsilon=epsilon)
    replay = fsq.Replay(task.CAPACITY, size.batch, task.LEARNING_STARTS, task.UPDATE_EVERY)
    return fsq.Deep(agent, network=fsq.MLP(size.hidden), replay=replay, target_period=task.TARGET_PERIOD)


@compiled
def learn(agent, optimizer, loss, network, memory, batches, row):
    """Learn from one batch after another; every target value is worked out."""
    observations, actions, rewards, following, terminated = batches
    numbers, places = memory.numbers, memory.places
    count, size = actions.shape
    share = 1.0 / size
    for b in range(count):
        for i in range(size):
            put_row(network, numbers, places.ahead + i * network.input_stride, 0, following[b, i])
            put_row(network, numbers, places.activations + i * network.input_stride, 0, observations[b, i])
        forward(network, numbers, places.target, places.ahead, size)
        forward(network, numbers, places.online, places.activations, size)
        for i in range(size):
            there = network.head + i * network.head_stride
            value = value_of_row(agent, row_at(network, numbers, places.ahead + there, 0, row), np.float64(1))
            target = td_target(rewards[b, i], terminated[b, i], agent.discount, value)
            set_slopes(loss, network, memory, there, 0, actions[b, i], target, share)
        backward(
            network, numbers, places.online, places.gradients, places.activations, places.deltas, places.scratch, size
        )
        optimise(
            network, optimizer, numbers, places.online, places.moments, places.gradients, agent.step_size, memory.powers
        )


class Updates:
    def __init__(
        self, online: Sequence[task.Layers], target: Sequence[task.Layers], batches: Sequence[task.Transitions]
    ) -> None:
        *hidden, _ = (len(layer.biases) for layer in online[0])
        size = task.Size(tuple(hidden), batches[0].actions.shape[1])
        chosen = deep(task.STEPS, size)
        columns = goes_in_columns(chosen.network, size.batch)  # as in training
        self._network = network_for(
            chosen.network, (task.INPUTS,), task.ACTIONS, size.batch, chosen.optimizer, columns=columns
        )
        self._memory = run_memory(self._network, self._network, fsq.Replay(capacity=1, batch=1))
        for place, layers in ((self._memory.places.online, online[0]), (self._memory.places.target, target[0])):
            for (weights, biases), layer in zip(self._parts(place), layers, strict=True):
                weights[:], biases[:] = layer
        agent = chosen.agent._replace(epsilon=0.0)  # nobody acts
        row = (0.0,) * task.ACTIONS
        self._arguments = agent, chosen.optimizer, chosen.loss, self._network, self._memory, batches[0], row
        none = task.Transitions(*(field[:0] for field in batches[0]))
        call_compiled(learn, *self._arguments[:-2], none, row)

    def _parts(self, place: int) -> list[tuple[Any, Any]]:
        """Views of each layer's weights and biases, of the parameters at a place."""
        found = []
        for layer in layers_in(self._network):
            size = layer.inputs * layer.weight_row
            weights = self._memory.numbers[place + layer.weights :][:size].reshape(-1, layer.weight_row)
            found.append((weights[:, : layer.units], self._memory.numbers[place + layer.biases :][: layer.units]))
        return found

    def __call__(self) -> None:
        call_compiled(learn, *self._arguments)

    def layers(self) -> list[task.Layers]:
        return [tuple(task.Layer(w.copy(), b.copy()) for w, b in self._parts(self._memory.places.online))]


class Learning:
    """All of it in one piece: `train` is not interrupted."""

    def __init__(self, seeds: Sequence[int], steps: int, points: int, pieces: int) -> None:
        if pieces != 1:
            raise ValueError(f"pieces is {pieces}; it must be 1")
        self._seeds, self._steps, self._points = seeds, steps, points
        self._train(seeds[:1], points)  # compiles, or loads

    def _train(self, seeds: Sequence[int], steps: int) -> Any:
        agent = deep(self._steps)
        return fsq.train(fsq.cart_pole(), agent, list(seeds), steps=steps, points=self._points, threads=1)

    def advance(self) -> None:
        self._curves = self._train(self._seeds, self._steps)

    def progress(self) -> task.Progress:
        before = np.pad(self._curves.episodes, ((0, 0), (1, 0)))
        episodes = np.diff(before)
        return task.Progress(self._curves.returns * episodes, episodes)


updates = task.UpdatePeer("fastsoftq", Updates)
learning = task.LearningPeer("fastsoftq", Learning)

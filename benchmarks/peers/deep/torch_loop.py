"""PyTorch: modules, an optimiser, and a Python loop over Gymnasium's environment, in one file, as most write it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.deep import deep_task as task


def missing() -> str | None:
    absent = [package for package in ("torch", "gymnasium") if not importlib.util.find_spec(package)]
    return f"{' and '.join(absent)} not installed" if absent else None


def _torch() -> Any:
    import torch

    torch.set_num_threads(1)
    return torch


class Learner:
    """A network, its target, and Adam: `foreach` works on all arrays in each operation, `fused` is one operation."""

    def __init__(self, size: task.Size, adam: str) -> None:
        torch = self._torch = _torch()
        self.network, self.target = self._modules(size), self._modules(size)
        self.follow()
        self._adam = torch.optim.Adam(
            self.network.parameters(),
            lr=task.STEP_SIZE,
            betas=(task.BETA_1, task.BETA_2),
            eps=task.ADAM_EPSILON,
            **{adam: True},
        )

    def _modules(self, size: task.Size) -> Any:
        nn, found = self._torch.nn, []
        for n, units in zip(size.widths[:-1], size.widths[1:], strict=True):
            found += [nn.Linear(n, units), nn.ReLU()]  # drawn within 1/sqrt(inputs) from the start
        return nn.Sequential(*found[:-1])

    def follow(self) -> None:
        """Let the target be the network of now."""
        self.target.load_state_dict(self.network.state_dict())

    def greedy(self, observation: Any) -> int:
        with self._torch.no_grad():
            return int(self.network(self._torch.from_numpy(observation)[None]).argmax())

    def update(self, observations: Any, actions: Any, rewards: Any, following: Any, terminated: Any) -> None:
        with self._torch.no_grad():
            goal = rewards + task.DISCOUNT * self.target(following).max(dim=1)[0] * (1.0 - terminated)
        taken = self.network(observations).gather(1, actions[:, None]).squeeze()
        loss = 0.5 * self._torch.nn.functional.mse_loss(taken, goal)
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()

    def tensors(self, batch: Sequence[Any]) -> list[Any]:
        observations, actions, rewards, following, terminated = batch
        arrays = observations, actions.astype(np.int64), rewards, following, terminated.astype(np.float32)
        return [self._torch.from_numpy(array) for array in arrays]


class Updates:
    def __init__(
        self,
        online: Sequence[task.Layers],
        target: Sequence[task.Layers],
        batches: Sequence[task.Transitions],
        adam: str,
    ) -> None:
        *hidden, _ = (len(layer.biases) for layer in online[0])
        self._learner = Learner(task.Size(tuple(hidden), batches[0].actions.shape[1]), adam)
        for module, layers in ((self._learner.network, online[0]), (self._learner.target, target[0])):
            arrays = {
                f"{2 * i}.{name}": _torch().from_numpy(np.ascontiguousarray(array))
                for i, layer in enumerate(layers)
                for name, array in (("weight", layer.weights.T), ("bias", layer.biases))
            }
            module.load_state_dict(arrays)
        self._batches = [self._learner.tensors(batch) for batch in zip(*batches[0], strict=True)]

    def __call__(self) -> None:
        for batch in self._batches:
            self._learner.update(*batch)

    def layers(self) -> list[task.Layers]:
        weights = self._learner.network.state_dict()
        arrays = [array.numpy().copy() for array in weights.values()]
        return [tuple(task.Layer(w.T, b) for w, b in zip(arrays[::2], arrays[1::2], strict=True))]


class Learning:
    """One seed. Memory is plain NumPy; a batch is picked from it and handed to PyTorch without a copy."""

    def __init__(self, seeds: Sequence[int], steps: int, points: int, pieces: int, adam: str) -> None:
        import gymnasium

        (self._seed,) = seeds
        self._steps, self._points, self._a_piece = steps, points, steps // pieces
        _torch().manual_seed(self._seed)
        self._learner = Learner(task.Size(task.HIDDEN, task.BATCH), adam)
        self._rng = np.random.default_rng(self._seed)
        self._env = gymnasium.make("CartPole-v1", max_episode_steps=task.MAX_STEPS)
        self._observation, _ = self._env.reset(seed=self._seed)
        rows = task.CAPACITY
        seen = np.zeros((rows, task.INPUTS), np.float32)
        numbers = np.zeros(rows, np.float32)
        self._memory = task.Transitions(seen, np.zeros(rows, np.int32), numbers, seen.copy(), np.zeros(rows, np.bool_))
        self._step, self._return = 0, 0.0
        self._found = task.Progress(np.zeros((1, points)), np.zeros((1, points), np.int64))

    def advance(self) -> None:
        for _ in range(self._a_piece):
            self._advance_one()

    def _advance_one(self) -> None:
        t = self._step
        if self._rng.random() < task.epsilon(t, self._steps):
            action = int(self._rng.integers(task.ACTIONS))
        else:
            action = self._learner.greedy(self._observation)
        following, reward, terminated, truncated, _ = self._env.step(action)
        now = self._observation, action, reward, following, terminated
        for rows, x in zip(self._memory, now, strict=True):
            rows[t % task.CAPACITY] = x
        self._return += float(reward)
        self._observation = following
        if terminated or truncated:
            point = t * self._points // self._steps
            self._found.returns[0, point] += self._return
            self._found.episodes[0, point] += 1
            self._return = 0.0
            self._observation, _ = self._env.reset()
        if t >= task.LEARNING_STARTS:
            if t % task.UPDATE_EVERY == 0:
                which = self._rng.integers(min(t + 1, task.CAPACITY), size=task.BATCH)
                self._learner.update(*self._learner.tensors([rows[which] for rows in self._memory]))
            if t % task.TARGET_PERIOD == 0:
                self._learner.follow()
        self._step += 1

    def progress(self) -> task.Progress:
        return self._found


update_peers = [
    task.UpdatePeer(f"PyTorch, {adam} Adam", partial(Updates, adam=adam), missing) for adam in ("foreach", "fused")
]
learning_peer = task.LearningPeer("PyTorch, fused Adam", partial(Learning, adam="fused"), missing)

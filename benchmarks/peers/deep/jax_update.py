"""JAX: updates in one compiled scan; of one network, or of several under vmap.

Parameters are one vector, so that Adam is one operation: a fifth off a small update.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.deep import deep_task as task

TOGETHER = 8
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def missing() -> str | None:
    return None if importlib.util.find_spec("jax") else "jax is not installed"


def imported() -> Any:
    """JAX, on one thread if nobody imported it before."""
    os.environ.setdefault("XLA_FLAGS", ONE_THREAD)
    import jax

    return jax


class Network(NamedTuple):
    """Functions of a network whose parameters are one vector."""

    forward: Any  # parameters, observations -> action values
    update: Any  # (parameters, mean, square, updates done), target's parameters, batch -> the same after one update
    unravel: Any  # parameters -> weights and biases


@functools.cache
def network(size: task.Size) -> Network:
    jax = imported()
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    pairs = zip(size.widths[:-1], size.widths[1:], strict=True)
    _, unravel = ravel_pytree([(jnp.zeros((n, units)), jnp.zeros(units)) for n, units in pairs])

    def forward(parameters, x):
        *hidden, (weights, biases) = unravel(parameters)
        for w, b in hidden:
            x = jax.nn.relu(x @ w + b)
        return x @ weights + biases

    def update(state, target, batch):
        parameters, mean, square, done = state
        observations, actions, rewards, following, terminated = batch
        best = forward(target, following).max(axis=1)
        goal = rewards + task.DISCOUNT * jnp.where(terminated, 0.0, best)

        def loss(parameters):
            values = forward(parameters, observations)
            taken = jnp.where(actions[:, None] == jnp.arange(task.ACTIONS), values, 0.0).sum(axis=1)
            return 0.5 * jnp.mean((taken - goal) ** 2)

        g = jax.grad(loss)(parameters)
        done = done + 1
        mean = task.BETA_1 * mean + (1.0 - task.BETA_1) * g
        square = task.BETA_2 * square + (1.0 - task.BETA_2) * g * g
        unbiased = mean / (1.0 - task.BETA_1**done)
        spread = jnp.sqrt(square / (1.0 - task.BETA_2**done))
        return parameters - task.STEP_SIZE * unbiased / (spread + task.ADAM_EPSILON), mean, square, done

    return Network(forward, update, unravel)


class Updates:
    def __init__(
        self, online: Sequence[task.Layers], target: Sequence[task.Layers], batches: Sequence[task.Transitions]
    ) -> None:
        jax = imported()
        import jax.numpy as jnp
        from jax.flatten_util import ravel_pytree

        *hidden, _ = (len(layer.biases) for layer in online[0])
        self._network = network(task.Size(tuple(hidden), batches[0].actions.shape[1]))

        def flat(each: Sequence[task.Layers]) -> Any:
            return _together([ravel_pytree([tuple(layer) for layer in layers])[0] for layers in each], jnp.stack)

        parameters, self._target = flat(online), flat(target)
        done = _together([jnp.int32(0)] * len(online), jnp.stack)
        self._state = parameters, jnp.zeros_like(parameters), jnp.zeros_like(parameters), done
        # The scan runs over batches; networks come second.
        fields = (_together(field, functools.partial(np.stack, axis=1)) for field in zip(*batches, strict=True))
        self._batches = task.Transitions(*map(jnp.asarray, fields))
        update = jax.vmap(self._network.update) if len(online) > 1 else self._network.update

        @functools.partial(jax.jit, donate_argnums=0)
        def run(state, target, batches):
            return jax.lax.scan(lambda state, batch: (update(state, target, batch), None), state, batches)[0]

        self._run = run.lower(self._state, self._target, self._batches).compile()

    def __call__(self) -> None:
        self._state = self._run(self._state, self._target, self._batches)
        self._state[0].block_until_ready()

    def layers(self) -> list[task.Layers]:
        found = self._state[0]
        each = map(self._network.unravel, found if found.ndim > 1 else found[None])
        return [tuple(task.Layer(*map(np.asarray, layer)) for layer in layers) for layers in each]


def _together(arrays: Sequence[Any], stack: Any) -> Any:
    """One array of several networks' arrays; of a single network its own."""
    return stack(arrays) if len(arrays) > 1 else arrays[0]


scan = task.UpdatePeer("JAX scan", Updates, missing)
vmap = task.UpdatePeer(f"JAX vmap {TOGETHER}", Updates, missing, networks=TOGETHER)

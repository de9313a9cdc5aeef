"""JAX: a scan over steps, vmapped over seeds, in float64. Compiled once for each number of seeds and episodes."""

from __future__ import annotations

import functools
import importlib.util

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task

CHUNK = 256  # steps a scan; their random numbers are drawn in one go


def missing() -> str | None:
    return None if importlib.util.find_spec("jax") else "jax is not installed"


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    import jax

    with jax.enable_x64(True):
        returns, lengths = _program(case, episodes, max_steps)(jax.numpy.asarray(seeds))
        return np.asarray(returns), np.asarray(lengths)


@functools.cache
def _program(case: task.Case, episodes: int, max_steps: int):
    import jax
    import jax.numpy as jnp

    next_state, reward = (jnp.asarray(table) for table in task.tables())

    def epsilon_greedy(row, episode, uniforms):
        epsilon = jnp.maximum(task.EPSILON_START - task.EPSILON_DROP * episode, task.EPSILON_END)
        rank = jnp.cumsum((row == row.max()) | (uniforms[0] < epsilon))
        return jnp.argmax(rank > uniforms[1] * rank[-1])

    def boltzmann(row, episode, uniforms):
        cumulative = jnp.cumsum(jnp.exp(row - row.max()))
        return (cumulative[:-1] <= uniforms[0] * cumulative[-1]).sum()

    act, value = (epsilon_greedy, jnp.max) if case.algorithm == "hard" else (boltzmann, jax.nn.logsumexp)

    def advance(run, uniforms):
        q, state, step, episode, returns, lengths = run
        action = act(q[state], episode, uniforms)
        ahead, pays = next_state[state, action], reward[state, action]
        at_goal = ahead == task.GOAL
        target = case.reward_scale * pays + jnp.where(at_goal, 0.0, task.DISCOUNT * value(q[ahead]))
        q = q.at[state, action].add(task.STEP_SIZE * (target - q[state, action]))
        # A run with no episode left goes on out of sight: what it would write lies outside and is dropped.
        returns = returns.at[episode].add(pays, mode="drop")
        lengths = lengths.at[episode].add(1, mode="drop")
        over = at_goal | (step + 1 == max_steps)
        state, step = jnp.where(over, task.START, ahead), jnp.where(over, 0, step + 1)
        return (q, state, step, episode + over, returns, lengths), None

    def start():
        whole = functools.partial(jnp.array, dtype=jnp.int32)
        curves = jnp.zeros(episodes), jnp.zeros(episodes, jnp.int32)
        return jnp.zeros((task.N_STATES, task.N_ACTIONS)), whole(task.START), whole(0), whole(0), *curves

    def unfinished(keys_and_runs):
        _, (_, _, _, episode, _, _) = keys_and_runs
        return (episode < episodes).any()

    def chunk(key_and_run):
        key, run = key_and_run
        key, use = jax.random.split(key)
        run, _ = jax.lax.scan(advance, run, jax.random.uniform(use, (CHUNK, 2)))
        return key, run

    @jax.jit
    def learn(seeds):
        keys = jax.vmap(jax.random.key)(seeds)
        runs = jax.tree.map(lambda x: jnp.broadcast_to(x, (len(seeds), *x.shape)), start())
        _, (_, _, _, _, returns, lengths) = jax.lax.while_loop(unfinished, jax.vmap(chunk), (keys, runs))
        return returns, lengths

    return learn


peer = task.Peer("JAX vmap + scan", run, missing, seeds_together=1024)

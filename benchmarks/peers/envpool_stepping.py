"""EnvPool's CliffWalking, stepped with random actions: what a fast environment costs before any learning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task


def missing() -> str | None:
    try:
        import envpool
    except Exception as reason:  # it also fails for want of its data files, or of a symbol
        return f"envpool cannot be imported: {reason}"
    return None if "CliffWalking-v1" in envpool.list_all_envs() else "this envpool has no CliffWalking-v1"


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    import envpool

    n = len(seeds)
    env = envpool.make_gymnasium("CliffWalking-v1", num_envs=n, num_threads=1, seed=int(seeds[0]))
    rng = np.random.default_rng(seeds)
    run, episode, step = np.arange(n), np.zeros(n, int), np.zeros(n, int)
    # An environment with no episode left is stepped on: what it pays goes to the last column, and out of sight.
    returns, lengths = np.zeros((n, episodes + 1)), np.zeros((n, episodes + 1), np.int32)
    env.reset()
    while (episode < episodes).any():
        _, reward, terminated, _, _ = env.step(rng.integers(task.N_ACTIONS, size=n, dtype=np.int32))
        step += 1
        returns[run, episode] += reward
        over = terminated | (step == max_steps)  # this environment has no step limit of its own
        if over.any():
            ended = np.flatnonzero(over)
            returns[ended, episode[ended]] += terminated[ended]  # it pays -1 for the step into the goal, the document 0
            lengths[ended, episode[ended]] = step[ended]
            episode[ended] = np.minimum(episode[ended] + 1, episodes)
            step[ended] = 0
            env.reset(ended.astype(np.int32))
    env.close()
    return returns[:, :episodes], lengths[:, :episodes]


peer = task.Peer("EnvPool", run, missing, cases=(task.RANDOM,), seeds_together=1024)

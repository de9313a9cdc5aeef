"""Gymnasium's own CliffWalking, stepped in a Python loop over a NumPy table, as most tutorials do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task


def missing() -> str | None:
    try:
        import gymnasium
    except ImportError:
        return "gymnasium is not installed"
    return None if "CliffWalking-v1" in gymnasium.registry else f"gymnasium {gymnasium.__version__} is too old"


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    import gymnasium

    act, value = _RULES[case.algorithm]
    learns = case.algorithm != "random"
    env = gymnasium.make("CliffWalking-v1", max_episode_steps=max_steps)
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    for i, seed in enumerate(seeds):
        rng = np.random.default_rng(int(seed))
        q = np.zeros((task.N_STATES, task.N_ACTIONS))
        for episode in range(episodes):
            epsilon = task.epsilon(episode)
            state, _ = env.reset(seed=int(seed) if episode == 0 else None)
            over = False
            while not over:
                action = act(q[state], epsilon, rng)
                ahead, reward, terminated, truncated, _ = env.step(action)
                reward += terminated  # Gymnasium pays -1 for the step into the goal, the document 0
                if learns:
                    target = case.reward_scale * reward + (0.0 if terminated else task.DISCOUNT * value(q[ahead]))
                    q[state, action] += task.STEP_SIZE * (target - q[state, action])
                returns[i, episode] += reward
                lengths[i, episode] += 1
                state, over = ahead, terminated or truncated
    env.close()
    return returns, lengths


def _epsilon_greedy(row, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(task.N_ACTIONS))
    best = np.flatnonzero(row == row.max())
    return int(best[0]) if len(best) == 1 else int(rng.choice(best))


def _boltzmann(row, epsilon, rng):
    cumulative = np.exp(row - row.max()).cumsum()
    return int(np.searchsorted(cumulative[:-1], rng.random() * cumulative[-1], side="right"))


def _uniform(row, epsilon, rng):
    return int(rng.integers(task.N_ACTIONS))


def _log_sum_exp(row):
    best = row.max()
    return best + np.log(np.exp(row - best).sum())


_RULES = {"hard": (_epsilon_greedy, np.max), "soft": (_boltzmann, _log_sum_exp), "random": (_uniform, None)}

peer = task.Peer("Gymnasium", run, missing, cases=(*task.LEARNING, task.RANDOM))

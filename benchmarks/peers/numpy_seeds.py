"""NumPy, vectorised over seeds: all runs take one step a pass, each in its own episode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    act, value = _RULES[case.algorithm]
    next_state, reward = task.tables()
    epsilons = np.array([task.epsilon(episode) for episode in range(episodes)])
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    rng = np.random.default_rng(seeds)
    q = np.zeros((len(seeds), task.N_STATES, task.N_ACTIONS))
    run = np.arange(len(seeds))  # those that still have episodes to do
    state, step, episode = np.full(len(run), task.START), np.zeros(len(run), int), np.zeros(len(run), int)
    while run.size:
        action = act(q[run, state], epsilons[episode], rng)
        ahead, pays = next_state[state, action], reward[state, action]
        at_goal = ahead == task.GOAL
        following = np.where(at_goal, 0.0, value(q[run, ahead]))
        old = q[run, state, action]
        q[run, state, action] = old + task.STEP_SIZE * (case.reward_scale * pays + task.DISCOUNT * following - old)
        returns[run, episode] += pays
        step += 1
        over = at_goal | (step == max_steps)
        lengths[run[over], episode[over]] = step[over]
        state = np.where(over, task.START, ahead)
        step[over] = 0
        episode += over
        if over.any() and (episode == episodes).any():
            keep = episode < episodes
            run, state, step, episode = run[keep], state[keep], step[keep], episode[keep]
    return returns, lengths


def _epsilon_greedy(rows, epsilon, rng):
    explore, choice = rng.random((2, len(rows)))
    allowed = (rows == rows.max(axis=1, keepdims=True)) | (explore < epsilon)[:, None]
    rank = allowed.cumsum(axis=1)
    return (rank > (choice * rank[:, -1])[:, None]).argmax(axis=1)


def _boltzmann(rows, epsilon, rng):
    cumulative = np.exp(rows - rows.max(axis=1, keepdims=True)).cumsum(axis=1)
    drawn = rng.random(len(rows)) * cumulative[:, -1]
    return (cumulative[:, :-1] <= drawn[:, None]).sum(axis=1)


def _maximum(rows):
    return rows.max(axis=1)


def _log_sum_exp(rows):
    best = rows.max(axis=1)
    return best + np.log(np.exp(rows - best[:, None]).sum(axis=1))


_RULES = {"hard": (_epsilon_greedy, _maximum), "soft": (_boltzmann, _log_sum_exp)}

peer = task.Peer("NumPy over seeds", run, seeds_together=1000)

"""Plain Numba: the loops one would write first, compiled, with NumPy's random numbers."""

# ruff: noqa: NPY002 -- the old interface, because in compiled code it is the faster and the usual one
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.peers import task


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    learn = {"hard": _hard, "soft": _soft}[case.algorithm]
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    learn(*task.tables(), case.reward_scale, seeds, max_steps, returns, lengths)
    return returns, lengths


@njit(cache=True)
def _maximum(row):  # three times as fast as row.max(), which looks for NaNs
    best = row[0]
    for value in row[1:]:
        best = max(best, value)
    return best


@njit(cache=True)
def _hard(next_state, reward, reward_scale, seeds, max_steps, returns, lengths):
    for i in range(len(seeds)):
        np.random.seed(seeds[i])
        q = np.zeros(next_state.shape)
        for episode in range(returns.shape[1]):
            epsilon = max(task.EPSILON_START - task.EPSILON_DROP * episode, task.EPSILON_END)
            state, step = task.START, 0
            while state != task.GOAL and step < max_steps:
                explore = np.random.random() < epsilon
                action = np.random.randint(task.N_ACTIONS) if explore else _fair_argmax(q[state])
                ahead, pays = next_state[state, action], reward[state, action]
                following = 0.0 if ahead == task.GOAL else _maximum(q[ahead])
                q[state, action] += task.STEP_SIZE * (
                    reward_scale * pays + task.DISCOUNT * following - q[state, action]
                )
                returns[i, episode] += pays
                state, step = ahead, step + 1
            lengths[i, episode] = step


@njit(cache=True)
def _fair_argmax(row):
    best, ties = _maximum(row), 0
    for value in row:
        ties += value == best
    choice = np.random.randint(ties) if ties > 1 else 0
    for action in range(len(row)):
        if row[action] == best:
            if choice == 0:
                return action
            choice -= 1
    return 0


@njit(cache=True)
def _soft(next_state, reward, reward_scale, seeds, max_steps, returns, lengths):
    for i in range(len(seeds)):
        np.random.seed(seeds[i])
        q = np.zeros(next_state.shape)
        weights = np.empty(task.N_ACTIONS)
        for episode in range(returns.shape[1]):
            state, step = task.START, 0
            while state != task.GOAL and step < max_steps:
                action = _boltzmann(q[state], weights)
                ahead, pays = next_state[state, action], reward[state, action]
                following = 0.0 if ahead == task.GOAL else _log_sum_exp(q[ahead])
                q[state, action] += task.STEP_SIZE * (
                    reward_scale * pays + task.DISCOUNT * following - q[state, action]
                )
                returns[i, episode] += pays
                state, step = ahead, step + 1
            lengths[i, episode] = step


@njit(cache=True)
def _boltzmann(row, weights):
    best, total = _maximum(row), 0.0
    for action in range(len(row)):
        weights[action] = np.exp(row[action] - best)
        total += weights[action]
    left, action = np.random.random() * total, 0
    while action < len(row) - 1 and left >= weights[action]:
        left -= weights[action]
        action += 1
    return action


@njit(cache=True)
def _log_sum_exp(row):
    best, total = _maximum(row), 0.0
    for value in row:
        total += np.exp(value - best)
    return best + np.log(total)


peer = task.Peer("Numba, plain", run)

"""Plain Python: lists and the standard library's random numbers."""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    next_state, reward = (table.tolist() for table in task.tables())
    for i, seed in enumerate(seeds):
        rng = random.Random(int(seed))
        q = [[0.0] * task.N_ACTIONS for _ in range(task.N_STATES)]
        for episode in range(episodes):
            returns[i, episode], lengths[i, episode] = _EPISODE[case.algorithm](
                q, next_state, reward, rng, task.epsilon(episode), case.reward_scale, max_steps
            )
    return returns, lengths


def _hard(q, next_state, reward, rng, epsilon, reward_scale, max_steps):
    state, total, step = task.START, 0.0, 0
    while state != task.GOAL and step < max_steps:
        row = q[state]
        if rng.random() < epsilon:
            action = int(rng.random() * task.N_ACTIONS)
        else:
            best = max(row)
            action = row.index(best) if row.count(best) == 1 else rng.choice([a for a in range(4) if row[a] == best])
        pays, ahead = reward[state][action], next_state[state][action]
        following = 0.0 if ahead == task.GOAL else max(q[ahead])
        row[action] += task.STEP_SIZE * (reward_scale * pays + task.DISCOUNT * following - row[action])
        state, total, step = ahead, total + pays, step + 1
    return total, step


def _soft(q, next_state, reward, rng, epsilon, reward_scale, max_steps):
    state, total, step = task.START, 0.0, 0
    while state != task.GOAL and step < max_steps:
        row = q[state]
        best = max(row)
        weights = [math.exp(value - best) for value in row]
        left, action = rng.random() * sum(weights), 0
        while action < task.N_ACTIONS - 1 and left >= weights[action]:
            left -= weights[action]
            action += 1
        pays, ahead = reward[state][action], next_state[state][action]
        following = 0.0
        if ahead != task.GOAL:
            best = max(q[ahead])
            following = best + math.log(sum([math.exp(value - best) for value in q[ahead]]))
        row[action] += task.STEP_SIZE * (reward_scale * pays + task.DISCOUNT * following - row[action])
        state, total, step = ahead, total + pays, step + 1
    return total, step


def _random(q, next_state, reward, rng, epsilon, reward_scale, max_steps):
    state, total, step = task.START, 0.0, 0
    while state != task.GOAL and step < max_steps:
        action = int(rng.random() * task.N_ACTIONS)
        total += reward[state][action]
        state, step = next_state[state][action], step + 1
    return total, step


_EPISODE = {"hard": _hard, "soft": _soft, "random": _random}

peer = task.Peer("Python lists", run)

"""Agents with memory in plain Python, slow and obvious: what everybody else is checked against."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task
from benchmarks.peers.shelf.shelf_task import ALGORITHMS, CASES, PLANNING_STEPS, STEPS, TRACE_DECAY


class Learner:
    """A table of zeros that is acted upon and learned from; subclasses say how."""

    on_policy = True

    def __init__(self, step_size: float, reward_scale: float, rng: random.Random) -> None:
        self.step_size, self.reward_scale, self.rng = step_size, reward_scale, rng
        self.q = [[0.0] * task.N_ACTIONS for _ in range(task.N_STATES)]

    def row(self, state: int) -> list[float]:
        return self.q[state]

    def choose(self, state: int, epsilon: float) -> int:
        row = self.row(state)
        if self.rng.random() < epsilon:
            return self.rng.randrange(task.N_ACTIONS)
        return self.rng.choice([a for a in range(task.N_ACTIONS) if row[a] == max(row)])

    def begin(self) -> None:
        """An episode begins."""

    def learn(self, state: int, action: int, reward: float, ahead: int, following: int, cut: bool) -> None:
        raise NotImplementedError

    def value(self, state: int, action: int) -> float:
        return 0.0 if state == task.GOAL else self.q[state][action]


class DoubleQ(Learner):
    on_policy = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.other = [row[:] for row in self.q]

    def row(self, state: int) -> list[float]:
        return [x + y for x, y in zip(self.q[state], self.other[state], strict=True)]

    def learn(self, state: int, action: int, reward: float, ahead: int, following: int, cut: bool) -> None:
        learns, values = (self.q, self.other) if self.rng.random() < 0.5 else (self.other, self.q)
        best = learns[ahead].index(max(learns[ahead]))
        target = reward + task.DISCOUNT * (0.0 if ahead == task.GOAL else values[ahead][best])
        learns[state][action] += self.step_size * (target - learns[state][action])


class SarsaLambda(Learner):
    replacing = False

    def begin(self) -> None:
        self.traces: dict[tuple[int, int], float] = {}

    def learn(self, state: int, action: int, reward: float, ahead: int, following: int, cut: bool) -> None:
        error = reward + task.DISCOUNT * self.value(ahead, following) - self.q[state][action]
        self.traces[state, action] = 1.0 + (0.0 if self.replacing else self.traces.get((state, action), 0.0))
        for (s, a), trace in self.traces.items():
            self.q[s][a] += self.step_size * error * trace
            self.traces[s, a] = task.DISCOUNT * TRACE_DECAY * trace


class SarsaLambdaReplacing(SarsaLambda):
    replacing = True


class NStepSarsa(Learner):
    def begin(self) -> None:
        self.steps: list[tuple[int, int, float]] = []

    def learn(self, state: int, action: int, reward: float, ahead: int, following: int, cut: bool) -> None:
        self.steps.append((state, action, reward))
        value = self.value(ahead, following)
        while self.steps and (len(self.steps) == STEPS or cut or ahead == task.GOAL):
            rewards = sum(task.DISCOUNT**k * paid for k, (_, _, paid) in enumerate(self.steps))
            target = rewards + task.DISCOUNT ** len(self.steps) * value
            s, a, _ = self.steps.pop(0)
            self.q[s][a] += self.step_size * (target - self.q[s][a])


class DynaQ(Learner):
    on_policy = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.model: dict[tuple[int, int], tuple[float, int]] = {}

    def update(self, state: int, action: int, reward: float, ahead: int) -> None:
        target = reward + task.DISCOUNT * (0.0 if ahead == task.GOAL else max(self.q[ahead]))
        self.q[state][action] += self.step_size * (target - self.q[state][action])

    def learn(self, state: int, action: int, reward: float, ahead: int, following: int, cut: bool) -> None:
        self.update(state, action, reward, ahead)
        self.model[state, action] = reward, ahead
        seen = list(self.model)
        for _ in range(PLANNING_STEPS):
            entry = self.rng.choice(seen)
            self.update(*entry, *self.model[entry])


_LEARNERS: dict[str, type[Learner]] = {
    "double_q_learning": DoubleQ,
    "sarsa_lambda": SarsaLambda,
    "sarsa_lambda_replacing": SarsaLambdaReplacing,
    "n_step_sarsa": NStepSarsa,
    "dyna_q": DynaQ,
}


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    next_state, reward = (table.tolist() for table in task.tables())
    step_size = ALGORITHMS[case.algorithm].step_size
    for i, seed in enumerate(seeds):
        learner = _LEARNERS[case.algorithm](step_size, case.reward_scale, random.Random(int(seed)))
        for episode in range(episodes):
            epsilon, state, step = task.epsilon(episode), task.START, 0
            learner.begin()
            action = learner.choose(state, epsilon)
            while state != task.GOAL and step < max_steps:
                ahead, pays = next_state[state][action], reward[state][action]
                following = learner.choose(ahead, epsilon) if learner.on_policy else 0
                step += 1
                learner.learn(state, action, case.reward_scale * pays, ahead, following, step == max_steps)
                returns[i, episode] += pays
                state, action = ahead, following if learner.on_policy else learner.choose(ahead, epsilon)
            lengths[i, episode] = step
    return returns, lengths


peer = task.Peer("plain Python", run, cases=CASES)

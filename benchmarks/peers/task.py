"""What every peer does: the document's cliff walking, learned by hard or soft Q-learning, one update a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 4, 12
N_STATES, N_ACTIONS = HEIGHT * WIDTH, 4
START, GOAL = 36, 47
CLIFF = range(37, 47)

STEP_SIZE, DISCOUNT = 0.8, 0.95
EPSILON_START, EPSILON_DROP, EPSILON_END = 0.9, 0.001, 0.1
EPISODES, MAX_STEPS = 1000, 500


class Case(NamedTuple):
    """One column of the comparison. `random` is bare stepping with uniform actions, without learning."""

    algorithm: str
    reward_scale: float

    @property
    def label(self) -> str:
        return f"soft, k = {self.reward_scale:g}" if self.algorithm == "soft" else self.algorithm


HARD, SOFT_1, SOFT_10, RANDOM = Case("hard", 1.0), Case("soft", 1.0), Case("soft", 10.0), Case("random", 1.0)
LEARNING = (HARD, SOFT_1, SOFT_10)

Curves = tuple[NDArray[np.float64], NDArray[np.int32]]  # returns (unscaled) and lengths, each [seeds, episodes]


class Peer(NamedTuple):
    """A contender."""

    name: str
    run: Callable[[Case, NDArray[np.int64], int, int], Curves]  # case, seeds, episodes, max_steps
    missing: Callable[[], str | None] = lambda: None  # why it cannot run here, if it cannot
    cases: tuple[Case, ...] = LEARNING
    seeds_together: int = 1  # how many runs it advances at once when it is at its best


def epsilon(episode: int) -> float:
    return max(EPSILON_START - EPSILON_DROP * episode, EPSILON_END)


def tables() -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Where each action (up, right, down, left) leads and what it pays, each [states, actions]."""
    next_state = np.empty((N_STATES, N_ACTIONS), np.int32)
    reward = np.full((N_STATES, N_ACTIONS), -1.0)
    for state in range(N_STATES):
        row, column = divmod(state, WIDTH)
        for action, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
            y, x = min(max(row + down, 0), HEIGHT - 1), min(max(column + right, 0), WIDTH - 1)
            ahead = y * WIDTH + x
            if ahead in CLIFF:
                next_state[state, action], reward[state, action] = START, -100.0
            else:
                next_state[state, action], reward[state, action] = ahead, 0.0 if ahead == GOAL else -1.0
    return next_state, reward

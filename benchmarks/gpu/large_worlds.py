"""Worlds of a thousand to a million states, whose tables lie in the card's memory: the kernel alone."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

import fastsoftq as fsq
from benchmarks.gpu.contenders import timed_batch
from benchmarks.gpu.workloads import digest, trained_in
from fastsoftq.agents.rules import Agent
from fastsoftq.engine.gpu.driver import Gpu
from fastsoftq.engine.gpu.layout import layout_for
from fastsoftq.engine.gpu.reachable import Reachable, reachable
from fastsoftq.mdp.tabular import TabularMDP

AGENTS: dict[str, Agent] = {
    "hard": fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.001)),
    "soft, k = 10": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0),
}
MAX_STEPS, MOST_EPISODES, CHECKED = 500, 1000, 16


class WorldSpeed(NamedTuple):
    """One cell of the table."""

    states: int
    agent: str
    steps_per_second: float
    same_bits: bool
    runs: int  # at a time


@functools.lru_cache(maxsize=1)
def world(states: int) -> tuple[TabularMDP, Reachable]:
    """Every action leads to some random state, and nothing ends but by `max_steps`."""
    rng = np.random.default_rng(0)
    shape = states, 4
    mdp = fsq.TabularMDP(rng.integers(states, size=shape), -rng.random(shape), np.zeros(shape, bool), start=0)
    return mdp, reachable(mdp)


def speed(gpu: Gpu, states: int, agent: str, steps: float) -> WorldSpeed:
    """With as many runs as the card trains at a time, for about so many steps."""
    mdp, part = world(states)
    layout = layout_for(part.tables, gpu.card, runs=1 << 20)
    runs = layout.blocks * layout.threads
    episodes = int(np.clip(steps / (runs * MAX_STEPS), 1, MOST_EPISODES))
    size = episodes, MAX_STEPS
    seconds, taken, first = timed_batch(
        gpu, part, AGENTS[agent], "double", runs, *size, launches=3, checked_runs=CHECKED
    )
    curves = trained_in(mdp, AGENTS[agent], min(CHECKED, runs), *size)
    same = first == digest(curves.returns, curves.lengths, curves.truncated)
    return WorldSpeed(states, agent, taken / seconds, same, runs)

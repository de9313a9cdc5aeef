"""What is timed: the document's cliff walking by each kind of agent, and how large."""

from __future__ import annotations

import functools
import hashlib
import warnings
from typing import NamedTuple

import numpy as np

import fastsoftq as fsq
from benchmarks.peers import task
from benchmarks.peers.fastsoftq_train import agent
from fastsoftq.agents.rules import Agent

CHECKED = 128  # runs whose digest is held against the CPU's


class Workload(NamedTuple):
    """One column of the table."""

    case: task.Case
    precision: str
    runs: int
    episodes: int = task.EPISODES
    max_steps: int = task.MAX_STEPS

    @property
    def label(self) -> str:
        return self.case.label + (", mixed" if self.precision == "mixed" else "")

    @property
    def agent(self) -> Agent:
        return agent(self.case)

    def smaller(self, runs: int, episodes: int) -> Workload:
        return self._replace(runs=min(self.runs, runs), episodes=min(self.episodes, episodes))


# As many runs for each of an H100's 132 multiprocessors: below the critical reward scale episodes are long.
FEW, MANY = 132 * 384, 132 * 384 * 8
WORKLOADS = tuple(
    Workload(case, precision, FEW if case == task.SOFT_1 else MANY)
    for precision, cases in (("double", task.LEARNING), ("mixed", (task.SOFT_1, task.SOFT_10)))
    for case in cases
)


def trained(workload: Workload, **options) -> fsq.LearningCurves:
    _, precision, *size = workload
    return trained_in(fsq.cliff_walking(), workload.agent, *size, precision=precision, **options)


def trained_in(mdp: fsq.TabularMDP, agent: Agent, runs: int, episodes: int, max_steps: int, **options):
    """By `train`, without its warnings: k = 1 is below the critical reward scale, and meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return fsq.train(mdp, agent, runs, episodes, max_steps, **options)


def digest(returns, lengths, truncated) -> str:
    parts = (np.ascontiguousarray(array).tobytes() for array in (returns, lengths, truncated))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def digest_of(curves: fsq.LearningCurves) -> str:
    return digest(curves.returns[:CHECKED], curves.lengths[:CHECKED], curves.truncated[:CHECKED])


@functools.cache
def expected(workload: Workload) -> str:
    """The digest of the first runs, by the CPU."""
    return digest_of(trained(workload._replace(runs=min(CHECKED, workload.runs))))

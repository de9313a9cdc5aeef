"""fastsoftq's own `train`, on one thread."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from numpy.typing import NDArray

import fastsoftq as fsq
from benchmarks.peers import task


def agent(case: task.Case) -> fsq.QLearning | fsq.SoftQLearning:
    if case.algorithm == "hard":
        decay = fsq.LinearDecay(task.EPSILON_START, task.EPSILON_END, task.EPSILON_DROP)
        return fsq.QLearning(step_size=task.STEP_SIZE, discount=task.DISCOUNT, epsilon=decay)
    return fsq.SoftQLearning(
        step_size=task.STEP_SIZE, discount=task.DISCOUNT, temperature=1.0, reward_scale=case.reward_scale
    )


def run(precision: str, case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # k = 1 is below the critical reward scale, and meant
        curves = fsq.train(fsq.cliff_walking(), agent(case), seeds, episodes, max_steps, precision=precision, threads=1)
    return curves.returns, curves.lengths


double = task.Peer("fastsoftq, double", partial(run, "double"), seeds_together=256)
# Hard Q-learning takes no exponentials: both precisions are the same there.
mixed = task.Peer("fastsoftq, mixed", partial(run, "mixed"), cases=(task.SOFT_1, task.SOFT_10), seeds_together=256)

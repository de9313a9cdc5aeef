"""fastsoftq's own `train`, on one thread, of agents with memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastsoftq as fsq
from benchmarks.peers import task
from benchmarks.peers.shelf.shelf_task import ALGORITHMS, CASES, PLANNING_STEPS, STEPS, TRACE_DECAY
from fastsoftq.agents.memory_rules import memory, remembers

_KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "double_q_learning": (fsq.DoubleQLearning, {}),
    "sarsa_lambda": (fsq.SarsaLambda, {"trace_decay": TRACE_DECAY}),
    "sarsa_lambda_replacing": (fsq.SarsaLambda, {"trace_decay": TRACE_DECAY, "replacing": True}),
    "n_step_sarsa": (fsq.NStepSarsa, {"n": STEPS}),
    "dyna_q": (fsq.DynaQ, {"planning_steps": PLANNING_STEPS}),
}


def agent(case: task.Case) -> Any:
    kind, own = _KINDS[case.algorithm]
    epsilon = fsq.LinearDecay(task.EPSILON_START, task.EPSILON_END, task.EPSILON_DROP)
    step_size = ALGORITHMS[case.algorithm].step_size
    return kind(step_size=step_size, discount=task.DISCOUNT, epsilon=epsilon, reward_scale=case.reward_scale, **own)


def loop(case: task.Case) -> str:
    """Whether runs of an agent go in lanes, or one at a time, as those do that keep whole arrays."""
    return "one run" if remembers(agent(case), memory) else "lanes"


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    curves = fsq.train(fsq.cliff_walking(), agent(case), seeds, episodes, max_steps, threads=1)
    return curves.returns, curves.lengths


peer = task.Peer("fastsoftq", run, cases=CASES)

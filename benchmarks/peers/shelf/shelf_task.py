"""What is compared: the document's cliff walking, learned by agents that keep more than one table."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.peers import task


class Algorithm(NamedTuple):
    """An agent with its settings; those that it shares with the others are `task`'s."""

    title: str
    step_size: float = task.STEP_SIZE


TRACE_DECAY, STEPS, PLANNING_STEPS = 0.9, 4, 5  # lambda; n; updates from the model after each step

# Traces that add up, and returns of several steps, overshoot with the document's step size of 0.8.
ALGORITHMS = {
    "double_q_learning": Algorithm("double Q-learning"),
    "sarsa_lambda": Algorithm("SARSA(0.9), accumulating", step_size=0.1),
    "sarsa_lambda_replacing": Algorithm("SARSA(0.9), replacing", step_size=0.1),
    "n_step_sarsa": Algorithm("4-step SARSA", step_size=0.1),
    "dyna_q": Algorithm("Dyna-Q, 5 planning steps"),
}
CASES = tuple(task.Case(name, 1.0) for name in ALGORITHMS)
TRACES = tuple(case for case in CASES if case.algorithm.startswith("sarsa_lambda"))

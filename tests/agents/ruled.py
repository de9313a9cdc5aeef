"""Agents that are given rules of their own by a test."""

from typing import NamedTuple

from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, rule


def agent_with(*rules):
    """Q-learning with some rules of its own, by rule and implementation."""

    @epsilon_greedy
    class Mine(NamedTuple):
        step_size: float = 0.5
        discount: float = 0.9
        epsilon: float = 0.1
        reward_scale: float = 1.0

    rule(bootstrap, Mine)(lambda agent, row, summary, action: summary)
    for generic, implementation in rules:
        rule(generic, Mine)(implementation)
    return Mine()

"""Epsilon-greedy behaviour: what the agents have in common that explore by chance. They differ in what they learn."""

from __future__ import annotations

from typing import TypeVar

from fastsoftq.agents.rules import act, look, rule
from fastsoftq.kernels.policies import explores, greedy_given
from fastsoftq.kernels.rows import highest

__all__ = ["epsilon_greedy"]

AgentType = TypeVar("AgentType", bound=type)


def _look(agent, row, like):
    return highest(row)


def _act(agent, row, sight, draw):
    return greedy_given(row, sight, explores(draw, agent.epsilon), draw.low)


def epsilon_greedy(agent: AgentType) -> AgentType:
    """Decorate an agent (with a field `epsilon`) that acts epsilon-greedily; what it sees of a state is the maximum."""
    rule(look, agent)(_look)
    rule(act, agent)(_act)
    return agent

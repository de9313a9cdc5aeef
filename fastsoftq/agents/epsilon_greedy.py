"""Epsilon-greedy behaviour, shared by agents that learn in different ways."""

from __future__ import annotations

from typing import TypeVar

from fastsoftq.agents.rules import act, rule, summarise
from fastsoftq.kernels.over_actions import highest
from fastsoftq.kernels.policies import explores, greedy_given

__all__ = ["epsilon_greedy"]

AgentType = TypeVar("AgentType", bound=type)


def _summarise(agent, row, like):
    return highest(row)


def _act(agent, row, summary, draw):
    return greedy_given(row, summary, explores(draw, agent.epsilon), draw.low)


def epsilon_greedy(agent: AgentType) -> AgentType:
    """Make an agent with a field `epsilon` act epsilon-greedily; its summary of a row is the maximum.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @epsilon_greedy
    ... class Mine(NamedTuple):
    ...     epsilon: float = 0.1
    """
    rule(summarise, agent)(_summarise)
    rule(act, agent)(_act)
    return agent

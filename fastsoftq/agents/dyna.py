"""Dyna (Sutton 1990): after every step, an agent learns from a few more that a model of what it has seen makes up.

The model holds what came last of each action in each state, as in Sutton & Barto 2018, section 8.2. So it is exact in
deterministic worlds. In stochastic ones it repeats an outcome until there is another, and leans to those after which an
action is rarely tried again: values come near the true ones and stay about them.
"""

from __future__ import annotations

from typing import TypeVar

from fastsoftq.agents.memory_rules import planning_steps, time_bonus
from fastsoftq.agents.rules import rule

__all__ = ["dyna"]

AgentType = TypeVar("AgentType", bound=type)


def _planning_steps(agent):
    return agent.planning_steps


def _time_bonus(agent):
    return agent.time_bonus


def dyna(agent: AgentType) -> AgentType:
    """Make an agent with fields `planning_steps` and `time_bonus` learn from a model too.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @dyna
    ... class Mine(NamedTuple):
    ...     planning_steps: int = 5
    ...     time_bonus: float = 0.0
    """
    rule(planning_steps, agent)(_planning_steps)
    rule(time_bonus, agent)(_time_bonus)
    return agent

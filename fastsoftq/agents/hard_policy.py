"""The hard policy: epsilon-greedy, with values of the best action. `soft_policy.py` is its soft form."""

from __future__ import annotations

from typing import TypeVar

from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, double_bootstrap, rule
from fastsoftq.kernels.over_actions import first_highest, pick

__all__ = ["hard_policy"]

AgentType = TypeVar("AgentType", bound=type)


def _bootstrap(agent, row, summary, action):
    return summary


def _double_bootstrap(agent, row, summary, values):
    return pick(values, first_highest(row))


def hard_policy(agent: AgentType) -> AgentType:
    """Make an agent with a field `epsilon` hard: it acts epsilon-greedily, and bootstraps on the best action.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @hard_policy
    ... class Mine(NamedTuple):
    ...     epsilon: float = 0.1
    """
    epsilon_greedy(agent)
    rule(bootstrap, agent)(_bootstrap)
    rule(double_bootstrap, agent)(_double_bootstrap)
    return agent

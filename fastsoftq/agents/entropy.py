"""Whether an agent's target pays the entropy of its policy, beside what rewards pay."""

from __future__ import annotations

from typing import Any

from fastsoftq.agents.actor_critic import ActorCritic
from fastsoftq.agents.frozen import Frozen
from fastsoftq.agents.rules import Agent
from fastsoftq.agents.soft_policy import bootstraps_softly

__all__ = ["paid_entropy"]


def paid_entropy(agent: Agent) -> float | None:
    """What a unit of reward is worth beside a nat of entropy, in the end: reward scale over temperature.

    Parameters
    ----------
    agent : NamedTuple
        By itself, or around one that learns.

    Returns
    -------
    float or None
        None where entropy pays nothing, or nothing is learned.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> soft = fsq.SoftQLearning(0.8, 0.95, temperature=fsq.LinearDecay(5.0, 2.0, 0.1), reward_scale=10.0)
    >>> paid_entropy(fsq.VisitStepSize(soft)), paid_entropy(fsq.QLearning(0.8, 0.95))
    (5.0, None)
    """
    if isinstance(agent, Frozen):
        return None
    inner: Any = getattr(agent, "agent", None)
    if inner is not None:
        return paid_entropy(inner)
    if not (bootstraps_softly(agent) or isinstance(agent, ActorCritic)) or not hasattr(agent, "reward_scale"):
        return None
    of: Any = agent
    temperature = getattr(of.temperature, "stop", of.temperature)
    return of.reward_scale / temperature if temperature > 0.0 else None

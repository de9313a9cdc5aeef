"""CountBonus: another agent that is paid for actions it has rarely taken."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.memory_rules import rewarded
from fastsoftq.agents.rules import Agent, rule
from fastsoftq.agents.wrapping import counting
from fastsoftq.kernels.simd import sqrt

__all__ = ["CountBonus"]


@counting
class CountBonus(NamedTuple):
    """An agent that learns from the reward and bonus / sqrt(n(s, a)) on top of it.

    n(s, a) counts how often the action was taken in the state, this time included. Strehl & Littman 2008, "An analysis
    of model-based interval estimation for Markov decision processes" (MBIE-EB); Bellemare et al. 2016 for
    pseudo-counts. Curves report rewards without it.

    Parameters
    ----------
    agent : NamedTuple
        The agent that learns.
    bonus : float
        At least 0, in units of the reward; the agent's `reward_scale` multiplies it too.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.CountBonus(fsq.QLearning(step_size=0.5, discount=0.95, epsilon=0.0), bonus=1.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    agent: Agent
    bonus: float


@rule(rewarded, CountBonus)
def _(agent, reward, kept):
    return rewarded(agent.agent, reward, kept.inner) + agent.bonus / sqrt(kept.count)

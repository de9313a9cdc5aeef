"""VisitStepSize: another agent with a step size that falls with the visits of each state and action."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.memory_rules import adapted
from fastsoftq.agents.replacing import with_agent, with_step_size
from fastsoftq.agents.rules import Agent, rule
from fastsoftq.agents.wrapping import counting
from fastsoftq.kernels.jit import by_type
from fastsoftq.kernels.numerics import exp2, log2
from fastsoftq.kernels.simd import maximum, select
from fastsoftq.kernels.vectors import Vec

__all__ = ["VisitStepSize"]


@counting
class VisitStepSize(NamedTuple):
    """An agent that learns with step size 1 / n(s, a)**power, n the times that an action was taken in a state.

    With a power above 1/2, up to 1, step sizes fall as convergence asks for (Robbins & Monro 1951; Even-Dar & Mansour
    2003, "Learning rates for Q-learning", who find powers below 1 better for discounts near 1). It takes the place of
    the agent's own `step_size`, wherever that is. Agents that move many entries in a step by traces use for all of
    them that of the action taken.

    Parameters
    ----------
    agent : NamedTuple
        The agent that learns.
    power : float
        In [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.VisitStepSize(fsq.QLearning(step_size=1.0, discount=0.95), power=0.8)
    >>> fsq.train(fsq.cliff_walking(slippery=True), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    agent: Agent
    power: float = 1.0


@by_type
def _inverse_power(n, power):
    """1 / n**power, n at least 1; to the last bit 1 / n where the power is 1."""

    def of_many(n, power):
        return select(power == 1.0, 1.0 / n, exp2(-power * log2(n)))

    def of_one(n, power):
        return 1.0 / n if power == 1.0 else exp2(-power * log2(n))

    return of_many if isinstance(power, Vec) else of_one


@rule(adapted, VisitStepSize)
def _(agent, kept):
    inner = adapted(agent.agent, kept.inner)
    visits = maximum(kept.count, 1.0)  # a model may hold what was never visited
    return with_agent(agent, with_step_size(inner, _inverse_power(visits, agent.power)))

"""UpperConfidence: another agent that acts upon upper confidence bounds of its values, as UCB1 does in a bandit."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.memory_rules import acts_upon
from fastsoftq.agents.rules import Agent, rule
from fastsoftq.agents.wrapping import counting
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.numerics import LN_2, log2
from fastsoftq.kernels.over_actions import each_pair, total
from fastsoftq.kernels.simd import maximum, select, sqrt

__all__ = ["UpperConfidence"]

_UNVISITED = 1e120  # above any value and any bound


@counting
class UpperConfidence(NamedTuple):
    """An agent that acts upon Q(s, a) + confidence sqrt(ln N(s) / n(s, a)), and upon actions not yet taken first.

    Auer, Cesa-Bianchi & Fischer 2002 (UCB1, where rewards lie in [0, 1] and `confidence` is the root of 2); Sutton &
    Barto 2018, section 2.7. n(s, a) counts how often an action was taken in a state, N(s) is their sum. What the agent
    learns is as ever: bounds decide on actions alone. It chooses upon them in its own way, a soft agent by weights, and
    explores with its own epsilon besides; 0 makes an agent that relies on the bounds.

    Parameters
    ----------
    agent : NamedTuple
        The agent that learns and acts.
    confidence : float
        At least 0, in units of Q.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.UpperConfidence(fsq.QLearning(step_size=0.5, discount=0.95, epsilon=0.0), confidence=2.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    agent: Agent
    confidence: float


@inlined
def _bound(value, n, action, confidence, nats):
    bound = value + confidence * sqrt(nats / maximum(n, 1.0))
    return select(n > 0.0, bound, _UNVISITED)


@rule(acts_upon, UpperConfidence)
def _(agent, row, kept):
    nats = LN_2 * log2(maximum(total(kept.count), 1.0))
    return each_pair(_bound, acts_upon(agent.agent, row, kept.inner), kept.count, (agent.confidence, nats))

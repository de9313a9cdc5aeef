"""Frozen: another agent's behaviour, without its learning. Evaluation is training with an agent that does not learn."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.memory_rules import acts_upon, beside, estimate, visited
from fastsoftq.agents.rules import Agent, act, bootstrap, complete_summary, learn, rule, summarise
from fastsoftq.agents.wrapping import passing_on

__all__ = ["Frozen"]


@passing_on(summarise, complete_summary, act, beside, acts_upon, visited, estimate)
class Frozen(NamedTuple):
    """An agent that acts as another would and never changes its table; train it from an `initial_q`.

    Of an agent with memory, what its actions depend on goes on: both tables begin as `initial_q`, and visits are
    counted, from 0.

    Parameters
    ----------
    agent : NamedTuple
        The agent that behaves so: `QLearning(..., epsilon=0.0)` for a greedy one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> exact = fsq.value_iteration(fsq.cliff_walking(), discount=0.95)
    >>> greedy = fsq.Frozen(fsq.QLearning(step_size=0.8, discount=0.95, epsilon=0.0))
    >>> fsq.train(fsq.cliff_walking(), greedy, seeds=3, episodes=1, initial_q=exact.q).lengths.ravel().tolist()
    [13, 13, 13]
    """

    agent: Agent


@rule(bootstrap, Frozen)
def _(agent, row, summary, action):
    return 0.0


@rule(learn, Frozen)
def _(agent, entry, reward, terminated, value):
    return entry

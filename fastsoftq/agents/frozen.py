"""Frozen: another agent's behaviour, without its learning. Evaluation is training with an agent that does not learn."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq.agents.rules import act, bootstrap, learn, look, rule, weigh

__all__ = ["Frozen"]


class Frozen(NamedTuple):
    """An agent that acts as another would and never changes its table; train it from an `initial_q`.

    Parameters
    ----------
    agent : NamedTuple
        Whose behaviour to show, `QLearning(..., epsilon=0.0)` for a greedy one.
    """

    agent: Any


@rule(look, Frozen)
def _(agent, row, like):
    return look(agent.agent, row, like)


@rule(weigh, Frozen)
def _(agent, glance):
    return weigh(agent.agent, glance)


@rule(bootstrap, Frozen)
def _(agent, row, sight, action):
    return 0.0


@rule(learn, Frozen)
def _(agent, entry, reward, terminated, value):
    return entry


@rule(act, Frozen)
def _(agent, row, sight, draw):
    return act(agent.agent, row, sight, draw)

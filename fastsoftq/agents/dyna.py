"""Dyna (Sutton 1990): after every step, an agent learns from a few more that a model of what it has seen makes up.

The model holds what came last of each action in each state, as in Sutton & Barto 2018, section 8.2. So it is exact in
deterministic worlds. In stochastic ones it repeats an outcome until there is another, and leans to those after which an
action is rarely tried again: values come near the true ones and stay about them.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np

from fastsoftq.agents.memory_rules import memory, step_taken
from fastsoftq.agents.rules import bootstrap, complete_summary, learn, rule, summarise
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.random import integer
from fastsoftq.kernels.simd import fma, sqrt

__all__ = ["dyna"]

AgentType = TypeVar("AgentType", bound=type)
_1 = np.uint64(1)


class Model(NamedTuple):
    """What came last of each state and action, in the order in which they were met."""

    state: Any  # uint32 [entries]
    action: Any  # uint32 [entries]
    reward: Any  # float64 [entries], as it is learned from
    next_state: Any  # uint32 [entries]
    terminated: Any  # bool [entries]
    taken: Any  # int64 [entries]: at which step of the run; 0 for never; kept only where a bonus is paid
    place: Any  # uint32 [states, actions]: the number of an entry, from 1 on; 0 where there is none
    counts: Any  # int64 [2]: entries; steps of the run, if a bonus is paid


def _memory(agent, n_states, n_actions):
    entries = n_states * n_actions
    return Model(
        np.empty(entries, np.uint32), np.empty(entries, np.uint32), np.empty(entries), np.empty(entries, np.uint32),
        np.empty(entries, np.bool_), np.empty(entries, np.int64), np.zeros((n_states, n_actions), np.uint32),
        np.zeros(2, np.int64),
    )  # fmt: skip


@inlined
def _entry(model, state, action):
    """The number of an entry; a new one if there is none."""
    k = np.uint64(model.place[state, action])
    if k == 0:
        model.counts[0] += 1
        k = np.uint64(model.counts[0])
        model.place[state, action] = k
        model.state[k - _1], model.action[k - _1] = state, action
    return k - _1


@inlined
def _expect_nothing(model, state):
    """Let all actions of a state that is new lead back to it for nothing, until they are taken."""
    for action in range(model.place.shape[1]):
        if model.place[state, action] == 0:
            k = _entry(model, state, action)
            model.reward[k], model.next_state[k], model.terminated[k], model.taken[k] = 0.0, state, False, 0


@inlined
def _note(agent, model, step):
    if agent.time_bonus > 0.0:
        model.counts[1] += 1
        _expect_nothing(model, step.state)
    k = _entry(model, step.state, step.action)
    model.reward[k], model.next_state[k], model.terminated[k] = step.reward, step.next_state, step.terminated
    if agent.time_bonus > 0.0:
        model.taken[k] = model.counts[1]


@inlined
def _learn_from(agent, q, state, action, reward, next_state, terminated, form, like):
    row = read_row(q, next_state, form)
    value = bootstrap(agent, row, complete_summary(agent, summarise(agent, row, like)), 0)
    q[state, action] = learn(agent, q[state, action], reward, terminated, value)


def _step_taken(agent, memory, q, step, like):
    _learn_from(agent, q, step.state, step.action, step.reward, step.next_state, step.terminated, step.row, like)
    _note(agent, memory, step)
    key, count = step.key, memory.counts[0]
    for _ in range(agent.planning_steps):
        key, place = integer(key, count)
        k = np.uint64(place)
        reward = memory.reward[k]
        if agent.time_bonus > 0.0:
            reward = fma(agent.time_bonus, sqrt(float(memory.counts[1] - memory.taken[k])), reward)
        _learn_from(
            agent, q, memory.state[k], memory.action[k], reward, memory.next_state[k], memory.terminated[k],
            step.row, like,
        )  # fmt: skip


def dyna(agent: AgentType) -> AgentType:
    """Make an agent with fields `planning_steps` and `time_bonus` learn from a model too, by its own `bootstrap`.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @dyna
    ... class Mine(NamedTuple):
    ...     planning_steps: int = 5
    ...     time_bonus: float = 0.0
    """
    rule(memory, agent)(_memory)
    rule(step_taken, agent)(_step_taken)
    return agent

"""Eligibility traces (Sutton & Barto 2018, chapter 12): every error is learned from by all that led to it.

A step costs what is alive and not states times actions: traces are a list, and one that has faded to less than 2**-53
of a new one is dropped from it. What it would still add is lost in rounding, unless errors grow.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np

from fastsoftq.agents.memory_rules import begin_episode, memory, step_taken
from fastsoftq.agents.rules import AGENTS, bootstrap, complete_summary, rule, summarise
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.simd import fma
from fastsoftq.kernels.updates import td_target

__all__ = ["trace_coefficient", "with_traces"]

AgentType = TypeVar("AgentType", bound=type)

_NEGLIGIBLE = 2.0**-53


class Traces(NamedTuple):
    """The entries whose traces are alive, in any order."""

    state: Any  # uint32 [entries]
    action: Any  # uint32 [entries]
    trace: Any  # float64 [entries]: times the step size
    place: Any  # int32 [states, actions]: where an entry is in the list, from 1 on; 0 where it is not
    count: Any  # int64 [1]


@AGENTS.dispatched
def trace_coefficient(agent, row, action, like):
    """How much of older traces goes on through an action, given the values beside it; the discount comes on top."""
    return agent.trace_decay


@inlined
def _taken_out(traces, k):
    """Take an entry out of the list; the last one fills its place."""
    last = traces.count[0] - 1
    traces.place[traces.state[last], traces.action[last]] = k + 1
    traces.place[traces.state[k], traces.action[k]] = 0
    traces.state[k], traces.action[k], traces.trace[k] = traces.state[last], traces.action[last], traces.trace[last]
    traces.count[0] = last


@inlined
def _learn_along(traces, q, state, action, error, step_size, fade, replacing):
    """Let older traces fade, make or renew that of the entry, and move all that are alive by the error."""
    least = step_size * _NEGLIGIBLE
    new, k = step_size, traces.place[state, action] - 1
    if k >= 0:
        left = fade * traces.trace[k]
        if not replacing and left >= least:
            new += left
        _taken_out(traces, k)
    for k in range(traces.count[0] - 1, -1, -1):
        trace = fade * traces.trace[k]
        if trace >= least:
            s, a = traces.state[k], traces.action[k]
            traces.trace[k] = trace
            q[s, a] = fma(trace, error, q[s, a])
        else:
            _taken_out(traces, k)
    k = traces.count[0]
    traces.state[k], traces.action[k], traces.trace[k] = state, action, new
    traces.place[state, action] = k + 1
    traces.count[0] = k + 1
    q[state, action] = fma(new, error, q[state, action])


def _memory(agent, n_states, n_actions):
    entries = n_states * n_actions
    return Traces(
        np.empty(entries, np.uint32), np.empty(entries, np.uint32), np.empty(entries),
        np.zeros((n_states, n_actions), np.int32), np.zeros(1, np.int64),
    )  # fmt: skip


def _begin_episode(agent, memory, q, state):
    for k in range(memory.count[0]):
        memory.place[memory.state[k], memory.action[k]] = 0
    memory.count[0] = 0


def _step_taken(agent, memory, q, step, like):
    row, ahead = read_row(q, step.state, step.row), read_row(q, step.next_state, step.row)
    value = bootstrap(agent, ahead, complete_summary(agent, summarise(agent, ahead, like)), step.next_action)
    target = td_target(agent.reward_scale * step.reward, step.terminated, agent.discount, value)
    error = target - q[step.state, step.action]
    fade = agent.discount * trace_coefficient(agent, row, step.action, like)
    _learn_along(memory, q, step.state, step.action, error, agent.step_size, fade, agent.replacing)


def with_traces(agent: AgentType) -> AgentType:
    """Make an agent with fields `trace_decay` and `replacing` learn along traces, from the errors of its `bootstrap`.

    What fades of traces is by the rule `trace_coefficient`; unless it is given another, by `trace_decay`.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @with_traces
    ... class Mine(NamedTuple):
    ...     trace_decay: float = 0.9
    ...     replacing: bool = False
    """
    for generic, implementation in ((memory, _memory), (begin_episode, _begin_episode), (step_taken, _step_taken)):
        rule(generic, agent)(implementation)
    return agent

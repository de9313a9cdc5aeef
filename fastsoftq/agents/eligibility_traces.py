"""Eligibility traces (Sutton & Barto 2018, chapter 12): every error is learned from by all that led to it.

A step costs what is alive and not states times actions: what is listed are parts of rows (`row_vectors.py`), whose
traces fade, and move their entries, in one vector. Entries listed one by one take up to twice as long where actions
are few, and up to a quarter less where they are very many.

A trace that has faded to less than 2**-53 of a new one is dropped. What it would still add is lost in rounding, unless
errors grow.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import types

from fastsoftq.agents.memory_rules import begin_episode, memory, step_taken
from fastsoftq.agents.rules import AGENTS, bootstrap, complete_summary, rule, summarise
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.row_vectors import MOST_LANES, is_whole, load_part, part_width, store_part
from fastsoftq.kernels.simd import any_lane, fma, maximum, select
from fastsoftq.kernels.updates import td_target

__all__ = ["trace_coefficient", "with_traces"]

AgentType = TypeVar("AgentType", bound=type)

_NEGLIGIBLE = 2.0**-53
_SMALLEST = 5e-324  # above 0


class Traces(NamedTuple):
    """Traces in the parts of rows that are moved at once; those parts in which any are alive are listed, in any order.

    The last part of a row ends where the row does: what it shares with the part before has its traces there.
    """

    trace: Any  # float64 [states, parts * width]: times the step size; meaningless in parts that are not listed
    listed: Any  # bool [states, parts]
    state: Any  # uint32 [states * parts]: where the listed parts are; their states,
    column: Any  # uint32 [states * parts]: and where in `trace` they begin
    count: Any  # int64 [1]: how many they are


@AGENTS.dispatched
def trace_coefficient(agent, row, action, like):
    """How much of older traces goes on through an action, given the values beside it; the discount comes on top."""
    return agent.trace_decay


@inlined
def _faded(trace, fade, least):
    """What is left of a trace, or of each in a vector, and whether it is alive."""
    left = fade * trace
    alive = left >= least
    return select(alive, left, 0.0), alive


@by_type
def _first_action(column, n_actions, form):
    """The action with which a part begins."""
    if is_whole(form):
        return lambda column, n_actions, form: 0
    return lambda column, n_actions, form: max(min(np.int64(column), n_actions - part_width(form)), 0)


@by_type
def _column(traces, k, form):
    """Where in its row of `trace` a listed part begins."""
    return (lambda traces, k, form: 0) if is_whole(form) else (lambda traces, k, form: np.int64(traces.column[k]))


@by_type
def _part(action, form):
    """The part of a row in which an action is listed."""
    return (lambda action, form: 0) if is_whole(form) else (lambda action, form: action // part_width(form))


@by_type
def _move_part(traces, q, state, column, error, fade, least, form):
    """Let the traces of a part fade, and move its entries by what is left; whether any is alive."""

    def at_once(traces, q, state, column, error, fade, least, form):
        action = _first_action(column, q.shape[1], form)
        left, alive = _faded(load_part(traces.trace, state, column, form), fade, least)
        entries = load_part(q, state, action, form)
        store_part(traces.trace, state, column, form, left)
        store_part(q, state, action, form, select(alive, fma(left, error, entries), entries))
        return any_lane(alive)

    def unless_short(traces, q, state, column, error, fade, least, form):
        if q.shape[1] >= part_width(form):
            return at_once_(traces, q, state, column, error, fade, least, form)
        any_alive = False
        for a in range(q.shape[1]):
            left, alive = _faded(traces.trace[state, a], fade, least)
            traces.trace[state, a] = left
            if alive:
                q[state, a] = fma(left, error, q[state, a])
                any_alive = True
        return any_alive

    at_once_ = inlined(at_once)
    return at_once if isinstance(form, types.BaseTuple) else unless_short


@inlined
def _learn_along(traces, q, state, action, error, step_size, fade, replacing, form):
    """Let older traces fade, make or renew that of the entry, and move all that are alive by the error."""
    width = part_width(form)
    part = _part(action, form)
    own = part * width
    lane = own + action - _first_action(own, q.shape[1], form)
    count = traces.count[0]
    if not traces.listed[state, part]:
        traces.state[count], traces.column[count], traces.listed[state, part] = state, own, True
        count += 1
        for column in range(own, own + min(width, q.shape[1])):
            traces.trace[state, column] = 0.0
    least = maximum(step_size * _NEGLIGIBLE, _SMALLEST)
    left, _ = _faded(traces.trace[state, lane], fade, least)
    new, entry = step_size + (0.0 if replacing else left), q[state, action]
    for k in range(count - 1, -1, -1):
        s, column = traces.state[k], _column(traces, k, form)
        if not _move_part(traces, q, s, column, error, fade, least, form) and (s != state or column != own):
            count -= 1
            traces.state[k], traces.column[k] = traces.state[count], traces.column[count]
            traces.listed[s, _part(column, form)] = False
    traces.count[0] = count
    traces.trace[state, lane] = new
    q[state, action] = fma(new, error, entry)


def _memory(agent, n_states, n_actions):
    width = min(n_actions, MOST_LANES)
    parts = (n_actions + width - 1) // width
    return Traces(
        np.zeros((n_states, parts * width)), np.zeros((n_states, parts), np.bool_),
        np.empty(n_states * parts, np.uint32), np.empty(n_states * parts, np.uint32), np.zeros(1, np.int64),
    )  # fmt: skip


def _begin_episode(agent, memory, q, state):
    if q.strides[1] != q.itemsize:
        raise ValueError("q must have contiguous rows")
    for k in range(memory.count[0]):
        memory.listed[memory.state[k], memory.column[k] // MOST_LANES] = False
    memory.count[0] = 0


def _step_taken(agent, memory, q, step, like):
    row, ahead = read_row(q, step.state, step.row), read_row(q, step.next_state, step.row)
    value = bootstrap(agent, ahead, complete_summary(agent, summarise(agent, ahead, like)), step.next_action)
    target = td_target(agent.reward_scale * step.reward, step.terminated, agent.discount, value)
    error = target - q[step.state, step.action]
    fade = agent.discount * trace_coefficient(agent, row, step.action, like)
    _learn_along(memory, q, step.state, step.action, error, agent.step_size, fade, agent.replacing, step.row)


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

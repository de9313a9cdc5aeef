"""How agents with memory learn from a step of the one-run loop: at once, n steps later, or by a rule of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastsoftq.agents.memory_rules import (
    adapted,
    backed_up,
    learn_beside,
    pass_back,
    step_taken,
    value_ahead,
)
from fastsoftq.engine.planes import keep_at, kept_at, parted, values_in
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.over_actions import read_row

__all__ = ["Learner", "begin_recent", "learn_from", "learn_of", "recent_steps", "value_of"]


class Recent(NamedTuple):
    """The last n steps of an episode, step t in slot t % n."""

    state: Any  # int64 [n]
    action: Any  # int64 [n]
    reward: Any  # float64 [n]
    count: Any  # int64 [1]: steps so far


class Learner(NamedTuple):
    """What learning needs besides the step."""

    table: Any  # float64 [states, planes * actions]
    row: Any  # a wide row, as rules are given it
    example: Any  # what is kept beside an entry, by type
    n_actions: Any
    own: Any  # the agent's own memory
    recent: Any  # its last n steps
    like: Any


@by_type
def recent_steps(n, most):
    """Room for the last n steps, or as many as there are in an episode at most; None where there are none to keep."""
    if n == types.none:
        return lambda n, most: None

    def room(n, most):
        n = min(n, most)
        return Recent(np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.zeros(1, np.int64))

    return room


@by_type
def begin_recent(recent):
    """An episode begins: there are no last steps."""
    if recent == types.none:
        return lambda recent: None

    def begin(recent):
        recent.count[0] = 0

    return begin


@by_type
def value_of(now, learner, state, action, draw):
    """What a state is worth in which the agent has arrived, before it learns from that."""
    if learner.types[learner.fields.index("own")] != types.none:
        return lambda now, learner, state, action, draw: 0.0

    def read_ahead(now, learner, state, action, draw):
        row, kept = parted(read_row(learner.table, state, learner.row), learner.example)
        return value_ahead(now, row, kept, action, draw, learner.like)

    return read_ahead


@inlined
def learn_of(now, learner, state, action, reward, terminated, value, draw):
    """Learn that an action led to a `value` ahead."""
    table = learner.table
    kept = kept_at(table, state, action, learner.n_actions, learner.example)
    entry, kept = learn_beside(adapted(now, kept), table[state, action], kept, reward, terminated, value, draw)
    table[state, action] = entry
    keep_at(table, state, action, learner.n_actions, kept, learner.example)


@inlined
def _value_within(now, learner, first, last, terminated, value):
    """What follows step `first`, where `value` follows step `last`; and whether nothing does."""
    recent, n = learner.recent, len(learner.recent.state)
    for t in range(last, first, -1):
        state, action = recent.state[t % n], recent.action[t % n]
        row, kept = parted(read_row(learner.table, state, learner.row), learner.example)
        value = pass_back(now, row, kept, action, backed_up(now, recent.reward[t % n], terminated, value), learner.like)
        terminated = False
    return terminated, value


@by_type
def learn_from(now, learner, step, value):
    """Learn from a step, as the agent does, that led to a `value`."""
    fields = dict(zip(learner.fields, learner.types, strict=True))

    def by_own_rule(now, learner, step, value):
        kept = kept_at(learner.table, step.state, step.action, learner.n_actions, learner.example)
        q = values_in(learner.table, learner.n_actions, learner.example)
        step_taken(adapted(now, kept), learner.own, q, step, learner.like)

    def at_once(now, learner, step, value):
        learn_of(now, learner, step.state, step.action, step.reward, step.terminated, value, step.draw)

    def after_n_steps(now, learner, step, value):
        """Learn of the step that lies n steps back; at an episode's end of all that are left, oldest first."""
        recent, n = learner.recent, len(learner.recent.state)
        last = recent.count[0]
        recent.count[0] = last + 1
        recent.state[last % n], recent.action[last % n], recent.reward[last % n] = step.state, step.action, step.reward
        oldest = last + 1 - n
        ended = step.terminated or step.truncated
        for t in range(max(oldest, 0), (last if ended else oldest) + 1):
            terminated, ahead = _value_within(now, learner, t, last, step.terminated, value)
            state, action = recent.state[t % n], recent.action[t % n]
            learn_of(now, learner, state, action, recent.reward[t % n], terminated, ahead, step.draw)

    if fields["own"] != types.none:
        return by_own_rule
    return at_once if fields["recent"] == types.none else after_n_steps

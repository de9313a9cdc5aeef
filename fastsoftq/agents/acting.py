"""How an agent acts upon a table: the share of all random draws for which it takes each action, and what it takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastsoftq.agents.memory_rules import acts_upon, estimate
from fastsoftq.agents.rules import AGENTS, act, complete_summary, summarise
from fastsoftq.agents.schedules import tuned
from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.kernels.over_actions import read_row
from fastsoftq.kernels.random import Draw

__all__ = ["acts_upon_more", "fill_choices", "fill_probabilities"]

_CELLS = 16  # into which each half of a draw is cut before changes are looked for within them
_SHARE = 2.0**-32  # of one value of half a draw


@inlined
def _chosen(agent, row, summary, high, low):
    return np.int64(act(agent, row, summary, Draw(np.uint32(high), np.uint32(low))))


@inlined
def _count_choices(agent, row, summary, high, counts):
    """For how many lower halves of a draw each action is chosen, by looking for where the choice changes."""
    for action in range(len(counts)):
        counts[action] = 0
    here = 0
    taken = _chosen(agent, row, summary, high, here)
    for cell in range(1, _CELLS + 1):
        end = cell * (2**32 // _CELLS) - (cell == _CELLS)
        last = _chosen(agent, row, summary, high, end)
        while taken != last:
            before, changed = here, end
            while changed - before > 1:
                middle = (before + changed) // 2
                if _chosen(agent, row, summary, high, middle) == taken:
                    before = middle
                else:
                    changed = middle
            counts[taken] += changed - here
            here = changed
            taken = _chosen(agent, row, summary, high, here)
        counts[taken] += end - here
        here = end
    counts[taken] += 1


@inlined
def _differ(first, second):
    differences = 0
    for i in range(len(first)):
        differences += first[i] != second[i]
    return differences > 0


@compiled
def fill_probabilities(agent, episode, q, states, row, like, out):
    """Fill out [states, actions]: the area of all draws, as a square of both halves, that choose each action.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> q, states, row = np.array([[0.0, 1.0]]), np.array([0]), (0.0, 0.0)
    >>> out = np.empty((1, 2))
    >>> fill_probabilities(fsq.QLearning(0.8, 0.95, epsilon=0.5), 0, q, states, row, np.float64(0), out)
    >>> out.round(3).tolist()
    [[0.25, 0.75]]
    """
    now = tuned(agent, np.int32(episode))
    actions = out.shape[1]
    first, last, between = np.zeros(actions, np.int64), np.zeros(actions, np.int64), np.zeros(actions, np.int64)
    for i in range(len(states)):
        values = read_row(q, states[i], row)
        summary = complete_summary(now, summarise(now, values, like))
        for action in range(actions):
            out[i, action] = 0.0
        here = 0
        _count_choices(now, values, summary, here, first)
        for cell in range(1, _CELLS + 1):
            end = cell * (2**32 // _CELLS) - (cell == _CELLS)
            _count_choices(now, values, summary, end, last)
            while _differ(first, last):
                before, changed = here, end
                while changed - before > 1:
                    middle = (before + changed) // 2
                    _count_choices(now, values, summary, middle, between)
                    if _differ(first, between):
                        changed = middle
                    else:
                        before = middle
                for action in range(actions):
                    out[i, action] += (first[action] * _SHARE) * ((changed - here) * _SHARE)
                here = changed
                _count_choices(now, values, summary, here, first)
            for action in range(actions):
                out[i, action] += (first[action] * _SHARE) * ((end - here) * _SHARE)
            here = end
        for action in range(actions):
            out[i, action] += (first[action] * _SHARE) * _SHARE


@compiled
def fill_choices(agent, episode, q, states, row, like, draws, out):
    """Fill out [states] with what the agent does, given draws [states, halves].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> q, states, row = np.array([[0.0, 1.0]]), np.array([0]), (0.0, 0.0)
    >>> out, draws = np.empty(1, np.int64), np.zeros((1, 2), np.uint32)
    >>> fill_choices(fsq.QLearning(0.8, 0.95, epsilon=0.0), 0, q, states, row, np.float64(0), draws, out)
    >>> out.tolist()
    [1]
    """
    now = tuned(agent, np.int32(episode))
    for i in range(len(states)):
        values = read_row(q, states[i], row)
        summary = complete_summary(now, summarise(now, values, like))
        out[i] = _chosen(now, values, summary, draws[i, 0], draws[i, 1])


def acts_upon_more(agent: Any) -> bool:
    """Whether an agent, or one within it, acts upon a row of which the table that is kept shows a part only.

    What gives an agent a row of its own to act upon gives it its estimates in the same file, unless they are not that.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> hard = fsq.QLearning(0.8, 0.95)
    >>> acts_upon_more(hard), acts_upon_more(fsq.UpperConfidence(hard, 1.0))
    (False, True)
    """
    found = (AGENTS.implementations[generic].get(type(agent)) for generic in (acts_upon, estimate))
    places = {getattr(implementation, "__module__", "") for implementation in found}
    return len(places) > 1 or any(acts_upon_more(field) for field in agent if hasattr(field, "_fields"))

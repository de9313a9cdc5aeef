"""Least expected numbers of steps from all states to one, and the largest of them over all pairs of states."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = ["longest_travel", "steps_to_state"]

_EVERY_PAIR = 4000  # states of a deterministic world in which all ways are searched
_NEARER = 1e-10  # relative, what a change of policy must save


def longest_travel(onward: Transitions, n_actions: int, starts: NDArray[np.bool_], most: int) -> tuple[float, float]:
    """Bound the largest of the least expected numbers of steps between states.

    Parameters
    ----------
    onward : Transitions
        A row for each state and action, which sum to 1.
    n_actions : int
    starts : ndarray of bool, shape [states]
        Where one can start.
    most : int
        How many states to find the steps to.

    Returns
    -------
    low, high : float
        The same where every state was one of them.

    Examples
    --------
    >>> likely = Transitions(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.75, 0.25, 1.0]), 2, 2)
    >>> longest_travel(likely, 1, np.array([True, False]), most=2)
    (4.0, 4.0)
    """
    n_states = onward.n_states
    state = np.repeat(np.arange(n_states), n_actions)
    hub = int(np.argmax(starts))
    if onward.row.size == onward.n_rows:
        return _longest_way(onward.graph(state), hub, max(most, _EVERY_PAIR))
    if n_states <= most:
        longest = max(steps_to_state(onward, n_actions, target).max() for target in range(n_states))
        return float(longest), float(longest)
    # The start, then states that are farthest from it, spread evenly.
    far = _ways(onward.graph(state), hub)
    targets = np.append(hub, np.argsort(-far, kind="stable")[: most - 1])
    longest = max(steps_to_state(onward, n_actions, int(target)).max() for target in targets)
    return float(longest), np.inf


def steps_to_state(onward: Transitions, n_actions: int, target: int) -> NDArray[np.float64]:
    """The least expected number of steps from each state to one, by policy iteration from the shortest way.

    Parameters
    ----------
    onward : Transitions
        A row for each state and action, which sum to 1.
    n_actions : int
    target : int

    Returns
    -------
    ndarray of float64, shape [states]
        0 at the target; inf everywhere where some state cannot come to it for certain.

    Examples
    --------
    >>> likely = Transitions(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.75, 0.25, 1.0]), 2, 2)
    >>> steps_to_state(likely, 1, target=1).tolist()
    [4.0, 0.0]
    """
    n_states = onward.n_states
    state = np.repeat(np.arange(n_states), n_actions)
    distance = _ways(onward.graph(state, backwards=True), target)
    if np.isinf(distance).any():
        return np.full(n_states, np.inf)
    nearer = distance[onward.to] < distance[state[onward.row]]
    likely = np.bincount(onward.row[nearer], onward.p[nearer], onward.n_rows).reshape(n_states, n_actions)
    first, others = np.arange(n_states) * n_actions, np.arange(n_states) != target
    to_target = np.bincount(onward.row, onward.p * (onward.to == target), onward.n_rows)
    chosen = likely.argmax(axis=1)
    steps = np.zeros(n_states)
    while others.any():
        rows = (first + chosen)[others]
        kept = np.zeros(onward.n_rows, np.bool_)
        kept[rows] = True
        chain = onward.within(kept, others)
        steps[others] = Resolvent(chain, to_target[rows]).solve(np.ones(rows.size))
        after = 1.0 + onward.expected(steps).reshape(n_states, n_actions)
        best = after.argmin(axis=1)
        here = np.arange(n_states)
        better = others & (after[here, best] < after[here, chosen] - _NEARER * steps)
        if not better.any():
            break
        chosen = np.where(better, best, chosen)
    return steps


def _longest_way(graph: Any, hub: int, most: int) -> tuple[float, float]:
    """The same in a graph of certain steps."""
    n_states = graph.shape[0]
    if n_states <= most:
        longest = float(csgraph.shortest_path(graph, method="D", unweighted=True).max())
        return longest, longest
    there, back = _ways(graph, hub), _ways(graph.T.tocsr(), hub)
    beyond = _ways(graph, int(back.argmax()))
    return float(max(there.max(), back.max(), beyond.max())), float(there.max() + back.max())


def _ways(graph: Any, source: int) -> NDArray[np.float64]:
    """The least number of steps from one state to each."""
    return np.asarray(csgraph.dijkstra(graph, indices=np.array([source]), unweighted=True, min_only=True))

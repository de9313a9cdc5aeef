"""Policies that come to the end for certain, which are called proper (Bertsekas & Tsitsiklis 1991), and ways there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from fastsoftq.planning.markov_chains.classes import transient_states
from fastsoftq.planning.markov_chains.transitions import Transitions, adjacency
from fastsoftq.planning.optimal.choices import Choices, best_in_each

__all__ = ["proper", "shortest_ways", "steps_to_end"]


def shortest_ways(choices: Choices, homes: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """In each state, a choice that comes nearer to the end, or to one of `homes`, with a positive probability.

    Parameters
    ----------
    choices : Choices
    homes : ndarray of bool, shape [states]
    kept : ndarray of bool, shape [choices]
        Those that may be made.

    Returns
    -------
    ndarray of int64, shape [states]
        The likeliest such choice; -1 in homes and where there is none.
    """
    size = choices.n_states
    steps = choices.steps(kept)
    ending = np.zeros(size, np.bool_)
    ending[choices.state[choices.terminates & kept]] = True
    distance = _steps_to(steps, choices.state, homes, ending)
    nearer = distance[steps.to] < distance[choices.state[steps.row]]
    likely = np.where(choices.terminates & kept, choices.ends, 0.0)
    likely += np.bincount(steps.row[nearer], steps.p[nearer], choices.state.size)
    chosen = best_in_each(choices, likely)
    return np.where(homes | (likely[chosen] == 0.0), -1, chosen)


def steps_to_end(choices: Choices, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The least number of steps from each state to the end.

    Parameters
    ----------
    choices : Choices
    kept : ndarray of bool, shape [choices]
        Those that may be made.

    Returns
    -------
    ndarray of float64, shape [states]
        Inf where the end cannot be reached.
    """
    ending = np.zeros(choices.n_states, np.bool_)
    ending[choices.state[choices.terminates & kept]] = True
    return _steps_to(choices.steps(kept), choices.state, np.zeros(choices.n_states, np.bool_), ending)


def _steps_to(
    onward: Transitions, state: NDArray[np.int64], homes: NDArray[np.bool_], ending: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The least number of steps to the end (1 where it may end at once) or to a home."""
    to_end = np.flatnonzero(ending & ~homes)
    size = onward.n_states  # the end is one state more
    source, target = np.append(onward.to, np.full(to_end.size, size)), np.append(state[onward.row], to_end)
    backward = adjacency(source, target, size + 1)
    sources = np.append(np.flatnonzero(homes), size)
    return np.asarray(csgraph.dijkstra(backward, indices=sources, unweighted=True, min_only=True)[:size])


def proper(choices: Choices, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """From which states a policy comes to the end for certain.

    Parameters
    ----------
    choices : Choices
    chosen : ndarray of int64, shape [states]

    Returns
    -------
    ndarray of bool, shape [states]
    """
    if choices.always_ends:
        return np.ones(choices.n_states, np.bool_)
    chain = choices.onward.taken(chosen)
    transient, _ = transient_states(chain, choices.ends[chosen])
    return ~chain.reaching(~transient)

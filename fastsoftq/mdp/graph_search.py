"""Searches of the graph of outcomes: which states are reached from the start, and which lead to given ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["leading_to", "reached_states"]


def reached_states(mdp: TabularMDP) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which states episodes go on from, and which they come to, where they have terminated too; bool [states] each.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> going_on, entered = reached_states(fsq.from_map("S.G"))
    >>> going_on.tolist(), entered.tolist()
    ([True, True, False], [True, True, True])
    """
    possible = mdp.probability > 0.0
    found = mdp.start > 0.0
    entered = found.copy()
    frontier: NDArray[np.intp] = np.flatnonzero(found)
    while len(frontier):
        there = possible[frontier]
        entered[mdp.next_state[frontier][there]] = True
        ahead = np.unique(mdp.next_state[frontier][there & ~mdp.terminated[frontier]]).astype(np.intp)
        frontier = ahead[~found[ahead]]
        found[frontier] = True
    return found, entered


def leading_to(mdp: TabularMDP, goals: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which states can lead to a goal, bool [states], goals among them.

    Parameters
    ----------
    mdp : TabularMDP
    goals : bool [states]

    Returns
    -------
    bool [states]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> leading_to(fsq.from_map("S.#G"), np.array([False, True, False])).tolist()
    [True, True, False]
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    possible = (mdp.probability > 0.0) & ~mdp.terminated
    origin, target = np.nonzero(possible)[0], mdp.next_state[possible]
    goal = mdp.n_states  # one more state, which all goals lead to
    origin, target = np.append(origin, np.flatnonzero(goals)), np.append(target, np.full(goals.sum(), goal))
    backwards = sparse.csr_array((np.ones(len(origin)), (target, origin)), shape=(goal + 1, goal + 1))
    order = csgraph.breadth_first_order(backwards, goal, return_predecessors=False)
    found = goals.copy()
    found[order[order != goal]] = True
    return found

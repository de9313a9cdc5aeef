"""Which states of an MDP are reached from the start."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["reachable"]


def reachable(mdp: TabularMDP) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which states episodes go on from, and which they come to, where they have terminated too; bool [states] each.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> going_on, entered = reachable(fsq.from_map("S.G"))
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

"""The part of an MDP that demonstrations bear on: the states they visit and all that may follow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.bellman import Matrices

__all__ = ["Observed", "observed"]


class Observed(NamedTuple):
    """The states visited, all that may follow them, and the actions taken there.

    Attributes
    ----------
    states : ndarray of int64, shape [part]
        Their numbers in the MDP.
    model : Matrices
        Of this part.
    counts : ndarray of float64, shape [part, actions]
        How often each action was taken.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.planning.bellman import matrices
    >>> counts = np.zeros((4, 4))
    >>> counts[1, 1] = 1.0
    >>> observed(matrices(fsq.from_map("S..G")), counts).counts.shape
    (3, 4)
    """

    states: NDArray[np.int64]
    model: Matrices
    counts: NDArray[np.float64]


def observed(model: Matrices, counts: NDArray[np.float64]) -> Observed:
    """Restrict an MDP to the states visited and all that may follow them.

    Parameters
    ----------
    model : Matrices
    counts : ndarray of float64, shape [states, actions]

    Returns
    -------
    Observed

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.planning.bellman import matrices
    >>> counts = np.zeros((3, 4))
    >>> counts[0, 1] = 1.0  # nothing leads from the first room to the second
    >>> observed(matrices(fsq.from_map("S#..")), counts).states.tolist()
    [0]
    """
    n_states, n_actions = model.reward.shape
    visited = counts.sum(axis=1) > 0.0
    inside = model.continuation.reached(visited, np.repeat(np.arange(n_states), n_actions))
    part = Matrices(
        reward=model.reward[inside],
        continuation=model.continuation.within(np.repeat(inside, n_actions), inside),
        termination=model.termination[inside],
        terminal=model.terminal[inside],
    )
    return Observed(np.flatnonzero(inside), part, counts[inside])

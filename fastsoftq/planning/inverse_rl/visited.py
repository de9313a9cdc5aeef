"""The part of an MDP that demonstrations can tell of: what may follow the states that they visit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from fastsoftq.planning.bellman import Matrices

__all__ = ["Observed", "observed"]


class Observed(NamedTuple):
    """The states that may follow those visited, and what was done there.

    Attributes
    ----------
    states : ndarray of int64, shape [part]
        Their numbers in the MDP.
    model : Matrices
        Of this part.
    counts : ndarray of float64, shape [part, actions]
        How often each action was taken.
    """

    states: NDArray[np.int64]
    model: Matrices
    counts: NDArray[np.float64]


def observed(model: Matrices, counts: NDArray[np.float64]) -> Observed:
    """Restrict an MDP to what may follow the states that were visited.

    Parameters
    ----------
    model : Matrices
    counts : ndarray of float64, shape [states, actions]

    Returns
    -------
    Observed
    """
    n_states, n_actions = model.reward.shape
    start = model.continuation.indptr[::n_actions]
    graph = sparse.csr_array((model.continuation.data, model.continuation.indices, start), shape=(n_states, n_states))
    visited = np.flatnonzero(counts.sum(axis=1) > 0.0)
    steps = csgraph.dijkstra(graph, indices=visited, unweighted=True, min_only=True)
    inside = np.isfinite(steps)
    part = Matrices(
        reward=model.reward[inside],
        continuation=sparse.csr_array(model.continuation[np.repeat(inside, n_actions)][:, inside]),
        termination=model.termination[inside],
        terminal=model.terminal[inside],
    )
    return Observed(np.flatnonzero(inside), part, counts[inside])

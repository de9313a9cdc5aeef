"""Classes of a chain's states: transient ones, and those that are never left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = ["closed_classes", "often_visited", "part", "transient_states"]


def transient_states(chain: Transitions, ends: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Find the transient states, which are left for good sooner or later.

    Parameters
    ----------
    chain, ends
        As `fastsoftq.planning.bellman.policy_chain` returns them.

    Returns
    -------
    transient : ndarray of bool, shape [states]
        The others lie in classes that are never left.
    label : ndarray of int32, shape [states]
        The number of each state's class: of those that can be reached from each other.
    """
    n_classes, label = csgraph.connected_components(chain.graph(), connection="strong")
    leaves = label[chain.row] != label[chain.to]
    left = np.zeros(n_classes, np.bool_)
    left[label[chain.row[leaves]]] = True
    left[label[ends > 0.0]] = True
    return left[label], label


def closed_classes(chain: Transitions) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the classes that a chain without an end never leaves.

    Parameters
    ----------
    chain : Transitions
        Rows sum to 1.

    Returns
    -------
    label : ndarray of int32, shape [states]
        The number of each state's class: of those that can be reached from each other.
    closed : ndarray of int32, shape [classes]
        The numbers of the classes that are never left.
    """
    transient, label = transient_states(chain, np.zeros(chain.n_states))
    return label, np.unique(label[~transient])


def often_visited(chain: Transitions, steps: int = 100) -> NDArray[np.float64]:
    """The distribution of states after some steps from a uniform start, made lazy so that the chain cannot alternate.

    Parameters
    ----------
    chain : Transitions
        Rows sum to 1.
    steps : int

    Returns
    -------
    ndarray of float64, shape [states]
    """
    share = np.full(chain.n_states, 1.0 / chain.n_states)
    for _ in range(steps):
        share = 0.5 * (share + chain.entering(share))
    return share


def part(
    chain: Transitions, ends: NDArray[np.float64], members: NDArray[np.bool_]
) -> tuple[Transitions, NDArray[np.float64]]:
    """Restrict a chain to some states; leaving them counts as the end.

    Parameters
    ----------
    chain, ends
        As `fastsoftq.planning.bellman.policy_chain` returns them.
    members : ndarray of bool, shape [states]

    Returns
    -------
    chain, ends
        Of the members alone.
    """
    if members.all():
        return chain, ends
    elsewhere = ends + chain.expected((~members).astype(np.float64))
    return chain.within(members, members), elsewhere[members]

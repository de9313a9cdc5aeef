"""End components: the parts of an MDP that one need not leave, in which one can therefore walk on for ever."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices

__all__ = ["Component", "end_components"]


class Component(NamedTuple):
    """A maximal end component: states, each reachable from each, and the actions that never lead out of them.

    Attributes
    ----------
    first : ndarray of int64, shape [states]
        The first pair of each state; pairs of state and action are ordered by state, and every state has one.
    state : ndarray of int64, shape [pairs]
        The state of each pair, numbered within the component.
    reward : ndarray of float64, shape [pairs]
        The expected reward.
    continuation : sparse array of float64, shape [pairs, states]
        The probability of each next state; rows sum to 1.
    """

    first: NDArray[np.int64]
    state: NDArray[np.int64]
    reward: NDArray[np.float64]
    continuation: sparse.csr_array

    @property
    def deterministic(self) -> bool:
        """Whether every pair has one next state."""
        return self.continuation.nnz == self.reward.size


def end_components(mdp: TabularMDP, model: Matrices) -> list[Component]:
    """Find the maximal end components within reach of the start (de Alfaro 1997, algorithm 3.1).

    Parameters
    ----------
    mdp : TabularMDP
    model : Matrices
        Of the same MDP.

    Returns
    -------
    list of Component
    """
    n_states, n_actions = model.reward.shape
    continuation = _without_zeros(model.continuation)
    state = np.repeat(np.arange(n_states), n_actions)
    inside = _reachable(mdp, continuation, state)[state] & (model.termination.ravel() == 0.0)
    backwards = continuation.tocsc()
    label = np.zeros(n_states, np.int32)
    changed = True
    while changed:
        _drop_dead_ends(continuation, backwards, inside, state)
        pair, outcome = _edges(continuation, inside)
        graph = sparse.csr_array((np.ones(pair.size), (state[pair], outcome)), shape=(n_states, n_states))
        _, label = csgraph.connected_components(graph, connection="strong")
        leaving = pair[label[state[pair]] != label[outcome]]
        changed = leaving.size > 0
        inside[leaving] = False
    pairs = np.flatnonzero(inside)
    return _split(
        pairs[np.argsort(label[state[pairs]], kind="stable")], label, state, model.reward.ravel(), continuation
    )


def _without_zeros(continuation: sparse.csr_array) -> sparse.csr_array:
    kept = continuation.copy()
    kept.sum_duplicates()
    kept.eliminate_zeros()
    return kept


def _normalised(continuation: sparse.csr_array) -> sparse.csr_array:
    """Rows that sum to 1 by 1e-9, as is allowed, sum to 1: what stays for ever must not leak."""
    lengths = np.diff(continuation.indptr)
    total = np.add.reduceat(continuation.data, continuation.indptr[:-1])
    continuation.data /= np.repeat(total, lengths)
    return continuation


def _edges(continuation: sparse.csr_array, pairs: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair and next state of every outcome of the given pairs."""
    row = np.repeat(np.arange(continuation.shape[0]), np.diff(continuation.indptr))
    chosen = pairs[row]
    return row[chosen], continuation.indices[chosen].astype(np.int64)


def _reachable(mdp: TabularMDP, continuation: sparse.csr_array, state: NDArray[np.int64]) -> NDArray[np.bool_]:
    pair, outcome = _edges(continuation, np.ones(state.size, np.bool_))
    graph = sparse.csr_array((np.ones(pair.size), (state[pair], outcome)), shape=(mdp.n_states, mdp.n_states))
    reached = mdp.start > 0.0
    new = np.flatnonzero(reached)
    while new.size:
        following = np.unique(_entries(graph.indptr, graph.indices, new))
        new = following[~reached[following]]
        reached[new] = True
    return reached


def _drop_dead_ends(
    continuation: sparse.csr_array,
    backwards: sparse.csc_array,
    inside: NDArray[np.bool_],
    state: NDArray[np.int64],
) -> None:
    """Take out, in place, every pair that may lead to a state without pairs, again and again."""
    n_states = continuation.shape[1]
    left = np.bincount(state[inside], minlength=n_states)
    dead = np.flatnonzero(left == 0)
    while dead.size:
        into = np.unique(_entries(backwards.indptr, backwards.indices, dead))
        into = into[inside[into]]
        inside[into] = False
        states, lost = np.unique(state[into], return_counts=True)
        left[states] -= lost
        dead = states[left[states] == 0]


def _entries(start: NDArray[np.int32], entries: NDArray[np.int32], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The entries of the chosen rows (or columns) of a compressed array, one after the other."""
    lengths = np.diff(start)[chosen]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.asarray(entries[np.repeat(start[chosen], lengths) + within], np.int64)


def _split(
    pairs: NDArray[np.int64],
    label: NDArray[np.int32],
    state: NDArray[np.int64],
    reward: NDArray[np.float64],
    continuation: sparse.csr_array,
) -> list[Component]:
    """Make a component of the pairs of each label; pairs are ordered by label, then state."""
    if not pairs.size:
        return []
    states, first = np.unique(np.stack([label[state[pairs]], state[pairs]]), axis=1, return_index=True)
    number = np.empty(label.size, np.int64)
    number[states[1]] = np.arange(states.shape[1])
    chosen = _normalised(sparse.csr_array(continuation[pairs]))
    outcome = number[chosen.indices]
    borders = np.flatnonzero(np.diff(states[0], prepend=-1))
    components = []
    for begin, end in zip(borders, np.append(borders[1:], states.shape[1]), strict=True):
        low, high = int(first[begin]), int(first[end]) if end < first.size else pairs.size
        part = slice(chosen.indptr[low], chosen.indptr[high])
        inner = (chosen.data[part], outcome[part] - begin, chosen.indptr[low : high + 1] - chosen.indptr[low])
        components.append(
            Component(
                first=first[begin:end] - low,
                state=number[state[pairs[low:high]]] - begin,
                reward=reward[pairs[low:high]],
                continuation=sparse.csr_array(inner, shape=(high - low, int(end - begin))),
            )
        )
    return components

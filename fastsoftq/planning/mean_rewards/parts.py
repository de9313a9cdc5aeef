"""The parts of an MDP in which one can walk on for ever, as problems of their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices
from fastsoftq.planning.optimal.choices import all_choices, reachable
from fastsoftq.planning.optimal.end_components import end_components

__all__ = ["Component", "components"]


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


def components(mdp: TabularMDP, model: Matrices) -> list[Component]:
    """Find the maximal end components within reach of the start.

    Parameters
    ----------
    mdp : TabularMDP
    model : Matrices
        Of the same MDP.

    Returns
    -------
    list of Component
    """
    choices = all_choices(model, 1.0)
    seen = reachable(model, mdp.start > 0.0)
    label, inner = end_components(choices, seen[choices.state])
    pairs = np.flatnonzero(inner)
    pairs = pairs[np.argsort(label[choices.state[pairs]], kind="stable")]
    return _split(pairs, label, choices.state, choices.reward, _without_zeros(choices.onward))


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


def _split(
    pairs: NDArray[np.int64],
    label: NDArray[np.int64],
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

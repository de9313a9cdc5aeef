"""Decision problems as a list of choices, ordered by state: what each pays, where it goes on, how it ends.

The form that exact solvers work on: states may have different numbers of choices, and a discount is a chance to end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from fastsoftq.planning.bellman import Matrices
from fastsoftq.planning.markov_chains.resolvent import Differences, Resolvent
from fastsoftq.planning.markov_chains.totals import reaching, transient_states

__all__ = [
    "Choices",
    "all_choices",
    "best_in_each",
    "graph",
    "proper",
    "reachable",
    "shortest_ways",
    "within",
]


class Choices(NamedTuple):
    """What can be done, one entry a choice, ordered by state; every state has a choice.

    Attributes
    ----------
    state : ndarray of int64, shape [choices]
        Where it can be made.
    reward : ndarray of float64, shape [choices]
        What it pays, on average.
    onward : sparse array of float64, shape [choices, states]
        The probability of going on in each state, times the discount.
    ends : ndarray of float64, shape [choices]
        What `onward` lacks of 1, free of cancellation.
    terminates : ndarray of bool, shape [choices]
        Whether the episode can end, other than by being discounted.
    slack : ndarray of float64, shape [choices]
        How far `reward` may be off, by rounding.
    """

    state: NDArray[np.int64]
    reward: NDArray[np.float64]
    onward: sparse.csr_array
    ends: NDArray[np.float64]
    terminates: NDArray[np.bool_]
    slack: NDArray[np.float64]

    @property
    def n_states(self) -> int:
        """The number of states."""
        return int(self.onward.shape[1])

    @property
    def first(self) -> NDArray[np.int64]:
        """The first choice of each state, shape [states]."""
        return np.searchsorted(self.state, np.arange(self.n_states))

    def differences(self) -> Differences:
        """The choices, ready to be compared exactly."""
        return Differences(self.onward, self.state, self.ends)

    def followed(self, chosen: NDArray[np.int64]) -> Resolvent:
        """The equations of the policy that makes one given choice in each state.

        Parameters
        ----------
        chosen : ndarray of int64, shape [states]
        """
        return Resolvent(self.onward[chosen], self.ends[chosen])

    def mixed(self, weight: NDArray[np.float64]) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
        """The chain of a policy by the weights of its choices: where it goes on, how it ends, what it pays.

        Parameters
        ----------
        weight : ndarray of float64, shape [choices]
            Sums to 1 in each state.
        """
        shape = self.n_states, self.state.size
        mixing = sparse.csr_array((weight, (self.state, np.arange(self.state.size))), shape=shape)
        return sparse.csr_array(mixing @ self.onward), np.asarray(mixing @ self.ends), np.asarray(mixing @ self.reward)


def all_choices(model: Matrices, discount: float) -> Choices:
    """Write an MDP as choices: one for each action, and a single one in terminal states.

    Parameters
    ----------
    model : Matrices
    discount : float

    Returns
    -------
    Choices
        The states are the MDP's; choices are numbered as its actions, row by row, but for those left out.
    """
    n_states, n_actions = model.reward.shape
    kept = (~model.terminal[:, None] | (np.arange(n_actions) == 0)).ravel()
    onward = model.continuation if discount == 1.0 else sparse.csr_array(discount * model.continuation)
    termination = model.termination.ravel()[kept]
    return Choices(
        state=np.repeat(np.arange(n_states), n_actions)[kept],
        reward=model.reward.ravel()[kept],
        onward=onward if kept.all() else sparse.csr_array(onward[kept]),
        ends=(1.0 - discount) + discount * termination,
        terminates=termination > 0.0,
        slack=np.zeros(termination.size) if model.rounding is None else model.rounding.ravel()[kept],
    )


def within(choices: Choices, states: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Choices:
    """Keep some states and choices; to go elsewhere is to end.

    Parameters
    ----------
    choices : Choices
    states : ndarray of bool, shape [states]
        They are numbered anew, in their order.
    kept : ndarray of bool, shape [choices]
        At least one in each of these states; those of other states are dropped in any case.

    Returns
    -------
    Choices
    """
    if states.all() and kept.all():
        return choices
    kept = kept & states[choices.state]
    outside = choices.onward[kept] @ (~states).astype(np.float64)
    return Choices(
        state=(np.cumsum(states) - 1)[choices.state[kept]],
        reward=choices.reward[kept],
        onward=sparse.csr_array(choices.onward[kept][:, states]),
        ends=choices.ends[kept] + outside,
        terminates=choices.terminates[kept] | (outside > 0.0),
        slack=choices.slack[kept],
    )


def best_in_each(choices: Choices, value: NDArray[np.float64]) -> NDArray[np.int64]:
    """The choice of the largest value in each state, the first of equals.

    Parameters
    ----------
    choices : Choices
    value : ndarray of float64, shape [choices]

    Returns
    -------
    ndarray of int64, shape [states]
    """
    largest = np.maximum.reduceat(value, choices.first)
    best = np.flatnonzero(value == largest[choices.state])[::-1]
    chosen = np.empty(choices.n_states, np.int64)
    chosen[choices.state[best]] = best
    return chosen


def reachable(model: Matrices, starts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which states some policy can come to.

    Parameters
    ----------
    model : Matrices
    starts : ndarray of bool, shape [states]

    Returns
    -------
    ndarray of bool, shape [states]
    """
    edges = model.continuation.tocoo()
    likely = edges.data > 0.0
    origin = edges.row[likely] // model.reward.shape[1]
    backwards = (edges.col[likely], origin)
    shape = starts.size, starts.size
    return reaching(sparse.csr_array((np.ones(origin.size), backwards), shape=shape), starts)


def graph(choices: Choices, kept: NDArray[np.bool_]) -> sparse.csr_array:
    """Which state can follow which by the choices kept, shape [states, states]."""
    edges = choices.onward.tocoo()
    used = kept[edges.row] & (edges.data > 0.0)
    origin, to = choices.state[edges.row[used]], edges.col[used]
    return sparse.csr_array((np.ones(to.size), (origin, to)), shape=(choices.n_states,) * 2)


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
    edges = graph(choices, kept).tocoo()
    size = choices.n_states
    ending = np.zeros(size, np.bool_)
    ending[choices.state[choices.terminates & kept]] = True
    to_end = np.flatnonzero(ending & ~homes)
    source = np.append(edges.col, np.full(to_end.size, size))  # the end is one state more
    target = np.append(edges.row, to_end)
    backward: Any = sparse.csr_array((np.ones(source.size), (source, target)), shape=(size + 1, size + 1))
    sources = np.append(np.flatnonzero(homes), size)
    distance = csgraph.dijkstra(backward, indices=sources, unweighted=True, min_only=True)[:size]
    steps = choices.onward.tocoo()
    nearer = distance[steps.col] < distance[choices.state[steps.row]]
    likely = np.where(choices.terminates, choices.ends, 0.0)
    likely = likely + np.bincount(steps.row[nearer], steps.data[nearer], choices.state.size)
    likely[~kept] = 0.0
    chosen = best_in_each(choices, likely)
    return np.where(homes | (likely[chosen] == 0.0), -1, chosen)


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
    if (choices.ends[chosen] > 0.0).all():
        return np.ones(choices.n_states, np.bool_)
    chain = sparse.csr_array(choices.onward[chosen])
    transient, _ = transient_states(chain, choices.ends[chosen])
    return ~reaching(chain, ~transient)

"""Rows of transition probabilities as plain arrays: on small worlds scipy.sparse takes longer to call than to work."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["Transitions", "adjacency", "merged"]

_TABLE = 1 << 16  # cells of a table in which entries are merged; beyond, they are sorted


class Transitions(NamedTuple):
    """What may follow each row: a state and action, or a state under a policy.

    Attributes
    ----------
    row, to : ndarray of int64, shape [entries]
        Ordered by row.
    p : ndarray of float64, shape [entries]
        Above 0; what a row lacks of 1 ends the episode, or is discounted away.
    n_rows, n_states : int

    Examples
    --------
    >>> chain = Transitions(np.array([0, 1]), np.array([1, 0]), np.array([1.0, 0.5]), 2, 2)
    >>> chain.expected(np.array([3.0, 4.0]))
    array([4. , 1.5])
    """

    row: NDArray[np.int64]
    to: NDArray[np.int64]
    p: NDArray[np.float64]
    n_rows: int
    n_states: int

    def expected(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected value after each row.

        Parameters
        ----------
        values : ndarray of float64, shape [states]

        Returns
        -------
        ndarray of float64, shape [rows]
        """
        return np.bincount(self.row, self.p * values[self.to], self.n_rows).astype(np.float64, copy=False)

    def entering(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weight that enters each state when each row passes its own on.

        Parameters
        ----------
        weight : ndarray of float64, shape [rows]

        Returns
        -------
        ndarray of float64, shape [states]
        """
        return np.bincount(self.to, self.p * weight[self.row], self.n_states).astype(np.float64, copy=False)

    def discounted(self, discount: float) -> Transitions:
        """The same with a discount, which counts as the end."""
        p = discount * self.p
        return self._replace(p=p).only(p > 0.0)

    def only(self, entries: NDArray[np.bool_]) -> Transitions:
        """Some entries, a mask of shape [entries]."""
        if entries.all():
            return self
        return self._replace(row=self.row[entries], to=self.to[entries], p=self.p[entries])

    def starts(self) -> NDArray[np.int64]:
        """Where each row's entries begin, and the end of the last, shape [rows + 1]."""
        return np.append(0, np.cumsum(np.bincount(self.row, minlength=self.n_rows)))

    def taken(self, rows: NDArray[np.int64]) -> Transitions:
        """Some rows, in the order given.

        Parameters
        ----------
        rows : ndarray of int64
        """
        start = self.starts()
        count = start[rows + 1] - start[rows]
        new = np.repeat(np.arange(rows.size), count)
        place = np.arange(new.size) + (start[rows] - (np.cumsum(count) - count))[new]
        return Transitions(new, self.to[place], self.p[place], rows.size, self.n_states)

    def within(self, rows: NDArray[np.bool_], states: NDArray[np.bool_]) -> Transitions:
        """Some rows and states, numbered anew in their order; transitions elsewhere are dropped.

        Parameters
        ----------
        rows : ndarray of bool, shape [rows]
        states : ndarray of bool, shape [states]
        """
        kept = rows[self.row] & states[self.to]
        row, to = (np.cumsum(rows) - 1)[self.row[kept]], (np.cumsum(states) - 1)[self.to[kept]]
        return Transitions(row, to, self.p[kept], int(np.count_nonzero(rows)), int(np.count_nonzero(states)))

    def mixed(self, weight: NDArray[np.float64], group: NDArray[np.int64], n_groups: int) -> Transitions:
        """Average rows by groups.

        Parameters
        ----------
        weight : ndarray of float64, shape [rows]
            Sums to 1 in each group.
        group : ndarray of int64, shape [rows]
            Ascending.
        n_groups : int
        """
        likely = (weight > 0.0)[self.row]
        row, p = self.row[likely], self.p[likely]
        return merged(group[row], self.to[likely], p * weight[row], n_groups, self.n_states)

    def matrix(self) -> sparse.csr_array:
        """As a sparse array of float64, shape [rows, states]."""
        entries = (self.p, self.to, self.starts())
        return sparse.csr_array(entries, shape=(self.n_rows, self.n_states))

    def toarray(self) -> NDArray[np.float64]:
        """As a dense table, shape [rows, states]."""
        table = np.zeros((self.n_rows, self.n_states))
        np.add.at(table, (self.row, self.to), self.p)
        return table

    def graph(self, state: NDArray[np.int64] | None = None, *, backwards: bool = False) -> Any:
        """Which state can follow which, as a sparse array of ones for `scipy.sparse.csgraph`.

        Parameters
        ----------
        state : ndarray of int64, shape [rows], optional
            Where each row stands, ascending. None: rows are states.
        backwards : bool
            Whether to turn every step round.
        """
        origin = self.row if state is None else state[self.row]
        return adjacency(self.to, origin, self.n_states) if backwards else adjacency(origin, self.to, self.n_states)

    def reaching(self, targets: NDArray[np.bool_], state: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """Which states can reach one of `targets`, these included.

        Parameters
        ----------
        targets : ndarray of bool, shape [states]
        state : ndarray of int64, shape [rows], optional
            Where each row stands, ascending. None: rows are states.

        Returns
        -------
        ndarray of bool, shape [states]
        """
        if not targets.any() or targets.all():
            return targets.copy()
        return _connected(self.graph(state, backwards=True), targets)

    def reached(self, starts: NDArray[np.bool_], state: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """Which states can be reached from `starts`, these included; arguments as for `reaching`."""
        return starts.copy() if starts.all() else _connected(self.graph(state), starts)


def adjacency(origin: NDArray[np.int64], to: NDArray[np.int64], size: int) -> Any:
    """A graph of steps in any order, as a sparse array for `scipy.sparse.csgraph`: each once, or csgraph may not end.

    Parameters
    ----------
    origin, to : ndarray of int64, shape [steps]
    size : int
        How many states.
    """
    if size * size > _TABLE:
        return sparse.csr_array((np.ones(origin.size), (origin, to)), shape=(size, size))
    table = np.zeros((size, size), np.bool_)
    table[origin, to] = True
    start = np.append(0, np.cumsum(np.count_nonzero(table, axis=1)))
    return sparse.csr_array((np.ones(start[-1]), np.flatnonzero(table) % size, start), shape=(size, size))


def merged(row: NDArray[Any], to: NDArray[Any], p: NDArray[np.float64], n_rows: int, n_states: int) -> Transitions:
    """Make `Transitions` of probabilities, adding up those of the same row and state.

    Parameters
    ----------
    row, to : ndarray of int, shape [entries]
    p : ndarray of float64, shape [entries]
        At least 0; entries of 0 are left out.
    n_rows, n_states : int

    Returns
    -------
    Transitions

    Examples
    --------
    >>> merged(np.array([0, 0]), np.array([1, 1]), np.array([0.25, 0.5]), 1, 2).toarray()
    array([[0.  , 0.75]])
    """
    if (row[1:] > row[:-1]).all() and p.all():
        return Transitions(row, to.astype(np.int64, copy=False), p, n_rows, n_states)
    if n_rows * n_states <= _TABLE:
        cell = row * n_states + to
        table = np.bincount(cell, p, n_rows * n_states).astype(np.float64, copy=False)
        place = np.flatnonzero(table)
        return Transitions(place // n_states, place % n_states, table[place], n_rows, n_states)
    summed = sparse.csr_array((p, (row, to)), shape=(n_rows, n_states))
    summed.eliminate_zeros()
    rows = np.repeat(np.arange(n_rows), np.diff(summed.indptr))
    return Transitions(rows, summed.indices.astype(np.int64), summed.data, n_rows, n_states)


def _connected(graph: Any, sources: NDArray[np.bool_]) -> NDArray[np.bool_]:
    distance = csgraph.dijkstra(graph, indices=np.flatnonzero(sources), unweighted=True, min_only=True)
    return np.asarray(np.isfinite(distance))

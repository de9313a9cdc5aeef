"""Elimination of a chain's states without a subtraction (Grassmann, Taksar & Heyman 1985), for chains of few states.

The probability of leaving a state is summed anew in every step. So no rare transition is lost to rounding: totals of
nonnegative rates have small relative errors, however rare the transitions are (O'Cinneide 1993).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.lapack import dgetrs
from scipy.sparse import csgraph

__all__ = ["Elimination", "bandwidth"]

_FEW = 100  # states that are eliminated in any order
_DEAR = 2e9  # multiplications: some seconds


class Elimination:
    """Totals collected until a chain reaches one of its ground states.

    Parameters
    ----------
    moves : ndarray of float64, shape [states, states]
        The probability of each move; the diagonal does not count.
    ground : ndarray of int64
        From every other state one of them can be reached.

    Raises
    ------
    RuntimeError
        A state that is never left, or too seldom for a double; a graph so wide that it would take minutes.
    """

    def __init__(self, moves: NDArray[np.float64], ground: NDArray[np.int64]) -> None:
        free = np.ones(len(moves), np.bool_)
        free[ground] = False
        self._free, self._ground = _narrowed(moves, np.flatnonzero(free)), ground
        self._back = moves[np.ix_(ground, self._free)]
        onto_ground = moves[np.ix_(self._free, ground)].sum(axis=1)
        size = self._free.size
        left = np.column_stack([moves[np.ix_(self._free, self._free)], onto_ground])
        leaves = np.empty(size)
        band = bandwidth(left[:, :size])
        if size * band**2 > _DEAR:
            raise RuntimeError(f"{size} states in no order that keeps moves near are too many to eliminate")
        for k in range(size):
            near = slice(k + 1, min(k + 1 + band, size))
            onward, ending = left[k, near], left[k, size]
            leaves[k] = onward.sum() + ending
            if not leaves[k] > 0.0:
                raise RuntimeError(f"state {self._free[k]} is never left")
            onward /= leaves[k]  # as a share: at most 1
            left[near, near] += np.multiply.outer(left[near, k], onward)  # the diagonal is not read
            left[near, size] += left[near, k] * (ending / leaves[k])
        # The triangles of 1 - moves; neither they nor solutions by them involve a difference.
        triangles = np.ascontiguousarray(-left[:, :size])
        np.fill_diagonal(triangles, leaves)
        self._triangles, self._unswapped = triangles.T, np.arange(size)  # LAPACK's first has 1 on its diagonal

    def __call__(self, rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Total the rates on the way.

        Parameters
        ----------
        rates : ndarray of float64, shape [states, columns]
            What each step from a state pays.

        Returns
        -------
        collected : ndarray of float64, shape [states, columns]
            From each state until a ground state; 0 in those.
        cycle : ndarray of float64, shape [ground states, columns]
            From each ground state and back.
        """
        collected = np.zeros_like(rates)
        if self._free.size:
            for column, paid in enumerate(rates[self._free].T):  # BLAS would start threads for both at once
                collected[self._free, column] = dgetrs(self._triangles, self._unswapped, paid, trans=1)[0]
        return collected, rates[self._ground] + self._back @ collected[self._free]


def bandwidth(moves: NDArray[np.float64]) -> int:
    """How far moves lead from the diagonal, at most; elimination fills in no farther.

    Parameters
    ----------
    moves : ndarray of float64, shape [states, states]
    """
    row, to = np.nonzero(moves)
    return int(np.abs(row - to).max(initial=0))


def _narrowed(moves: NDArray[np.float64], states: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order states so that moves lead to near ones (Cuthill & McKee 1969)."""
    if states.size <= _FEW:
        return states
    inner = moves[np.ix_(states, states)] > 0.0
    graph = sparse.csr_array((inner | inner.T).astype(np.float64))
    return states[csgraph.reverse_cuthill_mckee(graph, symmetric_mode=True)]

"""Linear equations of M-matrices with 1 on the diagonal: factorised where that fills in little, else iterated.

Such matrices need no pivoting (Berman & Plemmons 1994, chapter 6), so that the order may serve the fill-in alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.lapack import dgetrf, dgetrs
from scipy.sparse import csgraph
from scipy.sparse.linalg import LinearOperator, bicgstab, gmres, spilu, splu

__all__ = ["Solver", "is_narrow", "solver"]

_DENSE = 150  # states whose equations are factorised as a dense matrix
_SMALL = 1500  # states whose equations are factorised whatever their graph
_NARROW = 3.0  # how wide a planar graph's band is at most, in square roots of its states


class Solver(Protocol):
    """Solves A x = b, or A^T x = b."""

    exact: bool  # to rounding, not to a given accuracy

    def solve(self, b: NDArray[np.float64], transposed: bool, nearness: float) -> NDArray[np.float64]:
        """Solve for b, [states] or, where `exact`, [states, columns]; nearness is relative, where not `exact`."""


def solver(
    row: NDArray[np.int64], to: NDArray[np.int64], share: NDArray[np.float64], size: int, narrow: bool | None = None
) -> Solver | None:
    """Choose a solver of 1 - S by its graph, where S holds `share`.

    Parameters
    ----------
    row, to : ndarray of int64, shape [entries]
        Ordered by row, none on the diagonal, none twice.
    share : ndarray of float64, shape [entries]
        At least 0; rows sum to 1 at most.
    size : int
        How many states.
    narrow : bool, optional
        The result of `is_narrow`, if known.

    Returns
    -------
    Solver or None
        None if the matrix is singular in double precision.
    """
    try:
        if size <= _DENSE:
            return _Table(row, to, share, size)
        first = np.append(0, np.cumsum(np.bincount(row, minlength=size) + 1))
        place = np.arange(row.size) + row + 1  # behind the diagonal of its row and of those before
        entries, column = np.ones(first[-1]), np.empty(first[-1], np.int32)
        entries[place], column[place] = -share, to
        column[first[:-1]] = np.arange(size)
        matrix = sparse.csr_array((entries, column, first.astype(np.int32)), shape=(size, size))
        narrow = is_narrow(row, to, size) if narrow is None else narrow
        return _Factors(matrix) if narrow else _Iteration(matrix)
    except RuntimeError:
        return None


class _Table:
    """As a dense matrix: columns of the transpose are dominated by their diagonal, so that LAPACK swaps no rows."""

    exact = True

    def __init__(self, row: NDArray[np.int64], to: NDArray[np.int64], share: NDArray[np.float64], size: int) -> None:
        matrix = np.eye(size)
        matrix[row, to] = -share
        self._lu, self._swaps, singular = dgetrf(matrix.T)
        if singular:
            raise RuntimeError("the equations are singular")

    def solve(self, b: NDArray[np.float64], transposed: bool, nearness: float) -> NDArray[np.float64]:
        if b.ndim == 2:  # one by one: BLAS would start threads for several at once
            return np.column_stack([self.solve(column, transposed, nearness) for column in b.T])
        return np.asarray(dgetrs(self._lu, self._swaps, b, trans=not transposed)[0])


class _Factors:
    """As sparse triangles."""

    exact = True

    def __init__(self, matrix: sparse.csr_array) -> None:
        columns = matrix.T  # whose columns are the rows
        options = {"SymmetricMode": True}
        self._factors: Any = splu(columns, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)

    def solve(self, b: NDArray[np.float64], transposed: bool, nearness: float) -> NDArray[np.float64]:
        return np.asarray(self._factors.solve(b, trans="N" if transposed else "T"))


class _Iteration:
    """By Krylov's methods, for graphs that no small set of states separates: they mix, so few steps suffice."""

    exact = False

    def __init__(self, matrix: sparse.csr_array) -> None:
        self._matrix = matrix
        self._incomplete: Any = None

    def solve(self, b: NDArray[np.float64], transposed: bool, nearness: float) -> NDArray[np.float64]:
        """Three ways, from the quickest to the most robust: the first that comes near enough for refinement."""
        matrix: Any = self._matrix.T if transposed else self._matrix
        scale = float(np.abs(b).max())
        b = b / scale

        def nearly(y: NDArray[np.float64]) -> NDArray[np.float64]:
            if self._incomplete is None:
                self._incomplete = spilu(sparse.csc_array(self._matrix), drop_tol=1e-3, fill_factor=5.0)
            return np.asarray(self._incomplete.solve(y, trans="T" if transposed else "N"))

        preconditioner = LinearOperator(matrix.shape, nearly, dtype=np.float64)
        attempts: tuple[Callable[[], Any], ...] = (
            lambda: bicgstab(matrix, b, rtol=nearness, atol=0.0, maxiter=200),
            lambda: gmres(matrix, b, rtol=nearness, atol=0.0, restart=60, maxiter=3),
            lambda: gmres(matrix, b, rtol=nearness, atol=0.0, restart=60, maxiter=20, M=preconditioner),
        )
        best, x = np.inf, np.zeros_like(b)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for attempt in attempts:
                found, _ = attempt()
                if (left := float(np.abs(b - matrix @ found).max())) < best:
                    best, x = left, found
                if best < max(1e-3, 10.0 * nearness):
                    break
        return np.asarray(x * scale)


def is_narrow(row: NDArray[np.int64], to: NDArray[np.int64], size: int) -> bool:
    """Whether a factorisation fills in little: states are few, or within its loops the graph is as narrow as a plane's.

    Parameters
    ----------
    row, to : ndarray of int64, shape [entries]
        Ordered by row.
    size : int
    """
    if size <= _SMALL:
        return True
    moves = sparse.csr_array((np.ones(row.size), (row, to)), shape=(size, size))
    _, label = csgraph.connected_components(moves, connection="strong")
    loops = label[row] == label[to]
    row, to = row[loops], to[loops]
    ones = np.ones(2 * row.size)
    both = sparse.csr_array((ones, (np.append(row, to), np.append(to, row))), shape=moves.shape)
    place = np.empty(size, np.int64)
    place[csgraph.reverse_cuthill_mckee(both, symmetric_mode=True)] = np.arange(size)
    if not row.size:
        return True
    first = np.flatnonzero(np.diff(row, prepend=-1))
    band = np.maximum.reduceat(np.abs(place[row] - place[to]), first)
    return bool(band.sum() <= _NARROW * size * np.sqrt(size))

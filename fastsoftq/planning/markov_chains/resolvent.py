"""Sparse linear equations of chains that end: factorised where the graph is narrow, iterated where it is not.

x = b + chain x has an M-matrix, which is written without cancellation: what a row lacks of 1 is known by itself, as the
probability of the end. Residuals are taken of differences between states, so that they stay exact to the size of these
differences, however large the values are (an end of probability 1e-10 a step makes them 1e10 times as large).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import LinearOperator, bicgstab, gmres, spilu, splu

from fastsoftq.planning.markov_chains.compensated import sum_by_row, two_product, two_sum

__all__ = ["EPS", "Differences", "Resolvent"]

EPS = float(np.finfo(np.float64).eps)
_SMALL = 1500  # states whose equations are factorised whatever their graph
_NARROW = 3.0  # how wide a planar graph's band is at most, in square roots of its states
_REFINEMENTS = 12


class Differences:
    """Rows of transitions, ready for expectations of what a value gains from where one stands to where one goes.

    Parameters
    ----------
    rows : sparse array of float64, shape [rows, states]
        Probabilities of going on, times the discount.
    state : ndarray of int, shape [rows]
        Where each row stands.
    ends : ndarray of float64, shape [rows]
        What each row lacks of 1, free of cancellation.
    """

    def __init__(self, rows: sparse.csr_array, state: NDArray[Any], ends: NDArray[np.float64]) -> None:
        self.size = rows.shape[0]
        count = np.diff(rows.indptr)
        self._row = np.repeat(np.arange(self.size), count)
        moves = (state[self._row] != rows.indices) & (rows.data > 0.0)
        self._row = self._row[moves]
        self._to = rows.indices[moves]
        self._from = state[self._row]
        self._p = rows.data[moves]
        self._state, self._ends = state, ends
        self._rounding = (float(count.max(initial=0)) + 6.0) * EPS / 2.0  # each operation rounds by EPS / 2 at most

    @property
    def moves(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """What leads elsewhere: the row, the state that follows, and the probability."""
        return self._row, self._to, self._p

    def rise(self, high: NDArray[np.float64], low: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Expected value after a step less the value before it, of values given as a sum of two parts.

        Parameters
        ----------
        high, low : ndarray of float64, shape [states]

        Returns
        -------
        ndarray of float64, shape [rows]
        """
        step = high[self._to] - high[self._from]
        here = high
        if low is not None:
            step += low[self._to] - low[self._from]
            here = high + low
        return np.asarray(np.bincount(self._row, self._p * step, self.size) - self._ends * here[self._state])

    def exact_rise(self, values: NDArray[np.float64], added: NDArray[np.float64]) -> NDArray[np.float64]:
        """`added + rise(values)` for rows without an end, rounded once or twice, however much cancels.

        Parameters
        ----------
        values : ndarray of float64, shape [states]
        added : ndarray of float64, shape [rows]

        Returns
        -------
        ndarray of float64, shape [rows]
        """
        step, rest = two_sum(values[self._to], -values[self._from])
        high, low = two_product(self._p, step)
        return sum_by_row(added, self._row, (high, low, self._p * rest))

    def rounding(self, values: NDArray[np.float64], added: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bound what rounding can do to `added + rise(values)`.

        Parameters
        ----------
        values : ndarray of float64, shape [states]
        added : ndarray of float64, shape [rows]

        Returns
        -------
        ndarray of float64, shape [rows]
        """
        step = np.abs(values[self._to] - values[self._from])
        size = np.bincount(self._row, self._p * step, self.size) + self._ends * np.abs(values[self._state])
        return np.asarray(self._rounding * (size + np.abs(added)))

    def written(self, values: NDArray[np.float64], added: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bound what it did to `added + rise(values)` that `added` and the probabilities were written in binary.

        Parameters
        ----------
        values : ndarray of float64, shape [states]
        added : ndarray of float64, shape [rows]

        Returns
        -------
        ndarray of float64, shape [rows]
        """
        step = np.where(self._p == 1.0, 0.0, self._p * np.abs(values[self._to] - values[self._from]))
        return np.asarray(EPS * (1.5 * np.bincount(self._row, step, self.size) + 0.5 * np.abs(added)))


class Resolvent:
    """Solves x = b + chain x.

    Parameters
    ----------
    chain : sparse array of float64, shape [states, states]
        The probability of going on in each state, times the discount; from every state the end can be reached.
    ends : ndarray of float64, shape [states]
        What each row lacks of 1, free of cancellation: the end's probability, and what is discounted away.
    """

    def __init__(self, chain: sparse.csr_array, ends: NDArray[np.float64]) -> None:
        size = chain.shape[0]
        self.differences = Differences(chain, np.arange(size), ends)
        self._ends = ends
        self.left = 0.0  # how far the last solution was from rounding alone, in multiples of it
        row, col, p = self.differences.moves
        leaves = ends + np.bincount(row, p, size)
        self._leaves = np.where(leaves > 0.0, leaves, np.nan)  # a state that is never left has no solution
        # Each state's equation is divided by how likely it is left: then the diagonal is 1.
        self._row_scale = 1.0 / self._leaves
        first = np.append(0, np.cumsum(np.bincount(row, minlength=size) + 1))
        place = np.arange(row.size) + row + 1  # behind the diagonal of its row and of those before
        entries, column = np.ones(first[-1]), np.empty(first[-1], col.dtype)
        entries[place], column[place] = -p * self._row_scale[row], col
        column[first[:-1]] = np.arange(size)
        self._matrix = sparse.csr_array((entries, column, first.astype(col.dtype)), shape=chain.shape)
        self._factorised = size <= _SMALL or _is_narrow(row, col, size)
        self._factors: Any = None
        self._incomplete: Any = None

    def solve(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve x = b + chain x.

        Parameters
        ----------
        b : ndarray of float64, shape [states]

        Returns
        -------
        ndarray of float64, shape [states]
        """
        high, low = self.solve_twice(b)
        return high + low

    def solve_twice(self, b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Solve x = b + chain x to more than working precision: x is the sum of two parts.

        Each round corrects by the residual of the last, until rounding lets it fall no further (iterative refinement:
        Higham 2002, chapter 12).

        Parameters
        ----------
        b : ndarray of float64, shape [states]

        Returns
        -------
        high, low : ndarray of float64, shape [states]
            Not finite where there is no solution.
        """
        high = self._solve(b * self._row_scale, transposed=False)
        low = np.zeros_like(high)
        best = self.left = np.inf
        if not np.isfinite(high).all():
            return high, low
        found = high, low
        for _ in range(_REFINEMENTS):
            residual = b + self.differences.rise(high, low)
            floor = self.differences.rounding(high, b) + self._leaves * np.abs(high) * EPS**2  # the grain of low
            excess = np.abs(residual) > floor / 2.0
            worst = float((np.abs(residual[excess]) / np.maximum(floor[excess], 1e-300)).max(initial=0.0))
            size = float(max(np.abs(b).max(), (self._leaves * np.abs(high)).max()))
            left = float(np.abs(residual).max()) / max(EPS * size, 1e-300)
            if not (worst < best or left < 0.5 * self.left):
                return found
            best, found, self.left = min(worst, best), (high, low), left
            if not excess.any():
                break
            low = low + self._solve(np.where(excess, residual, 0.0) * self._row_scale, transposed=False)
            high, low = two_sum(high, low)
            if not np.isfinite(high).all():
                break
        return found

    def solve_roughly(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve x = b + chain x to a few digits.

        Parameters
        ----------
        b : ndarray of float64, shape [states]

        Returns
        -------
        ndarray of float64, shape [states]
        """
        return self._solve(b * self._row_scale, transposed=False, nearness=1e-2)

    def solve_transposed(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve x = b + x chain.

        Parameters
        ----------
        b : ndarray of float64, shape [states]
            Not negative.

        Returns
        -------
        ndarray of float64, shape [states]
        """
        x = self._solve(b, transposed=True)
        for _ in range(2):
            x = x + self._solve(b - self._matrix.T @ x, transposed=True)
        return self._balanced(np.maximum(x * self._row_scale, 0.0), b)

    def _balanced(self, x: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scale visits so that what comes into a class of states leaves it, which is told without cancellation."""
        if not np.isfinite(x).all() or not x.any():
            return x
        row, col, p = self.differences.moves
        n_classes, label = csgraph.connected_components(self._matrix, connection="strong")
        crosses = label[row] != label[col]
        origin, to = label[row[crosses]], label[col[crosses]]
        flow = p[crosses] * x[row[crosses]]
        leaves = np.bincount(label, self._ends * x, n_classes) + np.bincount(origin, flow, n_classes)
        comes = np.bincount(label, b, n_classes)
        passes = leaves > 0.0
        share = flow / np.where(passes, leaves, 1.0)[origin]
        # Classes are numbered along the flow or against it, so that these equations are triangular.
        onward = sparse.csc_array((-share, (to, origin)), shape=(n_classes, n_classes))
        system = sparse.csc_array(onward + sparse.eye_array(n_classes, format="csc"))
        through = splu(system, "NATURAL", diag_pivot_thresh=0.0).solve(comes)
        return np.asarray(x * np.where(passes, through / np.where(passes, leaves, 1.0), 1.0)[label])

    def _solve(self, b: NDArray[np.float64], *, transposed: bool, nearness: float = 1e-10) -> NDArray[np.float64]:
        if not np.isfinite(self._row_scale).all() or not b.size:
            return np.full_like(b, np.nan)
        if not b.any():
            return np.zeros_like(b)
        if not self._factorised:
            return self._iterated(b, transposed, nearness)
        if self._factors is None:
            # M-matrices need no pivoting (Berman & Plemmons 1994, chapter 6): the order may serve the fill-in alone.
            options = {"SymmetricMode": True}
            matrix = self._matrix.T  # whose columns are the rows
            try:
                self._factors = splu(matrix, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
            except RuntimeError:  # singular, in double precision
                return np.full_like(b, np.nan)
        return np.asarray(self._factors.solve(b, trans="N" if transposed else "T"))

    def _iterated(self, b: NDArray[np.float64], transposed: bool, nearness: float) -> NDArray[np.float64]:
        """Three ways, from the quickest to the most robust: the first that comes near enough for the rounds to do."""
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


def _is_narrow(row: NDArray[np.int64], col: NDArray[np.int64], size: int) -> bool:
    """Whether a factorisation fills in little: within its loops the graph is as narrow as a plane's."""
    moves = sparse.csr_array((np.ones(row.size), (row, col)), shape=(size, size))
    _, label = csgraph.connected_components(moves, connection="strong")
    loops = label[row] == label[col]
    row, col = row[loops], col[loops]
    ones = np.ones(2 * row.size)
    both = sparse.csr_array((ones, (np.append(row, col), np.append(col, row))), shape=moves.shape)
    place = np.empty(size, np.int64)
    place[csgraph.reverse_cuthill_mckee(both, symmetric_mode=True)] = np.arange(size)
    band = np.zeros(size)
    np.maximum.at(band, row, np.abs(place[row] - place[col]))
    return bool(band.mean() <= _NARROW * np.sqrt(size))

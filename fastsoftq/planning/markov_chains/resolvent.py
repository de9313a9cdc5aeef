"""Expected totals of chains that end, x = b + chain x, solved to rounding, and beyond on request.

The matrix is written without cancellation: what a row lacks of 1 is given apart, as the probability of the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from fastsoftq.planning.markov_chains.compensated import two_sum
from fastsoftq.planning.markov_chains.differences import EPS, Differences
from fastsoftq.planning.markov_chains.m_matrices import Solver, solver
from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = ["Resolvent"]

_REFINEMENTS = 12
_NEAR = 1e-10  # relative, of a solution by iteration, which refinement mends
_ROUGH = 1e-2


class Resolvent:
    """Solves x = b + chain x.

    Parameters
    ----------
    chain : Transitions
        The probability of going on from each state, times the discount; the end can be reached from every state.
    ends : ndarray of float64, shape [states]
        What each row lacks of 1, free of cancellation: the end's probability, and what is discounted away.
    narrow : bool, optional
        The result of `is_narrow`, if known.
    """

    def __init__(self, chain: Transitions, ends: NDArray[np.float64], narrow: bool | None = None) -> None:
        size = chain.n_rows
        self.differences = Differences(chain, np.arange(size), ends)
        self._ends, self._narrow = ends, narrow
        self.left = 0.0  # the last solution's residual, in multiples of rounding
        row, _, p = self.differences.moves
        leaves = ends + np.bincount(row, p, size)
        self._solvable = bool((leaves > 0.0).all())  # a state that is never left has no solution
        self._leaves = leaves if self._solvable else np.where(leaves > 0.0, leaves, np.nan)
        # Each state's equation is divided by the probability of leaving it: then the diagonal is 1.
        self._row_scale = 1.0 / self._leaves
        self._solvable &= bool(np.isfinite(self._row_scale).all())
        self._chosen: Solver | None = None

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
        high = self._solve(b * self._row_scale)
        low = np.zeros_like(high)
        best = self.left = np.inf
        if not np.isfinite(high).all():
            return high, low
        found = high, low
        size_of_b = float(np.abs(b).max(initial=0.0))
        for _ in range(_REFINEMENTS):
            residual = b + self.differences.rise(high, low)
            leaving = self._leaves * np.abs(high)
            floor = self.differences.rounding(high, b) + leaving * EPS**2  # the grain of low
            distance = np.abs(residual)
            excess = distance > floor / 2.0
            worst = float((distance[excess] / np.maximum(floor[excess], 1e-300)).max(initial=0.0))
            size = max(size_of_b, float(leaving.max(initial=0.0)))
            left = float(distance.max(initial=0.0)) / max(EPS * size, 1e-300)
            if not (worst < best or left < 0.5 * self.left):
                return found
            best, found, self.left = min(worst, best), (high, low), left
            if not excess.any():
                break
            low = low + self._solve(np.where(excess, residual, 0.0) * self._row_scale)
            high, low = two_sum(high, low)
            if not np.isfinite(high).all():
                break
        return found

    def solve_roughly(self, b: NDArray[np.float64], nearness: float = _ROUGH) -> NDArray[np.float64]:
        """Solve x = b + chain x to a few digits.

        Parameters
        ----------
        b : ndarray of float64, shape [states]
        nearness : float
            The accuracy, relative to b, if it is not factorised.

        Returns
        -------
        ndarray of float64, shape [states]
        """
        return self._solve(b * self._row_scale, nearness=nearness)

    def solve_columns(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve x = b + chain x for each column: quick for many, if it is factorised.

        Parameters
        ----------
        b : ndarray of float64, shape [states, columns]

        Returns
        -------
        ndarray of float64, shape [states, columns]
        """
        return np.column_stack([self.solve(np.ascontiguousarray(column)) for column in b.T])

    def solve_transposed(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve x = b + x chain.

        Parameters
        ----------
        b : ndarray of float64, shape [states]
            If it is nonnegative, so is x, and what enters each class of states leaves it.

        Returns
        -------
        ndarray of float64, shape [states]
        """
        row, to, p = self.differences.moves
        x = self._solve(b, transposed=True)
        for _ in range(2):
            entering = np.bincount(to, p * (x * self._row_scale)[row], x.size)
            x = x + self._solve(b - (x - entering), transposed=True)
        x = x * self._row_scale
        return x if (b < 0.0).any() else self._balanced(np.maximum(x, 0.0), b)

    def _balanced(self, x: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scale visits so that what enters a class of states leaves it, computed without cancellation."""
        if not np.isfinite(x).all() or not x.any():
            return x
        row, to, p = self.differences.moves
        graph = Transitions(row, to, p, x.size, x.size).graph()
        n_classes, label = csgraph.connected_components(graph, connection="strong")
        crosses = label[row] != label[to]
        origin, target = label[row[crosses]], label[to[crosses]]
        flow = p[crosses] * x[row[crosses]]
        leaves = np.bincount(label, self._ends * x, n_classes) + np.bincount(origin, flow, n_classes)
        comes = np.bincount(label, b, n_classes)
        passes = leaves > 0.0
        share = flow / np.where(passes, leaves, 1.0)[origin]
        # Classes are numbered along the flow or against it, so that these equations are triangular.
        onward = sparse.csc_array((-share, (target, origin)), shape=(n_classes, n_classes))
        system = sparse.csc_array(onward + sparse.eye_array(n_classes, format="csc"))
        through = splu(system, "NATURAL", diag_pivot_thresh=0.0).solve(comes)
        return np.asarray(x * np.where(passes, through / np.where(passes, leaves, 1.0), 1.0)[label])

    def _equations(self) -> Solver | None:
        """The solver, chosen and factorised on first use."""
        if self._chosen is None and self._solvable:
            row, to, p = self.differences.moves
            self._chosen = solver(row, to, p * self._row_scale[row], self._ends.size, self._narrow)
            self._solvable = self._chosen is not None
        return self._chosen

    def _solve(
        self, b: NDArray[np.float64], *, transposed: bool = False, nearness: float = _NEAR
    ) -> NDArray[np.float64]:
        if not b.any():
            return np.zeros_like(b) if self._solvable else np.full_like(b, np.nan)
        equations = self._equations()
        return np.full_like(b, np.nan) if equations is None else equations.solve(b, transposed, nearness)

"""Totals of a Markov chain without an end between two visits to a state, and its means by them.

Few states, and equations that rounding spoils, are eliminated without subtraction. Others are sparse linear equations:
factorised if that fills in little, else iterated, which is quick on graphs that no small set of states separates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from fastsoftq.planning.markov_chains.classes import often_visited
from fastsoftq.planning.markov_chains.elimination import Elimination
from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = ["FEW", "ratio_equation"]

FEW = 100  # states: eliminated without a subtraction
_SOME = 3000  # states: so too, if the sparse equations were not solved
_SMALL = 400  # states: factorised at once, however they fill in
_CHEAP = 2e9  # multiplications of a factorisation that is always tried
_DEAR = 3e10  # multiplications of a factorisation that is never tried
_ACCURACY = 1e-7  # relative, of a solution by iteration, which refinement then mends
_TRIED, _MOST_SWEEPS = 100, 2000  # sweeps before it is foreseen whether they will be too many
_PEELS = 60
_SOLVED, _NEARLY = 1e-9, 1e-4  # a residual with which equations count as solved, exactly or not


def ratio_equation(
    chain: Transitions,
    label: NDArray[np.int32],
    closed: NDArray[np.int32],
    rates: NDArray[np.float64],
    exact: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Solve h - chain @ h + x unit = reward for h, and an x for each class that is never left.

    Parameters
    ----------
    chain : Transitions
        Rows sum to 1.
    label, closed
        As `closed_classes` returns them.
    rates : ndarray of float64, shape [states, 2]
        Reward and unit of each state.
    exact : bool
        To the last digits; otherwise to about six, if that is quicker.

    Returns
    -------
    h : ndarray of float64, shape [states]
        NaN unless there is one class only.
    x : ndarray of float64, shape [classes]
        The mean reward over the mean unit of the class, from the totals of an excursion from one of its states and back
        (the renewal-reward theorem; Puterman 1994, section 8.2, where the unit is 1).
    error : float
        The largest residual, relative to the largest reward; inf if there is no solution in double precision; 0 if
        nothing can cancel.

    Notes
    -----
    The diagonal of the equations is the probability of leaving a state, summed without cancellation (Grassmann, Taksar
    & Heyman 1985).
    """
    size = chain.n_states
    if size > FEW:
        found = _ratio(chain, label, closed, rates, exact, eliminate=False)
        solved = closed.size == 1 and found[2] <= (_SOLVED if exact else _NEARLY)
        if solved or size > _SOME:
            return found
    eliminated = _ratio(chain, label, closed, rates, exact, eliminate=True)
    return found if size > FEW and eliminated[2] == np.inf else eliminated


def _ratio(
    chain: Transitions,
    label: NDArray[np.int32],
    closed: NDArray[np.int32],
    rates: NDArray[np.float64],
    exact: bool,
    eliminate: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    size = chain.n_states
    try:
        excursion = _Excursions(chain, _ground(chain, label, closed), eliminate)
    except RuntimeError:  # exactly singular: some states are left too seldom for double precision to tell
        return np.full(size, np.nan), np.full(closed.size, np.nan), np.inf
    row, to, p = excursion.moves

    def residual(h: NDArray[np.float64], x: float) -> NDArray[np.float64]:
        drift = np.bincount(row, p * (h[to] - h[row]), size)
        return np.asarray(rates[:, 0] - x * rates[:, 1] + drift)

    with np.errstate(all="ignore"):  # what overflows has no solution, and says so by its residual
        collected, cycle = excursion(rates)
        x = cycle[:, 0] / cycle[:, 1]
        if closed.size > 1:
            return np.full(size, np.nan), x, 0.0
        h, mean = collected[:, 0] - x[0] * collected[:, 1], float(x[0])
        # In elimination nothing cancels in a ratio of nonnegative totals; in residuals it does.
        certain = eliminate and bool((rates >= 0.0).all())
        left = residual(h, mean)
        if certain:
            left[excursion.ground] = 0.0
        error = float(np.abs(left).max())
        for _ in range(4 if exact else 0):  # iterative refinement
            more, lacks = excursion(np.column_stack([left, rates[:, 1]]))
            step = 0.0 if certain else float(lacks[0, 0] / lacks[0, 1])
            finer = h + more[:, 0] - step * more[:, 1]
            rest = residual(finer, mean + step)
            if certain:
                rest[excursion.ground] = 0.0
            if not np.abs(rest).max() < 0.5 * error:
                break
            h, mean, left, error = finer, mean + step, rest, float(np.abs(rest).max())
        if certain and np.isfinite(error) and 0.0 <= mean < np.inf:
            return h, np.array([mean]), 0.0
        largest = float(np.abs(rates[:, 0]).max()) or 1.0
        return h, np.array([mean]), error / largest if np.isfinite(error) else np.inf


def _ground(chain: Transitions, label: NDArray[np.int32], closed: NDArray[np.int32]) -> NDArray[np.int64]:
    """A state of each class that is never left: one of those that are visited most."""
    visits = often_visited(chain, 30)
    if closed.size == 1:
        return np.array([np.argmax(np.where(label == closed[0], visits, -1.0))])
    order = np.argsort(-visits, kind="stable")
    which, first = np.unique(label[order], return_index=True)
    return order[first[np.searchsorted(which, closed)]]


class _Excursions:
    """Totals until a chain reaches a ground state, for any rates: factorised or by iteration."""

    def __init__(self, chain: Transitions, ground: NDArray[np.int64], eliminate: bool) -> None:
        self.chain, self.ground = chain, ground
        size = chain.n_states
        self.free = np.ones(size, np.bool_)
        self.free[ground] = False
        moves = chain.row != chain.to
        self.moves = chain.row[moves], chain.to[moves], chain.p[moves]
        self.off = Transitions(*self.moves, size, size)
        self.elimination: Elimination | None = None
        if eliminate:
            self.elimination = Elimination(self.off.toarray(), ground)
            return
        self.leaves = np.bincount(self.off.row, self.off.p, size)[self.free]
        inner = self.off.within(self.free, self.free)
        share = inner._replace(p=inner.p / self.leaves[inner.row]).matrix()
        self.matrix = sparse.csc_array(sparse.eye_array(self.leaves.size, format="csc") - share)
        work = 0.0 if self.leaves.size <= _SMALL else _fill(share)
        self.mixes, self.dear = work > _CHEAP and ground.size == 1, work > _DEAR
        self.factors: Any = None
        if work <= _CHEAP:
            self._factorise()

    def __call__(self, rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Collected from each state, [states, 2], and in a cycle from each ground state and back, or per step of it."""
        if self.elimination is not None:
            return self.elimination(rates)
        if self.mixes:
            mixed = self._mix(rates)
            if mixed is not None:
                return mixed
            self.mixes = False
        collected = np.zeros_like(rates)
        if self.leaves.size:
            wanted = rates[self.free] / self.leaves[:, None]
            if self.factors is None and not self.dear:
                self._factorise()
            collected[self.free] = self._iterate(wanted) if self.factors is None else self.factors.solve(wanted)
        return collected, rates[self.ground] + self._after(collected)

    def _after(self, collected: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([self.off.expected(column)[self.ground] for column in collected.T])

    def _factorise(self) -> None:
        from scipy.sparse.linalg import splu

        options = {"SymmetricMode": True}
        self.factors = splu(self.matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)

    def _mix(self, rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """By sweeps of relative value iteration (Puterman 1994, section 8.5.5); None if the chain mixes slowly."""
        columns = []
        for paid in np.ascontiguousarray(rates.T):
            h = np.zeros_like(paid)
            largest = float(np.abs(paid).max())
            for number in range(_MOST_SWEEPS):
                change = paid + (self.chain.expected(h) - h)
                if number % 4 == 0:
                    low, high = float(change.min()), float(change.max())
                    if high - low <= _ACCURACY * largest:
                        break
                    if number == _TRIED and not high - low <= _ACCURACY ** (_TRIED / _MOST_SWEEPS) * largest:
                        return None
                change *= 0.9  # below 1: states may alternate
                h += change
                h -= h[self.ground]
            else:
                return None
            columns.append((h, 0.5 * (low + high)))
        values, means = zip(*columns, strict=True)
        return np.column_stack(values), np.array([means])

    def _iterate(self, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """By GMRES (Saad & Schultz 1986)."""
        from scipy.sparse.linalg import gmres

        matrix, y = self.matrix.tocsr(), np.zeros_like(wanted)
        for column in np.flatnonzero(wanted.any(axis=0)):
            y[:, column], _ = gmres(matrix, wanted[:, column], rtol=_ACCURACY, atol=0.0, restart=80, maxiter=5)
        return y


def _fill(graph: sparse.csr_array) -> float:
    """Bound the multiplications of a factorisation, from the envelope that Cuthill and McKee's order leaves."""
    graph = sparse.csr_array(graph + graph.T)
    graph.data[:] = 1.0
    for _ in range(_PEELS):  # ends of branches fill in nothing
        kept = np.diff(graph.indptr) > 1
        if kept.all() or not kept.any():
            break
        graph = sparse.csr_array(graph[kept][:, kept])
    graph = _without_passages(graph)
    size = graph.shape[0]
    order = csgraph.reverse_cuthill_mckee(graph, symmetric_mode=True)
    place = np.empty(size, np.int64)
    place[order] = np.arange(size)
    row = np.repeat(np.arange(size), np.diff(graph.indptr))
    reach = np.zeros(size, np.int64)
    np.maximum.at(reach, place[row], place[row] - place[graph.indices])
    return float((reach.astype(np.float64) ** 2).sum())


def _without_passages(graph: sparse.csr_array) -> sparse.csr_array:
    """Replace chains of states with two neighbours by an edge: eliminating them leaves no more."""
    degree = np.diff(graph.indptr)
    passage = degree <= 2
    if not passage.any() or passage.all():
        return graph
    number, label = csgraph.connected_components(graph[passage][:, passage], directed=False)
    joins = sparse.coo_array(graph[~passage][:, passage])
    ends = sparse.csr_array((joins.data, (joins.row, label[joins.col])), shape=(joins.shape[0], number))
    joined = sparse.csr_array(graph[~passage][:, ~passage] + ends @ ends.T)
    joined.data[:] = 1.0
    return joined

"""Expected changes of values over a step, with errors relative to the changes.

The values may be far larger: with an end of probability 1e-10 a step, 1e10 times as large as their changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.compensated import sum_by_row, two_product
from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = ["EPS", "Differences", "probability_as_written", "reward_as_written"]

EPS = float(np.finfo(np.float64).eps)


class Differences:
    """Rows of transitions, prepared for expected changes of values over a step.

    Parameters
    ----------
    rows : Transitions
        Probabilities of going on, times the discount.
    state : ndarray of int, shape [rows]
        The state of each row.
    ends : ndarray of float64, shape [rows]
        What each row lacks of 1, free of cancellation.
    """

    def __init__(self, rows: Transitions, state: NDArray[np.int64], ends: NDArray[np.float64]) -> None:
        self.size = rows.n_rows
        origin = state[rows.row]
        moves = origin != rows.to
        self._row, self._to, self._from, self._p = rows.row[moves], rows.to[moves], origin[moves], rows.p[moves]
        self._state, self._ends = state, ends
        outcomes = float(np.bincount(rows.row).max(initial=0))
        self._rounding = (outcomes + 6.0) * EPS / 2.0  # each operation rounds by EPS / 2 at most

    @property
    def moves(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """The transitions to other states: row, next state and probability."""
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

    def exact_rise(
        self, parts: Sequence[NDArray[np.float64]], added: Sequence[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """`added + rise(values)` for rows without an end, of sums of several parts: rounded once, whatever cancels.

        Parameters
        ----------
        parts : sequence of ndarray of float64, shape [states]
            Whose sum the values are.
        added : sequence of ndarray of float64, shape [rows]
            Whose sum is added.

        Returns
        -------
        ndarray of float64, shape [rows]
            Exact but for one rounding, so that its sign is right, where products are above 1e-290.
        """
        terms: list[NDArray[np.float64]] = []
        for values in parts:
            for factor, at in ((self._p, self._to), (-self._p, self._from)):
                terms += two_product(factor, values[at])
        constants = np.column_stack(added)
        total = sum_by_row(constants.sum(axis=1), self._row, tuple(terms))
        size = np.bincount(self._row, sum(map(np.abs, terms)), self.size) + np.abs(constants).sum(axis=1)
        count = np.bincount(self._row, minlength=self.size)
        # Twice the digits nearly always suffice; where the sum is as small as its rounding, it is formed exactly.
        unclear = np.flatnonzero(np.abs(total) <= (EPS * (len(terms) * count + len(added)) ** 2) * size)
        last = np.cumsum(count)
        for row in unclear.tolist():
            here = slice(last[row] - count[row], last[row])
            total[row] = math.fsum(constants[row].tolist() + [x for term in terms for x in term[here].tolist()])
        return np.asarray(total)

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

    def written(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bound the error of `rise(values)`, for rows without an end, from writing probabilities in binary.

        Parameters
        ----------
        values : ndarray of float64, shape [states]

        Returns
        -------
        ndarray of float64, shape [rows]
        """
        step = np.abs(values[self._to] - values[self._from])
        return np.asarray(np.bincount(self._row, probability_as_written(self._p) * step, self.size))


def reward_as_written(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bound what writing numbers in binary did to them: half a unit in the last place, unless 40 digits suffice.

    Numbers of at most 40 binary digits, such as 1, 0.25 or 1e12, are taken as exact.

    Parameters
    ----------
    x : ndarray of float64

    Returns
    -------
    ndarray of float64, of the shape of `x`

    Examples
    --------
    >>> reward_as_written(np.array([0.75, 1e13, 0.5 + 2.0**-52])).tolist()
    [0.0, 0.0, 5.551115123125785e-17]
    """
    return np.where(_is_short(x), 0.0, 0.5 * EPS * np.abs(x))


def probability_as_written(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for probabilities, which were divided by their sum, too.

    Parameters
    ----------
    p : ndarray of float64

    Returns
    -------
    ndarray of float64, of the shape of `p`
    """
    return np.where(_is_short(p), 0.0, 1.5 * EPS * p)


def _is_short(x: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a number needs no more than 40 binary digits."""
    digits = np.ldexp(np.frexp(x)[0], 40)
    return np.asarray(digits == np.rint(digits))

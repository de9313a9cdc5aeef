"""Sums and products with their rounding errors as a second part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["sum_by_row", "two_product", "two_sum"]

_SPLIT = 134217729.0  # 2^27 + 1


def two_sum(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add exactly: the rounded sum, and what rounding took from it (Knuth 1998, section 4.2.2, theorem B).

    Parameters
    ----------
    a, b : ndarray of float64

    Returns
    -------
    high, low : ndarray of float64
    """
    high = a + b
    back = high - a
    return high, (a - (high - back)) + (b - back)


def two_product(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Multiply exactly: the rounded product, and what rounding took from it (Dekker 1971).

    Parameters
    ----------
    a, b : ndarray of float64
        Below 1e300, the product above 1e-290; beyond that the second part is unreliable.

    Returns
    -------
    high, low : ndarray of float64
    """
    a_high, b_high = (_SPLIT * x - (_SPLIT * x - x) for x in (a, b))
    a_low, b_low = a - a_high, b - b_high
    high = a * b
    return high, a_low * b_low - (((high - a_high * b_high) - a_low * b_high) - a_high * b_low)


def sum_by_row(
    start: NDArray[np.float64], row: NDArray[np.int64], terms: tuple[NDArray[np.float64], ...]
) -> NDArray[np.float64]:
    """Add terms to a number in each row as if with twice the digits (Ogita, Rump & Oishi 2005).

    Parameters
    ----------
    start : ndarray of float64, shape [rows]
    row : ndarray of int64, shape [terms]
        In which row each term is, ascending.
    terms : tuple of ndarray of float64, shape [terms]
        Several in each place.

    Returns
    -------
    ndarray of float64, shape [rows]
    """
    high, low = start.copy(), np.zeros_like(start)
    count = np.bincount(row, minlength=start.size)
    first = np.append(0, np.cumsum(count))[:-1]
    rows, place = np.flatnonzero(count), 0
    while rows.size:
        for term in terms:
            high[rows], lost = two_sum(high[rows], term[first[rows] + place])
            low[rows] += lost
        place += 1
        rows = rows[count[rows] > place]
    return high + low

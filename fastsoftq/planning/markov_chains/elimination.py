"""Elimination of a chain's states without a subtraction (Grassmann, Taksar & Heyman 1985), for chains of few states.

What leaves a state is a sum of what it leads to, in every step anew. So no rare way out of a part is lost to rounding:
what is collected of rates that are never below 0 has small relative errors, however rare the ways are (O'Cinneide
1993).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Elimination"]


class Elimination:
    """What is collected until a chain comes to one of some ground states.

    Parameters
    ----------
    moves : ndarray of float64, shape [states, states]
        The probability of each move; the diagonal does not count.
    ground : ndarray of int64
        From every other state one of them can be reached.

    Raises
    ------
    RuntimeError
        A state that is never left, or too seldom for a double.
    """

    def __init__(self, moves: NDArray[np.float64], ground: NDArray[np.int64]) -> None:
        free = np.ones(len(moves), np.bool_)
        free[ground] = False
        self._order = np.append(np.flatnonzero(free), ground)  # ground states come last, and stay
        self._free = len(moves) - len(ground)
        self._left = left = moves[np.ix_(self._order, self._order)]
        self._leaves = np.ones(len(moves))
        for k in range(self._free):
            onward = left[k, k + 1 :]
            self._leaves[k] = leaves = onward.sum()
            if not leaves > 0.0:
                raise RuntimeError(f"state {self._order[k]} is never left")
            # What this adds on the diagonal is not read.
            left[k + 1 :, k + 1 :] += left[k + 1 :, k, None] * (onward / leaves)

    def __call__(self, rates: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Add up rates on the way.

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
        paid = rates[self._order].astype(np.float64)
        left, leaves = self._left, self._leaves
        for k in range(self._free):
            paid[k + 1 :] += left[k + 1 :, k, None] * (paid[k] / leaves[k])
        collected = np.zeros_like(paid)
        for k in reversed(range(self._free)):
            collected[k] = (paid[k] + left[k, k + 1 :] @ collected[k + 1 :]) / leaves[k]
        in_place = np.empty_like(collected)
        in_place[self._order] = collected
        return in_place, paid[self._free :]

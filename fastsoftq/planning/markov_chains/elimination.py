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
        left = moves.copy()
        np.fill_diagonal(left, 0.0)
        self.ground, self.order = ground, np.setdiff1d(np.arange(moves.shape[0]), ground)
        self.leads, self.enters = np.zeros_like(left), np.zeros_like(left)
        self.leaves = np.ones(left.shape[0])
        for state in self.order:
            onward, into = left[state].copy(), left[:, state].copy()
            left[state], left[:, state] = 0.0, 0.0
            self.leaves[state] = onward.sum()
            if not self.leaves[state] > 0.0:
                raise RuntimeError(f"state {state} is never left")
            self.leads[state], self.enters[state] = onward, into
            left += np.outer(into, onward / self.leaves[state])
            np.fill_diagonal(left, 0.0)

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
        paid = rates.copy()
        for state in self.order:
            paid += self.enters[state, :, None] * (paid[state] / self.leaves[state])
        collected = np.zeros_like(paid)
        for state in self.order[::-1]:
            collected[state] = (paid[state] + self.leads[state] @ collected) / self.leaves[state]
        return collected, paid[self.ground]

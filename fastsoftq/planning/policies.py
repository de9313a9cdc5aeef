"""Policies made of others: probabilities of actions, for each state or for one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["epsilon_mixture"]


def epsilon_mixture(policy: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    """The policy but, with probability epsilon, any action: (1 - epsilon) pi(a | s) + epsilon / n.

    Of a greedy policy it is the epsilon-greedy one (Sutton & Barto 2018, section 2.2).

    Parameters
    ----------
    policy : ndarray of float64, shape [..., actions]
    epsilon : float
        In [0, 1].

    Returns
    -------
    ndarray of float64, shape [..., actions]

    Examples
    --------
    >>> epsilon_mixture(np.array([[1.0, 0.0], [0.5, 0.5]]), 0.5)
    array([[0.75, 0.25],
           [0.5 , 0.5 ]])
    """
    return np.asarray((1.0 - epsilon) * policy + epsilon / policy.shape[-1])

"""Bounds on the best mean of reward and entropy a step, from sweeps: Collatz and Wielandt's, which Odoni made for MDPs.

For any h, the best mean g of an end component obeys min(Lh - h) <= g <= max(Lh - h), where L is Bellman's operator
(Odoni 1969; Puterman 1994, theorem 8.5.5). With deterministic dynamics and entropy these are Collatz's and Wielandt's
bounds on the spectral radius exp(g), written in logarithms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.optimal.choices import Choices

__all__ = ["mean_sign", "rounding", "signed", "sweep"]

_STEP = 0.75  # of h towards Lh: below 1, so that sweeps settle where states alternate
_EPSILON = 8.0 * float(np.finfo(np.float64).eps)


def sweep(
    component: Choices, reward: NDArray[np.float64], h: NDArray[np.float64], entropy: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Apply Bellman's operator once.

    Parameters
    ----------
    component : Choices
    reward : ndarray of float64, shape [choices]
        Scaled already.
    h : ndarray of float64, shape [states]
    entropy : bool
        Whether the policy's entropy counts too: a soft maximum, in place of a maximum.

    Returns
    -------
    change : ndarray of float64, shape [states]
        Lh - h.
    policy : ndarray of float64, shape [choices]
        The probability of each pair under the policy that attains Lh.
    """
    advance = reward + (component.onward.expected(h) - h[component.state])
    if entropy:
        soft, policy, _ = component.soft_maximum(advance, 1.0)
        return soft, policy
    best = np.maximum.reduceat(advance, component.first)
    attains = (advance == best[component.state]).astype(np.float64)
    return best, attains / np.add.reduceat(attains, component.first)[component.state]


def rounding(component: Choices, reward: NDArray[np.float64], h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bound what rounding does to reward + E[h'] - h.

    Parameters
    ----------
    component : Choices
    reward : ndarray of float64, shape [choices]
    h : ndarray of float64, shape [states]

    Returns
    -------
    ndarray of float64, shape [choices]
    """
    size = np.abs(h)
    return np.asarray(_EPSILON * (np.abs(reward) + component.onward.expected(size) + size[component.state]))


def mean_sign(component: Choices, reward: NDArray[np.float64], entropy: bool, sweeps: int) -> int | None:
    """Tell the sign of the best mean from a few sweeps.

    Parameters
    ----------
    component : Choices
    reward : ndarray of float64, shape [choices]
    entropy : bool
    sweeps : int
        How many at most.

    Returns
    -------
    int or None
        -1 if the best mean is below 0, 1 if it is 0 or above; both are proved. None if sweeps did not tell.
    """
    return signed(component, reward, entropy, sweeps)[0]


def signed(
    component: Choices, reward: NDArray[np.float64], entropy: bool, sweeps: int
) -> tuple[int | None, NDArray[np.float64]]:
    """Tell the sign of the best mean from a few sweeps, and what proves it.

    Parameters
    ----------
    component, reward, entropy, sweeps
        As `mean_sign` takes them.

    Returns
    -------
    sign : int or None
        As `mean_sign` returns it.
    h : ndarray of float64, shape [states]
        The values whose bounds tell.
    """
    h = np.zeros(component.first.size)
    for _ in range(sweeps):
        change, policy = sweep(component, reward, h, entropy)
        if change.max() < 0.0 or change.min() >= 0.0:
            low, high = _bounds(component, reward, h, change, policy, entropy)
            if high < 0.0:
                return -1, h
            if low >= 0.0:
                return 1, h
        h += _STEP * change
        h -= h.max()
    return None, h


def _bounds(
    component: Choices,
    reward: NDArray[np.float64],
    h: NDArray[np.float64],
    change: NDArray[np.float64],
    policy: NDArray[np.float64],
    entropy: bool,
) -> tuple[float, float]:
    """Bounds on the best mean that allow for rounding."""
    error = rounding(component, reward, h)
    own = np.add.reduceat(np.where(policy > 0.0, policy * error, 0.0), component.first)
    if entropy:
        own += _EPSILON * (1.0 + np.abs(change))
        return float((change - own).min()), float((change + own).max())
    advance = reward + (component.onward.expected(h) - h[component.state]) + error  # the second may be the best
    return float((change - own).min()), float(advance.max())

"""Separation: whether the likelihood of demonstrations grows for ever along some direction of the weights.

The log-likelihood at t d + w stays bounded as t grows if and only if every action taken is optimal for the rewards
features @ d (Albert & Anderson 1984, for one decision). A linear program finds such a direction, and planning proves
it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fastsoftq.planning.inverse_rl.advantages import shortfalls
from fastsoftq.planning.inverse_rl.visited import Observed

__all__ = ["separating_direction"]

_CLOSE = 1e-6  # how far behind the best an action taken may be, where others are behind by 1


def separating_direction(part: Observed, features: NDArray[np.float64], discount: float) -> NDArray[np.float64] | None:
    """Find weights for which all actions taken are optimal, and as many others as possible are not.

    Parameters
    ----------
    part : Observed
    features : ndarray of float64, shape [part, actions, features]
        Of ordinary size.
    discount : float
        Below 1.

    Returns
    -------
    ndarray of float64, shape [features], or None
        With it, other actions of demonstrated states fall short by 1 or more, or not at all. None if there is none.

    Notes
    -----
    The program is that of planning (Puterman 1994, section 6.9): V(s) >= reward(s, a) + discount E[V(s')], with
    equality for actions taken; it maximises the sum of shortfalls, each counted up to 1. Where demonstrations end
    before the episode does, V may exceed the optimal value; planning with the weights found then tells.
    """
    from scipy.optimize import linprog  # here, since it is slow to import

    n_states, n_actions, n_features = features.shape
    model, seen = part.model, part.counts.ravel() > 0.0
    open_pairs = np.repeat(~model.terminal, n_actions)
    visited = np.repeat(part.counts.sum(axis=1) > 0.0, n_actions) & open_pairs
    rival = np.flatnonzero(visited & ~seen)
    if not rival.size:
        return None
    pairs = np.arange(seen.size)
    own = sparse.csr_array((np.ones(seen.size), (pairs, pairs // n_actions)), (seen.size, n_states))
    paid = sparse.csr_array(features.reshape(-1, n_features))
    counted = sparse.csr_array((np.ones(rival.size), (rival, np.arange(rival.size))), (seen.size, rival.size))
    rows: Any = sparse.csr_array(sparse.hstack([paid, discount * model.continuation.matrix() - own, counted]))
    worse = open_pairs & ~seen
    found: Any = linprog(
        np.concatenate([np.zeros(n_features + n_states), -np.ones(rival.size)]),
        A_ub=rows[worse],
        b_ub=np.zeros(int(worse.sum())),
        A_eq=rows[seen],
        b_eq=np.zeros(int(seen.sum())),
        bounds=[(None, None)] * n_features
        + [(0.0, 0.0) if over else (None, None) for over in model.terminal]
        + [(0.0, 1.0)] * rival.size,
    )
    if found.x is None or not -found.fun > 0.5:
        return None
    direction = np.asarray(found.x[:n_features], np.float64)
    behind = shortfalls(model._replace(reward=features @ direction), discount, relative=1e-12).ravel()
    proved = behind[seen].max() <= _CLOSE and behind[rival].max() > 0.5
    return direction if proved else None

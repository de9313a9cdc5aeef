"""Shortfalls of actions behind the best, with ties judged by the rounding of each state's own values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.bellman import Matrices, action_values
from fastsoftq.planning.markov_chains.differences import Differences
from fastsoftq.planning.markov_chains.resolvent import Resolvent

__all__ = ["shortfalls"]

_EPSILON = 32.0 * float(np.finfo(np.float64).eps)
_MOST = 2000  # policies; ten are many


def shortfalls(model: Matrices, discount: float, relative: float = _EPSILON) -> NDArray[np.float64]:
    """Return V*(s) - Q*(s, a), the hard advantage with its sign changed.

    Shortfalls with their sign changed are rewards shaped by a potential (Ng, Harada & Russell 1999): hard and soft
    policies stay the same, but the best actions have value 0, however large returns are.

    Parameters
    ----------
    model : Matrices
    discount : float
        Below 1.
    relative : float
        A shortfall counts as 0 if it is at most this part of the sizes of all rewards that may follow.

    Returns
    -------
    ndarray of float64, shape [states, actions]
        At least 0; 0 for the best actions of each state.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.planning.bellman import matrices
    >>> shortfalls(matrices(fsq.from_map("S.G")), discount=0.5)[0].tolist()  # up, right, down, left
    [0.5, 0.0, 0.5, 0.5]
    """
    n_states, n_actions = model.reward.shape
    rows = np.arange(n_states)
    onward = model.continuation.discounted(discount)
    ends = ((1.0 - discount) + discount * model.termination).ravel()
    differences = Differences(onward, np.repeat(rows, n_actions), ends)
    chosen = np.argmax(model.reward, axis=1)
    seen: set[bytes] = set()
    for _ in range(_MOST):
        pair = rows * n_actions + chosen
        equations = Resolvent(onward.taken(pair), ends[pair])
        paid = np.where(model.terminal, 0.0, model.reward[rows, chosen])
        high, low = equations.solve_twice(paid)
        met = np.maximum(equations.solve_twice(np.abs(paid))[0], 0.0)
        gain = model.reward + differences.rise(high, low).reshape(n_states, n_actions)
        sizes = action_values(model._replace(reward=np.abs(model.reward)), met, discount) + met[:, None]
        behind = gain[rows, chosen][:, None] - gain
        margin = relative * (sizes + sizes[rows, chosen][:, None])
        best = np.argmax(-behind - margin, axis=1)
        better = (-behind[rows, best] > margin[rows, best]) & (best != chosen) & ~model.terminal
        seen.add(chosen.tobytes())
        chosen = np.where(better, best, chosen)
        if chosen.tobytes() in seen:  # the same policy, or one that is better by rounding only
            break
    behind = np.where(behind <= margin, 0.0, behind)
    return np.where(model.terminal[:, None], 0.0, behind)

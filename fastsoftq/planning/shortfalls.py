"""How far each action falls short of the best, and ties, told by what rounding does to each state's own values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from fastsoftq.planning.bellman import Matrices, action_values

__all__ = ["shortfalls"]

_EPSILON = 32.0 * float(np.finfo(np.float64).eps)


def shortfalls(model: Matrices, discount: float, relative: float = _EPSILON) -> NDArray[np.float64]:
    """Return V*(s) - Q*(s, a), the hard advantage with its sign changed.

    Rewards less these shortfalls are rewards shaped by a potential (Ng, Harada & Russell 1999): policies, soft ones
    too, are those of the rewards themselves, but values of the best actions are 0, whatever rewards add up to.

    Parameters
    ----------
    model : Matrices
    discount : float
        Below 1.
    relative : float
        A shortfall is 0 if it is at most so much of the sizes of all rewards that may be met on the way.

    Returns
    -------
    ndarray of float64, shape [states, actions]
        At least 0; 0 for the best actions of each state.
    """
    rows = np.arange(model.reward.shape[0])
    chosen = np.argmax(model.reward, axis=1)
    while True:
        chain = model.continuation[rows * model.reward.shape[1] + chosen]
        factors = splu(sparse.csc_array(sparse.eye_array(rows.size, format="csc") - discount * chain))
        paid = np.where(model.terminal, 0.0, model.reward[rows, chosen])
        v, met = factors.solve(np.column_stack([paid, np.abs(paid)])).T
        q = action_values(model, v, discount)
        sizes = action_values(model._replace(reward=np.abs(model.reward)), met, discount) + met[:, None]
        behind = q[rows, chosen][:, None] - q
        margin = relative * (sizes + sizes[rows, chosen][:, None])
        best = np.argmax(-behind - margin, axis=1)
        better = -behind[rows, best] > margin[rows, best]
        if not better.any():
            behind = np.where(behind <= margin, 0.0, behind)
            return np.where(model.terminal[:, None], 0.0, behind)
        chosen = np.where(better, best, chosen)

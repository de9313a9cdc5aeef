"""States where a policy can stay for ever, and states where one ends for certain: facts of the graph alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from fastsoftq.planning.optimal.choices import Choices

__all__ = ["end_components", "surely_ending"]


def end_components(choices: Choices, kept: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Maximal end components: strongly connected states that need not be left (de Alfaro 1997, algorithm 3.1).

    Parameters
    ----------
    choices : Choices
    kept : ndarray of bool, shape [choices]
        Those that may be made.

    Returns
    -------
    component : ndarray of int64, shape [states]
        The number of each state's component, -1 where there is none.
    inner : ndarray of bool, shape [choices]
        Those that stay within their component.
    """
    inner = _closed(choices, kept & (choices.ends == 0.0))
    while True:
        if not inner.any():
            return np.full(choices.n_states, -1), inner
        edges = choices.steps(inner).graph(choices.state)
        _, label = csgraph.connected_components(edges, connection="strong")
        steps = choices.onward
        parts = inner[steps.row] & (label[choices.state[steps.row]] != label[steps.to])
        if not parts.any():
            break
        inner[steps.row[parts]] = False
        inner = _closed(choices, inner)
    component = np.full(choices.n_states, -1)
    here = choices.state[inner]
    component[here] = np.unique(label[here], return_inverse=True)[1]
    return component, inner


def surely_ending(choices: Choices) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the states from which some policy ends with probability one, and the choices by which it does.

    Parameters
    ----------
    choices : Choices

    Returns
    -------
    states : ndarray of bool, shape [states]
    kept : ndarray of bool, shape [choices]
        Those that lead to such states only.
    """
    kept = choices.every
    alive = np.ones(choices.n_states, np.bool_)
    if choices.always_ends:
        return alive, kept
    while True:
        ending = np.zeros(choices.n_states, np.bool_)
        ending[choices.state[kept & (choices.ends > 0.0)]] = True
        lost = alive & ~choices.steps(kept).reaching(ending, choices.state)
        if not lost.any():
            return alive, kept
        kept = _closed(choices, kept & ~lost[choices.state])
        alive = np.zeros(choices.n_states, np.bool_)
        alive[choices.state[kept]] = True


def _closed(choices: Choices, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Drop choices that can lead to states without a choice, again and again."""
    kept = kept.copy()
    if not kept.any():
        return kept
    left = np.bincount(choices.state[kept], minlength=choices.n_states)
    gone = np.flatnonzero(left == 0)
    if not gone.size:
        return kept
    into = choices.onward.matrix().tocsc()
    while gone.size:
        entering = np.unique(into[:, gone].indices)
        dropped = entering[kept[entering]]
        kept[dropped] = False
        states, count = np.unique(choices.state[dropped], return_counts=True)
        left[states] -= count
        gone = states[left[states] == 0]
    return kept

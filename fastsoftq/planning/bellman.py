"""Bellman's equations on arrays: from values of states to values of actions, and back, hard and soft.

Temperature 0 never appears here: the hard operators have their own names. Nothing here iterates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fastsoftq.mdp.tabular import TabularMDP, checked_mdp

__all__ = [
    "TIE_TOLERANCE",
    "Matrices",
    "action_values",
    "greedy_policy",
    "hard_values",
    "matrices",
    "soft_policy",
    "soft_values",
]

TIE_TOLERANCE = 1e-9
"""Actions whose values differ by less, relative to the best value where that exceeds 1, are equally good."""


class Matrices(NamedTuple):
    """An MDP as the matrices that the Bellman equations are made of.

    Attributes
    ----------
    reward : ndarray of float64, shape [states, actions]
        The expected reward, times the reward scale.
    continuation : sparse array of float64, shape [states * actions, states]
        The probability of going on in each state; what rows lack of 1 is the probability of the end.
    termination : ndarray of float64, shape [states, actions]
        The probability of the end, summed from the outcomes that terminate (free of cancellation).
    terminal : ndarray of bool, shape [states]
        Where no episode goes on, so that the value is 0.
    rounding : ndarray of float64, shape [states, actions], optional
        What rounding may have done to `reward`, where outcomes that pay differently are averaged. None: nothing.
    """

    reward: NDArray[np.float64]
    continuation: sparse.csr_array
    termination: NDArray[np.float64]
    terminal: NDArray[np.bool_]
    rounding: NDArray[np.float64] | None = None


def matrices(mdp: TabularMDP, reward_scale: float = 1.0) -> Matrices:
    """Write an MDP as matrices, whose probabilities sum to 1 as nearly as can be written.

    Parameters
    ----------
    mdp : TabularMDP
    reward_scale : float
        Every reward is multiplied by it.

    Returns
    -------
    Matrices
    """
    n_states, n_actions, n_outcomes = checked_mdp(mdp).next_state.shape
    total = mdp.probability.sum(axis=2, keepdims=True)  # not quite 1, which counts where episodes are long
    probability = mdp.probability / total
    goes_on = ((probability > 0.0) & ~mdp.terminated).ravel()
    row = np.repeat(np.arange(n_states * n_actions), n_outcomes)[goes_on]
    entries = (probability.ravel()[goes_on], (row, mdp.next_state.ravel()[goes_on]))
    size = (probability * np.abs(mdp.reward)).sum(axis=2)
    outcomes = (probability > 0.0).sum(axis=2)
    unit = np.finfo(np.float64).eps / 2.0
    return Matrices(
        reward=reward_scale * (mdp.expected_reward / total[:, :, 0]),
        continuation=sparse.csr_array(entries, shape=(n_states * n_actions, n_states)),
        termination=np.where(mdp.terminated, probability, 0.0).sum(axis=2),
        terminal=mdp.terminal,
        rounding=np.where(outcomes > 1, (outcomes + 2.0) * unit * reward_scale * size, 0.0),
    )


def action_values(model: Matrices, v: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """Q(s, a) = E[r + discount V(s')] (Sutton & Barto 2018, equation 4.6, before its maximum).

    Parameters
    ----------
    model : Matrices
    v : ndarray of float64, shape [states]
        May hold infinities; those of states that cannot follow an action do not touch its value.
    discount : float

    Returns
    -------
    ndarray of float64, shape [states, actions]
    """
    if discount == 0.0:  # also where v is infinite
        return model.reward.copy()
    with np.errstate(invalid="ignore"):  # inf - inf: neither
        follows = np.asarray(model.continuation @ v)
    return np.asarray(model.reward + discount * follows.reshape(model.reward.shape))


def hard_values(model: Matrices, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """V(s) = max_a Q(s, a), and 0 in terminal states.

    Parameters
    ----------
    model : Matrices
    q : ndarray of float64, shape [states, actions]

    Returns
    -------
    ndarray of float64, shape [states]
    """
    return np.where(model.terminal, 0.0, q.max(axis=1))


def soft_values(model: Matrices, q: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """V(s) = T ln sum_a exp(Q(s, a) / T), and 0 in terminal states (Haarnoja et al. 2017, equation 3).

    Parameters
    ----------
    model : Matrices
    q : ndarray of float64, shape [states, actions]
    temperature : float

    Returns
    -------
    ndarray of float64, shape [states]
    """
    best = q.max(axis=1)
    with np.errstate(over="ignore"):  # a tiny temperature: the exponential is 0 all the same
        weight = np.exp((q - best[:, None]) / temperature)
    return np.where(model.terminal, 0.0, best + temperature * np.log(weight.sum(axis=1)))


def greedy_policy(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give every best action the same probability; best within `TIE_TOLERANCE`.

    Parameters
    ----------
    q : ndarray of float64, shape [states, actions]

    Returns
    -------
    ndarray of float64, shape [states, actions]
    """
    best = q.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # infinite values tie by being equal
        tied = (q == best) | (q >= best - TIE_TOLERANCE * np.maximum(1.0, np.abs(best)))
    return np.asarray(tied / tied.sum(axis=1, keepdims=True))


def soft_policy(q: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Give action a the probability exp((Q(s, a) - V(s)) / T) (Haarnoja et al. 2017, equation 4).

    Parameters
    ----------
    q : ndarray of float64, shape [..., actions]
    temperature : float

    Returns
    -------
    ndarray of float64, shape [..., actions]
    """
    with np.errstate(over="ignore"):
        weight = np.exp((q - q.max(axis=-1, keepdims=True)) / temperature)
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))

"""Bellman's equations on arrays: from values of states to values of actions, and back, hard and soft.

Temperature 0 never appears here: the hard operators have their own names. Nothing here iterates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.expected_rewards import expected_rewards
from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.markov_chains.transitions import Transitions, merged

__all__ = [
    "TIE_TOLERANCE",
    "Matrices",
    "action_values",
    "epsilon_mixture",
    "greedy_policy",
    "hard_values",
    "log_soft_policy",
    "log_sum_exp",
    "matrices",
    "policy_chain",
    "soft_policy",
    "soft_values",
]

TIE_TOLERANCE = 1e-9
"""Actions whose values differ by less, relative to best values above 1, are equally good."""

_NEVER = 1e-15  # smaller transition probabilities count as 0


class Matrices(NamedTuple):
    """An MDP as the matrices that the Bellman equations are made of.

    Attributes
    ----------
    reward : ndarray of float64, shape [states, actions]
        The expected reward, times the reward scale.
    continuation : Transitions
        The probability of going on in each state, a row for each state and action; what rows lack of 1 is the
        probability of the end.
    termination : ndarray of float64, shape [states, actions]
        The probability of the end, summed from the outcomes that terminate (free of cancellation).
    terminal : ndarray of bool, shape [states]
        Where no episode goes on, so that the value is 0.
    rounding : ndarray of float64, shape [states, actions], optional
        Bound on the error of `reward` where it is the mean of several outcomes. None: no error.
    remainder, written : ndarray of float64, shape [states, actions], optional
        What rounding took from that mean, and a bound on what writing numbers in binary did to it. None: nothing, and
        as each reward says.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> matrices(fsq.from_map("SG")).terminal.tolist()
    [False, True]
    """

    reward: NDArray[np.float64]
    continuation: Transitions
    termination: NDArray[np.float64]
    terminal: NDArray[np.bool_]
    rounding: NDArray[np.float64] | None = None
    remainder: NDArray[np.float64] | None = None
    written: NDArray[np.float64] | None = None


def matrices(mdp: TabularMDP, reward_scale: float = 1.0) -> Matrices:
    """Write an MDP as matrices, with probabilities normalised to 1 within rounding.

    Parameters
    ----------
    mdp : TabularMDP
    reward_scale : float
        Every reward is multiplied by it.

    Returns
    -------
    Matrices

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> matrices(fsq.from_map("SG"), reward_scale=10.0).reward[0].tolist()  # up, right, down, left
    [-10.0, 0.0, -10.0, -10.0]
    """
    n_states, n_actions, n_outcomes = checked_mdp(mdp).next_state.shape
    total = mdp.probability.sum(axis=2, keepdims=True)  # not quite 1, which counts where episodes are long
    probability = mdp.probability / total
    goes_on = np.flatnonzero((probability > 0.0) & ~mdp.terminated)
    onward = goes_on // n_outcomes, mdp.next_state.ravel()[goes_on], probability.ravel()[goes_on]
    model = Matrices(
        reward=reward_scale * mdp.reward[:, :, 0],
        continuation=merged(*onward, n_states * n_actions, n_states),
        termination=np.where(mdp.terminated, probability, 0.0).sum(axis=2),
        terminal=mdp.terminal,
    )
    if n_outcomes == 1:
        return model
    mean, remainder, written = expected_rewards(probability, mdp.reward)
    several = np.count_nonzero(probability, axis=2) > 1
    rounded = (remainder != 0.0) + 1.0 * (reward_scale != 1.0)  # times
    rounding = several * (written + EPS * rounded * np.abs(mean))
    return model._replace(
        reward=reward_scale * mean,
        rounding=reward_scale * rounding,
        remainder=reward_scale * remainder,
        written=reward_scale * written,
    )


def action_values(model: Matrices, v: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """Q(s, a) = E[r + discount V(s')] (Sutton & Barto 2018, equation 4.6, before its maximum).

    Parameters
    ----------
    model : Matrices
    v : ndarray of float64, shape [states]
        May hold infinities; an action's value depends only on states that can follow it.
    discount : float

    Returns
    -------
    ndarray of float64, shape [states, actions]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> model = matrices(fsq.from_map("S.G"))
    >>> action_values(model, np.array([0.0, 5.0, 0.0]), discount=0.9)[0].tolist()
    [-1.0, 3.5, -1.0, -1.0]
    """
    if discount == 0.0:  # also where v is infinite
        return model.reward.copy()
    with np.errstate(invalid="ignore"):  # inf - inf: neither
        return model.reward + discount * model.continuation.expected(v).reshape(model.reward.shape)


def hard_values(model: Matrices, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """V(s) = max_a Q(s, a), and 0 in terminal states.

    Parameters
    ----------
    model : Matrices
    q : ndarray of float64, shape [states, actions]

    Returns
    -------
    ndarray of float64, shape [states]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> hard_values(matrices(fsq.from_map("SG")), np.array([[1.0, 3.0, 2.0, 0.0], [0.0] * 4])).tolist()
    [3.0, 0.0]
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

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> soft_values(matrices(fsq.from_map("SG")), np.zeros((2, 4)), temperature=1.0).round(4).tolist()  # ln 4
    [1.3863, 0.0]
    """
    return np.where(model.terminal, 0.0, log_sum_exp(q, temperature))


def log_sum_exp(x: NDArray[np.float64], temperature: float = 1.0) -> NDArray[np.float64]:
    """T ln sum exp(x / T) over the last axis, without overflow.

    Parameters
    ----------
    x : ndarray of float64, shape [..., entries]
        At least one entry is finite.
    temperature : float

    Returns
    -------
    ndarray of float64, shape [...]

    Examples
    --------
    >>> log_sum_exp(np.array([1000.0, 1000.0])).round(6)
    np.float64(1000.693147)
    """
    largest = x.max(axis=-1)
    with np.errstate(over="ignore"):  # a tiny temperature: the exponential is 0 all the same
        return np.asarray(largest + temperature * np.log(np.exp((x - largest[..., None]) / temperature).sum(axis=-1)))


def greedy_policy(q: NDArray[np.float64], error: float | None = None) -> NDArray[np.float64]:
    """Give every best action the same probability; best within `TIE_TOLERANCE`, or within what `q` may be off by.

    Parameters
    ----------
    q : ndarray of float64, shape [states, actions]
    error : float, optional
        A bound on the error of `q`: actions that it leaves in doubt are equally good, others are told apart, however
        large or small the values.

    Returns
    -------
    ndarray of float64, shape [states, actions]

    Examples
    --------
    >>> greedy_policy(np.array([[1.0, 3.0, 3.0]]))
    array([[0. , 0.5, 0.5]])
    """
    best = q.max(axis=1, keepdims=True)
    size = np.abs(best)
    with np.errstate(invalid="ignore"):  # infinite values tie by being equal
        within = TIE_TOLERANCE * np.maximum(1.0, size) if error is None else 2.0 * error + 16.0 * EPS * size
        tied = (q == best) | (q >= best - within)
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

    Examples
    --------
    >>> soft_policy(np.array([0.0, np.log(3.0)]), temperature=1.0).round(4)
    array([0.25, 0.75])
    """
    with np.errstate(over="ignore"):
        weight = np.exp((q - q.max(axis=-1, keepdims=True)) / temperature)
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def log_soft_policy(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ln of the soft policy at temperature 1, finite where the probability itself underflows.

    Parameters
    ----------
    q : ndarray of float64, shape [..., actions]

    Returns
    -------
    ndarray of float64, shape [..., actions]

    Examples
    --------
    >>> log_soft_policy(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    behind = q - q.max(axis=-1, keepdims=True)
    return np.asarray(behind - log_sum_exp(behind)[..., None])


def policy_chain(model: Matrices, policy: NDArray[np.float64]) -> tuple[Transitions, NDArray[np.float64]]:
    """Make the Markov chain of a policy.

    Parameters
    ----------
    model : Matrices
    policy : ndarray of float64, shape [states, actions]
        Probabilities below 1e-15 count as 0.

    Returns
    -------
    chain : Transitions
        The probability of going on in each state.
    ends : ndarray of float64, shape [states]
        The probability of the end.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> chain, ends = policy_chain(matrices(fsq.from_map("SG")), np.full((2, 4), 0.25))
    >>> chain.toarray()[0].tolist(), float(ends[0])
    ([0.75, 0.0], 0.25)
    """
    n_states, n_actions = policy.shape
    taken = np.where(policy < _NEVER, 0.0, policy)
    chain = model.continuation.mixed(taken.ravel(), np.repeat(np.arange(n_states), n_actions), n_states)
    ends = (taken * model.termination).sum(axis=1)
    return chain.only(chain.p >= _NEVER), np.where(ends < _NEVER, 0.0, ends)


def epsilon_mixture(policy: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    """Mix a policy with the uniform one: (1 - epsilon) pi(a | s) + epsilon / n.

    For a greedy policy this is the epsilon-greedy one (Sutton & Barto 2018, section 2.2).

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

"""Policies and actions of many states at once: array forms of `policies.py`'s and others, with their bits.

`q` is [..., actions] of float64 or float32, in any layout. Probabilities have its shape, actions its leading shape.
What is by state is one number, or an array that broadcasts to that shape. Randomness comes in as keys of the random
stream, one for each state: `boltzmann_actions(q, T, keys)` are `boltzmann(q[s], T, draw(keys[s]))`.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.action_probabilities import epsilon_greedy_policy
from fastsoftq.kernels.batch_entries import of_batch, over_batch, room
from fastsoftq.kernels.batch_kinds import (
    ByEpsilon,
    ByKey,
    ByTemperature,
    OutActions,
    OutPolicies,
    Rows,
    RowsOf256,
)
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.operators import softmax
from fastsoftq.kernels.policies import boltzmann, epsilon_greedy
from fastsoftq.kernels.random import draw

__all__ = [
    "boltzmann_actions",
    "epsilon_greedy_actions",
    "epsilon_greedy_policies",
    "greedy_actions",
    "greedy_policies",
    "softmax_policies",
]


@inlined
def softmax_policies(q: Rows, temperature: ByTemperature, out: OutPolicies = None):
    """The maximum-entropy policies exp((Q(s, a) - V(s)) / T). Haarnoja et al. 2017, theorem 1.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    temperature : float64, or an array that broadcasts to [...]
        T > 0, in units of Q.
    out : float64 or float32 [..., actions], optional
        Receives the probabilities; may be `q`.

    Returns
    -------
    float64, or dtype of `out`, [..., actions]
        `out`, or a new array.

    Examples
    --------
    >>> softmax_policies([[2.0, 2.0], [0.0, 9.0]], temperature=0.1)
    array([[5.00000000e-01, 5.00000000e-01],
           [8.19401262e-40, 1.00000000e+00]])
    """
    shape = q.shape[:-1]
    temperatures, found = over_batch(temperature, shape), room(out, q.shape, 0.0)
    for at in np.ndindex(shape):
        softmax(q[at], of_batch(temperatures, at), found[at])
    return found


@inlined
def greedy_policies(q: Rows, out: OutPolicies = None):
    """The greedy policies: evenly over the actions of the largest value.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    out : float64 or float32 [..., actions], optional
        Receives the probabilities; may be `q`.

    Returns
    -------
    float64, or dtype of `out`, [..., actions]
        `out`, or a new array.

    Examples
    --------
    >>> greedy_policies([[2.0, 2.0], [0.0, 9.0]])
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    return epsilon_greedy_policies(q, 0.0, out)


@inlined
def epsilon_greedy_policies(q: Rows, epsilon: ByEpsilon, out: OutPolicies = None):
    """The epsilon-greedy policies: epsilon / n, and 1 - epsilon shared by the greedy actions.

    Sutton & Barto 2018, section 2.2.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    epsilon : float64, or an array that broadcasts to [...]
        In [0, 1].
    out : float64 or float32 [..., actions], optional
        Receives the probabilities; may be `q`.

    Returns
    -------
    float64, or dtype of `out`, [..., actions]
        `out`, or a new array.

    Examples
    --------
    >>> epsilon_greedy_policies([[2.0, 2.0], [0.0, 9.0]], epsilon=0.5)
    array([[0.5 , 0.5 ],
           [0.25, 0.75]])
    """
    shape = q.shape[:-1]
    epsilons, found = over_batch(epsilon, shape), room(out, q.shape, 0.0)
    for at in np.ndindex(shape):
        epsilon_greedy_policy(q[at], of_batch(epsilons, at), found[at])
    return found


@inlined
def greedy_actions(q: RowsOf256, keys: ByKey, out: OutActions = None):
    """Actions of the largest values; equal ones are equally likely.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
        Up to 256 actions.
    keys : int64, or an array that broadcasts to [...]
        Of the random stream; they decide between ties.
    out : int32 or int64 [...], optional
        Receives the actions.

    Returns
    -------
    int32, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> greedy_actions([[2.0, 1.0], [0.0, 9.0]], keys=[7, 8])
    array([0, 1], dtype=int32)
    """
    return epsilon_greedy_actions(q, 0.0, keys, out)


@inlined
def epsilon_greedy_actions(q: RowsOf256, epsilon: ByEpsilon, keys: ByKey, out: OutActions = None):
    """With probability epsilon any action, otherwise a greedy one, in each state. Sutton & Barto 2018, section 2.2.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
        Up to 256 actions.
    epsilon : float64, or an array that broadcasts to [...]
        In [0, 1].
    keys : int64, or an array that broadcasts to [...]
        Of the random stream.
    out : int32 or int64 [...], optional
        Receives the actions.

    Returns
    -------
    int32, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> epsilon_greedy_actions([[2.0, 1.0], [0.0, 9.0]], epsilon=[0.0, 1.0], keys=[7, 7])
    array([0, 0], dtype=int32)
    """
    shape = q.shape[:-1]
    epsilons, words, found = over_batch(epsilon, shape), over_batch(keys, shape), room(out, shape, np.int32(0))
    for at in np.ndindex(shape):
        found[at] = epsilon_greedy(q[at], of_batch(epsilons, at), draw(of_batch(words, at)))
    return found


@inlined
def boltzmann_actions(q: Rows, temperature: ByTemperature, keys: ByKey, out: OutActions = None):
    """Actions with probability exp((Q(s, a) - V(s)) / T), of the maximum-entropy policies.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    temperature : float64, or an array that broadcasts to [...]
        T > 0, in units of Q.
    keys : int64, or an array that broadcasts to [...]
        Of the random stream.
    out : int32 or int64 [...], optional
        Receives the actions.

    Returns
    -------
    int32, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> boltzmann_actions([[2.0, 1.0], [0.0, 9.0]], temperature=0.01, keys=[7, 8])
    array([0, 1], dtype=int32)
    """
    shape = q.shape[:-1]
    temperatures, words, found = over_batch(temperature, shape), over_batch(keys, shape), room(out, shape, np.int32(0))
    for at in np.ndindex(shape):
        found[at] = boltzmann(q[at], of_batch(temperatures, at), draw(of_batch(words, at)))
    return found

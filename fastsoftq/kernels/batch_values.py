"""Values of many states at once: array forms of `operators.py`'s, with their bits.

`q` is [..., actions] of float64 or float32, in any layout; results have its leading shape. What is by state is one
number, or an array that broadcasts to that shape.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.action_probabilities import expected_value
from fastsoftq.kernels.batch_entries import of_batch, over_batch, room
from fastsoftq.kernels.batch_kinds import ByTemperature, OutValues, Policies, PoliciesLikeQ, Rows
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.operators import entropy, hard_value, mellowmax, soft_value

__all__ = ["entropies", "expected_values", "hard_values", "mellowmax_values", "soft_values"]


@inlined
def hard_values(q: Rows, out: OutValues = None):
    """The values of acting greedily: max_a Q(s, a).

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    out : float64 or float32 [...], optional
        Receives the values.

    Returns
    -------
    dtype of `q`, or of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> hard_values([[1.0, 3.0], [2.0, 0.0]])
    array([3., 2.])
    """
    shape = q.shape[:-1]
    found = room(out, shape, q.dtype.type(0))
    for at in np.ndindex(shape):
        found[at] = hard_value(q[at])
    return found


@inlined
def soft_values(q: Rows, temperature: ByTemperature, out: OutValues = None):
    """The values of the maximum-entropy policy: T log sum_a exp(Q(s, a) / T). Haarnoja et al. 2017, equation 6.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    temperature : float64, or an array that broadcasts to [...]
        T > 0, in units of Q.
    out : float64 or float32 [...], optional
        Receives the values.

    Returns
    -------
    float64, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> soft_values([[1.0, 1.0], [0.0, 0.0]], temperature=[1.0, 2.0])  # 1 + log 2, 2 log 2
    array([1.69314718, 1.38629436])
    """
    shape = q.shape[:-1]
    temperatures, found = over_batch(temperature, shape), room(out, shape, 0.0)
    for at in np.ndindex(shape):
        found[at] = soft_value(q[at], of_batch(temperatures, at))
    return found


@inlined
def mellowmax_values(q: Rows, temperature: ByTemperature, out: OutValues = None):
    """The soft values less the entropy of acting at random: T log mean_a exp(Q(s, a) / T). Asadi & Littman 2017.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    temperature : float64, or an array that broadcasts to [...]
        T > 0, in units of Q; omega = 1 / T.
    out : float64 or float32 [...], optional
        Receives the values.

    Returns
    -------
    float64, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> mellowmax_values([[1.0, 1.0], [4.0, 4.0]], temperature=1.0)
    array([1., 4.])
    """
    shape = q.shape[:-1]
    temperatures, found = over_batch(temperature, shape), room(out, shape, 0.0)
    for at in np.ndindex(shape):
        found[at] = mellowmax(q[at], of_batch(temperatures, at))
    return found


@inlined
def entropies(policies: Policies, out: OutValues = None):
    """The entropies of distributions over actions, -sum_a p log p, in nats.

    Parameters
    ----------
    policies : float64 or float32 [..., actions]
        Probabilities.
    out : float64 or float32 [...], optional
        Receives the entropies.

    Returns
    -------
    float64, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> entropies([[0.5, 0.5], [1.0, 0.0]])  # log 2, 0
    array([0.69314718, 0.        ])
    """
    shape = policies.shape[:-1]
    found = room(out, shape, 0.0)
    for at in np.ndindex(shape):
        found[at] = entropy(policies[at])
    return found


@inlined
def expected_values(q: Rows, policies: PoliciesLikeQ, out: OutValues = None):
    """The values of following policies: sum_a pi(a | s) Q(s, a). Sutton & Barto 2018, equation 3.20's inner sum.

    Parameters
    ----------
    q : float64 or float32 [..., actions]
    policies : float64 or float32 [..., actions]
        The probabilities of the actions; the shape of `q`.
    out : float64 or float32 [...], optional
        Receives the values.

    Returns
    -------
    float64, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> expected_values([[1.0, 3.0], [2.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]])
    array([2., 2.])
    """
    if q.shape != policies.shape:
        raise ValueError("expected_values: policies must have the shape of q")
    shape = q.shape[:-1]
    found = room(out, shape, 0.0)
    for at in np.ndindex(shape):
        found[at] = expected_value(q[at], policies[at])
    return found

"""Values of a state from the row of its action values: hard (max), soft (log-sum-exp), mellowmax; and soft policies.

`exp` and `log` are taken in bits, with `numerics.py`'s exp2 and log2.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.numerics import LN_2, LOG2_E, exp2, log2
from fastsoftq.kernels.over_actions import highest
from fastsoftq.kernels.simd import convert, fma, maximum

__all__ = [
    "entropy",
    "exponent",
    "hard_value",
    "mellowmax",
    "soft_value",
    "softmax",
    "sum_of_weights",
    "weight",
]

_TINY = 2.2250738585072014e-308  # the smallest normal float64


@inlined
def exponent(q, top, sharpness, like):
    """(q - top) / T in bits, in the precision of `like`; `sharpness` is LOG2_E / T."""
    return convert(q - top, like) * convert(sharpness, like)


@inlined
def weight(q, top, sharpness):
    """exp((q - top) / T), as `exponent` has it; integers are taken as float64."""
    return exp2(exponent(q, top, sharpness, sharpness))


@inlined
def sum_of_weights(row, top, sharpness):
    """sum_a exp((Q(s, a) - top) / T), from first to last."""
    so_far = weight(row[0], top, sharpness)
    for a in range(1, len(row)):
        so_far = so_far + weight(row[a], top, sharpness)
    return so_far


@inlined
def hard_value(row):
    """The value of acting greedily: max_a Q(s, a).

    Parameters
    ----------
    row : float64 [actions]

    Returns
    -------
    float64
    """
    return highest(row)


@inlined
def soft_value(row, temperature):
    """The value of the maximum-entropy policy: T log sum_a exp(Q(s, a) / T).

    It lies between max_a Q(s, a) and that plus T log(actions). Haarnoja et al. 2017, equation 6 (without the action
    prior); the document's V(s) = log sum_a exp Q(s, a) at T = 1.

    Parameters
    ----------
    row : float64 [actions]
    temperature : float64
        T > 0, in units of Q.

    Returns
    -------
    float64
    """
    top = highest(row)
    return fma(log2(sum_of_weights(row, top, LOG2_E / temperature)), temperature * LN_2, top)


@inlined
def mellowmax(row, temperature):
    """The soft value less the entropy of acting at random: T log mean_a exp(Q(s, a) / T).

    Asadi & Littman 2017, "An alternative softmax operator for reinforcement learning", with omega = 1 / T.

    Parameters
    ----------
    row : float64 [actions]
    temperature : float64
        T > 0, in units of Q.

    Returns
    -------
    float64
    """
    return fma(-temperature * LN_2, log2(np.float64(len(row))), soft_value(row, temperature))


@inlined
def softmax(row, temperature, out):
    """The maximum-entropy policy exp((Q(s, a) - V(s)) / T), written to `out`.

    Parameters
    ----------
    row : float64 [actions]
    temperature : float64
        T > 0, in units of Q.
    out : float64 [actions]
        Receives the probabilities; may be `row`.

    Returns
    -------
    float64 [actions]
        `out`.
    """
    top = highest(row)
    sharpness = LOG2_E / temperature
    whole = 0.0
    for a in range(len(row)):
        out[a] = weight(row[a], top, sharpness)
        whole += out[a]
    for a in range(len(out)):
        out[a] /= whole
    return out


@inlined
def entropy(policy):
    """The entropy of a distribution over actions, -sum_a p log p, in nats.

    Parameters
    ----------
    policy : float64 [actions]
        Probabilities; 0 is allowed.

    Returns
    -------
    float64
    """
    nats = 0.0
    for a in range(len(policy)):
        p = policy[a]
        nats -= p * LN_2 * log2(maximum(p, _TINY))
    return maximum(nats, 0.0)

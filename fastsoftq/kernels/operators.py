"""Values of a state from the row of its action values: hard (max), soft (log-sum-exp), mellowmax; and soft policies.

`exp` and `log` are taken in bits, with `numerics.py`'s exp2 and log2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np

from fastsoftq import checks
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.number_kinds import Like, Number, NumberKind, Temperature
from fastsoftq.kernels.numerics import LN_2, LOG2_E, exp2, log2
from fastsoftq.kernels.over_actions import first, fold, highest
from fastsoftq.kernels.row_kinds import Out, Policy, Row
from fastsoftq.kernels.simd import convert, fma, maximum, select

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


class _SharpnessKind(NumberKind):
    """LOG2_E / T, such that no weight overflows."""

    def __init__(self) -> None:
        super().__init__(checks.positive)

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        largest = max(given["row"]) if "row" in given else given["q"]
        bits = (float(largest) - float(given["top"])) * float(value)
        end = 128 if isinstance(value, np.float32) else 1024
        if not bits < end:
            raise ValueError(f"{name} is {value}; times {largest} - {given['top']} it must be below {end}")
        return value


Sharpness: TypeAlias = Annotated[Any, _SharpnessKind()]


@inlined
def exponent(q: Number, top: Number, sharpness: Number, like: Like):
    """(q - top) / T in bits, in the precision of `like`; `sharpness` is LOG2_E / T.

    Examples
    --------
    >>> exponent(1.0, 3.0, 0.5, 1.0)
    -1.0
    """
    return convert(q - top, like) * convert(sharpness, like)


@inlined
def weight(q: Number, top: Number, sharpness: Sharpness):
    """exp((q - top) / T), as `exponent` has it; integers are taken as float64.

    Examples
    --------
    >>> weight(1.0, 3.0, 0.5)
    0.5
    """
    return exp2(exponent(q, top, sharpness, sharpness))


@inlined
def sum_of_weights(row: Row, top: Number, sharpness: Sharpness):
    """sum_a exp((Q(s, a) - top) / T), from first to last.

    Examples
    --------
    >>> sum_of_weights((1.0, 3.0), 3.0, 0.5)
    1.5
    """
    return fold(_add_weight, weight(first(row), top, sharpness), row[1:], (top, sharpness))


@inlined
def _add_weight(so_far, q, action, top, sharpness):
    return so_far + weight(q, top, sharpness)


@inlined
def hard_value(row: Row):
    """The value of acting greedily: max_a Q(s, a).

    Parameters
    ----------
    row : float64 [actions]

    Returns
    -------
    float64
        NaN where the row holds one.

    Examples
    --------
    >>> hard_value([1.0, 3.0, 2.0])
    3.0
    """
    return fold(_larger_or_nan, first(row), row, ())


@inlined
def _larger_or_nan(top, x, action):
    return select((x > top) | (x != x), x, top)


@inlined
def soft_value(row: Row, temperature: Temperature):
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
        NaN where the row holds one.

    Examples
    --------
    >>> soft_value([1.0, 1.0], temperature=1.0)  # 1 + log 2
    1.6931471805599454
    """
    top = highest(row)
    weights = sum_of_weights(row, top, LOG2_E / temperature)
    return fma(0.0, weights, fma(log2(weights), temperature * LN_2, top))  # log2 takes no NaN: the first 0 passes it on


@inlined
def mellowmax(row: Row, temperature: Temperature):
    """The soft value less the entropy of acting at random: T log mean_a exp(Q(s, a) / T).

    Asadi & Littman 2017, "An alternative softmax operator for reinforcement learning", with omega = 1 / T.

    Parameters
    ----------
    row : float64 [actions]
    temperature : float64
        T > 0, in units of Q. Rounding is relative to it: the value may be off by 1e-15 T log(actions), so that of T far
        above all differences of the row nothing of it is left.

    Returns
    -------
    float64
        NaN where the row holds one.

    Examples
    --------
    >>> mellowmax([1.0, 1.0], temperature=1.0)
    1.0
    """
    return fma(-temperature * LN_2, log2(np.float64(len(row))), soft_value(row, temperature))


@inlined
def softmax(row: Row, temperature: Temperature, out: Out):
    """The maximum-entropy policy exp((Q(s, a) - V(s)) / T), written to `out`.

    Parameters
    ----------
    row : float64 [actions]
    temperature : float64
        T > 0, in units of Q.
    out : float64 [actions]
        Receives the probabilities, NaN where the row holds one; may be `row`.

    Returns
    -------
    float64 [actions]
        `out`.

    Examples
    --------
    >>> softmax([2.0, 2.0], temperature=1.0, out=np.empty(2))
    array([0.5, 0.5])
    """
    if len(out) != len(row):
        raise ValueError("softmax: out must have as many entries as row")
    top = highest(row)
    sharpness = LOG2_E / temperature
    whole = fold(_write_weight, 0.0, row, (out, top, sharpness))
    for a in range(len(out)):
        out[a] /= whole
    return out


@inlined
def _write_weight(so_far, q, action, out, top, sharpness):
    out[action] = weight(q, top, sharpness)
    return so_far + out[action]


@inlined
def entropy(policy: Policy):
    """The entropy of a distribution over actions, -sum_a p log p, in nats.

    Parameters
    ----------
    policy : float64 [actions]
        Probabilities; 0 is allowed.

    Returns
    -------
    float64

    Examples
    --------
    >>> entropy([0.5, 0.5])  # log 2
    0.6931471805599453
    """
    nats = fold(_less_information, _less_information(0.0, first(policy), 0), policy[1:], ())
    return maximum(0.0, nats)


@inlined
def _less_information(so_far, p, action):
    return so_far - p * LN_2 * log2(maximum(p, _TINY))

"""Policies of a row as probabilities: greedy and epsilon-greedy (`operators.softmax` is the soft one); their value."""

from __future__ import annotations

from numba import types

from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.number_kinds import Epsilon
from fastsoftq.kernels.operators import hard_value
from fastsoftq.kernels.over_actions import fold, pick
from fastsoftq.kernels.row_kinds import Out, PolicyOfRow, Row
from fastsoftq.kernels.simd import fma, select

__all__ = ["epsilon_greedy_policy", "expected_value", "greedy_policy"]


@inlined
def greedy_policy(row: Row, out: Out):
    """The greedy policy: evenly over the actions of the largest value, written to `out`.

    Parameters
    ----------
    row : float64 [actions]
    out : float64 [actions]
        Receives the probabilities, NaN where the row holds one; may be `row`.

    Returns
    -------
    float64 [actions]
        `out`.

    Examples
    --------
    >>> import numpy as np
    >>> greedy_policy([1.0, 3.0, 3.0], out=np.empty(3))
    array([0. , 0.5, 0.5])
    """
    return epsilon_greedy_policy(row, 0.0, out)


@inlined
def epsilon_greedy_policy(row: Row, epsilon: Epsilon, out: Out):
    """The epsilon-greedy policy, written to `out`: epsilon / n, and 1 - epsilon shared by the greedy actions.

    Sutton & Barto 2018, section 2.2; equally good actions are equally likely.

    Parameters
    ----------
    row : float64 [actions]
    epsilon : float64
        In [0, 1].
    out : float64 [actions]
        Receives the probabilities, NaN where the row holds one; may be `row`.

    Returns
    -------
    float64 [actions]
        `out`.

    Examples
    --------
    >>> import numpy as np
    >>> epsilon_greedy_policy([1.0, 3.0, 3.0, 0.0], 0.5, out=np.empty(4))
    array([0.125, 0.375, 0.375, 0.125])
    """
    if len(out) != len(row):
        raise ValueError("epsilon_greedy_policy: out must have as many entries as row")
    top = hard_value(row)
    ties = fold(_count_top, 0.0, row, (top,))
    any_action = fma(0.0, top, epsilon / len(out))  # NaN where the row holds one
    fold(_write_share, 0.0, row, (out, top, any_action, any_action + (1.0 - epsilon) / ties))
    return out


@inlined
def _count_top(so_far, q, action, top):
    return so_far + select(q == top, 1.0, 0.0)


@inlined
def _write_share(so_far, q, action, out, top, any_action, greedy):
    out[action] = select(q == top, greedy, any_action)
    return so_far


@inlined
def expected_value(row: Row, policy: PolicyOfRow):
    """The value of following a policy: sum_a pi(a | s) Q(s, a), from first to last.

    Parameters
    ----------
    row : float64 [actions]
    policy : float64 [actions]
        Probabilities.

    Returns
    -------
    float64

    Examples
    --------
    >>> expected_value([1.0, 3.0], [0.25, 0.75])
    2.5
    """
    if len(policy) != len(row):
        raise ValueError("expected_value: policy must have as many entries as row")
    return fold(_expected, 0.0, row, (policy,))


@inlined
def _expected(so_far, q, action, policy):
    return fma(_probability(policy, action), q, so_far)


@by_type
def _probability(policy, action):
    if isinstance(policy, types.BaseTuple):
        return lambda policy, action: pick(policy, action)  # the action is known when compiling
    return lambda policy, action: policy[action]

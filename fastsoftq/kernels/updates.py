"""Temporal-difference updates under their textbook names.

Each changes one entry of a table Q [states, actions] in place, Q(s, a) += step_size * (target - Q(s, a)), and returns
the temporal-difference error target - Q(s, a) before the update. Where `terminated`, the next state has value 0; a
truncated episode is not terminated.
"""

from __future__ import annotations

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.number_kinds import Discount, Finite, Flag, Number, StepSize, Temperature
from fastsoftq.kernels.operators import hard_value, soft_value
from fastsoftq.kernels.over_actions import fold
from fastsoftq.kernels.row_kinds import ActionOfQ, PolicyOfQ, Q, StateOfQ, Terminated
from fastsoftq.kernels.simd import fma, select

__all__ = [
    "expected_sarsa_update",
    "moved",
    "q_learning_update",
    "sarsa_update",
    "soft_q_learning_update",
    "td_target",
]


@inlined
def td_target(reward: Finite, terminated: Flag, discount: Discount, next_value: Number):
    """The target of an update: reward + discount * next_value, or the reward alone where `terminated`.

    Examples
    --------
    >>> td_target(-1.0, False, 0.5, 4.0), td_target(-1.0, True, 0.5, 4.0)
    (1.0, -1.0)
    """
    return fma(discount, select(terminated, 0.0, next_value), reward)


@inlined
def moved(q: Number, target: Number, step_size: StepSize):
    """The entry `q` moved towards `target`: q + step_size * (target - q).

    Examples
    --------
    >>> moved(2.0, 4.0, 0.25)
    2.5
    """
    return fma(step_size, target - q, q)


@inlined
def _update(q, state, action, target, step_size):
    error = target - q[state, action]
    q[state, action] = fma(step_size, error, q[state, action])
    return error


@inlined
def q_learning_update(
    q: Q,
    state: StateOfQ,
    action: ActionOfQ,
    reward: Finite,
    next_state: StateOfQ,
    terminated: Terminated,
    step_size: StepSize,
    discount: Discount,
):
    """Q-learning (Watkins 1989; Sutton & Barto 2018, equation 6.8): bootstrap on max_a Q(s', a).

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state : int
    terminated : bool
        Or 1 or 0.
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].

    Returns
    -------
    float64
        The temporal-difference error.

    Examples
    --------
    >>> import numpy as np
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> q_learning_update(q, 0, 1, -1.0, 1, False, 0.5, 1.0)
    2.0
    >>> float(q[0, 1])
    1.0
    """
    target = td_target(reward, terminated, discount, hard_value(q[next_state]))
    return _update(q, state, action, target, step_size)


@inlined
def soft_q_learning_update(
    q: Q,
    state: StateOfQ,
    action: ActionOfQ,
    reward: Finite,
    next_state: StateOfQ,
    terminated: Terminated,
    step_size: StepSize,
    discount: Discount,
    temperature: Temperature,
):
    """Soft Q-learning (Haarnoja et al. 2017, equations 4 to 7, tabular): bootstrap on T log sum_a exp(Q(s', a) / T).

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state : int
    terminated : bool
        Or 1 or 0.
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].
    temperature : float64
        T > 0, in units of Q.

    Returns
    -------
    float64
        The temporal-difference error.

    Examples
    --------
    >>> import numpy as np
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> soft_q_learning_update(q, 0, 1, -1.0, 1, True, 0.5, 1.0, 2.0)
    -1.0
    >>> float(q[0, 1])
    -0.5
    """
    target = td_target(reward, terminated, discount, soft_value(q[next_state], temperature))
    return _update(q, state, action, target, step_size)


@inlined
def sarsa_update(
    q: Q,
    state: StateOfQ,
    action: ActionOfQ,
    reward: Finite,
    next_state: StateOfQ,
    next_action: ActionOfQ,
    terminated: Terminated,
    step_size: StepSize,
    discount: Discount,
):
    """Sarsa (Rummery & Niranjan 1994; Sutton & Barto 2018, equation 6.7): bootstrap on the action taken next.

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state, next_action : int
    terminated : bool
        Or 1 or 0.
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].

    Returns
    -------
    float64
        The temporal-difference error.

    Examples
    --------
    >>> import numpy as np
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> sarsa_update(q, 0, 1, -1.0, 1, 0, False, 0.5, 1.0)
    2.0
    >>> float(q[0, 1])
    1.0
    """
    target = td_target(reward, terminated, discount, q[next_state, next_action])
    return _update(q, state, action, target, step_size)


@inlined
def expected_sarsa_update(
    q: Q,
    state: StateOfQ,
    action: ActionOfQ,
    reward: Finite,
    next_state: StateOfQ,
    policy: PolicyOfQ,
    terminated: Terminated,
    step_size: StepSize,
    discount: Discount,
):
    """Expected Sarsa (van Seijen et al. 2009): bootstrap on sum_a pi(a | s') Q(s', a).

    Sutton & Barto 2018, equation 6.9.

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state : int
    policy : float64 [actions]
        The probabilities of the actions in `next_state`.
    terminated : bool
        Or 1 or 0.
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].

    Returns
    -------
    float64
        The temporal-difference error.

    Examples
    --------
    >>> import numpy as np
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> expected_sarsa_update(q, 0, 1, -1.0, 1, [0.5, 0.5], False, 0.5, 1.0)
    1.5
    >>> float(q[0, 1])
    0.75
    """
    if len(policy) != q.shape[1]:
        raise ValueError("expected_sarsa_update: policy must have an entry for each action of q")
    value = fold(_expected, 0.0, policy, (q, next_state))
    target = td_target(reward, terminated, discount, value)
    return _update(q, state, action, target, step_size)


@inlined
def _expected(so_far, probability, action, q, state):
    return fma(probability, q[state, action], so_far)

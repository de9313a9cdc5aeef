"""Temporal-difference updates under their textbook names.

Each changes one entry of a table Q [states, actions] in place, Q(s, a) += step_size * (target - Q(s, a)), and returns
the temporal-difference error target - Q(s, a) from before. Where `terminated`, what follows is worth 0; an episode
that was merely cut short (truncated) is not terminated.
"""

from __future__ import annotations

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.operators import hard_value, soft_value
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
def td_target(reward, terminated, discount, next_value):
    """What an entry is moved towards: reward + discount * next_value, without the latter where `terminated`."""
    return fma(discount, select(terminated, 0.0, next_value), reward)


@inlined
def moved(q, target, step_size):
    """The entry `q`, moved towards `target` by a part `step_size` of the way."""
    return fma(step_size, target - q, q)


@inlined
def _update(q, state, action, target, step_size):
    error = target - q[state, action]
    q[state, action] = fma(step_size, error, q[state, action])
    return error


@inlined
def q_learning_update(q, state, action, reward, next_state, terminated, step_size, discount):
    """Q-learning (Watkins 1989; Sutton & Barto 2018, equation 6.8): bootstrap on max_a Q(s', a).

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state : int
    terminated : bool
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].

    Returns
    -------
    float64
        The temporal-difference error.
    """
    target = td_target(reward, terminated, discount, hard_value(q[next_state]))
    return _update(q, state, action, target, step_size)


@inlined
def soft_q_learning_update(q, state, action, reward, next_state, terminated, step_size, discount, temperature):
    """Soft Q-learning (Haarnoja et al. 2017, equations 4 to 7, tabular): bootstrap on T log sum_a exp(Q(s', a) / T).

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state : int
    terminated : bool
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
    """
    target = td_target(reward, terminated, discount, soft_value(q[next_state], temperature))
    return _update(q, state, action, target, step_size)


@inlined
def sarsa_update(q, state, action, reward, next_state, next_action, terminated, step_size, discount):
    """Sarsa (Rummery & Niranjan 1994; Sutton & Barto 2018, equation 6.7): bootstrap on the action taken next.

    Parameters
    ----------
    q : float64 [states, actions]
        Changed in place.
    state, action : int
    reward : float64
    next_state, next_action : int
    terminated : bool
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].

    Returns
    -------
    float64
        The temporal-difference error.
    """
    target = td_target(reward, terminated, discount, q[next_state, next_action])
    return _update(q, state, action, target, step_size)


@inlined
def expected_sarsa_update(q, state, action, reward, next_state, policy, terminated, step_size, discount):
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
    step_size : float64
        In (0, 1].
    discount : float64
        In [0, 1].

    Returns
    -------
    float64
        The temporal-difference error.
    """
    value = 0.0
    for a in range(len(policy)):
        value = fma(policy[a], q[next_state, a], value)
    target = td_target(reward, terminated, discount, value)
    return _update(q, state, action, target, step_size)

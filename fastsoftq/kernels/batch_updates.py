"""Targets and updates of many transitions: array forms of `updates.py`'s, with their bits.

Updates take transitions in order, the last axis first, and each sees the table as those before it left it. What is by
transition is an array of the shape of `states`, or broadcasts to it.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.batch_entries import of_batch, over_batch, room
from fastsoftq.kernels.batch_kinds import (
    ByActionOfQ,
    ByDiscount,
    ByFlag,
    ByReward,
    ByStateOfQ,
    ByStepSize,
    ByTemperature,
    ByTerminated,
    NextValues,
    OutValues,
    PoliciesOfQ,
    StatesOfQ,
)
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.row_kinds import Q
from fastsoftq.kernels.updates import (
    expected_sarsa_update,
    q_learning_update,
    sarsa_update,
    soft_q_learning_update,
    td_target,
)

__all__ = [
    "expected_sarsa_updates",
    "q_learning_updates",
    "sarsa_updates",
    "soft_q_learning_updates",
    "td_targets",
]


@inlined
def td_targets(
    rewards: ByReward, terminated: ByFlag, discount: ByDiscount, next_values: NextValues, out: OutValues = None
):
    """The targets of updates: rewards + discount * next_values, or the rewards alone where `terminated`.

    Parameters
    ----------
    rewards : float64, or an array that broadcasts to [...]
    terminated : bool, or an array that broadcasts to [...]
    discount : float64, or an array that broadcasts to [...]
        In [0, 1].
    next_values : float64 or float32 [...]
        The values of the next states; any where `terminated`.
    out : float64 or float32 [...], optional
        Receives the targets; may be `next_values`.

    Returns
    -------
    float64, or dtype of `out`, [...]
        `out`, or a new array.

    Examples
    --------
    >>> td_targets(-1.0, [False, True], 0.5, [4.0, 4.0])
    array([ 1., -1.])
    """
    shape = next_values.shape
    paid, over, discounts = over_batch(rewards, shape), over_batch(terminated, shape), over_batch(discount, shape)
    found = room(out, shape, 0.0)
    for at in np.ndindex(shape):
        found[at] = td_target(of_batch(paid, at), of_batch(over, at), of_batch(discounts, at), next_values[at])
    return found


@inlined
def q_learning_updates(
    q: Q,
    states: StatesOfQ,
    actions: ByActionOfQ,
    rewards: ByReward,
    next_states: ByStateOfQ,
    terminated: ByTerminated,
    step_size: ByStepSize,
    discount: ByDiscount,
    out: OutValues = None,
):
    """Q-learning over a batch of transitions: bootstrap on max_a Q(s', a). Sutton & Barto 2018, equation 6.8.

    Parameters
    ----------
    q : float64 or float32 [states, actions]
        Changed in place, by each transition in turn.
    states : int [...]
        Their shape is the batch's.
    actions, next_states : int, or arrays that broadcast to [...]
    rewards : float64, or an array that broadcasts to [...]
    terminated : bool, or an array that broadcasts to [...]
    step_size : float64, or an array that broadcasts to [...]
        In (0, 1].
    discount : float64, or an array that broadcasts to [...]
        In [0, 1].
    out : float64 or float32 [...], optional
        Receives the errors.

    Returns
    -------
    float64, or dtype of `out`, [...]
        The temporal-difference errors: `out`, or a new array.

    Examples
    --------
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> q_learning_updates(q, [0, 0], 1, -1.0, 1, [False, True], 0.5, 1.0)
    array([ 2., -2.])
    >>> q[0].tolist()
    [0.0, 0.0]
    """
    shape = states.shape
    found = room(out, shape, 0.0)
    all_actions = over_batch(actions, shape)
    all_rewards = over_batch(rewards, shape)
    all_next_states = over_batch(next_states, shape)
    all_terminated = over_batch(terminated, shape)
    all_step_size = over_batch(step_size, shape)
    all_discount = over_batch(discount, shape)
    for at in np.ndindex(shape):
        found[at] = q_learning_update(
            q,
            states[at],
            of_batch(all_actions, at),
            of_batch(all_rewards, at),
            of_batch(all_next_states, at),
            of_batch(all_terminated, at),
            of_batch(all_step_size, at),
            of_batch(all_discount, at),
        )
    return found


@inlined
def soft_q_learning_updates(
    q: Q,
    states: StatesOfQ,
    actions: ByActionOfQ,
    rewards: ByReward,
    next_states: ByStateOfQ,
    terminated: ByTerminated,
    step_size: ByStepSize,
    discount: ByDiscount,
    temperature: ByTemperature,
    out: OutValues = None,
):
    """Soft Q-learning over a batch of transitions: bootstrap on T log sum_a exp(Q(s', a) / T).

    Haarnoja et al. 2017, equations 4 to 7, tabular.

    Parameters
    ----------
    q : float64 or float32 [states, actions]
        Changed in place, by each transition in turn.
    states : int [...]
        Their shape is the batch's.
    actions, next_states : int, or arrays that broadcast to [...]
    rewards : float64, or an array that broadcasts to [...]
    terminated : bool, or an array that broadcasts to [...]
    step_size : float64, or an array that broadcasts to [...]
        In (0, 1].
    discount : float64, or an array that broadcasts to [...]
        In [0, 1].
    temperature : float64, or an array that broadcasts to [...]
        T > 0, in units of Q.
    out : float64 or float32 [...], optional
        Receives the errors.

    Returns
    -------
    float64, or dtype of `out`, [...]
        The temporal-difference errors: `out`, or a new array.

    Examples
    --------
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> soft_q_learning_updates(q, [0, 0], [0, 1], -1.0, 1, [False, True], 0.5, 1.0, temperature=0.1)
    array([ 2.00000454, -1.        ])
    >>> q[0].round(6).tolist()
    [1.000002, -0.5]
    """
    shape = states.shape
    found = room(out, shape, 0.0)
    all_actions = over_batch(actions, shape)
    all_rewards = over_batch(rewards, shape)
    all_next_states = over_batch(next_states, shape)
    all_terminated = over_batch(terminated, shape)
    all_step_size = over_batch(step_size, shape)
    all_discount = over_batch(discount, shape)
    all_temperature = over_batch(temperature, shape)
    for at in np.ndindex(shape):
        found[at] = soft_q_learning_update(
            q,
            states[at],
            of_batch(all_actions, at),
            of_batch(all_rewards, at),
            of_batch(all_next_states, at),
            of_batch(all_terminated, at),
            of_batch(all_step_size, at),
            of_batch(all_discount, at),
            of_batch(all_temperature, at),
        )
    return found


@inlined
def sarsa_updates(
    q: Q,
    states: StatesOfQ,
    actions: ByActionOfQ,
    rewards: ByReward,
    next_states: ByStateOfQ,
    next_actions: ByActionOfQ,
    terminated: ByTerminated,
    step_size: ByStepSize,
    discount: ByDiscount,
    out: OutValues = None,
):
    """Sarsa over a batch of transitions: bootstrap on the action taken next. Sutton & Barto 2018, equation 6.7.

    Parameters
    ----------
    q : float64 or float32 [states, actions]
        Changed in place, by each transition in turn.
    states : int [...]
        Their shape is the batch's.
    actions, next_states : int, or arrays that broadcast to [...]
    rewards : float64, or an array that broadcasts to [...]
    next_actions : int, or an array that broadcasts to [...]
    terminated : bool, or an array that broadcasts to [...]
    step_size : float64, or an array that broadcasts to [...]
        In (0, 1].
    discount : float64, or an array that broadcasts to [...]
        In [0, 1].
    out : float64 or float32 [...], optional
        Receives the errors.

    Returns
    -------
    float64, or dtype of `out`, [...]
        The temporal-difference errors: `out`, or a new array.

    Examples
    --------
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> sarsa_updates(q, [0, 0], 1, -1.0, 1, [0, 1], False, 0.5, 1.0)
    array([2., 0.])
    >>> q[0].tolist()
    [0.0, 1.0]
    """
    shape = states.shape
    found = room(out, shape, 0.0)
    all_actions = over_batch(actions, shape)
    all_rewards = over_batch(rewards, shape)
    all_next_states = over_batch(next_states, shape)
    all_next_actions = over_batch(next_actions, shape)
    all_terminated = over_batch(terminated, shape)
    all_step_size = over_batch(step_size, shape)
    all_discount = over_batch(discount, shape)
    for at in np.ndindex(shape):
        found[at] = sarsa_update(
            q,
            states[at],
            of_batch(all_actions, at),
            of_batch(all_rewards, at),
            of_batch(all_next_states, at),
            of_batch(all_next_actions, at),
            of_batch(all_terminated, at),
            of_batch(all_step_size, at),
            of_batch(all_discount, at),
        )
    return found


@inlined
def expected_sarsa_updates(
    q: Q,
    states: StatesOfQ,
    actions: ByActionOfQ,
    rewards: ByReward,
    next_states: ByStateOfQ,
    policies: PoliciesOfQ,
    terminated: ByTerminated,
    step_size: ByStepSize,
    discount: ByDiscount,
    out: OutValues = None,
):
    """Expected Sarsa over a batch of transitions: bootstrap on sum_a pi(a | s') Q(s', a).

    van Seijen et al. 2009; Sutton & Barto 2018, equation 6.9.

    Parameters
    ----------
    q : float64 or float32 [states, actions]
        Changed in place, by each transition in turn.
    states : int [...]
        Their shape is the batch's.
    actions, next_states : int, or arrays that broadcast to [...]
    rewards : float64, or an array that broadcasts to [...]
    policies : float64 or float32 [..., actions]
        The probabilities of the actions in each next state.
    terminated : bool, or an array that broadcasts to [...]
    step_size : float64, or an array that broadcasts to [...]
        In (0, 1].
    discount : float64, or an array that broadcasts to [...]
        In [0, 1].
    out : float64 or float32 [...], optional
        Receives the errors.

    Returns
    -------
    float64, or dtype of `out`, [...]
        The temporal-difference errors: `out`, or a new array.

    Examples
    --------
    >>> q = np.array([[0.0, 0.0], [3.0, 2.0]])
    >>> expected_sarsa_updates(q, [0], 1, -1.0, 1, [[0.5, 0.5]], False, 0.5, 1.0)
    array([1.5])
    >>> q[0].tolist()
    [0.0, 0.75]
    """
    shape = states.shape
    found = room(out, shape, 0.0)
    all_actions = over_batch(actions, shape)
    all_rewards = over_batch(rewards, shape)
    all_next_states = over_batch(next_states, shape)
    all_terminated = over_batch(terminated, shape)
    all_step_size = over_batch(step_size, shape)
    all_discount = over_batch(discount, shape)
    for at in np.ndindex(shape):
        found[at] = expected_sarsa_update(
            q,
            states[at],
            of_batch(all_actions, at),
            of_batch(all_rewards, at),
            of_batch(all_next_states, at),
            policies[at],
            of_batch(all_terminated, at),
            of_batch(all_step_size, at),
            of_batch(all_discount, at),
        )
    return found

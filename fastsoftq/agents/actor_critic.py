"""One-step actor-critic (Sutton & Barto 2018, section 13.5): preferences for actions, and a critic of states."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastsoftq.agents.memory_rules import begin_episode, memory, step_taken
from fastsoftq.agents.rules import act, bootstrap, complete_summary, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import weigh, weights_of
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.numerics import LN_2, log2
from fastsoftq.kernels.over_actions import fold, read_row
from fastsoftq.kernels.policies import by_weight
from fastsoftq.kernels.simd import fma
from fastsoftq.kernels.updates import moved, td_target

__all__ = ["ActorCritic"]


class ActorCritic(NamedTuple):
    """One-step actor-critic, acting by the softmax of its preferences; entropy-regularised by a temperature.

    Sutton & Barto 2018, section 13.5, with a preference H(s, a) for each action (section 13.1) and a value v(s) for
    each state, which begins at 0: delta = r + discount * v(s') - v(s) moves v(s) by critic_step_size * delta, and each
    H(s, b) by step_size * delta * (1 - pi(b) for the action taken, -pi(b) for others).

    With a temperature T above 0, T * -log pi(a | s) is added to the reward, so that entropy counts as in soft
    Q-learning (Haarnoja et al. 2018; Williams & Peng 1991): what it learns is the soft policy, and soft values.

    The table is that of preferences: `initial_q` and `final_q` hold H, whose softmax, at temperature 1, is the policy
    (where T > 0, in the end T times H is soft Q but for a constant in each state). An `OptimisticStart` changes
    nothing.

    Parameters
    ----------
    step_size : float or schedule
        Of preferences, in (0, 1].
    discount : float
        In [0, 1].
    critic_step_size : float or schedule
        Of values, in (0, 1].
    temperature : float or schedule
        T, at least 0, in units of the scaled reward; 0 pays no entropy.
    discounted : bool
        Whether the t-th step of an episode moves preferences by discount**t as much, as the book's box has it, which is
        the gradient of what an episode's start is worth; else every state counts as if an episode began there.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.ActorCritic(step_size=0.2, discount=0.95, critic_step_size=0.2)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    critic_step_size: Schedule = 0.1
    temperature: Schedule = 0.0
    discounted: bool = False
    reward_scale: float = 1.0


class Critic(NamedTuple):
    """What the critic remembers."""

    value: Any  # float64 [states]
    weight: Any  # float64 [1]: of the next step's gradient


@rule(summarise, ActorCritic)
def _(agent, row, like):
    return weigh(row, 1.0, like)


@rule(complete_summary, ActorCritic)
def _(agent, partial):
    return weights_of(partial)


@rule(act, ActorCritic)
def _(agent, row, summary, draw):
    return by_weight(summary.weights, draw.low)


@rule(bootstrap, ActorCritic)
def _(agent, row, summary, action):
    raise TypeError("the critic values states, not the row of preferences")


@rule(memory, ActorCritic)
def _(agent, n_states, n_actions):
    return Critic(np.zeros(n_states), np.ones(1))


@rule(begin_episode, ActorCritic)
def _(agent, memory, q, state):
    memory.weight[0] = 1.0


@inlined
def _move_preference(so_far, weight, action, q, state, taken, rate, total):
    gradient = (1.0 if action == taken else 0.0) - float(weight) / total
    q[state, action] = fma(rate, gradient, q[state, action])
    return so_far


@rule(step_taken, ActorCritic)
def _(agent, memory, q, step, like):
    state, action, value = step.state, step.action, memory.value
    summary = complete_summary(agent, summarise(agent, read_row(q, state, step.row), like))
    reward = agent.reward_scale * step.reward
    if agent.temperature > 0.0:
        log_policy = q[state, action] - summary.top - LN_2 * log2(float(summary.total))
        reward = fma(-agent.temperature, log_policy, reward)
    target = td_target(reward, step.terminated, agent.discount, value[step.next_state])
    rate = agent.step_size * memory.weight[0] * (target - value[state])
    value[state] = moved(value[state], target, agent.critic_step_size)
    fold(_move_preference, 0, summary.weights, (q, state, action, rate, float(summary.total)))
    if agent.discounted:
        memory.weight[0] *= agent.discount

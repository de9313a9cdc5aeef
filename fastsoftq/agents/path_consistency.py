"""Path consistency learning (Nachum et al. 2017): one soft table that shall agree with what paths of n steps pay."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastsoftq.agents.last_steps import keeps_last_steps
from fastsoftq.agents.memory_rules import begin_episode, memory, step_taken
from fastsoftq.agents.rules import bootstrap, complete_summary, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_policy
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import fold, read_row
from fastsoftq.kernels.simd import fma
from fastsoftq.kernels.updates import td_target

__all__ = ["PathConsistency"]


@keeps_last_steps(lambda n_actions: 24 + 8 * n_actions)
@soft_policy
class PathConsistency(NamedTuple):
    """Unified path consistency learning in a table, acting with probability exp((Q - V) / T).

    Nachum et al. 2017, section 5.1: one table Q gives both V = T log sum exp(Q / T) and the policy pi. Along a path
    s_0, a_0, ..., s_n of the soft optimum, V(s_0) = sum_i discount**i (r_i - T log pi(a_i | s_i)) + discount**n V(s_n)
    (equation 15). By how much the right exceeds the left is C; every path of n steps, and those that are left at an
    episode's end, move Q by step_size * C along the gradient of V(s_0) + T sum_i discount**i log pi(a_i | s_i): the
    entry taken first by step_size * C, and in the i-th state after it each entry b by step_size * C * discount**i
    (1 - pi(b) for the action taken, -pi(b) for others).

    Two choices of ours. The paper's two step sizes are one (theirs for the policy times T), so that the step is along
    a gradient. V(s_n), where the path is left, is a target that is held still, as in Q-learning, so that n = 1 is soft
    Q-learning to the last bit. In stochastic worlds a path of more than one step that was lucky looks like one whose
    actions were good: only n = 1 converges there. Steps add up along a path: take smaller ones where n is larger, below
    about 2 / n.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    n : int
        The length of paths, at least 1; no path is longer than an episode.
    temperature : float or schedule
        T, positive, in units of the scaled reward.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action instead of the soft policy's, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.PathConsistency(step_size=0.1, discount=0.95, n=5, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    n: int = 4
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0


class Path(NamedTuple):
    """The last n steps of an episode, step t in slot t % n."""

    state: Any  # int64 [n]
    action: Any  # int64 [n]
    reward: Any  # float64 [n]
    policy: Any  # float64 [n, actions]: of the states, while a path is learned from
    count: Any  # int64 [1]: steps so far


@rule(memory, PathConsistency)
def _(agent, n_states, n_actions):
    n = agent.n
    return Path(
        np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.empty((n, n_actions)), np.zeros(1, np.int64)
    )


@rule(begin_episode, PathConsistency)
def _(agent, memory, q, state):
    memory.count[0] = 0


@inlined
def _note_probability(so_far, weight, action, policy, slot, total):
    policy[slot, action] = float(weight) / total
    return so_far


@inlined
def _inconsistency(agent, path, q, first, last, terminated, value, form, like):
    """C of the path of steps `first` to `last`: the soft errors along it, discounted; notes the policies in it."""
    n = len(path.state)
    sum_behind = 0.0
    for t in range(last, first - 1, -1):
        k = t % n
        state = path.state[k]
        target = td_target(agent.reward_scale * path.reward[k], terminated, agent.discount, value)
        sum_behind = fma(agent.discount, sum_behind, target - q[state, path.action[k]])
        terminated = False
        if t > first:
            row = read_row(q, state, form)
            summary = complete_summary(agent, summarise(agent, row, like))
            value = bootstrap(agent, row, summary, 0)
            fold(_note_probability, 0, summary.weights, (path.policy, k, float(summary.total)))
    return sum_behind


@inlined
def _learn_from(agent, path, q, first, last, error):
    """Move the values along a path by its error."""
    n, weight = len(path.state), agent.step_size
    k = first % n
    q[path.state[k], path.action[k]] = fma(weight, error, q[path.state[k], path.action[k]])
    for t in range(first + 1, last + 1):
        weight *= agent.discount
        k = t % n
        state = path.state[k]
        for action in range(q.shape[1]):
            gradient = (1.0 if action == path.action[k] else 0.0) - path.policy[k, action]
            q[state, action] = fma(weight * error, gradient, q[state, action])


@rule(step_taken, PathConsistency)
def _(agent, memory, q, step, like):
    n, last = len(memory.state), memory.count[0]
    memory.count[0] = last + 1
    memory.state[last % n], memory.action[last % n], memory.reward[last % n] = step.state, step.action, step.reward
    oldest = last + 1 - n
    for first in range(max(oldest, 0), (last if step.terminated or step.truncated else oldest) + 1):
        ahead = read_row(q, step.next_state, step.row)
        value = bootstrap(agent, ahead, complete_summary(agent, summarise(agent, ahead, like)), 0)
        error = _inconsistency(agent, memory, q, first, last, step.terminated, value, step.row, like)
        _learn_from(agent, memory, q, first, last, error)

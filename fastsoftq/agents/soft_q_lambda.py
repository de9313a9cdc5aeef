"""Soft Q(lambda): soft Q-learning along traces, which fade by how likely its policy is to take the actions taken."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.eligibility_traces import trace_coefficient, with_traces
from fastsoftq.agents.rules import complete_summary, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_policy
from fastsoftq.kernels.over_actions import pick

__all__ = ["SoftQLambda"]


@with_traces
@soft_policy
class SoftQLambda(NamedTuple):
    """Soft Q(lambda), acting with probability exp((Q - V) / T), V = T log sum exp(Q / T).

    The errors are those of soft Q-learning (Haarnoja et al. 2017), r + discount * V(s') - Q(s, a); the traces are those
    of Retrace(lambda) (Munos et al. 2016): an action passes on discount * lambda * min(1, pi / mu), where pi is the
    soft policy and mu is pi with its exploration. So with epsilon = 0 no trace is ever cut, and as the temperature goes
    to 0 it becomes Watkins's Q(lambda). What is below 2**-53 of a new trace is dropped.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    trace_decay : float or schedule
        Lambda, in [0, 1]: 0 learns from one step, as soft Q-learning.
    replacing : bool
        Whether a trace is set anew at a visit, or what is left of it added to.
    temperature : float or schedule
        T, positive, in units of the scaled reward.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action instead of the soft policy's, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.SoftQLambda(step_size=0.1, discount=0.95, trace_decay=0.9, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    trace_decay: Schedule = 0.9
    replacing: bool = False
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0


@rule(trace_coefficient, SoftQLambda)
def _(agent, row, action, like):
    if agent.epsilon == 0.0:
        return agent.trace_decay
    of = complete_summary(agent, summarise(agent, row, like))
    soft = float(pick(of.weights, action)) / float(of.total)
    taken = soft + agent.epsilon * (1.0 / len(row) - soft)
    return agent.trace_decay * soft / taken if soft < taken else agent.trace_decay

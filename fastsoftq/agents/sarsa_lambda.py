"""Sarsa(lambda) (Rummery & Niranjan 1994): Sarsa whose errors are learned from by all that led to them."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.eligibility_traces import with_traces
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, on_policy, rule
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.over_actions import pick

__all__ = ["SarsaLambda"]


@with_traces
@epsilon_greedy
class SarsaLambda(NamedTuple):
    """Sarsa(lambda) with epsilon-greedy exploration; equal best actions are equally likely.

    Sutton & Barto 2018, section 12.7, in a table; replacing traces by Singh & Sutton 1996. At every step traces fade
    by discount * lambda, and what is below 2**-53 of a new one is dropped.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    trace_decay : float or schedule
        Lambda, in [0, 1]: 0 learns from one step, as Sarsa.
    replacing : bool
        Whether a trace is set anew at a visit, or what is left of it added to.
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.SarsaLambda(step_size=0.1, discount=0.95, trace_decay=0.9)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    trace_decay: Schedule = 0.9
    replacing: bool = False
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0


@rule(on_policy, SarsaLambda)
def _(agent):
    return True


@rule(bootstrap, SarsaLambda)
def _(agent, row, summary, action):
    return pick(row, action)

"""Watkins's Q(lambda) (Watkins 1989): Q-learning along traces, which an exploratory action cuts."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.eligibility_traces import trace_coefficient, with_traces
from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.rules import rule
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.over_actions import highest, pick

__all__ = ["QLambda"]


@with_traces
@hard_policy
class QLambda(NamedTuple):
    """Watkins's Q(lambda) with epsilon-greedy exploration; equal best actions are equally likely.

    Watkins 1989; Sutton & Barto 2018, section 12.10. Traces fade by discount * lambda where the action taken is a best
    one, and end where it is not. What is below 2**-53 of a new trace is dropped.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    trace_decay : float or schedule
        Lambda, in [0, 1]: 0 learns from one step, as Q-learning.
    replacing : bool
        Whether a trace is set anew at a visit, or what is left of it added to.
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLambda(step_size=0.1, discount=0.95, trace_decay=0.9)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    trace_decay: Schedule = 0.9
    replacing: bool = False
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0


@rule(trace_coefficient, QLambda)
def _(agent, row, action, like):
    return agent.trace_decay if pick(row, action) >= highest(row) else 0.0

"""Double Q-learning (van Hasselt 2010): two tables, of which one judges the next actions and the other values them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.memory_rules import acts_upon, beside, estimate, learn_beside, value_ahead
from fastsoftq.agents.rules import complete_summary, double_bootstrap, learn, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import each_pair
from fastsoftq.kernels.simd import select

__all__ = ["DoubleQLearning", "two_tables"]


class Second(NamedTuple):
    """What is kept beside an entry: its value in the second table."""

    second: Any


_HALF = np.uint32(2**31)


@inlined
def _mean(x, y, action):
    return 0.5 * (x + y)


@inlined
def _chosen(x, y, action, first):
    return select(first, x, y)


def _beside(agent, value):
    return Second(value)


def _estimate(agent, entry, kept):
    return 0.5 * (entry + kept.second)


def _acts_upon(agent, row, kept):
    return each_pair(_mean, row, kept.second, ())


def _value_ahead(agent, row, kept, action, draw, like):
    first = draw.low < _HALF
    judge = each_pair(_chosen, row, kept.second, (first,))
    values = each_pair(_chosen, kept.second, row, (first,))
    return double_bootstrap(agent, judge, complete_summary(agent, summarise(agent, judge, like)), values)


def _learn_beside(agent, entry, kept, reward, terminated, value, draw):
    first = draw.low < _HALF
    new = learn(agent, select(first, entry, kept.second), reward, terminated, value)
    return select(first, new, entry), Second(select(first, kept.second, new))


def two_tables(agent: type) -> type:
    """Make an agent that has the rule `double_bootstrap` learn two tables, and act upon their mean.

    A fair draw decides each step which table learns; it judges the next actions, and the other values them.
    """
    for generic, implementation in (
        (beside, _beside), (estimate, _estimate), (acts_upon, _acts_upon), (value_ahead, _value_ahead),
        (learn_beside, _learn_beside),
    ):  # fmt: skip
        rule(generic, agent)(implementation)
    return agent


@two_tables
@hard_policy
class DoubleQLearning(NamedTuple):
    """Double Q-learning with epsilon-greedy exploration upon the mean of both tables.

    van Hasselt 2010, algorithm 1; Sutton & Barto 2018, section 6.7. Of equal best actions, the first is valued.

    It errs low, where Q-learning errs high: what one table still judges best, the other may value as a fall. Steps as
    large as 0.8 pass that on at once. On cliff walking values then sink below those of wandering for ever, which it
    does from then on unless it explores a lot; with steps of 0.1 it finds the way.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.DoubleQLearning(step_size=0.1, discount=0.95)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0

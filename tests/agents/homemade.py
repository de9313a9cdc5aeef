"""Agents of a user's own, for the tests."""

from typing import NamedTuple

from fastsoftq.agents.rules import act, bootstrap, learn, on_policy, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.over_actions import highest, pick, total
from fastsoftq.kernels.policies import greedy_given
from fastsoftq.kernels.random import unit
from fastsoftq.kernels.simd import maximum
from fastsoftq.kernels.updates import moved, td_target


class Mean(NamedTuple):
    """Bootstraps on the mean of the values ahead; no rule beyond the three that are required."""

    step_size: Schedule
    discount: float
    epsilon: Schedule
    reward_scale: float = 1.0


class Clipped(NamedTuple):
    """Sarsa whose table never falls below a floor."""

    step_size: float
    floor: float
    epsilon: float


class Sight(NamedTuple):
    top: float
    mean: float


@rule(summarise, Mean)
def _(agent, row, like):
    return Sight(highest(row), total(row) * (1.0 / len(row)))


@rule(bootstrap, Mean)
def _(agent, row, summary, action):
    return summary.mean


@rule(act, Mean)
def _(agent, row, summary, draw):
    return greedy_given(row, summary.top, unit(draw.high, agent.epsilon) < agent.epsilon, draw.low)


@rule(summarise, Clipped)
def _(agent, row, like):
    return highest(row)


@rule(bootstrap, Clipped)
def _(agent, row, summary, action):
    return pick(row, action)


@rule(learn, Clipped)
def _(agent, entry, reward, terminated, value):
    return maximum(moved(entry, td_target(reward, terminated, 1.0, value), agent.step_size), agent.floor)


@rule(act, Clipped)
def _(agent, row, summary, draw):
    return greedy_given(row, summary, unit(draw.high, agent.epsilon) < agent.epsilon, draw.low)


@rule(on_policy, Clipped)
def _(agent):
    return True

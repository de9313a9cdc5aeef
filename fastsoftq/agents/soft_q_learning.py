"""Soft Q-learning (Haarnoja et al. 2017, tabular): bootstraps on the soft value, behaves by its own soft policy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from fastsoftq.agents.rules import (
    act,
    bootstrap,
    complete_summary,
    double_bootstrap,
    rule,
    summarise,
    summarise_entry,
    update_summary,
    varies_by_episode,
)
from fastsoftq.agents.schedules import Schedule, is_schedule
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.numerics import LN_2, LOG2_E, exp2, log2
from fastsoftq.kernels.operators import exponent
from fastsoftq.kernels.over_actions import each, fold, highest, pick, replaced, total
from fastsoftq.kernels.policies import by_weight, unless_exploring
from fastsoftq.kernels.simd import convert, element, fma, minimum

__all__ = ["SoftQLearning"]


class SoftQLearning(NamedTuple):
    """Soft Q-learning, acting with probability exp((Q - V) / T), V = T log sum exp(Q / T).

    The document's soft Q-learning is `temperature=1`; training with rewards times `reward_scale` at temperature T is
    training at temperature T / reward_scale.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    temperature : float or schedule
        T, positive, in units of the scaled reward.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action instead of the soft policy's, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.SoftQLearning(step_size=0.8, discount=0.95, temperature=1.0, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=200).lengths[:, -1].min()
    np.int32(13)
    """

    step_size: Schedule
    discount: float
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0


class Exponents(NamedTuple):
    """A partial summary of a state: the largest value, and how far below it each action's is, in bits."""

    top: float
    exponents: tuple[float, ...]


class Weights(NamedTuple):
    """The summary of a state: the largest value, and each action's weight beside it, exp((Q - top) / T)."""

    top: float
    weights: tuple[float, ...]
    total: float


@inlined
def _exponent(q, action, top, sharpness, like):
    return exponent(q, top, sharpness, like)


@inlined
def _weight(exponent, action):
    return exp2(exponent)


@rule(summarise, SoftQLearning)
def _(agent, row, like):
    top = highest(row)
    return Exponents(top, each(_exponent, row, (top, LOG2_E / agent.temperature, like)))


@rule(complete_summary, SoftQLearning)
def _(agent, partial):
    weights = each(_weight, partial.exponents, ())
    return Weights(partial.top, weights, total(weights))


@rule(bootstrap, SoftQLearning)
def _(agent, row, summary, action):
    return fma(convert(log2(summary.total), summary.top), agent.temperature * LN_2, summary.top)


# The largest exponent of a weight, that weight, and the smallest sum of weights, before a summary is stale.
_LIMITS = {
    types.float64: (900.0, 2.0**900, 1e-200),
    types.float32: (np.float32(60), np.float32(2.0**60), np.float32(1e-18)),
}


@by_type
def _limits(like):
    limits = _LIMITS[element(like)]
    return lambda like: limits


@rule(varies_by_episode, SoftQLearning)
def _(agent):
    return is_schedule(agent.temperature)


@rule(summarise_entry, SoftQLearning)
def _(agent, summary, entry, like):
    return exp2(minimum(exponent(entry, summary.top, LOG2_E / agent.temperature, like), _limits(like)[0]))


@rule(update_summary, SoftQLearning)
def _(agent, row, summary, changed, entry, like):
    """One exponential instead of all: the weights stay relative to the old maximum, unless that is far off now."""
    most, least = _limits(like)[1:]
    weights = replaced(summary.weights, changed, entry)
    sum_now = total(weights)
    stale = (changed >= np.int32(0)) & ((entry >= most) | (sum_now < least))
    return Weights(summary.top, weights, sum_now), stale


@rule(act, SoftQLearning)
def _(agent, row, summary, draw):
    return unless_exploring(by_weight(summary.weights, draw.low), draw, agent.epsilon, len(row))


@inlined
def _passed_on(so_far, weight, action, row, values):
    return fma(convert(weight, so_far), pick(values, action) - pick(row, action), so_far)


@rule(double_bootstrap, SoftQLearning)
def _(agent, row, summary, values):
    """E[Q' - T log pi] over pi, the soft policy of `row`: its soft value, and the mean of what `values` differ by."""
    difference = fold(_passed_on, 0.0, summary.weights, (row, values))
    return bootstrap(agent, row, summary, 0) + difference / convert(summary.total, difference)

"""The soft policy exp((Q - V) / T), V = T log sum exp(Q / T), shared by agents that learn in different ways."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import types

from fastsoftq.agents.rules import (
    AGENTS,
    Agent,
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
from fastsoftq.agents.schedules import is_schedule
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.numerics import LN_2, LOG2_E, exp2, log2
from fastsoftq.kernels.operators import exponent
from fastsoftq.kernels.over_actions import each, fold, highest, pick, replaced, total
from fastsoftq.kernels.policies import by_weight, unless_exploring
from fastsoftq.kernels.simd import convert, element, fma, minimum

__all__ = ["bootstraps_softly", "soft_policy", "soft_summary", "weigh", "weights_of"]

AgentType = TypeVar("AgentType", bound=type)


class Exponents(NamedTuple):
    """A partial summary of a state: the largest value, and how far below it each action's is, in bits."""

    top: Any
    exponents: Any


class Weights(NamedTuple):
    """The summary of a state: the largest value, and each action's weight beside it, exp((Q - top) / T)."""

    top: Any
    weights: Any
    total: Any


@inlined
def _exponent(q, action, top, sharpness, like):
    return exponent(q, top, sharpness, like)


@inlined
def _weight(exponent, action):
    return exp2(exponent)


@inlined
def weigh(row, temperature, like):
    """The exponents of a row's weights at a temperature, as `summarise` gives them."""
    top = highest(row)
    return Exponents(top, each(_exponent, row, (top, LOG2_E / temperature, like)))


@inlined
def weights_of(partial):
    """The weights, given their exponents, as `complete_summary` gives them."""
    weights = each(_weight, partial.exponents, ())
    return Weights(partial.top, weights, total(weights))


def _summarise(agent, row, like):
    return weigh(row, agent.temperature, like)


def _complete_summary(agent, partial):
    return weights_of(partial)


# The largest exponent of a weight, that weight, and the smallest sum of weights, before a summary is stale.
_LIMITS = {
    types.float64: (900.0, 2.0**900, 1e-200),
    types.float32: (np.float32(60), np.float32(2.0**60), np.float32(1e-18)),
}


@by_type
def _limits(like):
    limits = _LIMITS[element(like)]
    return lambda like: limits


def _varies_by_episode(agent):
    return is_schedule(agent.temperature)


def _summarise_entry(agent, summary, entry, like):
    return exp2(minimum(exponent(entry, summary.top, LOG2_E / agent.temperature, like), _limits(like)[0]))


def _update_summary(agent, row, summary, changed, entry, like):
    """One exponential instead of all: the weights stay relative to the old maximum, unless that is far off now."""
    most, least = _limits(like)[1:]
    weights = replaced(summary.weights, changed, entry)
    sum_now = total(weights)
    stale = (changed >= np.int32(0)) & ((entry >= most) | (sum_now < least))
    return Weights(summary.top, weights, sum_now), stale


def _bootstrap(agent, row, summary, action):
    return fma(convert(log2(summary.total), summary.top), agent.temperature * LN_2, summary.top)


@inlined
def _passed_on(so_far, weight, action, row, values):
    return fma(convert(weight, so_far), pick(values, action) - pick(row, action), so_far)


def _double_bootstrap(agent, row, summary, values):
    """E[Q' - T log pi] over pi, the soft policy of `row`: its soft value, and the mean of what `values` differ by."""
    difference = fold(_passed_on, 0.0, summary.weights, (row, values))
    return bootstrap(agent, row, summary, 0) + difference / convert(summary.total, difference)


def _act(agent, row, summary, draw):
    return unless_exploring(by_weight(summary.weights, draw.low), draw, agent.epsilon, len(row))


def soft_summary(agent: AgentType) -> AgentType:
    """Make an agent with a field `temperature` summarise a row by its weights exp((Q - max Q) / T).

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @soft_summary
    ... class Mine(NamedTuple):
    ...     temperature: float = 1.0
    """
    for generic, implementation in (
        (summarise, _summarise), (complete_summary, _complete_summary), (varies_by_episode, _varies_by_episode),
        (summarise_entry, _summarise_entry), (update_summary, _update_summary),
    ):  # fmt: skip
        rule(generic, agent)(implementation)
    return agent


def soft_policy(agent: AgentType) -> AgentType:
    """Make an agent with fields `temperature` and `epsilon` soft: it acts by the soft policy, bootstraps on its value.

    Its summary of a row are the weights of `soft_summary`; with probability epsilon it takes a random action.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @soft_policy
    ... class Mine(NamedTuple):
    ...     temperature: float = 1.0
    ...     epsilon: float = 0.0
    """
    soft_summary(agent)
    for generic, implementation in ((bootstrap, _bootstrap), (double_bootstrap, _double_bootstrap), (act, _act)):
        rule(generic, agent)(implementation)
    return agent


def bootstraps_softly(agent: Agent) -> bool:
    """Whether an agent bootstraps on the soft value, so that entropy pays.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> bootstraps_softly(fsq.SoftQLambda(0.1, 0.95)), bootstraps_softly(fsq.MellowmaxQLearning(0.1, 0.95))
    (True, False)
    """
    return AGENTS.implementations[bootstrap].get(type(agent)) is _bootstrap

"""Reward scales: those that training refuses, as too large, and those it warns of, at which wandering for ever pays."""

from __future__ import annotations

import math
import warnings
from typing import Any
from weakref import WeakKeyDictionary

from fastsoftq import checks
from fastsoftq.agents.soft_q_learning import SoftQLearning
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["check_reward_scale", "warn_below_critical"]

_critical: WeakKeyDictionary[TabularMDP, float] = WeakKeyDictionary()


def check_reward_scale(mdp: TabularMDP, agent: Any) -> None:
    """Refuse a reward scale, of an agent or of one within it, that makes rewards too large.

    Raises
    ------
    ValueError
        The message names the scale and the largest reward.
    """
    for name, value in zip(agent._fields, agent, strict=True):
        if name == "reward_scale":
            checks.reward_scale(f"{type(agent).__name__}.{name}", value, mdp.largest_reward)
        elif hasattr(value, "_fields"):
            check_reward_scale(mdp, value)


def warn_below_critical(mdp: TabularMDP, agent: Any, stacklevel: int = 3) -> None:
    """Warn where a soft agent's reward scale over its lowest temperature is not above the critical reward scale."""
    if not isinstance(agent, SoftQLearning):
        return
    lowest = agent.temperature if isinstance(agent.temperature, float) else agent.temperature.stop
    scale = agent.reward_scale / lowest
    # Entropy pays at most ln(actions) a step: where even the cheapest step costs more, nothing need be computed.
    least_loss = -float(mdp.reward[(mdp.probability > 0) & ~mdp.terminated].max(initial=-math.inf))
    if scale * least_loss > math.log(mdp.n_actions):
        return
    if mdp not in _critical:
        from fastsoftq.planning.critical import critical_reward_scale

        _critical[mdp] = critical_reward_scale(mdp)
    critical = _critical[mdp]
    if scale > critical:
        return
    if math.isinf(critical):
        what = f"no reward scale is large enough in {mdp.name}, where one can wander for ever at no cost"
    else:
        what = f"reward_scale / temperature is {scale:.6g}, not above {mdp.name}'s critical reward scale {critical:.6g}"
    why = "the entropy of a step can pay more than the step costs, so the soft agent may prefer to wander for ever"
    warnings.warn(f"{what}: {why}", UserWarning, stacklevel=stacklevel)

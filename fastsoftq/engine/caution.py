"""What training warns of: soft learning at a reward scale at which wandering for ever pays."""

from __future__ import annotations

import warnings
from math import log
from typing import Any

from fastsoftq.agents.soft_q_learning import SoftQLearning
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["warn_below_critical"]


def warn_below_critical(mdp: TabularMDP, agent: Any) -> None:
    """Warn where a soft agent's reward scale over its lowest temperature is not above the critical reward scale."""
    if not isinstance(agent, SoftQLearning):
        return
    lowest = agent.temperature if isinstance(agent.temperature, float) else agent.temperature.stop
    scale = agent.reward_scale / lowest
    # Entropy pays at most ln(actions) a step: where even the cheapest step costs more, nothing need be computed.
    least_loss = -float(mdp.reward[(mdp.probability > 0) & ~mdp.terminated].max(initial=-float("inf")))
    if scale * least_loss > log(mdp.n_actions):
        return
    from fastsoftq.planning.critical import critical_reward_scale

    critical = critical_reward_scale(mdp)
    if scale <= critical:
        warnings.warn(
            f"reward_scale / temperature is {scale:.6g}, not above {mdp.name}'s critical reward scale {critical:.6g}: "
            "the entropy of a step can pay more than the step costs, so the soft agent may prefer to wander for ever",
            UserWarning,
            stacklevel=3,
        )

"""Checks of reward scales: one that is too large is refused; one at which wandering for ever pays brings a warning."""

from __future__ import annotations

import math
import warnings
from weakref import WeakKeyDictionary

from fastsoftq import checks
from fastsoftq.agents.entropy import paid_entropy
from fastsoftq.agents.rules import Agent
from fastsoftq.mdp.changing import EpisodicMDP, named_phases
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["check_reward_scale", "warn_below_critical"]

_FREE = 2e6  # steps that take some hundredths of a second: any training may cost so much more
_critical: WeakKeyDictionary[TabularMDP, float] = WeakKeyDictionary()


def check_reward_scale(mdp: EpisodicMDP, agent: Agent) -> None:
    """Refuse a reward scale, of an agent or of one within it, that makes rewards too large.

    Raises
    ------
    ValueError
        The message names the scale and the largest reward.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_reward_scale(fsq.cliff_walking(), fsq.SoftQLearning(0.8, 0.95, reward_scale=1e99))
    Traceback (most recent call last):
    ValueError: SoftQLearning.reward_scale is 1e+99; times the largest reward, 100, it must be at most 1e+100
    """
    for name, value in zip(agent._fields, agent, strict=True):
        if name == "reward_scale":
            checks.reward_scale(f"{type(agent).__name__}.{name}", value, mdp.largest_reward)
        elif hasattr(value, "_fields"):
            check_reward_scale(mdp, value)


def warn_below_critical(mdp: EpisodicMDP, agent: Agent, steps: float, stacklevel: int = 3) -> None:
    """Warn where a soft agent's reward scale over its lowest temperature is not above the critical reward scale.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
        Of the latter, each phase is looked at.
    agent : NamedTuple
        Only those bring warnings whom entropy pays, by themselves or within another.
    steps : float
        The most steps of the training. The check may cost a tenth as much; where that is not enough, nothing is warned.
    stacklevel : int
        As for `warnings.warn`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     warn_below_critical(fsq.cliff_walking(), fsq.SoftQLearning(0.8, 0.95, reward_scale=1.0), steps=1e9)
    >>> str(caught[0].message)[:44]
    'reward_scale / temperature is 1, not above c'
    """
    scale = paid_entropy(agent)
    if scale is None:
        return
    worlds = named_phases(mdp)
    why = "the entropy of a step can pay more than the step costs, so the soft agent may prefer to wander for ever"
    for name, world in worlds:
        what = _below_critical(name, world, scale, steps / len(worlds))
        if what is not None:
            warnings.warn(f"{what}: {why}", UserWarning, stacklevel=stacklevel)


def _below_critical(name: str, mdp: TabularMDP, scale: float, steps: float) -> str | None:
    """What is wrong with a reward scale at temperature 1, if that can be told."""
    # Entropy pays at most ln(actions) a step: where even the cheapest step costs more, nothing need be computed.
    least_loss = -float(mdp.reward[(mdp.probability > 0) & ~mdp.terminated].max(initial=-math.inf))
    if scale * least_loss > math.log(mdp.n_actions):
        return None
    critical = _critical_within(mdp, max(_FREE, steps / 10))
    if critical is None:
        from fastsoftq.planning.critical import side_of_critical

        if side_of_critical(mdp, scale, max(_FREE, steps / 10)) is not False:
            return None
        return f"reward_scale / temperature is {scale:.6g}, not above {name}'s critical reward scale"
    if scale > critical:
        return None
    if math.isinf(critical):
        return f"no reward scale is large enough in {name}, where one can wander for ever at no cost"
    return f"reward_scale / temperature is {scale:.6g}, not above {name}'s critical reward scale {critical:.6g}"


def _critical_within(mdp: TabularMDP, work: float) -> float | None:
    """The critical reward scale, if it is known or so much work yields it; a step of training is a unit of work."""
    if mdp not in _critical:
        from fastsoftq.planning.critical import critical_reward_scale, work_of_critical

        if work_of_critical(mdp) > work:
            return None
        try:
            _critical[mdp] = critical_reward_scale(mdp)
        except ArithmeticError:  # beyond double precision: training goes on without a warning
            return None
    return _critical[mdp]

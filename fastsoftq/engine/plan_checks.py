"""What the rules of agents of one's own that plan from a model must give."""

from __future__ import annotations

import math

from fastsoftq.agents.memory_rules import planning_steps, remembers, time_bonus
from fastsoftq.agents.rules import Agent, has_rule
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.engine.planes import how_it_plans

__all__ = ["check_plans"]


def check_plans(agent: Agent) -> None:
    """Refuse an agent whose rules do not say how it plans; those of the project say it by hyperparameters.

    Raises
    ------
    TypeError
        `planning_steps` gives no integer, or `time_bonus` no number; or the agent is on-policy, and the model does not
        know which action it would take next.
    ValueError
        One of them is negative, or the bonus is not finite.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_plans(fsq.DynaQ(step_size=0.5, discount=0.95))
    """
    if not _has_own_rule(agent):
        return
    steps, bonus, follows = call_compiled(how_it_plans, agent)
    name = type(agent).__name__
    if isinstance(steps, bool) or not isinstance(steps, int | None):
        raise TypeError(f"the rule 'planning_steps' of {name} gives {steps!r}; it must give an integer, or None")
    if isinstance(bonus, bool) or not isinstance(bonus, int | float):
        raise TypeError(f"the rule 'time_bonus' of {name} gives {bonus!r}; it must give a number")
    if steps is not None and steps < 0:
        raise ValueError(f"the rule 'planning_steps' of {name} gives {steps}; it must give at least 0")
    if not (bonus >= 0 and math.isfinite(bonus)):
        raise ValueError(f"the rule 'time_bonus' of {name} gives {bonus}; it must give a number of at least 0")
    if steps is not None and follows:
        raise TypeError(
            f"{name} is on-policy, by the rule 'on_policy', and plans, by the rule 'planning_steps'; it must do one of "
            "them, for a model does not know which action would be taken next"
        )


def _has_own_rule(agent: Agent) -> bool:
    """Whether an agent, or one within it, has a rule that the project has not given it."""
    if not remembers(agent, planning_steps, time_bonus):
        return False
    own = type(agent).__module__.partition(".")[0] != "fastsoftq"
    ruled = any(has_rule(type(agent), generic) for generic in (planning_steps, time_bonus))
    return (own and ruled) or any(_has_own_rule(part) for part in agent if hasattr(part, "_fields"))

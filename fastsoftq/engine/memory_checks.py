"""What the rules of agents of one's own must give that remember, and which of them go together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from fastsoftq.agents.memory_rules import (
    acts_upon,
    adapted,
    backed_up,
    begin_episode,
    begin_run,
    beside,
    episode_ended,
    estimate,
    learn_beside,
    memory,
    pass_back,
    planning_steps,
    remembers,
    rewarded,
    step_taken,
    steps,
    time_bonus,
    value_ahead,
    visited,
)
from fastsoftq.agents.rules import AGENTS, Agent, bootstrap, has_rule, learn
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.engine.planes import how_it_plans, steps_back

__all__ = ["check_memory_rules", "is_the_packages"]

_ANY = (beside, steps, planning_steps, memory)
# Without one of these an engine never asks for the rule.
_RESTS_ON: dict[Callable[..., Any], tuple[Callable[..., Any], ...]] = {
    **dict.fromkeys((acts_upon, adapted, estimate, learn_beside, rewarded, value_ahead, visited), _ANY),
    **dict.fromkeys((backed_up, pass_back), (steps,)),
    **dict.fromkeys((begin_episode, begin_run, episode_ended, step_taken), (memory,)),
    time_bonus: (planning_steps,),
}
# Of an agent around others, which may hold one that remembers nothing: it has a rule for either.
_WITHOUT_MEMORY = {learn_beside: learn, value_ahead: bootstrap}


def check_memory_rules(agent: Agent) -> None:
    """Refuse an agent whose rules do not say how it remembers; those of the project say it by hyperparameters.

    Raises
    ------
    TypeError
        A rule that would never be followed, for want of another; `steps` or `planning_steps` gives no integer, or
        `time_bonus` no number; or the agent plans and is on-policy, and the model does not know which action it would
        take next.
    ValueError
        One of them is too small, or the bonus is not finite.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_memory_rules(fsq.DynaQ(step_size=0.5, discount=0.95))
    """
    for part in _own_parts(agent):
        _check_together(agent, type(part))
    if _has_own(agent, steps):
        _check_steps(agent)
    if _has_own(agent, planning_steps, time_bonus):
        _check_plans(agent)


def is_the_packages(thing: Any) -> bool:
    """Whether an agent or environment, and all within it, comes with the package; others' rules are somebody's own.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> is_the_packages(fsq.Frozen(fsq.QLearning(0.8, 0.95)))
    True
    """
    return next(_own_parts(thing), None) is None


def _own_parts(thing: Any) -> Iterator[Any]:
    """Of a named tuple and those within it, what is somebody's own, and not the project's."""
    if hasattr(thing, "_fields"):
        if type(thing).__module__.partition(".")[0] != "fastsoftq":
            yield thing
        for part in thing:
            yield from _own_parts(part)


def _has_own(agent: Agent, *rules: Callable[..., Any]) -> bool:
    return any(has_rule(type(part), generic) for part in _own_parts(agent) for generic in rules)


def _wrote(part: type, generic: Callable[..., Any]) -> bool:
    """Whether the rule is of whoever wrote the class, and not of a decorator of the project's."""
    written = AGENTS.implementations[generic].get(part)
    return written is not None and (written.__module__ or "").partition(".")[0] != "fastsoftq"


def _check_together(agent: Agent, part: type) -> None:
    """Refuse a rule of an agent, or of one within it, for which no engine would ask."""
    is_wrapper = any(hasattr(rules.get(part), "passes_on") for rules in AGENTS.implementations.values())
    for generic, others in _RESTS_ON.items():
        other = _WITHOUT_MEMORY.get(generic)
        either = is_wrapper and other is not None and has_rule(part, other)
        if _wrote(part, generic) and not either and not remembers(agent, *others):
            wanted = " or ".join(repr(other.__name__) for other in others)
            counts = "; `counting` of fastsoftq.agents.wrapping makes a wrapper keep counts" if is_wrapper else ""
            raise TypeError(
                f"{part.__name__} has the rule {generic.__name__!r}, which nothing follows without {wanted}, of its "
                f"own or of an agent around it or within{counts}"
            )
    if has_rule(part, memory) and part not in AGENTS.implementations[step_taken]:
        raise TypeError(
            f"{part.__name__} has the rule 'memory' and no rule 'step_taken', by which agents learn that keep arrays; "
            "its table would never change"
        )


def _check_steps(agent: Agent) -> None:
    n, name = call_compiled(steps_back, agent), type(agent).__name__
    if isinstance(n, bool) or not isinstance(n, int | None):
        raise TypeError(f"the rule 'steps' of {name} gives {n!r}; it must give an integer, or None")
    if n is not None and n < 1:
        raise ValueError(f"the rule 'steps' of {name} gives {n}; it must give at least 1, or None")


def _check_plans(agent: Agent) -> None:
    count, bonus, follows = call_compiled(how_it_plans, agent)
    name = type(agent).__name__
    if isinstance(count, bool) or not isinstance(count, int | None):
        raise TypeError(f"the rule 'planning_steps' of {name} gives {count!r}; it must give an integer, or None")
    if isinstance(bonus, bool) or not isinstance(bonus, int | float):
        raise TypeError(f"the rule 'time_bonus' of {name} gives {bonus!r}; it must give a number")
    if count is not None and count < 0:
        raise ValueError(f"the rule 'planning_steps' of {name} gives {count}; it must give at least 0")
    if not (bonus >= 0 and math.isfinite(bonus)):
        raise ValueError(f"the rule 'time_bonus' of {name} gives {bonus}; it must give a number of at least 0")
    if count is not None and follows:
        raise TypeError(
            f"{name} is on-policy, by the rule 'on_policy', and plans, by the rule 'planning_steps'; it must do one of "
            "them, for a model does not know which action would be taken next"
        )

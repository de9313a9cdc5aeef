"""Bounds of hyperparameters, by name; they are checked, and made floats, before any work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastsoftq import checks
from fastsoftq.agents.rules import follows_rules
from fastsoftq.agents.schedules import SCHEDULES, LinearDecay, PowerDecay

__all__ = ["checked"]


def _step_size(name: str, value: Any) -> float:
    return checks.in_unit_interval(name, value, open_below=True)


def _count_or_none(name: str, value: Any) -> int:
    return checks.count(name, value, least=0)


# What is counted or switched stays an integer or a flag; all else becomes a float.
_ALLOWED: dict[str, Callable[[str, Any], float]] = {
    "step_size": _step_size,
    "discount": checks.in_unit_interval,
    "epsilon": checks.in_unit_interval,
    "temperature": checks.temperature,
    "reward_scale": checks.positive,
    "n": checks.count,
    "planning_steps": _count_or_none,
    "trace_decay": checks.in_unit_interval,
    "critic_step_size": _step_size,
    "discounted": checks.flag,
    "threshold": checks.not_negative,
    "time_bonus": checks.not_negative,
    "replacing": checks.flag,
}
# Of these agents alone.
_ALLOWED_OF: dict[str, Callable[[str, Any], float]] = {
    "ActorCritic.temperature": checks.not_negative,
    "CountBonus.bonus": checks.not_negative,
    "OptimisticStart.value": checks.reward,
    "PrioritizedSweeping.planning_steps": checks.count,
    "UpperConfidence.confidence": checks.not_negative,
    "VisitStepSize.power": checks.in_unit_interval,
}
# Like what is counted or switched, these are the same in all episodes of a run.
_SAME_IN_ALL = {"time_bonus", "OptimisticStart.value", "VisitStepSize.power"}


def checked(agent: Any) -> Any:
    """Check an agent's hyperparameters and make its numbers floats, as compiled code expects them.

    Parameters
    ----------
    agent : NamedTuple
        Fields with the names above must lie within their bounds; others must be numbers or named tuples.

    Returns
    -------
    NamedTuple
        The same agent.

    Raises
    ------
    TypeError
        Something that is not an agent, by itself or within another, or a hyperparameter that is not a number or a
        schedule.
    ValueError
        A hyperparameter out of bounds.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked(fsq.QLearning(step_size=1, discount=0.95))
    QLearning(step_size=1.0, discount=0.95, epsilon=0.1, reward_scale=1.0)
    """
    if not (isinstance(agent, tuple) and hasattr(agent, "_fields")):
        raise TypeError(
            f"agent is {checks.shown(agent)}; it must be a NamedTuple of hyperparameters, such as QLearning(...)"
        )
    name_of = type(agent).__name__
    return agent._make(  # type: ignore[attr-defined]
        _checked_field(
            f"{name_of}.{name}",
            value,
            _ALLOWED_OF.get(f"{name_of}.{name}", _ALLOWED.get(name)),
            _may_change(type(agent), name),
        )
        for name, value in zip(agent._fields, agent, strict=True)
    )


def _may_change(agent: type, name: str) -> bool:
    """Whether a hyperparameter may be a schedule."""
    if name in _SAME_IN_ALL or f"{agent.__name__}.{name}" in _SAME_IN_ALL:
        return False
    annotation = agent.__annotations__.get(name)
    return getattr(annotation, "__forward_arg__", getattr(annotation, "__name__", annotation)) not in ("int", "bool")


def _checked_field(name: str, value: Any, known: Callable[[str, Any], float] | None, may_change: bool) -> Any:
    allowed = known or checks.number
    if name.endswith(".agent") and not (hasattr(value, "_fields") and follows_rules(type(value))):
        if hasattr(value, "_fields"):  # such as a deep agent, whose text is long
            which = f"is of type {type(value).__name__}, which is no tabular agent; it must be one"
            raise TypeError(f"{name} {which}, such as QLearning(...)")
        raise TypeError(f"{name} is {checks.shown(value)}; it must be an agent, such as QLearning(...)")
    if type(value) in SCHEDULES:
        if not may_change:
            raise TypeError(f"{name} is {checks.shown(value)}; it must be a number, the same in all episodes")
        return _checked_schedule(name, value, allowed)
    if known is None and isinstance(value, tuple) and hasattr(value, "_fields"):
        return checked(value)
    return _plain_zero(allowed(name, value))


def _plain_zero(value: float) -> float:
    """Make 0.0 of -0.0, so that both are the same agent."""
    return value + 0.0 if isinstance(value, float) else value


def _checked_schedule(
    name: str, schedule: LinearDecay | PowerDecay, allowed: Callable[[str, Any], float]
) -> LinearDecay | PowerDecay:
    start, stop = (_plain_zero(allowed(f"{name}.{end}", getattr(schedule, end))) for end in ("start", "stop"))
    rate = _plain_zero(checks.number(f"{name}.{schedule._fields[2]}", schedule[2]))
    if stop > start:
        raise ValueError(f"{name}.stop is {stop}; a decay must not stop above its start, {start}")
    if rate < 0:
        raise ValueError(f"{name}.{schedule._fields[2]} is {rate}; it must be at least 0")
    return type(schedule)(start, stop, rate)

"""What fits a study by its axis: episodes of tabular agents, or steps of deep ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.comparing import Axis
from fastsoftq.deep.deep_training import checked_world
from fastsoftq.deep.learner import Deep
from fastsoftq.mdp.changing import ChangingMDP
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.deep_parts import learner_of
from fastsoftq.studies.deep_worlds import deep_world_record
from fastsoftq.studies.study_records import RESERVED, mdp_record

__all__ = ["check_agent", "check_condition", "check_environment", "check_kept", "counted", "environment_record"]

_MAX_STEPS = 1000  # of an episode of a tabular agent, where nobody says
_POINTS = 100  # of a grid of steps, likewise


def counted(
    episodes: int | None, steps: int | None, points: int | None, max_steps: int | None
) -> dict[str, int | None]:
    """What a study counts, checked: episodes, or steps and points, and the most steps of an episode.

    Parameters
    ----------
    episodes, steps, points, max_steps : int or None

    Returns
    -------
    dict of str to int or None
        What is not counted is None; so is `max_steps` where each environment says it.

    Raises
    ------
    TypeError, ValueError
        Neither episodes nor steps, or both; points of episodes, or more than there are steps; no counts.

    Examples
    --------
    >>> counted(None, 5000, None, None)
    {'episodes': None, 'steps': 5000, 'points': 100, 'max_steps': None}
    """
    if episodes is None and steps is None:
        raise TypeError("episodes is None; it must be a count, or steps must be one where agents are deep")
    if episodes is not None and steps is not None:
        raise ValueError(
            f"steps is {steps!r} and episodes is {episodes!r}; a study counts one of them: episodes of tabular agents, "
            "or steps of deep ones"
        )
    if max_steps is not None:
        max_steps = checks.count("max_steps", max_steps)
    if steps is None:
        if points is not None:
            raise ValueError(f"points is {points!r}; they are points of steps, and this study counts episodes")
        episodes = checks.count("episodes", episodes)
        return {"episodes": episodes, "steps": None, "points": None, "max_steps": max_steps or _MAX_STEPS}
    steps = checks.count("steps", steps)
    points = min(_POINTS, steps) if points is None else checks.count("points", points, most=steps)
    return {"episodes": None, "steps": steps, "points": points, "max_steps": max_steps}


def check_environment(axis: Axis, name: str, environment: Any) -> None:
    """Refuse an environment that agents of this kind cannot learn in.

    Raises
    ------
    TypeError
        The message begins with the name.

    Examples
    --------
    >>> check_environment(Axis.EPISODES, "environments['a']", "cliff")
    Traceback (most recent call last):
    TypeError: environments['a'] is 'cliff'; it must be a TabularMDP, such as cliff_walking()
    """
    if isinstance(environment, TabularMDP) or (isinstance(environment, ChangingMDP) and axis is Axis.EPISODES):
        return
    if axis is Axis.EPISODES:
        deep = "; others are for deep agents, which count steps" if hasattr(environment, "_fields") else ""
        raise TypeError(
            f"{name} is {checks.shown(environment)}; it must be a TabularMDP, such as cliff_walking(){deep}"
        )
    try:
        checked_world(environment)
    except (TypeError, ValueError) as error:
        told = str(error)
        said = f"{name}{told.removeprefix('environment')}" if told.startswith("environment") else f"{name}: {told}"
        raise type(error)(said) from None


def check_agent(axis: Axis, name: str, agent: Any) -> None:
    """Refuse an agent that does not count what the study counts.

    Raises
    ------
    TypeError, ValueError
        The message begins with the name.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_agent(Axis.POINTS, "agents['hard']", fsq.QLearning(0.8, 0.95))
    Traceback (most recent call last):
    ValueError: agents['hard'] is QLearning(...), which counts episodes; a study that counts steps takes a Deep with it
    """
    if axis is Axis.EPISODES and isinstance(agent, Deep):
        raise ValueError(f"{name} is {agent!r}, which counts steps; give the study steps instead of episodes")
    if axis is Axis.POINTS and not isinstance(agent, Deep):
        if not hasattr(agent, "_fields"):
            raise TypeError(
                f"{name} is {checks.shown(agent)}; it must be a Deep, such as Deep(QLearning(2.5e-4, 0.99))"
            )
        checked(agent)  # of one that holds another it may be that which is wrong
        shown = f"{type(agent).__name__}(...)"
        raise ValueError(f"{name} is {shown}, which counts episodes; a study that counts steps takes a Deep with it")
    reserved = sorted(RESERVED.intersection(getattr(learner_of(agent), "_fields", ())))
    if reserved:
        raise ValueError(f"{name} has a hyperparameter {reserved[0]!r}; records use that name")


def check_condition(axis: Axis, name: str, condition: Condition) -> None:
    """Refuse a condition with settings of the other axis.

    Raises
    ------
    ValueError
        The message begins with the name.

    Examples
    --------
    >>> check_condition(Axis.EPISODES, "conditions[0]", Condition("cliff", "hard", steps=50))
    Traceback (most recent call last):
    ValueError: conditions[0].steps is 50; the study counts episodes
    """
    others = ("steps", "points") if axis is Axis.EPISODES else ("episodes",)
    counts = "episodes" if axis is Axis.EPISODES else "steps"
    for setting in others:
        if getattr(condition, setting) is not None:
            raise ValueError(f"{name}.{setting} is {getattr(condition, setting)}; the study counts {counts}")


def check_kept(axis: Axis, kept: Mapping[str, Any]) -> None:
    """Refuse to keep what agents of this kind do not have.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_kept(Axis.POINTS, {"tables": True})
    Traceback (most recent call last):
    ValueError: tables is True; deep agents have no tables: parameters=True keeps their networks'
    """
    for name, wanted in kept.items():
        if not wanted:
            continue
        if axis is Axis.POINTS and name != "parameters":
            raise ValueError(f"{name} is {wanted!r}; deep agents have no tables: parameters=True keeps their networks'")
        if axis is Axis.EPISODES and name == "parameters":
            raise ValueError(f"{name} is {wanted!r}; tabular agents have no networks: tables=True keeps their tables")


def environment_record(axis: Axis, environment: Any) -> dict[str, Any]:
    """An environment as a study's record has it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> environment_record(Axis.EPISODES, fsq.cliff_walking())["states"]
    48
    """
    if axis is Axis.EPISODES:
        return mdp_record(environment)
    return deep_world_record(environment)

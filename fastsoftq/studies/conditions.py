"""Conditions: which agent learns in which environment, from which tables on; what a study runs once for each seed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.agents.rules import PRECISIONS
from fastsoftq.comparing import Axis
from fastsoftq.deep.curve_points import grid_of
from fastsoftq.mdp.changing import EpisodicMDP

__all__ = ["Condition", "checked_conditions", "condition_records", "conditions_of", "product_of", "source_states"]


@dataclass(frozen=True)
class Condition:
    """One agent in one environment.

    Parameters
    ----------
    environment, agent : str
        Their names in the study.
    name : str
        What tables and coordinates call it; "environment/agent" if empty.
    episodes, max_steps : int, optional
        The study's if not given.
    steps, points : int, optional
        Of a deep agent's, instead of `episodes`: environment steps, and at how many points of them it is told how the
        run does. The study's if not given.
    precision : {"double", "mixed"}, optional
        The study's if not given.
    first_seed : int, optional
        The study's if not given. Run i has the seed `first_seed` + i.
    after : str, optional
        The name of an earlier condition: run i starts from the table in which its run i ended, which is kept. Tables
        are matched by cell where both environments have cells, else by state.
    seeds : int, optional
        How many runs it has, the first of the study's, and at most those; all if not given.

    Raises
    ------
    TypeError
        A name that is not a string, or a number that is not an integer.
    ValueError
        An argument out of bounds.

    Examples
    --------
    >>> Condition("cliff", "soft", episodes=100).name
    'cliff/soft'
    """

    environment: str
    agent: str
    name: str = ""
    episodes: int | None = None
    max_steps: int | None = None
    precision: str | None = None
    first_seed: int | None = None
    after: str | None = None
    seeds: int | None = None
    steps: int | None = None
    points: int | None = None

    @property
    def axis(self) -> Axis:
        """What the columns of its curves stand for, of a condition with all that it is run with filled in."""
        return Axis.EPISODES if self.steps is None else Axis.POINTS

    @property
    def columns(self) -> int:
        """How many columns its curves have, likewise."""
        return (self.episodes if self.steps is None else self.points) or 0

    @property
    def grid(self) -> NDArray[np.int64] | None:
        """The steps at each of its points, int64 [points]; None of one that counts episodes."""
        if self.steps is None or self.points is None:
            return None
        return grid_of(self.steps, self.points)

    def __post_init__(self) -> None:
        def fix(field: str, value: Any) -> None:
            object.__setattr__(self, field, value)

        for field in ("environment", "agent", "name", "after"):
            if field != "after" or self.after is not None:
                checks.text(field, getattr(self, field))
        fix("name", self.name or f"{self.environment}/{self.agent}")
        check_encodable("name is", self.name)
        for field, most in (*dict.fromkeys(COUNTED, checks.MOST).items(), ("seeds", sys.maxsize)):
            if getattr(self, field) is not None:
                fix(field, checks.count(field, getattr(self, field), most=most))
        if self.first_seed is not None:
            fix("first_seed", checks.count("first_seed", self.first_seed, least=0, most=2**64 - 1))
        if self.precision is not None:
            checks.choice("precision", self.precision, PRECISIONS)


#: What a condition may set for itself, and the study for all: those of one axis, and those of any.
COUNTED = ("episodes", "steps", "points", "max_steps")
SETTINGS = (*COUNTED, "precision")


def check_encodable(what: str, text: str) -> None:
    """Refuse a name that cannot be written to a file, before anything is computed.

    Raises
    ------
    ValueError
        The message begins with `what` and the text.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} {text!r}; it must be text that UTF-8 can encode") from None


def product_of(environments: Iterable[str], agents: Iterable[str]) -> tuple[Condition, ...]:
    """Every environment with every agent."""
    agents = list(agents)
    return tuple(Condition(environment, agent) for environment in environments for agent in agents)


def checked_conditions(
    conditions: Any, environments: Mapping[str, Any], agents: Mapping[str, Any], seeds: range
) -> tuple[Condition, ...]:
    """Return a study's conditions if they fit it and each other.

    Parameters
    ----------
    conditions : iterable of Condition
    environments, agents : mapping
        The study's, by name.
    seeds : range
        The study's.

    Returns
    -------
    tuple of Condition

    Raises
    ------
    TypeError
        What is not a Condition.
    ValueError
        None at all, a name that is not known or that repeats, seeds beyond 64 bits or the study's, an `after` that is
        no earlier condition or has fewer seeds; the message names the entry.
    """
    try:
        given = tuple(conditions)
    except TypeError:
        raise TypeError(f"conditions is {checks.shown(conditions)}; it must be an iterable of Condition") from None
    if not given:
        raise ValueError("conditions is empty; a study needs at least one")
    earlier: list[str] = []
    runs: dict[str, int] = {}
    for place, condition in enumerate(given):
        entry = f"conditions[{place}]"
        if not isinstance(condition, Condition):
            raise TypeError(f"{entry} is {checks.shown(condition)}; it must be a Condition")
        checks.choice(f"{entry}.environment", condition.environment, environments)
        checks.choice(f"{entry}.agent", condition.agent, agents)
        if condition.name in earlier:
            first = earlier.index(condition.name)
            raise ValueError(f"{entry}.name is {condition.name!r}, as conditions[{first}].name; give it one of its own")
        most = 2**64 - len(seeds)
        if condition.first_seed is not None:
            checks.count(f"{entry}.first_seed", condition.first_seed, least=0, most=most)
        if condition.after is not None and condition.after not in earlier:
            known = f"one of {', '.join(map(repr, earlier))}" if earlier else "of which there is none"
            raise ValueError(
                f"{entry}.after is {condition.after!r}; it must be the name of an earlier condition, {known}"
            )
        if condition.seeds is not None:
            checks.count(f"{entry}.seeds", condition.seeds, most=len(seeds))
        runs[condition.name] = condition.seeds or len(seeds)
        if condition.after is not None and runs[condition.after] < runs[condition.name]:
            raise ValueError(
                f"{entry}.after is {condition.after!r}, which has {runs[condition.after]} seeds; it must have at least "
                f"the {runs[condition.name]} of the condition that starts from it"
            )
        earlier.append(condition.name)
    return given


def condition_records(conditions: Iterable[Condition], settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Conditions as plain data by name, with what differs from the study's settings only.

    Parameters
    ----------
    conditions : iterable of Condition
    settings : mapping
        The study's `episodes` or `steps` and `points`, `max_steps`, `precision`, `first_seed` and number of `seeds`.

    Returns
    -------
    dict of str to dict
    """
    records = {}
    for condition in conditions:
        given = {field.name: getattr(condition, field.name) for field in fields(condition) if field.name != "name"}
        records[condition.name] = {
            name: value for name, value in given.items() if value is not None and value != settings.get(name)
        }
    return records


def conditions_of(record: Mapping[str, Any]) -> dict[str, Condition]:
    """The conditions that a study's record describes, by name, with all that they are run with filled in.

    Parameters
    ----------
    record : mapping
        As `Study.record`; it may come from anybody.

    Returns
    -------
    dict of str to Condition

    Raises
    ------
    LookupError, TypeError, ValueError, AttributeError
        It is no such record.
    """
    seeds = record["seeds"]
    settings = {name: record[name] for name in SETTINGS if name in record}
    settings |= {"first_seed": seeds["start"], "seeds": seeds["count"]}
    if "conditions" in record:
        found = [Condition(name=name, **{**settings, **own}) for name, own in record["conditions"].items()]
    else:
        found = [replace(one, **settings) for one in product_of(record["environments"], record["agents"])]
    worlds = record["environments"]
    return {
        one.name: one if one.max_steps else replace(one, max_steps=worlds[one.environment]["max_steps"])
        for one in found
    }


def source_states(source: EpisodicMDP, target: EpisodicMDP) -> NDArray[np.intp]:
    """Find the state of one environment that each state of another takes its action values from.

    Parameters
    ----------
    source, target : TabularMDP or ChangingMDP
        States are matched by cell where both have cells, else by their numbers.

    Returns
    -------
    ndarray of intp, shape [states of target]

    Raises
    ------
    ValueError
        Different numbers of actions, a cell that `source` lacks or has twice, or, without cells, different numbers of
        states.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> source_states(fsq.from_map(["S..G", "...."]), fsq.from_map(["S..G", "#..."]))
    array([0, 1, 2, 3, 5, 6, 7])
    """
    if source.n_actions != target.n_actions:
        raise ValueError(f"{source.name} has {source.n_actions} actions and {target.name} has {target.n_actions}")
    if source.cells is None or target.cells is None:
        if source.n_states != target.n_states:
            raise ValueError(
                f"{source.name} has {source.n_states} states and {target.name} has {target.n_states}, and they do not "
                "both have cells to match states by"
            )
        return np.arange(target.n_states)
    if np.array_equal(source.cells, target.cells):
        return np.arange(target.n_states)
    cells = [tuple(cell) for cell in source.cells.tolist()]
    state_at = {cell: state for state, cell in enumerate(cells)}
    if len(state_at) < len(cells):
        raise ValueError(f"{source.name} has several states in one cell, so that states cannot be matched by cell")
    wanted = [tuple(cell) for cell in target.cells.tolist()]
    missing = next((cell for cell in wanted if cell not in state_at), None)
    if missing is not None:
        raise ValueError(f"{target.name} has the cell {missing}, which {source.name} has not")
    return np.array([state_at[cell] for cell in wanted], np.intp)

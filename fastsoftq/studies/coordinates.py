"""Coordinates: what each condition is, as columns of data, and the conditions that have what is asked for.

The columns are made of the study's record and of where its parts come from, never read out of a name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from fastsoftq.agents import LEARNERS, WRAPPERS, LinearDecay, PowerDecay
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.deep_parts import DEEP, KINDS_OF_PARTS, algorithm_record
from fastsoftq.studies.origins import Origins, Value, flattened, is_value
from fastsoftq.studies.study_records import RESERVED
from fastsoftq.studies.sweep import label_of

__all__ = ["Coordinates", "coordinates_of", "matching", "swept_columns"]

Coordinates: TypeAlias = Mapping[str, tuple[Value, ...]]

_FIRST = ("environment", "agent", "algorithm")
# Columns where conditions differ in them, and what they are of conditions: tables have other columns called "steps".
SETTINGS = {
    "episodes": "episodes", "run_steps": "steps", "points": "points", "max_steps": "max_steps",
    "precision": "precision", "first_seed": "first_seed", "after": "after",
}  # fmt: skip

# What tables and datasets call their other columns: a hyperparameter of such a name is called "agent.NAME".
_TAKEN = {*_FIRST, *SETTINGS, "condition", "seed", "episode", "return", "length", "truncated", "steps", "runs", "block"}
_TAKEN |= {"returns", "lengths", "state", "action", "checkpoint", "statistic", "final_q", "checkpoint_q"}
_TAKEN |= {"point", "diverged", "diverged_at", "parameter", "parameters"}

# Hyperparameters, and the parts of schedules, in the order in which they are written; others come after, by name.
_KINDS: tuple[Any, ...] = (*LEARNERS.values(), LinearDecay, PowerDecay, *KINDS_OF_PARTS.values(), *WRAPPERS.values())
_ORDER = [*dict.fromkeys(field for kind in _KINDS for field in kind._fields)]
_SCHEDULES = ("linear_decay", "power_decay")  # whose parameters tell which they are
_UNSAID = ("munchausen.kind", "agent.kind")  # the one that there may be, and what `algorithm` says
_SHOWN = 12  # values that a message lists


def coordinates_of(record: Mapping[str, Any], conditions: Sequence[Condition], origins: Origins) -> Coordinates:
    """The columns of a study's conditions.

    Parameters
    ----------
    record : mapping
        As `Study.record`.
    conditions : sequence of Condition
        With all that they are run with filled in.
    origins : Origins
        Where environments and agents come from.

    Returns
    -------
    mapping of str to tuple
        An entry for each condition: a number, a truth, a text, or None where it has nothing of the kind. First
        environment, agent (its table) and algorithm, then hyperparameters, then "environment.PARAMETER", then the
        settings in which conditions differ.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=5)}
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents=agents
    ... )
    >>> found = coordinates_of(study.record, study.resolved, study.origins)
    >>> found["algorithm"], found["temperature"]
    (('q_learning', 'soft_q_learning'), (None, 1.0))
    """
    agents = {name: _hyperparameters(record["agents"][name]) for name in dict.fromkeys(c.agent for c in conditions)}
    columns: dict[str, tuple[Value, ...]] = {
        "environment": tuple(c.environment for c in conditions),
        "agent": tuple(origins.table("agents", c.agent) for c in conditions),
        "algorithm": tuple(_algorithm(str(algorithm_record(record["agents"][c.agent])["kind"])) for c in conditions),
    }
    for path in sorted({path for agent in agents.values() for path in agent}, key=_order):
        name = f"agent.{path}" if path in _TAKEN or path.startswith("environment.") else path
        columns[name] = tuple(agents[c.agent].get(path) for c in conditions)
    parameters = [origins.parameters(c.environment) for c in conditions]
    for path in dict.fromkeys(path for of in parameters for path in of):
        columns[f"environment.{path}"] = tuple(of.get(path) for of in parameters)
    for name, setting in SETTINGS.items():
        values = tuple(getattr(c, setting) for c in conditions)
        if len(set(values)) > 1:
            columns[name] = values
    return columns


def swept_columns(coordinates: Coordinates, conditions: Sequence[Condition], origins: Origins) -> tuple[str, ...]:
    """The columns that take more than one value within one table of the study.

    Parameters
    ----------
    coordinates : mapping
        As `coordinates_of` gives it.
    conditions : sequence of Condition
        The same.
    origins : Origins
        The same.

    Returns
    -------
    tuple of str
        Hyperparameters that vary within a table of agents, parameters that vary within a table of environments, and
        settings that vary where both tables are the same; not the first seed, which is nothing to be chosen.

    Examples
    --------
    >>> from fastsoftq.studies.origins import Origin
    >>> conditions = [Condition("cliff", "soft[step_size=0.5]"), Condition("cliff", "soft[step_size=0.8]")]
    >>> columns = {"agent": ("soft", "soft"), "step_size": (0.5, 0.8), "discount": (0.95, 0.95)}
    >>> swept_columns(columns, conditions, Origins(agents={c.agent: Origin("soft") for c in conditions}))
    ('step_size',)
    """
    worlds = [origins.table("environments", c.environment) for c in conditions]
    agents = [origins.table("agents", c.agent) for c in conditions]
    pairs = list(zip(worlds, agents, strict=True))

    def varies(column: str, tables: Sequence[Any]) -> bool:
        values: dict[Any, set[Any]] = {}
        for table, value in zip(tables, coordinates[column], strict=True):
            values.setdefault(table, set()).add(_identity(value))
        return any(len(of) > 1 for of in values.values())

    def tables(column: str) -> Sequence[Any]:
        if column in SETTINGS:
            return pairs
        return worlds if column.startswith("environment.") else agents

    names = [column for column in coordinates if column not in ("environment", "agent", "first_seed")]
    return tuple(column for column in names if varies(column, tables(column)))


def matching(coordinates: Coordinates, wanted: Mapping[str, Any]) -> list[int]:
    """The places of the conditions that have what is asked for.

    Parameters
    ----------
    coordinates : mapping
        As `coordinates_of` gives it.
    wanted : mapping of str to value
        By column: a value, or a list, tuple, set, range or array of values, any of which will do. Numbers are compared
        as numbers; True and False are none.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        A column that is not there, or a value that no condition has; the message gives the nearest, and what there is.
        No condition that has all that is asked for.

    Examples
    --------
    >>> matching({"agent": ("soft", "soft", "hard"), "step_size": (0.5, 1.0, 1.0)}, {"step_size": 1, "agent": "soft"})
    [1]
    """
    places = list(range(len(next(iter(coordinates.values()), ()))))
    for column, given in wanted.items():
        if column not in coordinates:
            raise ValueError(f"select has {column!r}; {_one_of(column, coordinates)}")
        there = {_identity(value): value for value in coordinates[column]}
        asked = [_plain(value) for value in _values(given)]
        for value in asked:
            if _identity(value) not in there:
                raise ValueError(f"{column} is {value!r}; {_one_of(value, there.values())}")
        allowed = set(map(_identity, asked))
        places = [place for place in places if _identity(coordinates[column][place]) in allowed]
    if not places:
        said = ", ".join(f"{column}={value!r}" for column, value in wanted.items())
        raise ValueError(f"select has {said}; there is each of these, but no condition has all of them")
    return places


def _hyperparameters(record: Mapping[str, Any]) -> dict[str, Value]:
    """An agent's hyperparameters, from its record, by their paths."""
    found = flattened({name: _without_code(value) for name, value in record.items() if name not in RESERVED}, label_of)
    schedules = (path for path, value in found.items() if path.endswith(".kind") and value in _SCHEDULES)
    unsaid = {*schedules, *(_UNSAID if record.get("kind") == DEEP else ())}
    return {path: value for path, value in found.items() if path not in unsaid and value is not None}


def _without_code(part: Any) -> Any:
    """A part of a deep agent without the digests of its code, if that is somebody's own."""
    return {name: of for name, of in part.items() if name != "code"} if isinstance(part, Mapping) else part


def _order(path: str) -> list[tuple[int, str]]:
    """By which paths are sorted: a constant comes before the parts of a schedule."""
    return [(_ORDER.index(part) if part in _ORDER else len(_ORDER), part) for part in path.split(".")]


def _algorithm(kind: str) -> str:
    """The kind of an agent, or the name of its class, in snake case."""
    name = re.split(r"[.:>]", kind)[-1]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return name.lower()


def _identity(value: Value) -> Any:
    """What is equal for equal values: 1 and 1.0, but not 1 and True, nor 1 and "1"."""
    if isinstance(value, bool):
        return "truth", value
    if isinstance(value, int | float):
        return "number", value
    return "other", value


def _plain(value: Any) -> Value:
    scalar = value.item() if isinstance(value, np.generic) else value
    if not is_value(scalar):
        raise TypeError(f"select includes {value!r}; it must be a number, a truth, a text or None, or a list of them")
    plain: Value = scalar
    return plain


def _values(given: Any) -> list[Any]:
    if isinstance(given, np.ndarray):
        return [*given.ravel().tolist()]
    return [*given] if isinstance(given, list | tuple | set | frozenset | range) else [given]


def _one_of(wrong: Value, known: Iterable[Value]) -> str:
    """What was probably meant, and what there is."""
    there = list(known)
    near: list[Value] = []
    if isinstance(wrong, str):
        texts = [value for value in there if isinstance(value, str)]
        near = [*difflib.get_close_matches(wrong, texts, 1)]
    elif wrong is not None and not isinstance(wrong, bool):
        numbers = [value for value in there if isinstance(value, int | float) and not isinstance(value, bool)]
        near = [*sorted(numbers, key=lambda value: abs(value - wrong))[:1]]
    hint = f"did you mean {near[0]!r}? It" if near else "it"
    shown = ", ".join(map(repr, there[:_SHOWN]))
    more = f" or another of {len(there):,}" if len(there) > _SHOWN else ""
    return f"{hint} must be one of {shown}{more}"

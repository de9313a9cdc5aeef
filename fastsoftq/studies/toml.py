"""From plain data, or a TOML file, to a Study; an error gives the line and the nearest name that is known."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from fastsoftq.comparing import Axis
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.origins import Origin, Origins, flattened
from fastsoftq.studies.own_kinds import kinds_of_modules
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.spec_errors import SpecError, Where, check_names, line_of, located, table_of
from fastsoftq.studies.spec_tables import (
    ENVIRONMENTS,
    made_agent,
    made_environment,
    made_tables,
    origins_of_source,
)
from fastsoftq.studies.stopping import Stop
from fastsoftq.studies.study import Study
from fastsoftq.studies.sweep import label_of

__all__ = ["ENVIRONMENTS", "SpecError", "origins_of_source", "parse_study", "read_as", "read_study"]

_REQUIRED = ("name", "environments", "agents")
_OPTIONAL = ("max_steps", "precision", "keep", "block", "measures", "against")
_OF_AXIS = {Axis.EPISODES: ("episodes", "tables", "checkpoints"), Axis.POINTS: ("steps", "points", "parameters")}
_READ: dict[str, type] = {"select": Selection, "stop": Stop}

Parsed = TypeVar("Parsed")


def read_study(path: str | Path, modules: Iterable[str] = ()) -> Study:
    r"""Read a study from a TOML file.

    Parameters
    ----------
    path : str or Path
    modules : iterable of str
        Of what modules agents and worlds may be, besides those of the package: "my_module" of the kind
        "my_module:Mine". They are imported.

    Returns
    -------
    Study

    Raises
    ------
    OSError
        No such file.
    ImportError
        No such module.
    SpecError
        Not TOML, or not a study; the message gives the file, the line and the nearest known name.

    Examples
    --------
    >>> lines = ["name = 'small'", "episodes = 10", "seeds = 4", "[environments.cliff]", "kind = 'cliff_walking'"]
    >>> lines += ["[agents.hard]", "kind = 'q_learning'", "step_size = 0.8", "discount = 0.95"]
    >>> with open("study.toml", "w") as file:
    ...     print(*lines, sep="\n", file=file)
    >>> read_study("study.toml").seeds
    range(0, 4)
    """
    return read_as(partial(parse_study, modules=modules), path)


def read_as(parse: Callable[[Mapping[str, Any]], Parsed], path: str | Path) -> Parsed:
    """Read a TOML file, and say in which line what is wrong with it stands.

    Parameters
    ----------
    parse : callable of (mapping)
        Makes something of what the file holds; it raises SpecError.
    path : str or Path

    Returns
    -------
    what `parse` makes

    Raises
    ------
    OSError
        No such file.
    SpecError
        Not TOML, or not what `parse` takes.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors on Windows begin a file with a byte-order mark
    except UnicodeDecodeError:
        raise SpecError(f"{path.name}: not text in UTF-8") from None
    except ValueError as error:  # of characters that no path has
        raise SpecError(f"path is {str(path)!r}; no file can be called that: {error}") from None
    try:
        return parse(tomllib.loads(text))
    except SpecError as error:
        line = line_of(error.at, text)
        raise SpecError(f"{path.name}, line {line}: {error}" if line else f"{path.name}: {error}", error.at) from None
    except ValueError as error:  # tomllib's own, and Python's of numbers with thousands of digits
        raise SpecError(f"{path.name}: {error}") from None
    except RecursionError:
        raise SpecError(f"{path.name}: lists or tables are nested too deeply") from None


def parse_study(data: Mapping[str, Any], modules: Iterable[str] = ()) -> Study:
    """Make a study from plain data of the form that a TOML file yields.

    Parameters
    ----------
    data : mapping
        `name`, `episodes` or `steps`, `seeds` (a count, or a table of `start` and `count`), `environments`, `agents`,
        and perhaps `max_steps`, `precision`, `keep`, `block`, `tables` and `checkpoints` of episodes, `points` and
        `parameters` of steps, `conditions`, `measures`, `against`, `select` (a table of `tune` and `test`; `seeds` may
        then be left out) and `stop` (a table of `difference`, and perhaps `confidence` and `most`). Each environment
        and agent is a table of its `kind` and parameters, of a deep agent with tables of its parts; a list among the
        parameters is swept, or a list of lists where a parameter is a list by nature. `conditions` is a list of tables
        with the fields of `Condition`.
    modules : iterable of str
        As for `read_study`.

    Returns
    -------
    Study

    Raises
    ------
    ImportError
        No such module.
    SpecError
        Unknown, missing or wrong entries.

    Examples
    --------
    >>> hard = {"kind": "q_learning", "step_size": [0.5, 0.8], "discount": 0.95}
    >>> data = {"name": "small", "episodes": 5, "seeds": 10, "agents": {"hard": hard}}
    >>> study = parse_study(data | {"environments": {"cliff": {"kind": "cliff_walking"}}})
    >>> [condition.name for condition in study.conditions]
    ['cliff/hard[step_size=0.5]', 'cliff/hard[step_size=0.8]']
    """
    if "tune" in data:
        raise SpecError("tune is there: its agents are chosen by `fastsoftq tune`, and not run as they are", ("tune",))
    axis = _axis(data)
    first, *others = _OF_AXIS[axis]
    required = [*_REQUIRED[:1], first, *_REQUIRED[1:], *([] if "select" in data else ["seeds"])]
    check_names(data, (), (*_REQUIRED, *_OF_AXIS[axis], "seeds", *_OPTIONAL, *_READ, "conditions"), required)
    own = kinds_of_modules(modules)
    make = partial(made_environment, axis=axis, own=own)
    environments = made_tables(data["environments"], ("environments",), make, own)
    agents = made_tables(data["agents"], ("agents",), partial(made_agent, own=own), own)
    plain = {name: data[name] for name in ("name", first, *others, *_OPTIONAL) if name in data}
    plain |= {name: _read(kind, data[name], (name,)) for name, kind in _READ.items() if name in data}
    origins = Origins(
        {name: Origin(made.table, flattened(made.parameters, label_of)) for name, made in environments.items()},
        {name: Origin(made.table) for name, made in agents.items()},
    )
    conditions = _conditions(data["conditions"]) if "conditions" in data else None
    try:
        return Study(
            seeds=_seeds(data.get("seeds")),
            environments={name: variant.made for name, variant in environments.items()},
            agents={name: variant.made for name, variant in agents.items()},
            conditions=conditions,
            origins=origins,
            **plain,
        )
    except (TypeError, ValueError) as error:
        raise located(error, (), data) from None


def _axis(data: Mapping[str, Any]) -> Axis:
    """What a study counts; what only goes with the other is refused by name."""
    axis = Axis.POINTS if "steps" in data else Axis.EPISODES
    counted = _OF_AXIS[axis][0]
    other = Axis.EPISODES if axis is Axis.POINTS else Axis.POINTS
    for name in _OF_AXIS[other]:
        if name in data and counted in data:
            raise SpecError(
                f"{name} is there, and so is {counted}; a study counts episodes, of tabular agents, or steps, of deep "
                f"ones: with {counted} go {', '.join(_OF_AXIS[axis][1:])}",
                (name,),
            )
    return axis


def _read(kind: Any, table: Any, at: Where) -> Any:
    """A table of what a study says of how it is read."""
    known = fields(kind)
    required = [field.name for field in known if field.default is MISSING]
    check_names(table_of(table, at), at, [field.name for field in known], required)
    try:
        return kind(**table)
    except (TypeError, ValueError) as error:
        raise located(error, at, table) from None


def _conditions(tables: Any) -> list[Condition]:
    """What `[[conditions]]` lists."""
    if not isinstance(tables, list):
        raise SpecError(f"conditions is {tables!r}; it must be a list of tables, [[conditions]]", ("conditions",))
    known = [field.name for field in fields(Condition)]
    made = []
    for place, table in enumerate(tables):
        here: Where = ("conditions", place)
        check_names(table_of(table, here), here, known, ("environment", "agent"))
        try:
            made.append(Condition(**table))
        except (TypeError, ValueError) as error:
            raise located(error, here, table) from None
    return made


def _seeds(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    check_names(value, ("seeds",), ("start", "count"), ("start", "count"))
    for name in ("start", "count"):
        if isinstance(value[name], bool) or not isinstance(value[name], int) or value[name] < 0:
            raise SpecError(f"seeds.{name} is {value[name]!r}; it must be an integer of at least 0", ("seeds", name))
    if value["count"] > sys.maxsize:
        raise SpecError(f"seeds.count is {value['count']}; it must be at most {sys.maxsize}", ("seeds", "count"))
    return range(value["start"], value["start"] + value["count"])

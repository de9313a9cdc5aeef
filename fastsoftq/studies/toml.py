"""From plain data, or a TOML file, to a Study; an error gives the line and the nearest name that is known."""

from __future__ import annotations

import difflib
import inspect
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from fastsoftq.agents import LEARNERS, LinearDecay, PowerDecay
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.grid import from_map
from fastsoftq.mdp.gymnasium import from_gymnasium, maker
from fastsoftq.mdp.multi_goal import multi_goal
from fastsoftq.mdp.point_mass import point_mass
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.origins import Origin, Origins, flattened
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.stopping import Stop
from fastsoftq.studies.study import Study
from fastsoftq.studies.sweep import label_of, list_depths, swept

__all__ = ["ENVIRONMENTS", "SpecError", "origins_of_source", "parse_study", "read_as", "read_study"]

# The environments that can be named in a study: the kind, and what makes one from the table's other entries.
ENVIRONMENTS: dict[str, Callable[..., TabularMDP]] = {
    "cliff_walking": cliff_walking,
    "map": from_map,
    "multi_goal": multi_goal,
    "point_mass": point_mass,
    "gymnasium": from_gymnasium,
}

_REQUIRED = ("name", "episodes", "environments", "agents")
_OPTIONAL = ("max_steps", "precision", "keep", "block", "tables", "checkpoints", "measures", "against")
_READ: dict[str, type] = {"select": Selection, "stop": Stop}
_SCHEDULES = (LinearDecay, PowerDecay)

Where = tuple[str | int, ...]
Parsed = TypeVar("Parsed")


class SpecError(ValueError):
    """A study that is not as it should be.

    Attributes
    ----------
    at : tuple of str
        The path of the entry, such as ("agents", "soft", "step_size"); empty for the whole.
    """

    def __init__(self, message: str, at: Where = ()) -> None:
        super().__init__(message)
        self.at = at


def read_study(path: str | Path) -> Study:
    r"""Read a study from a TOML file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Study

    Raises
    ------
    OSError
        No such file.
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
    return read_as(parse_study, path)


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
        line = _line_of(error.at, text)
        raise SpecError(f"{path.name}, line {line}: {error}" if line else f"{path.name}: {error}", error.at) from None
    except ValueError as error:  # tomllib's own, and Python's of numbers with thousands of digits
        raise SpecError(f"{path.name}: {error}") from None
    except RecursionError:
        raise SpecError(f"{path.name}: lists or tables are nested too deeply") from None


def parse_study(data: Mapping[str, Any]) -> Study:
    """Make a study from plain data of the form that a TOML file yields.

    Parameters
    ----------
    data : mapping
        `name`, `episodes`, `seeds` (a count, or a table of `start` and `count`), `environments`, `agents`, and perhaps
        `max_steps`, `precision`, `keep`, `block`, `tables`, `checkpoints`, `conditions`, `measures`, `against`,
        `select` (a table of `tune` and `test`; `seeds` may then be left out) and `stop` (a table of `difference`, and
        perhaps `confidence` and `most`). Each environment and agent
        is a table of its `kind` and parameters; a list among the parameters is swept, or a list of lists where a
        parameter is a list by nature. `conditions` is a list of tables with the fields of `Condition`.

    Returns
    -------
    Study

    Raises
    ------
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
    required = _REQUIRED if "select" in data else (*_REQUIRED, "seeds")
    _check_names(data, (), (*_REQUIRED, "seeds", *_OPTIONAL, *_READ, "conditions"), required)
    environments = _named(data["environments"], ("environments",), _environment)
    agents = _named(data["agents"], ("agents",), _agent)
    plain = {name: data[name] for name in ("name", "episodes", *_OPTIONAL) if name in data}
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
        raise _located(error, (), data) from None


class _Variant(NamedTuple):
    """What a table stands for, by itself or as one of its sweep."""

    table: str
    parameters: Mapping[str, Any]
    made: Any = None


def origins_of_source(text: str | None) -> Origins:
    r"""Where environments and agents come from, of a study's text, which may come from anybody; nothing is made of it.

    Parameters
    ----------
    text : str or None

    Returns
    -------
    Origins
        Empty where the text is no study. Gymnasium's environments are left out: what is a list by nature among their
        parameters is only known to code that would have to be imported.

    Examples
    --------
    >>> found = origins_of_source('[agents.soft]\nkind = "soft_q_learning"\nreward_scale = [2, 5]')
    >>> found.table("agents", "soft[reward_scale=5]")
    'soft'
    """
    try:
        data = tomllib.loads(text or "")
        agents = {
            name: Origin(variant.table) for name, variant in _variants(data.get("agents", {}), ("agents",)).items()
        }
        tables = {
            name: table
            for name, table in data.get("environments", {}).items()
            if "gymnasium" not in _each(table.get("kind"))
        }
        environments = {
            name: Origin(variant.table, flattened(variant.parameters, label_of))
            for name, variant in _variants(tables, ("environments",)).items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Origins()
    return Origins(environments, agents)


def _named(tables: Any, at: Where, make: Callable[[Mapping[str, Any], Where], Any]) -> dict[str, _Variant]:
    """Every table of environments or agents, its sweep expanded and made."""
    return {
        name: variant._replace(made=make(variant.parameters, (*at, variant.table)))
        for name, variant in _variants(tables, at).items()
    }


def _variants(tables: Any, at: Where) -> dict[str, _Variant]:
    """Every table of environments or agents, its sweep expanded."""
    found: dict[str, _Variant] = {}
    for name, table in _table(tables, at).items():
        here = (*at, name)
        parameters = _table(table, here)
        try:
            variants = swept(parameters, _nature(parameters))
        except ValueError as error:
            raise _located(error, here, parameters) from None
        for label, variant in variants:
            full = f"{name}[{label}]" if label else name
            if full in found:
                others = "; a sweep calls its variants so" if label or "[" in name else ""
                raise SpecError(f"{_dotted(at)} has two that are called {full!r}{others}; rename one", here)
            found[full] = _Variant(name, variant)
    return found


def _read(kind: Any, table: Any, at: Where) -> Any:
    """A table of what a study says of how it is read."""
    known = fields(kind)
    required = [field.name for field in known if field.default is MISSING]
    _check_names(_table(table, at), at, [field.name for field in known], required)
    try:
        return kind(**table)
    except (TypeError, ValueError) as error:
        raise _located(error, at, table) from None


def _conditions(tables: Any) -> list[Condition]:
    """What `[[conditions]]` lists."""
    if not isinstance(tables, list):
        raise SpecError(f"conditions is {tables!r}; it must be a list of tables, [[conditions]]", ("conditions",))
    known = [field.name for field in fields(Condition)]
    made = []
    for place, table in enumerate(tables):
        here: Where = ("conditions", place)
        _check_names(_table(table, here), here, known, ("environment", "agent"))
        try:
            made.append(Condition(**table))
        except (TypeError, ValueError) as error:
            raise _located(error, here, table) from None
    return made


def _agent(parameters: Mapping[str, Any], at: Where) -> Any:
    kind: Any = LEARNERS[_kind(parameters, at, LEARNERS)]
    required = [name for name in kind._fields if name not in kind._field_defaults]
    _check_names(parameters, at, ("kind", *kind._fields), ("kind", *required))
    fields = {
        name: _schedule(value, (*at, name)) if isinstance(value, Mapping) else value
        for name, value in parameters.items()
        if name != "kind"
    }
    try:
        return checked(kind(**fields))
    except (TypeError, ValueError) as error:
        raise _located(error, at, parameters, f"{kind.__name__}.") from None


def _schedule(table: Mapping[str, Any], at: Where) -> Any:
    for kind in _SCHEDULES:
        if set(table) == set(kind._fields):
            return kind(**table)
    forms = " or ".join("{ " + ", ".join(kind._fields) + " }" for kind in _SCHEDULES)
    known = sorted({field for kind in _SCHEDULES for field in kind._fields})
    for name in table:
        if name not in known:
            raise SpecError(f"{_dotted((*at, name))} is not known; {_one_of(known, name)}", at)
    raise SpecError(f"{_dotted(at)} has {', '.join(table) or 'nothing'}; a schedule is {forms}", at)


def _nature(parameters: Mapping[str, Any]) -> Callable[[tuple[str, ...]], int]:
    """How deep a list each parameter of an environment is by nature; where kinds are swept, the deepest of any."""
    kinds, names = (_each(parameters.get(entry)) for entry in ("kind", "env"))
    makers = [ENVIRONMENTS[kind] for kind in kinds if isinstance(kind, str) and kind in ENVIRONMENTS]
    if from_gymnasium in makers:
        makers += [found for name in names if isinstance(name, str) and (found := maker(name)) is not None]
    known = [list_depths(make) for make in makers]
    return lambda path: max((nature(path) for nature in known), default=0)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _environment(parameters: Mapping[str, Any], at: Where) -> TabularMDP:
    make = ENVIRONMENTS[_kind(parameters, at, ENVIRONMENTS)]
    arguments = inspect.signature(make).parameters.values()
    named = [argument for argument in arguments if argument.kind is not argument.VAR_KEYWORD]
    required = [argument.name for argument in named if argument.default is argument.empty]
    known = ["kind", *(argument.name for argument in named)]
    if len(named) < len(arguments):  # it takes others as well
        known += parameters
    _check_names(parameters, at, known, ("kind", *required))
    try:
        return make(**{name: value for name, value in parameters.items() if name != "kind"})
    except (TypeError, ValueError, ImportError) as error:
        raise _located(error, at, parameters) from None


def _kind(parameters: Mapping[str, Any], at: Where, known: Iterable[str]) -> str:
    kind = parameters.get("kind")
    if kind is None:
        raise SpecError(f"{_dotted(at)}.kind is missing; {_one_of(known)}", at)
    if not isinstance(kind, str) or kind not in known:
        raise SpecError(f"{_dotted(at)}.kind is {kind!r}; {_one_of(known, kind)}", (*at, "kind"))
    return kind


def _seeds(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    _check_names(value, ("seeds",), ("start", "count"), ("start", "count"))
    for name in ("start", "count"):
        if isinstance(value[name], bool) or not isinstance(value[name], int) or value[name] < 0:
            raise SpecError(f"seeds.{name} is {value[name]!r}; it must be an integer of at least 0", ("seeds", name))
    if value["count"] > sys.maxsize:
        raise SpecError(f"seeds.count is {value['count']}; it must be at most {sys.maxsize}", ("seeds", "count"))
    return range(value["start"], value["start"] + value["count"])


def _check_names(table: Mapping[str, Any], at: Where, known: Iterable[str], required: Iterable[str]) -> None:
    known = list(known)
    for name in table:
        if name not in known:
            raise SpecError(f"{_dotted((*at, name))} is not known; {_one_of(known, name)}", (*at, name))
    for name in required:
        if name not in table:
            raise SpecError(f"{_dotted((*at, name))} is missing", at)


def _table(value: Any, at: Where) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError(f"{_dotted(at)} is {value!r}; it must be a table", at)
    return value


def _located(error: Exception, at: Where, names: Iterable[str], prefix: str = "") -> SpecError:
    """The error of a constructor, whose message starts with the argument's name, as one of the entry of that name."""
    message = str(error)
    argument = re.match(r"(\w+)(?:\[(\d+)\](?:\.(\w+))?)?", message.removeprefix(prefix))
    name = argument[1] if argument and argument[1] in names else None
    where = (*at, name) if name else at
    if argument and name == "conditions":
        where += tuple(int(part) if part.isdigit() else part for part in argument.groups()[1:] if part)
    subject = message.removeprefix(prefix)
    return SpecError(_dotted((*at, subject)) if name else f"{_dotted(at)}: {message}" if at else message, where)


def _one_of(known: Iterable[str], wrong: Any = None) -> str:
    names = list(known)
    close = difflib.get_close_matches(str(wrong), names, 1)
    hint = f"did you mean {close[0]!r}? It" if close else "it"
    return f"{hint} must be one of {', '.join(map(repr, names))}"


def _dotted(path: Where) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _line_of(at: Where, text: str) -> int | None:
    """The number of the line where an entry stands, or else the table around it; None for the whole file."""
    found: dict[Where, int] = {}
    table: Where = ()
    lists: Counter[Where] = Counter()
    for number, line in enumerate(text.split("\n"), 1):  # as TOML has lines
        if header := re.match(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$", line):
            table = _path(header[2])
            if header[1] == "[[":
                lists[table] += 1
                table = (*table, lists[table] - 1)
            entry = table
        elif key := re.match(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line):
            entry = (*table, *_path(key[1]))
        else:
            continue
        for depth in range(1, len(entry) + 1):
            found.setdefault(entry[:depth], number)
    return next((found[at[:depth]] for depth in range(len(at), 0, -1) if at[:depth] in found), None)


def _path(dotted: str) -> Where:
    parts = re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted)
    return tuple(part.strip("\"'") for part in parts)

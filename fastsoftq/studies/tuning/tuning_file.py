"""From a TOML file with a table `tune` to a study and what of its agents is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fastsoftq import checks
from fastsoftq.studies.study import Study
from fastsoftq.studies.toml import SpecError, parse_study, read_as
from fastsoftq.studies.tuning.spaces import Choices, Range, space_of_table

__all__ = ["Tuning", "parse_tuning", "read_tuning"]


class Tuning(NamedTuple):
    """What a file asks for."""

    study: Study
    space: dict[str, dict[str, Range | Choices]]  # by the table of an agent
    rungs: tuple[int, ...] | None


def read_tuning(path: str | Path, modules: Iterable[str] = ()) -> Tuning:
    """Read a study whose agents are tuned from a TOML file.

    Parameters
    ----------
    path : str or Path
    modules : iterable of str
        As for `read_study`.

    Returns
    -------
    Tuning

    Raises
    ------
    OSError
        No such file.
    ImportError
        No such module.
    SpecError
        Not TOML, or no such study; the message gives the file, the line and the nearest known name.
    """
    return read_as(partial(parse_tuning, modules=modules), path)


def parse_tuning(data: Mapping[str, Any], modules: Iterable[str] = ()) -> Tuning:
    """Make a study whose agents are tuned from plain data of the form that a TOML file yields.

    Parameters
    ----------
    data : mapping
        As for `parse_study`, with `tune`: a table of `agents`, and perhaps `rungs`. Each of the agents is a table of
        what may be tried of its hyperparameters: `{ low, high }`, perhaps with `log`, or `{ choices }`. What is tuned
        may be missing in the agent's own table.
    modules : iterable of str
        As for `read_study`.

    Returns
    -------
    Tuning

    Raises
    ------
    ImportError
        No such module.
    SpecError
        Unknown, missing or wrong entries.

    Examples
    --------
    >>> hard = {"kind": "q_learning", "discount": 0.95}
    >>> data = {"name": "small", "episodes": 5, "select": {"tune": 10, "test": 20}, "agents": {"hard": hard}}
    >>> data |= {"environments": {"cliff": {"kind": "cliff_walking"}}}
    >>> parse_tuning(data | {"tune": {"agents": {"hard": {"step_size": {"low": 0.1, "high": 1.0}}}}}).space
    {'hard': {'step_size': Range(low=0.1, high=1.0, log=False)}}
    """
    rest = {name: value for name, value in data.items() if name != "tune"}
    if "tune" not in data:
        raise SpecError("tune is missing; [tune.agents.NAME] says what of an agent is chosen")
    asked = data["tune"]
    if not isinstance(asked, Mapping) or not isinstance(asked.get("agents"), Mapping) or not asked["agents"]:
        raise SpecError("tune.agents is missing; [tune.agents.NAME] says what of an agent is chosen", ("tune",))
    for name in asked:
        if name not in ("agents", "rungs"):
            raise SpecError(f"tune.{name} is not known; it must be 'agents' or 'rungs'", ("tune", name))
    rungs = asked.get("rungs")
    if rungs is not None and not isinstance(rungs, list):
        raise SpecError(f"tune.rungs is {rungs!r}; it must be a list of numbers of seeds", ("tune", "rungs"))
    agents = rest.get("agents")
    space = {}
    if isinstance(agents, Mapping):
        agents = dict(agents)
        for name, table in asked["agents"].items():
            at = ("tune", "agents", name)
            try:
                checks.choice("tune.agents", name, agents)
                if not isinstance(table, Mapping) or not table:
                    raise ValueError("it must be a table of hyperparameters")
                space[name] = space_of_table(table)
            except (TypeError, ValueError) as error:
                # Of the hyperparameter, if the message names one.
                path = str(error).partition(":")[0].partition(" is ")[0].split(".")
                raise SpecError(f"tune.agents.{name}: {error}", (*at, *path)) from None
            agents[name] = _filled(agents[name], space[name])
        rest["agents"] = agents
    study = parse_study(rest, modules)
    for name in space:
        if name not in study.agents:
            raise SpecError(f"agents.{name} is swept; of an agent that is tuned, no list may be", ("agents", name))
    return Tuning(study, space, None if rungs is None else tuple(rungs))


def _filled(table: Any, space: Mapping[str, Range | Choices]) -> Any:
    """An agent's table with some value of each hyperparameter that is chosen."""
    if not isinstance(table, Mapping):
        return table
    filled = dict(table)
    for path, kind in space.items():
        first, _, rest = path.partition(".")
        inner = filled.get(first)
        if rest:
            filled[first] = _filled(inner if isinstance(inner, Mapping) else {}, {rest: kind})
        else:
            filled[first] = kind.any
    return filled

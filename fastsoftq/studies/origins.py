"""Origins: the tables that a study's environments and agents were written in, from which sweeps made several of each.

They are written down with the study, so that nothing has to be read out of a name.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from fastsoftq import checks

__all__ = ["GROUPS", "Origin", "Origins", "Value", "flattened", "is_value", "origins_from_record"]

Value: TypeAlias = float | int | bool | str | None
"""What a condition has of a column: a number, a truth, a text, or nothing."""

GROUPS = ("environments", "agents")


@dataclass(frozen=True)
class Origin:
    """Where an environment or an agent comes from.

    Parameters
    ----------
    table : str
        The name of its table, without what a sweep adds to it.
    parameters : mapping of str to Value
        What the table says, by the path within it; of agents empty, since their hyperparameters are known.

    Raises
    ------
    TypeError
        A name that is no string, or a parameter that is none of these values.

    Examples
    --------
    >>> Origin("goals", {"kind": "multi_goal", "size": 5}).parameters["size"]
    5
    """

    table: str
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.text("table", self.table)
        for name, value in self.parameters.items():
            checks.text("parameters", name)
            if not is_value(value):
                raise TypeError(
                    f"parameters[{name!r}] is {checks.shown(value)}; it must be a number, a truth, a text or None"
                )
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Origin, (self.table, dict(self.parameters))


@dataclass(frozen=True)
class Origins:
    """Where a study's environments and agents come from, by name; those that are not here are tables of their own.

    Parameters
    ----------
    environments, agents : mapping of str to Origin

    Examples
    --------
    >>> origins = Origins(agents={"soft[reward_scale=10]": Origin("soft")})
    >>> origins.table("agents", "soft[reward_scale=10]"), origins.table("agents", "hard")
    ('soft', 'hard')
    """

    environments: Mapping[str, Origin] = field(default_factory=dict)
    agents: Mapping[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for group in GROUPS:
            given = getattr(self, group)
            for name, origin in given.items():
                checks.text(group, name)
                if not isinstance(origin, Origin):
                    raise TypeError(f"{group}[{name!r}] is {checks.shown(origin)}; it must be an Origin")
            object.__setattr__(self, group, MappingProxyType(dict(given)))

    def __bool__(self) -> bool:
        return bool(self.environments or self.agents)

    def __reduce__(self) -> tuple[Any, ...]:
        return Origins, (dict(self.environments), dict(self.agents))

    def table(self, group: str, name: str) -> str:
        """The table of an environment or an agent; its name where nothing else is known."""
        origin = self._of(group).get(name)
        return name if origin is None else origin.table

    def parameters(self, name: str) -> Mapping[str, Value]:
        """What the table of an environment says."""
        origin = self.environments.get(name)
        return {} if origin is None else origin.parameters

    def over(self, earlier: Origins) -> Origins:
        """These, and earlier ones of what is not among them."""
        return Origins({**earlier.environments, **self.environments}, {**earlier.agents, **self.agents})

    def known(self, record: Mapping[str, Any]) -> Origins:
        """Those of what a study's record has."""
        return Origins(
            *({name: origin for name, origin in self._of(group).items() if name in record[group]} for group in GROUPS)
        )

    def record(self) -> dict[str, Any]:
        """As plain data, with parameters as pairs, since tables do not keep their order in files."""
        return {
            group: {
                name: {"table": origin.table, "parameters": [list(entry) for entry in origin.parameters.items()]}
                for name, origin in self._of(group).items()
            }
            for group in GROUPS
            if self._of(group)
        }

    def _of(self, group: str) -> Mapping[str, Origin]:
        return self.environments if group == GROUPS[0] else self.agents


def origins_from_record(data: Any) -> Origins:
    """Origins from plain data, which may come from anybody.

    Parameters
    ----------
    data : mapping
        As `Origins.record` gives it.

    Returns
    -------
    Origins

    Raises
    ------
    LookupError, TypeError, ValueError, AttributeError
        It is no such data.

    Examples
    --------
    >>> origins_from_record({"agents": {"soft[reward_scale=10]": {"table": "soft", "parameters": []}}}).agents
    mappingproxy({'soft[reward_scale=10]': Origin(table='soft', parameters=mappingproxy({}))})
    """
    if not set(data) <= set(GROUPS):
        raise ValueError(f"origins is {data!r}")
    groups = (
        {name: Origin(origin["table"], dict(origin["parameters"])) for name, origin in data.get(group, {}).items()}
        for group in GROUPS
    )
    return Origins(*groups)


def is_value(value: Any) -> bool:
    """Whether it is a Value, and a number that has a float.

    Examples
    --------
    >>> is_value(3), is_value("hard"), is_value([3]), is_value(10**400)
    (True, True, False, False)
    """
    if isinstance(value, float | int) and not isinstance(value, bool):
        return abs(value) <= sys.float_info.max
    return value is None or isinstance(value, bool | str)


def flattened(parameters: Mapping[str, Any], text: Any = str) -> dict[str, Value]:
    """The parameters of a table by their paths; what is no Value as a text.

    Parameters
    ----------
    parameters : mapping
        Plain data; tables within it may hold others.
    text : callable of (value) -> str
        Makes the text.

    Returns
    -------
    dict of str to Value

    Examples
    --------
    >>> flattened({"size": 5, "closed": [0, 2], "epsilon": {"start": 0.9, "stop": 0.1}})
    {'size': 5, 'closed': '[0, 2]', 'epsilon.start': 0.9, 'epsilon.stop': 0.1}
    """
    found: dict[str, Value] = {}
    left = [(str(name), value) for name, value in parameters.items()][::-1]
    while left:  # not by recursion: a folder's plan may be nested deeply
        path, value = left.pop()
        if isinstance(value, Mapping):
            left += [(f"{path}.{name}", inner) for name, inner in value.items()][::-1]
        else:
            found[path] = value if is_value(value) else text(value)
    return found

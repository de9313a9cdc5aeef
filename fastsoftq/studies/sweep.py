"""Sweeps: a list among parameters stands for each of its values in turn; several lists make their product.

A parameter that is a list by nature, such as the rows of a map, is swept as soon as there are lists in its list. How
deep a list it is by nature its annotation says, or its default.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any, Union, get_args, get_origin

__all__ = ["depth", "label_of", "list_depths", "swept"]

_MOST = 100_000  # variants of one table

Path = tuple[str, ...]


def swept(
    parameters: Mapping[str, Any], nature: Callable[[Path], int] = lambda path: 0
) -> list[tuple[str, dict[str, Any]]]:
    """Expand lists into their product.

    A list within a table is swept too, in a table that stands in a list as well, which then stands for all that it may
    be. A value that is itself a list is written as a list of lists.

    Parameters
    ----------
    parameters : mapping
        Plain data, as TOML yields it.
    nature : callable of (tuple of str) -> int
        How deep a list the parameter of this path is by nature; one that is not deeper is a single value.

    Returns
    -------
    list of (str, dict)
        A label that names the swept values only ("" without any), and the parameters without lists, but for those
        that are lists by nature. The last list varies fastest.

    Raises
    ------
    ValueError
        An empty list, a value that a list repeats, or lists with more than 100 000 variants.

    Examples
    --------
    >>> for label, parameters in swept({"kind": "soft_q_learning", "reward_scale": [1, 10]}):
    ...     print(label, parameters)
    reward_scale=1 {'kind': 'soft_q_learning', 'reward_scale': 1}
    reward_scale=10 {'kind': 'soft_q_learning', 'reward_scale': 10}

    >>> rows = {"rows": [["S..G", "S.#G"], ["S.G"]]}
    >>> [parameters["rows"] for _, parameters in swept(rows, lambda path: 1)]
    [['S..G', 'S.#G'], ['S.G']]
    >>> swept({"rows": ["S..G", "S.#G"]}, lambda path: 1)
    [('', {'rows': ['S..G', 'S.#G']})]

    >>> epsilon = [0.1, {"start": [0.9, 0.5], "stop": 0.1, "decrease": 0.1}]
    >>> [parameters["epsilon"] for _, parameters in swept({"epsilon": epsilon})][1:]
    [{'start': 0.9, 'stop': 0.1, 'decrease': 0.1}, {'start': 0.5, 'stop': 0.1, 'decrease': 0.1}]
    """
    return _swept(parameters, (), nature)


def _swept(
    parameters: Mapping[str, Any], above: Path, nature: Callable[[Path], int]
) -> list[tuple[str, dict[str, Any]]]:
    """As `swept`, of the table at the path `above`."""
    paths, lists = [], []
    for path, given in _lists(parameters, above, nature):
        name = ".".join(path)
        if not given:
            raise ValueError(f"{name} is []; a list is swept, so it must hold at least one value")
        values = [variant for value in given for variant in _each(value, path, nature)]
        labels = [label_of(value) for value in values]
        identities = {_identity(_listed(value) if nature(path) == 1 else value) for value in values}
        if min(len(set(labels)), len(identities)) < len(values):
            raise ValueError(f"{name} is [{', '.join(labels)}]; a list is swept, so no value may repeat")
        paths.append(path)
        lists.append(values)
    if math.prod(map(len, lists)) > _MOST:
        name = ".".join(paths[-1])
        raise ValueError(
            f"{name} is swept, which makes {math.prod(map(len, lists))} variants; at most {_MOST} are allowed"
        )
    variants = []
    for choice in product(*lists):
        variant = _copied(parameters)
        for path, value in zip(paths, choice, strict=True):
            _put(variant, path[len(above) :], value)
        label = ",".join(f"{'.'.join(path)}={label_of(value)}" for path, value in zip(paths, choice, strict=True))
        variants.append((label, variant))
    return variants


def _each(value: Any, path: Path, nature: Callable[[Path], int]) -> list[Any]:
    """What an entry of a list that is swept stands for: a table for all of its own sweep, anything else for itself."""
    return [variant for _, variant in _swept(value, path, nature)] if isinstance(value, Mapping) else [value]


def _lists(parameters: Mapping[str, Any], above: Path, nature: Callable[[Path], int]) -> list[tuple[Path, list[Any]]]:
    found = []
    for name, value in parameters.items():
        path = (*above, name)
        if isinstance(value, list) and depth(value) > nature(path):
            found.append((path, value))
        elif isinstance(value, Mapping):
            found.extend(_lists(value, path, nature))
    return found


def _copied(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in parameters.items()}


def _put(parameters: dict[str, Any], path: Path, value: Any) -> None:
    *tables, last = path
    for table in tables:
        parameters = parameters[table]
    parameters[last] = value


def _identity(value: Any) -> Any:
    """What is equal for equal values: 1 and 1.0, or 0.0 and -0.0, but not 1 and true."""
    if isinstance(value, Mapping):
        return frozenset((name, _identity(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(map(_identity, value))
    return isinstance(value, bool), value


def _listed(value: Any) -> Any:
    """A string where lists of strings are meant, as the rows of a map: its lines, as a label has them."""
    return _lines(value) if isinstance(value, str) else value


def label_of(value: Any) -> str:
    """A value as the names of a sweep's variants show it.

    Examples
    --------
    >>> label_of(0.5), label_of([0, 2]), label_of(True), label_of({"start": 0.9, "stop": 0.1})
    ('0.5', '(0 2)', 'true', '(start=0.9 stop=0.1)')
    """
    if isinstance(value, Mapping):
        return "(" + " ".join(f"{name}={label_of(inner)}" for name, inner in value.items()) + ")"
    if isinstance(value, list):
        return "(" + " ".join(map(label_of, value)) + ")"
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(_lines(str(value).replace("/", "|")))


def _lines(text: str) -> list[str]:
    """A text's lines without what is blank around them; a single one as it is."""
    lines = text.splitlines()
    return lines if len(lines) == 1 else [line.strip() for line in lines if line.strip()]


def depth(value: Any) -> int:
    """How deep lists are nested in a value: 0 for what is no list.

    Examples
    --------
    >>> depth(3), depth([]), depth([0, [1, 2]])
    (0, 1, 2)
    """
    return 1 + max(map(depth, value), default=0) if isinstance(value, list | tuple) else 0


def list_depths(make: Callable[..., Any]) -> Callable[[tuple[str, ...]], int]:
    """Tell how deep a list each parameter of a function is by nature.

    Parameters
    ----------
    make : callable
        Such as `multi_goal`, of which `closed` is a list and `goal_rewards` a number or a list.

    Returns
    -------
    callable of (tuple of str) -> int
        Of the path of a parameter, or of an entry of a table that is one. 0 for one that is not known.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> nature = list_depths(fsq.multi_goal)
    >>> nature(("closed",)), nature(("goal_rewards",)), nature(("size",))
    (1, 1, 0)
    """
    hints, defaults = _hints(make)

    def nature(path: tuple[str, ...]) -> int:
        first, *inner = path
        kind = hints.get(first, Any)
        for _ in inner:
            kind = _of_entries(kind)
        found = _depth(kind)
        return found if found or inner else depth(defaults.get(first))

    return nature


def _hints(make: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Annotations and defaults, by name; what cannot be told is left out."""
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):
        return {}, {}
    annotated = {name: parameter.annotation for name, parameter in parameters.items()}
    with contextlib.suppress(Exception):  # of names that only a type checker knows
        annotated |= typing.get_type_hints(getattr(make, "__init__", make) if isinstance(make, type) else make)
    return annotated, {name: parameter.default for name, parameter in parameters.items()}


def _named(kind: Any) -> Any:
    """What a type alias stands for (PEP 695; NumPy's `NDArray` is one since 2.5)."""
    origin = get_origin(kind) or kind
    while hasattr(origin, "__value__"):
        kind = origin.__value__ if kind is origin else origin.__value__[get_args(kind)]
        origin = get_origin(kind) or kind
    return kind


def _depth(kind: Any) -> int:
    kind = _named(kind)
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, types.UnionType):
        return max(map(_depth, inner))
    if origin is typing.Annotated:
        return _depth(inner[0])
    if not isinstance(origin, type) or not issubclass(origin, Iterable) or issubclass(origin, str | bytes | Mapping):
        return 0
    nested = () if hasattr(origin, "__array__") else inner  # those of an array are its shape and dtype
    return 1 + max(map(_depth, nested), default=0)


def _of_entries(kind: Any) -> Any:
    """The annotation of a table's entries."""
    kind = _named(kind)
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, types.UnionType):
        return Union[tuple(map(_of_entries, inner))]  # noqa: UP007  # made of what is found
    return inner[1] if isinstance(origin, type) and issubclass(origin, Mapping) and len(inner) == 2 else None

"""How deep a list a parameter is by nature, as its annotation or its default says: what a sweep must be deeper than."""

from __future__ import annotations

import contextlib
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union, get_args, get_origin

__all__ = ["depth", "list_depths"]


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

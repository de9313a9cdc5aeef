"""Checks of names, flags and sources of randomness."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Set
from numbers import Integral
from typing import TYPE_CHECKING, Any

from fastsoftq.checks.plain import plain, shown

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["choice", "flag", "generator", "rows", "text"]


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    TypeError
        Anything else.

    Examples
    --------
    >>> flag("paired", 1)
    Traceback (most recent call last):
    TypeError: paired is 1; it must be True or False
    """
    found = plain(name, value)
    if not isinstance(found, bool):
        raise TypeError(f"{name} is {shown(value)}; it must be True or False")
    return found


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string; raise TypeError if it is not.

    Examples
    --------
    >>> text("name", 3)
    Traceback (most recent call last):
    TypeError: name is 3; it must be a string
    """
    found = plain(name, value)
    if not isinstance(found, str):
        raise TypeError(f"{name} is {shown(value)}; it must be a string")
    return str(found)


def rows(name: str, value: Any) -> tuple[str, ...]:
    """Return `value` as a tuple if it is a sequence of strings; a set or a mapping, which has no order, is none.

    Raises
    ------
    TypeError
        Anything else.

    Examples
    --------
    >>> rows("map", ["S.", ".G"])
    ('S.', '.G')
    """
    if isinstance(value, str | Set | Mapping) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        raise TypeError(f"{name} is {shown(value)}; it must be a sequence of strings")
    return tuple(text(f"{name}[{i}]", row) for i, row in enumerate(value))


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the names in `allowed`.

    Raises
    ------
    TypeError
        Not a string.
    ValueError
        Unknown; the message gives the nearest name and all of them.

    Examples
    --------
    >>> choice("precision", "duoble", ["double", "mixed"])
    Traceback (most recent call last):
    ValueError: precision is 'duoble'; did you mean 'double'? It must be one of 'double', 'mixed'
    """
    names = allowed if isinstance(allowed, Collection) else list(allowed)  # a mapping of very many finds one at once
    found = plain(name, value)
    if isinstance(found, str) and found in names:
        return str(found)
    listed = ", ".join(map(repr, names))
    if not isinstance(found, str):
        raise TypeError(f"{name} is {shown(found)}; it must be one of {listed}")
    near = difflib.get_close_matches(found, names, 1)
    raise ValueError(
        f"{name} is {shown(found)}; {f'did you mean {near[0]!r}? It' if near else 'it'} must be one of {listed}"
    )


def generator(value: Any, unseeded: int | None = None) -> Generator:
    """Return `value` if it is a `numpy.random.Generator`, or the one that it is a seed for.

    For None the seed is `unseeded`, or fresh randomness.

    Raises
    ------
    TypeError
        Anything else.
    ValueError
        A negative seed.

    Examples
    --------
    >>> generator(0).integers(10)
    np.int64(8)
    """
    import numpy as np

    if isinstance(value, np.random.Generator):
        return value
    if value is None:
        return np.random.default_rng(unseeded)
    seed = plain("rng", value)
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise TypeError(f"rng is {shown(value)}; it must be an integer, a numpy.random.Generator or None")
    if seed < 0:
        raise ValueError(f"rng is {shown(seed)}; as a seed it must be at least 0")
    return np.random.default_rng(int(seed))

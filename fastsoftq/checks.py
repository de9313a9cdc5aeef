"""Checks of arguments, so that planning and training refuse a bad value with one voice; nothing of the package here."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

__all__ = ["choice", "count", "in_unit_interval", "number", "positive"]


def number(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite real number.

    Parameters
    ----------
    name : str
        What the caller calls the value.
    value : object
        What was passed. A NumPy scalar is a number; a bool, a string or an array is not.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite.
    """
    result = _real(name, value)
    if not math.isfinite(result):
        raise ValueError(f"{name} is {result}; it must be finite")
    return result


def positive(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite number above 0.

    Parameters
    ----------
    name, value
        As for `number`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or not above 0.
    """
    result = number(name, value)
    if result <= 0.0:
        raise ValueError(f"{name} is {result}; it must be above 0")
    return result


def in_unit_interval(name: str, value: Any, *, open_below: bool = False, open_above: bool = False) -> float:
    """Return `value` as a float if it lies in [0, 1].

    Parameters
    ----------
    name, value
        As for `number`.
    open_below, open_above : bool
        Leave out 0, as for a step size; leave out 1.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        NaN, or outside the interval.
    """
    result = _real(name, value)
    if not 0.0 <= result <= 1.0 or (open_below and result == 0.0) or (open_above and result == 1.0):
        raise ValueError(
            f"{name} is {result}; it must lie in {'(' if open_below else '['}0, 1{')' if open_above else ']'}"
        )
    return result


def count(name: str, value: Any, *, least: int = 1) -> int:
    """Return `value` as an int if it is a whole number of at least `least`.

    Parameters
    ----------
    name, value
        As for `number`; a float is not a count, even if it is whole.
    least : int
        The smallest value allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Too small.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is {value!r}; it must be an integer")
    result = int(value)
    if result < least:
        raise ValueError(f"{name} is {result}; it must be at least {least}")
    return result


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the names in `allowed`.

    Parameters
    ----------
    name, value
        As for `number`.
    allowed : iterable of str
        The names known.

    Returns
    -------
    str

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
    names = list(allowed)
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, names))}")
    if value not in names:
        near = difflib.get_close_matches(value, names, 1)
        hint = f"did you mean {near[0]!r}? It" if near else "it"
        raise ValueError(f"{name} is {value!r}; {hint} must be one of {', '.join(map(repr, names))}")
    return value


def _real(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; it must be a number")
    return float(value)

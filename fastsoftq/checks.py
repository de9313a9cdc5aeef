"""Checks of arguments, so that planning and training refuse a bad value with one voice; nothing of the package here."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

__all__ = [
    "LARGEST",
    "MOST",
    "array",
    "choice",
    "count",
    "flag",
    "generator",
    "in_unit_interval",
    "index",
    "number",
    "positive",
    "reward",
    "reward_scale",
    "rows",
    "temperature",
    "text",
    "threads",
]

MOST = 2**31 - 1
"""The largest count, unless said otherwise: compiled code counts in 32 bits."""

LARGEST = 1e100
"""The largest reward, as it is or scaled, and the largest initial value: sums over any number of steps, and their
squares, stay far from where float64 ends."""

_MOST_THREADS = 1024
_TEMPERATURES = 1e-30, 1e30  # their inverses, in bits, are numbers in single precision too


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


def temperature(name: str, value: Any) -> float:
    """Return `value` as a float if it is a temperature that can be reckoned with.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not above 0, or too close to 0 or to infinity.
    """
    result = positive(name, value)
    low, high = _TEMPERATURES
    if not low <= result <= high:
        raise ValueError(f"{name} is {result}; it must lie in [{low:g}, {high:g}]")
    return result


def reward_scale(name: str, value: Any, largest: float) -> float:
    """Return `value` as a float if it is a factor for rewards of up to `largest`.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, not above 0, or such that the scaled rewards are too large.
    """
    result = positive(name, value)
    if result * largest > LARGEST:
        raise ValueError(f"{name} is {result}; times the largest reward, {largest:g}, it must be at most {LARGEST:g}")
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


def count(name: str, value: Any, *, least: int = 1, most: int = MOST) -> int:
    """Return `value` as an int if it is a whole number from `least` to `most`.

    Parameters
    ----------
    name, value
        As for `number`; a float is not a count, even if it is whole.
    least, most : int
        The smallest and the largest value allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Too small, or too large.
    """
    result = _whole(name, value)
    if result < least:
        raise ValueError(f"{name} is {result}; it must be at least {least}")
    if result > most:
        raise ValueError(f"{name} is {result}; it must be at most {most}")
    return result


def threads(value: Any) -> int:
    """Return how many threads to use: `value`, or all cores for None.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        None at all, or more than a machine can be thought to have.
    """
    return (os.cpu_count() or 1) if value is None else count("threads", value, most=_MOST_THREADS)


def index(name: str, value: Any, size: int) -> int:
    """Return `value` as an int if it is one of 0, 1, ..., `size` - 1.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Outside.
    """
    result = _whole(name, value)
    if not 0 <= result < size:
        raise ValueError(f"{name} is {result}; it must lie in 0..{size - 1}")
    return result


def reward(name: str, value: Any) -> float:
    """Return `value` as a float if it can be reckoned with as a reward.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or too large.
    """
    result = number(name, value)
    if abs(result) > LARGEST:
        raise ValueError(f"{name} is {result}; it must be within ±{LARGEST:g}")
    return result


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string.

    Raises
    ------
    TypeError
        Anything else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; it must be a string")
    return value


def rows(name: str, value: Any) -> tuple[str, ...]:
    """Return `value` as a tuple if it is a sequence of strings.

    Raises
    ------
    TypeError
        Anything else.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} is {value!r}; it must be a sequence of strings")
    return tuple(text(f"{name}[{i}]", row) for i, row in enumerate(value))


def generator(value: Any, unseeded: int | None = None) -> Generator:
    """Return `value` if it is a source of randomness, or the one that it is a seed for.

    Parameters
    ----------
    value : numpy.random.Generator, int or None
    unseeded : int, optional
        The seed used for None; fresh randomness if not given.

    Raises
    ------
    TypeError
        Anything else.
    ValueError
        A negative seed.
    """
    import numpy as np

    if isinstance(value, np.random.Generator):
        return value
    if value is None:
        return np.random.default_rng(unseeded)
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"rng is {value!r}; it must be an integer, a numpy.random.Generator or None")
    if value < 0:
        raise ValueError(f"rng is {value}; as a seed it must be at least 0")
    return np.random.default_rng(int(value))


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    TypeError
        Anything else.
    """
    if type(value).__name__ not in ("bool", "bool_"):  # Python's and NumPy's
        raise TypeError(f"{name} is {value!r}; it must be True or False")
    return bool(value)


def array(name: str, value: Any, kinds: str = "", *, holds: str = "numbers") -> NDArray[Any]:
    """Return `value` as an array.

    Parameters
    ----------
    name, value
        As for `number`.
    kinds : str
        The kinds of dtype allowed, as NumPy abbreviates them; all if empty.
    holds : str
        What those are called.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        Of another kind.
    ValueError
        Rows of different lengths.
    """
    import numpy as np  # here, since the command line checks its numbers without it

    try:
        result = np.asarray(value)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name} is no array: {error}") from None
    if kinds and result.dtype.kind not in kinds:
        raise TypeError(f"{name} has dtype {result.dtype}; it must hold {holds}")
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


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is {value!r}; it must be an integer")
    return int(value)


def _real(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}; it must be a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} is too large for a float; it must be finite") from None

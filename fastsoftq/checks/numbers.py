"""Checks of one number. A NumPy scalar and an array of no axes count as the number they hold; a bool does not."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from fastsoftq.checks.plain import plain, shown
from fastsoftq.system.processors import processors

__all__ = [
    "LARGEST",
    "MOST",
    "count",
    "in_unit_interval",
    "index",
    "not_negative",
    "number",
    "positive",
    "real",
    "reward",
    "reward_scale",
    "temperature",
    "threads",
    "whole",
]

MOST = 2**31 - 1
"""The largest count, unless said otherwise: compiled code counts in 32 bits."""

LARGEST = 1e100
"""The largest reward, as it is or scaled, and the largest initial value: sums over any number of steps, and their
squares, stay far from where float64 ends."""

_MOST_THREADS = 1024
_TEMPERATURES = 1e-30, 1e30  # so that their inverses, in bits, are finite in single precision too


def real(name: str, value: Any) -> float:
    """Return `value` as a float if it is a real number, NaN and infinities included.

    Raises
    ------
    TypeError
        Not a number: a bool, a string, an array of any axes.
    ValueError
        An integer too large for a float.

    Examples
    --------
    >>> real("x", "1")
    Traceback (most recent call last):
    TypeError: x is '1'; it must be a number
    """
    found = plain(name, value)
    if isinstance(found, bool) or not isinstance(found, Real):
        raise TypeError(f"{name} is {shown(value)}; it must be a number")
    try:
        return float(found)
    except OverflowError:
        raise ValueError(f"{name} is too large for a float; it must be finite") from None


def number(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite real number.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite.

    Examples
    --------
    >>> number("reward", float("nan"))
    Traceback (most recent call last):
    ValueError: reward is nan; it must be finite
    """
    result = real(name, value)
    if not math.isfinite(result):
        raise ValueError(f"{name} is {result}; it must be finite")
    return result


def positive(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite number above 0.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or not above 0.

    Examples
    --------
    >>> positive("tolerance", 0)
    Traceback (most recent call last):
    ValueError: tolerance is 0.0; it must be above 0
    """
    result = number(name, value)
    if result <= 0.0:
        raise ValueError(f"{name} is {result}; it must be above 0")
    return result


def not_negative(name: str, value: Any) -> float:
    """Return `value` as a float if it is a finite number of 0 or more, within `LARGEST`.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, below 0, or too large.

    Examples
    --------
    >>> not_negative("bonus", -1)
    Traceback (most recent call last):
    ValueError: bonus is -1.0; it must be at least 0
    """
    result = reward(name, value)
    if result < 0.0:
        raise ValueError(f"{name} is {result}; it must be at least 0")
    return result


def temperature(name: str, value: Any) -> float:
    """Return `value` as a float if it is a temperature: above 0, and neither it nor its inverse overflows in float32.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Outside 1e-30 to 1e30.

    Examples
    --------
    >>> temperature("temperature", 1e-40)
    Traceback (most recent call last):
    ValueError: temperature is 1e-40; it must lie in [1e-30, 1e+30]
    """
    result = positive(name, value)
    low, high = _TEMPERATURES
    if not low <= result <= high:
        raise ValueError(f"{name} is {result}; it must lie in [{low:g}, {high:g}]")
    return result


def reward(name: str, value: Any) -> float:
    """Return `value` as a float if it is a reward: finite, and within ±`LARGEST`.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or too large.

    Examples
    --------
    >>> reward("goal_reward", 1e200)
    Traceback (most recent call last):
    ValueError: goal_reward is 1e+200; it must be within ±1e+100
    """
    result = number(name, value)
    if abs(result) > LARGEST:
        raise ValueError(f"{name} is {result}; it must be within ±{LARGEST:g}")
    return result


def reward_scale(name: str, value: Any, largest: float) -> float:
    """Return `value` as a float if it is a factor for rewards of up to `largest`.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, not above 0, or such that the scaled rewards are too large.

    Examples
    --------
    >>> reward_scale("reward_scale", 1e99, 100.0)
    Traceback (most recent call last):
    ValueError: reward_scale is 1e+99; times the largest reward, 100, it must be at most 1e+100
    """
    result = positive(name, value)
    if result * largest > LARGEST:
        raise ValueError(f"{name} is {result}; times the largest reward, {largest:g}, it must be at most {LARGEST:g}")
    return result


def in_unit_interval(name: str, value: Any, *, open_below: bool = False, open_above: bool = False) -> float:
    """Return `value` as a float if it lies in [0, 1]; `open_below` leaves out 0, `open_above` 1.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        NaN, or outside the interval.

    Examples
    --------
    >>> in_unit_interval("step_size", 0, open_below=True)
    Traceback (most recent call last):
    ValueError: step_size is 0.0; it must lie in (0, 1]
    """
    result = real(name, value)
    if not 0.0 <= result <= 1.0 or (open_below and result == 0.0) or (open_above and result == 1.0):
        raise ValueError(
            f"{name} is {result}; it must lie in {'(' if open_below else '['}0, 1{')' if open_above else ']'}"
        )
    return result


def whole(name: str, value: Any) -> int:
    """Return `value` as an int if it is an integer; a float is not, even if it is whole.

    Raises
    ------
    TypeError
        Not an integer.

    Examples
    --------
    >>> whole("state", 3.0)
    Traceback (most recent call last):
    TypeError: state is 3.0; it must be an integer
    """
    found = plain(name, value)
    if isinstance(found, bool) or not isinstance(found, Integral):
        raise TypeError(f"{name} is {shown(value)}; it must be an integer")
    return int(found)


def count(name: str, value: Any, *, least: int = 1, most: int = MOST) -> int:
    """Return `value` as an int if it is an integer from `least` to `most`.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Too small, or too large.

    Examples
    --------
    >>> count("episodes", 0)
    Traceback (most recent call last):
    ValueError: episodes is 0; it must be at least 1
    """
    result = whole(name, value)
    if result < least:
        raise ValueError(f"{name} is {shown(result)}; it must be at least {least}")
    if result > most:
        raise ValueError(f"{name} is {shown(result)}; it must be at most {most}")
    return result


def index(name: str, value: Any, size: int) -> int:
    """Return `value` as an int if it is one of 0, 1, ..., `size` - 1.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Outside.

    Examples
    --------
    >>> index("state", -1, 4)
    Traceback (most recent call last):
    ValueError: state is -1; it must lie in 0..3
    """
    result = whole(name, value)
    if not 0 <= result < size:
        raise ValueError(f"{name} is {shown(result)}; it must lie in 0..{size - 1}")
    return result


def threads(value: Any) -> int:
    """Return how many threads to use: `value`, or for None one for each processor that this process may use.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Fewer than one, or more than any machine has.

    Examples
    --------
    >>> threads(4)
    4
    """
    return min(processors(), _MOST_THREADS) if value is None else count("threads", value, most=_MOST_THREADS)

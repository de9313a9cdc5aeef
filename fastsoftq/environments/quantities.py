"""Checks of what environments are made of: quantities within which nothing overflows."""

from __future__ import annotations

from typing import Any

from fastsoftq import checks

__all__ = ["quantity", "signed_quantity"]

_MOST = 100.0


def quantity(name: str, value: Any, least: float = 0.01, most: float = _MOST) -> float:
    """Return `value` as a float if it is a physical quantity from `least` to `most`, such as a mass.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or outside.

    Examples
    --------
    >>> quantity("cart_mass", 0)
    Traceback (most recent call last):
    ValueError: cart_mass is 0.0; it must lie in [0.01, 100]
    """
    result = checks.number(name, value)
    if not least <= result <= most:
        raise ValueError(f"{name} is {result}; it must lie in [{least:g}, {most:g}]")
    return result


def signed_quantity(name: str, value: Any) -> float:
    """Return `value` as a float if it lies within ±100, such as a gravity.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Not finite, or outside.

    Examples
    --------
    >>> signed_quantity("gravity", -200)
    Traceback (most recent call last):
    ValueError: gravity is -200.0; it must be within ±100
    """
    result = checks.number(name, value)
    if abs(result) > _MOST:
        raise ValueError(f"{name} is {result}; it must be within ±{_MOST:g}")
    return result

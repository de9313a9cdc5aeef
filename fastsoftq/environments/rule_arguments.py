"""What Python calls an environment's rules with is checked: compiled code would read and write beyond its arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastsoftq import checks

__all__ = ["check_out", "check_state", "state_check", "whole_state"]

_STATE_CHECKS: dict[type, Callable[[Any, Any], None]] = {}


def state_check(*environments: type) -> Callable[[Callable[[Any, Any], None]], Callable[[Any, Any], None]]:
    """Refuse, by a function of an environment and a state, those states by which rules would reach beyond their arrays.

    Only what Python calls is checked: training has no states but its own.

    Parameters
    ----------
    *environments : type

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.environments.step(fsq.observed(fsq.from_map("S.G")), 3, 0, 0)
    Traceback (most recent call last):
    ValueError: state is 3; it must lie in 0..2
    """

    def given(check: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        _STATE_CHECKS.update(dict.fromkeys(environments, check))
        return check

    return given


def whole_state(state: Any, *most: int | None) -> None:
    """Refuse what is not a tuple of integers, each from 0 to less than a number, or any where that is None.

    Parameters
    ----------
    state : object
    *most : int or None

    Raises
    ------
    TypeError, ValueError
        The message names what is wrong.

    Examples
    --------
    >>> whole_state((2, 5), None, 5)
    Traceback (most recent call last):
    ValueError: state[1] is 5; it must lie in 0..4
    """
    if not isinstance(state, tuple) or len(state) != len(most):
        raise TypeError(f"state is {checks.shown(state)}; it must be a tuple of {len(most)} integers")
    for place, (number, end) in enumerate(zip(state, most, strict=True)):
        name = f"state[{place}]"
        if end is None:
            checks.whole(name, number)
        else:
            checks.index(name, number, end)


def check_state(environment: Any, state: Any) -> None:
    """Refuse a state that is none of an environment's, as far as that can be told.

    Raises
    ------
    TypeError, ValueError
        The message names it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_state(fsq.cart_pole(), "left")
    Traceback (most recent call last):
    TypeError: state is 'left'; it must be a number or a flat tuple of numbers
    """
    check = _STATE_CHECKS.get(type(environment))
    if check is not None:
        check(environment, state)
        return
    parts = state if isinstance(state, tuple) else (state,)
    if not all(isinstance(part, int | float | np.number | np.bool_) for part in parts):
        raise TypeError(f"state is {checks.shown(state)}; it must be a number or a flat tuple of numbers")


def check_out(out: Any, size: int) -> None:
    """Refuse what an observation of so many numbers cannot be written to.

    Raises
    ------
    TypeError, ValueError
        The message says what it must be.

    Examples
    --------
    >>> check_out(np.zeros(2), 2)
    Traceback (most recent call last):
    TypeError: out is float64 [2]; it must be an array of float32 [2]
    """
    if not isinstance(out, np.ndarray) or out.dtype != np.float32 or out.shape != (size,):
        found = f"{out.dtype} {list(out.shape)}" if isinstance(out, np.ndarray) else checks.shown(out)
        raise TypeError(f"out is {found}; it must be an array of float32 [{size}]")
    if not out.flags.writeable:
        raise ValueError("out is read-only; observations are written to it")

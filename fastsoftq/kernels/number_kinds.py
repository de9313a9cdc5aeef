"""Kinds of arguments that are one number, or a vector of them: real numbers, flags, integers."""

# ruff: noqa: D102 - `Kind` documents the methods

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Annotated, Any, TypeAlias

import numpy as np
from numba import types

from fastsoftq import checks
from fastsoftq.checks.plain import plain
from fastsoftq.kernels.arguments import Kind
from fastsoftq.kernels.vectors import FLOATS, Vec

__all__ = [
    "BitsLike",
    "BitsLikeKind",
    "Coefficients",
    "Converted",
    "ConvertedKind",
    "Discount",
    "Epsilon",
    "Finite",
    "Flag",
    "FlagKind",
    "Float",
    "FloatKind",
    "Like",
    "LikeKind",
    "Number",
    "NumberKind",
    "NumberOrFlag",
    "NumberOrFlagKind",
    "SixteenIntegers",
    "StepSize",
    "Temperature",
    "TupleKind",
    "UpTo15",
    "WholeKind",
    "WholeOrFlag",
    "WholeOrFlagKind",
    "as_whole",
    "is_number",
    "step_size",
]


def is_number(t: types.Type) -> bool:
    """Whether a type is that of a number, or of a vector of numbers.

    Examples
    --------
    >>> is_number(types.float64), is_number(types.string)
    (True, False)
    """
    return _dtype(t) in FLOATS or isinstance(_dtype(t), types.Integer)


def _dtype(t: types.Type) -> types.Type:
    return t.dtype if isinstance(t, Vec) else types.unliteral(t)


# Compiled code takes these unchanged; any other number becomes a float.
_NUMBERS = (float, int, np.float64, np.float32, np.int64, np.int32, np.uint64, np.uint32)


class NumberKind(Kind):
    """A number that `check` accepts; float32 and integers keep their types, others become floats."""

    allowed = "a number"

    def __init__(self, check: Callable[[str, Any], float] = checks.real) -> None:
        self._check = check

    def takes(self, t: types.Type) -> bool:
        return is_number(t)

    def checked(self, name: str, value: Any) -> Any:
        found = self._check(name, value)
        same = value[()] if isinstance(value, np.ndarray) else value
        fits = type(same) is not int or -(2**63) <= same < 2**63
        return same if type(same) in _NUMBERS and fits else found


Number: TypeAlias = Annotated[Any, NumberKind()]
"""A real number, NaN and infinities included, or a vector of them."""
Finite: TypeAlias = Annotated[Any, NumberKind(checks.number)]
"""A finite number, or a vector of them."""
Temperature: TypeAlias = Annotated[Any, NumberKind(checks.temperature)]
Discount: TypeAlias = Annotated[Any, NumberKind(checks.in_unit_interval)]
Epsilon: TypeAlias = Discount


def step_size(name: str, value: Any) -> float:
    """Return `value` as a float if it is a step size, in (0, 1].

    Examples
    --------
    >>> step_size("step_size", 1)
    1.0
    """
    return checks.in_unit_interval(name, value, open_below=True)


StepSize: TypeAlias = Annotated[Any, NumberKind(step_size)]


class FlagKind(Kind):
    """True or False, or 1 or 0."""

    allowed = "a boolean or an integer"

    def takes(self, t: types.Type) -> bool:
        return isinstance(_dtype(t), types.Boolean | types.Integer)

    def checked(self, name: str, value: Any) -> Any:
        found = plain(name, value)
        if not isinstance(found, bool | np.bool_) and not (isinstance(found, Integral) and found in (0, 1)):
            raise TypeError(f"{name} is {checks.shown(value)}; it must be True or False, or 1 or 0")
        return bool(found)


Flag: TypeAlias = Annotated[Any, FlagKind()]


class WholeKind(Kind):
    """An integer from `least` to `most`, either of which may follow from the other arguments."""

    allowed = "an integer"

    def __init__(self, least: int, most: int | Callable[[Mapping[str, Any]], int]) -> None:
        self._least, self._most = least, most

    def takes(self, t: types.Type) -> bool:
        return isinstance(_dtype(t), types.Integer)

    def checked(self, name: str, value: Any) -> int:
        return checks.whole(name, value) if callable(self._most) else as_whole(name, value, self._least, self._most)

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        return as_whole(name, value, self._least, self._most(given)) if callable(self._most) else value


def as_whole(name: str, value: Any, least: int, most: int) -> int:
    """Return `value` as an int if it is a whole number from `least` to `most`.

    Examples
    --------
    >>> as_whole("state", 3, 0, 3)
    3
    """
    found = checks.whole(name, value)
    if not least <= found <= most:
        raise ValueError(f"{name} is {checks.shown(found)}; it must lie in {least}..{most}")
    return found


class WholeOrFlagKind(WholeKind):
    """A bool, or an integer that 32 bits hold."""

    allowed = "a boolean or an integer"

    def __init__(self) -> None:
        super().__init__(-(2**31), 2**31 - 1)

    def takes(self, t: types.Type) -> bool:
        return super().takes(t) or _dtype(t) == types.boolean

    def checked(self, name: str, value: Any) -> Any:
        return bool(value) if isinstance(value, bool | np.bool_) else super().checked(name, value)


class NumberOrFlagKind(NumberKind):
    """A real number or a bool."""

    allowed = "a number or a boolean"

    def takes(self, t: types.Type) -> bool:
        return is_number(t) or _dtype(t) == types.boolean

    def checked(self, name: str, value: Any) -> Any:
        return bool(value) if isinstance(value, bool | np.bool_) else super().checked(name, value)


class FloatKind(NumberKind):
    """A float, or a vector of them; Python's integers become floats."""

    allowed = "a float"

    def takes(self, t: types.Type) -> bool:
        return _dtype(t) in FLOATS

    def checked(self, name: str, value: Any) -> Any:
        found = super().checked(name, value)
        return found if isinstance(found, np.float32) else float(found)


class LikeKind(NumberKind):
    """A number or a number's type, which sets the type of a result."""

    allowed = "a number or a number's type"

    def takes(self, t: types.Type) -> bool:
        return is_number(t.dtype if isinstance(t, types.NumberClass) else t)

    def checked(self, name: str, value: Any) -> Any:
        if isinstance(value, type) and value in _NUMBERS:
            return np.dtype(value).type(0)
        return super().checked(name, value)


class ConvertedKind(LikeKind):
    """A number or a number's type that x is converted to."""

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if isinstance(value, int | np.integer):
            bounds = np.iinfo(np.int64 if isinstance(value, int) else value.dtype)
            label = name.replace("like", "x")
            if not bounds.min <= checks.number(label, float(given["x"])) <= bounds.max:
                raise ValueError(
                    f"{label} is {given['x']}; as {bounds.dtype} it must lie in {bounds.min}..{bounds.max}"
                )
        return value


class BitsLikeKind(LikeKind):
    """A number or a number's type, as wide as x."""

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        x, like = np.asarray(given["x"]).dtype, np.asarray(value).dtype
        if x.itemsize != like.itemsize and not (x.kind in "iu" and x.itemsize > like.itemsize):
            raise TypeError(f"{name} is {like}; it must be as wide as x, which is {x}")
        return value


class TupleKind(Kind):
    """A tuple of one or more floats, or of `integers` int32."""

    def __init__(self, integers: int | None = None) -> None:
        self._integers = integers
        self.allowed = "a tuple of floats" if integers is None else f"a tuple of {integers} int32"

    def takes(self, t: types.Type) -> bool:
        if not isinstance(t, types.UniTuple):
            return False
        return t.dtype in FLOATS if self._integers is None else t.dtype == types.int32 and len(t) == self._integers

    def checked(self, name: str, value: Any) -> Any:
        found = checks.array(name, value, "iuf" if self._integers is None else "iu", holds=self.allowed)
        if found.ndim != 1 or len(found) != (self._integers or max(1, len(found))):
            raise ValueError(f"{name} has shape {found.shape}; it must be {self.allowed}")
        if self._integers is None:
            return tuple(found.astype(np.float32 if found.dtype == np.float32 else np.float64))
        bounds = np.iinfo(np.int32)
        checks.every(name, found, (found >= bounds.min) & (found <= bounds.max), "it must fit into 32 bits")
        return tuple(found.astype(np.int32))


WholeOrFlag: TypeAlias = Annotated[Any, WholeOrFlagKind()]
NumberOrFlag: TypeAlias = Annotated[Any, NumberOrFlagKind()]
Float: TypeAlias = Annotated[Any, FloatKind()]
Like: TypeAlias = Annotated[Any, LikeKind()]
Converted: TypeAlias = Annotated[Any, ConvertedKind()]
BitsLike: TypeAlias = Annotated[Any, BitsLikeKind()]
Coefficients: TypeAlias = Annotated[Any, TupleKind()]
SixteenIntegers: TypeAlias = Annotated[Any, TupleKind(16)]
UpTo15: TypeAlias = Annotated[Any, WholeKind(0, 15)]

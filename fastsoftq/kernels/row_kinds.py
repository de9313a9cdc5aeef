"""Kinds of arguments that hold action values: rows and tables, and what goes with them."""

# ruff: noqa: D102 - `Kind` documents the methods

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np
from numba import types
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.kernels.arguments import Kind
from fastsoftq.kernels.number_kinds import FlagKind, WholeKind, is_number
from fastsoftq.kernels.vectors import FLOATS

__all__ = [
    "Action",
    "ActionOf",
    "ActionOfQ",
    "ActionOrNone",
    "Actions",
    "Extra",
    "ExtraKind",
    "OtherRow",
    "Out",
    "OutKind",
    "Policy",
    "PolicyOfQ",
    "PolicyOfRow",
    "PolicyOfRowKind",
    "Q",
    "Row",
    "RowKind",
    "RowOf256",
    "RowOfTable",
    "RowOfTableKind",
    "Rule",
    "RuleKind",
    "SomeRow",
    "StateOfQ",
    "StateOfTable",
    "Table",
    "TableKind",
    "Terminated",
    "TerminatedKind",
    "Weights",
    "action_values",
    "plain_array",
]


def action_values(name: str, rows: NDArray[Any]) -> None:
    """Refuse values [..., actions] that are not finite; -inf marks an action that cannot be taken, not all of them.

    Examples
    --------
    >>> action_values("q", np.array([[1.0, -np.inf], [-np.inf, -np.inf]]))
    Traceback (most recent call last):
    ValueError: q[1] is -inf for every action; one at least must be finite
    """
    checks.every(name, rows, rows < np.inf, "it must be finite, or -inf for an action that cannot be taken")
    possible = (rows > -np.inf).any(axis=-1)
    if rows.size and not possible.all():
        state = "".join(f"[{i}]" for i in np.argwhere(~possible)[0]) if rows.ndim > 1 else ""
        raise ValueError(f"{name}{state} is -inf for every action; one at least must be finite")


class RowKind(Kind):
    """The numbers of a state, one for each action: an array of one axis, or a tuple.

    Parameters
    ----------
    least, most : int
        How many.
    check : function, optional
        Called with a name and an array; refuses bad entries. If not given, they must be finite, or -inf for some.
    """

    allowed = "a row: an array of one axis, or a tuple, of numbers"

    def __init__(self, least: int = 1, most: int | None = None, check: Callable[..., Any] = action_values) -> None:
        self._least, self._most, self._check = least, most, check

    def takes(self, t: types.Type) -> bool:
        if isinstance(t, types.BaseTuple):
            return len(t) >= self._least and all(map(is_number, t.types))
        if isinstance(t, types.Array) and t.ndim != 1:
            return False
        return isinstance(t, types.Array | types.List | types.ListType) and is_number(t.dtype)

    def checked(self, name: str, value: Any) -> Any:
        row = plain_array(checks.array(name, value, "iuf"))
        if row.ndim != 1:
            raise ValueError(f"{name} has shape {row.shape}; it must have one axis, over actions")
        if len(row) < self._least:
            raise ValueError(f"{name} is empty; it must have an entry for each action")
        if self._most is not None and len(row) > self._most:
            raise ValueError(f"{name} has {len(row)} entries; it must have at most {self._most}")
        self._check(name, row)
        return tuple(row) if isinstance(value, tuple) else row

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        overwritten = "out" in given and isinstance(value, np.ndarray) and np.may_share_memory(value, given["out"])
        return np.array(value) if overwritten else value


def plain_array(array: NDArray[Any]) -> NDArray[Any]:
    """An array as compiled code takes it: in native byte order, contiguous and writable.

    Examples
    --------
    >>> plain_array(np.array([1, 2], ">i2")).dtype
    dtype('int64')
    """
    dtype = array.dtype.newbyteorder("=")
    if dtype.kind == "f" and dtype != np.float32:
        dtype = np.dtype(np.float64)
    elif dtype.kind in "iu" and dtype != np.uint64:
        dtype = np.dtype(np.int64)
    as_it_is = type(array) is np.ndarray and array.dtype == dtype and array.dtype.isnative
    return array if as_it_is and array.flags.carray else np.array(array, dtype, order="C")


Row: TypeAlias = Annotated[Any, RowKind()]
Policy: TypeAlias = Annotated[Any, RowKind(check=checks.distribution)]


def _last_action(given: Mapping[str, Any]) -> int:
    return len(given["row"]) - 1


class OutKind(RowKind):
    """Where a row is written: an array of floats as long as `row`."""

    allowed = "a writable array of floats, of one axis"

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.Array) and t.ndim == 1 and t.mutable and t.dtype in FLOATS

    def checked(self, name: str, value: Any) -> Any:
        return _in_place(name, value, 1, "[actions]")

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if len(value) != len(given["row"]):
            raise ValueError(f"{name} has {len(value)} entries; it must have as many as row, {len(given['row'])}")
        return value


class TableKind(Kind):
    """Action values [states, actions]; `changed` says whether the kernel writes to them."""

    def __init__(self, changed: bool) -> None:
        self._changed = changed
        self.allowed = f"{'a writable' if changed else 'an'} array of floats, [states, actions]"

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.Array) and t.ndim == 2 and t.dtype in FLOATS and (t.mutable or not self._changed)

    def checked(self, name: str, value: Any) -> Any:
        if self._changed:
            return _in_place(name, value, 2, "[states, actions]")
        table = plain_array(checks.array(name, value, "iuf"))
        if table.ndim != 2 or not table.size:
            raise ValueError(f"{name} has shape {table.shape}; it must be {self.allowed}")
        return table


def _in_place(name: str, value: Any, axes: int, shape: str) -> NDArray[Any]:
    """An array that compiled code can write to, itself or a view of it."""
    must = f"it must be a writable array of float64 or float32, {shape}"
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is of type {type(value).__name__}; {must}")
    if value.dtype not in (np.float64, np.float32) or not value.dtype.isnative:
        raise TypeError(f"{name} has dtype {value.dtype.str}; {must}")
    if value.ndim != axes or not value.size:
        raise ValueError(f"{name} has shape {value.shape}; {must}")
    if not value.flags.writeable:
        raise ValueError(f"{name} is read-only; {must}")
    return np.asarray(value)


class RowOfTableKind(RowKind):
    """A row as long as those of another argument, a table [states, actions]."""

    def __init__(self, table: str, check: Callable[..., Any]) -> None:
        super().__init__(check=check)
        self._table = table

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        n_actions = given[self._table].shape[1]
        if len(value) != n_actions:
            raise ValueError(f"{name} has {len(value)} entries; {self._table} has {n_actions} actions")
        return value


class OtherRowKind(RowKind):
    """A row as long as `row`, and in its form."""

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if len(value) != len(given["row"]):
            raise ValueError(f"{name} has {len(value)} entries; it must have as many as row, {len(given['row'])}")
        return tuple(value) if isinstance(given["row"], tuple) else np.asarray(value)


class PolicyOfRowKind(RowKind):
    """A distribution over the actions of `row`."""

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if len(value) != len(given["row"]):
            raise ValueError(f"{name} has {len(value)} entries; it must have as many as row, {len(given['row'])}")
        return value


OtherRow: TypeAlias = Annotated[Any, OtherRowKind()]


class TerminatedKind(FlagKind):
    """Whether the episode has terminated; if not, the next state's values are checked."""

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if not value:
            table, state = name.replace("terminated", "q"), given["next_state"]
            action_values(f"{table}[{state}]", given["q"][state])
        return value


class RuleKind(Kind):
    """A function that compiled code can call."""

    allowed = "a compiled function (`inlined`, or Numba's `njit`)"

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.Callable)

    def checked(self, name: str, value: Any) -> Any:
        if not hasattr(value, "get_call_template"):
            raise TypeError(f"{name} is {checks.shown(value)}; it must be {self.allowed}")
        return value


class ExtraKind(Kind):
    """A tuple of a function's further arguments."""

    allowed = "a tuple"

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.BaseTuple)

    def checked(self, name: str, value: Any) -> Any:
        if not isinstance(value, tuple):
            raise TypeError(f"{name} is {checks.shown(value)}; it must be a tuple")
        return value


def _size(table: str, axis: int) -> Callable[[Mapping[str, Any]], int]:
    return lambda given: int(given[table].shape[axis]) - 1


def _weights(name: str, row: NDArray[Any]) -> None:
    checks.finite(name, row)
    checks.every(name, row, row >= 0, "weights must be at least 0")
    if not 0.0 < row.sum(dtype=np.float64) < np.inf:
        raise ValueError(f"{name} sums to {row.sum(dtype=np.float64)}; weights must sum to a number above 0")


PolicyOfRow: TypeAlias = Annotated[Any, PolicyOfRowKind(check=checks.distribution)]
Weights: TypeAlias = Annotated[Any, RowKind(check=_weights)]
SomeRow: TypeAlias = Annotated[Any, RowKind(least=0)]
RowOf256: TypeAlias = Annotated[Any, RowKind(most=256)]
Out: TypeAlias = Annotated[Any, OutKind()]
Action: TypeAlias = Annotated[Any, WholeKind(0, _last_action)]
ActionOrNone: TypeAlias = Annotated[Any, WholeKind(-1, _last_action)]
ActionOf: TypeAlias = Annotated[Any, WholeKind(0, lambda given: int(given["actions"]) - 1)]
Actions: TypeAlias = Annotated[Any, WholeKind(1, 256)]
Table: TypeAlias = Annotated[Any, TableKind(changed=False)]
StateOfTable: TypeAlias = Annotated[Any, WholeKind(0, _size("table", 0))]
RowOfTable: TypeAlias = Annotated[Any, RowOfTableKind("table", lambda name, row: None)]
Rule: TypeAlias = Annotated[Any, RuleKind()]
Extra: TypeAlias = Annotated[Any, ExtraKind()]

# A table `q` that an update changes, and its states and actions.
Q: TypeAlias = Annotated[Any, TableKind(changed=True)]
StateOfQ: TypeAlias = Annotated[Any, WholeKind(0, _size("q", 0))]
ActionOfQ: TypeAlias = Annotated[Any, WholeKind(0, _size("q", 1))]
PolicyOfQ: TypeAlias = Annotated[Any, RowOfTableKind("q", checks.distribution)]
Terminated: TypeAlias = Annotated[Any, TerminatedKind()]

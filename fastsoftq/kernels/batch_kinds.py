"""Kinds of arguments of a whole batch: rows [..., actions], what goes with each of them, and where results go."""

# ruff: noqa: D102 - `Kind` documents the methods

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias

import numpy as np
from numba import types
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.kernels.arguments import Kind
from fastsoftq.kernels.number_kinds import (
    FlagKind,
    NumberKind,
    WholeKind,
    is_number,
    step_size,
)
from fastsoftq.kernels.row_kinds import action_values, plain_array
from fastsoftq.kernels.vectors import FLOATS

__all__ = [
    "BatchKind",
    "BatchOutKind",
    "BatchPoliciesKind",
    "BatchTerminatedKind",
    "ByActionOfQ",
    "ByDiscount",
    "ByEpsilon",
    "ByFlag",
    "ByKey",
    "ByReward",
    "ByStateOfQ",
    "ByStepSize",
    "ByTemperature",
    "ByTerminated",
    "Count",
    "Keys",
    "NextValues",
    "OutActions",
    "OutKeys",
    "OutPolicies",
    "OutValues",
    "Policies",
    "PoliciesLikeQ",
    "PoliciesOfQ",
    "Rows",
    "RowsKind",
    "RowsOf256",
    "Seeds",
    "StatesOfQ",
]

_WORDS = (types.int64, types.uint64)


def _distributions(name: str, rows: NDArray[Any]) -> None:
    checks.finite(name, rows)
    checks.every(name, rows, rows >= 0, "probabilities must be at least 0")
    sums = rows.sum(axis=-1, dtype=np.float64)
    checks.every(f"the sum of {name}", sums, np.abs(sums - 1) <= 1e-6, "probabilities must sum to 1")


class RowsKind(Kind):
    """The rows of many states: an array of two axes or more, the last over actions.

    Parameters
    ----------
    check : function
        Called with a name and an array; refuses bad entries.
    most : int, optional
        How many actions.
    like : str, optional
        Another argument whose shape it must have.

    Examples
    --------
    >>> RowsKind(action_values).checked("q", [1.0, 2.0])
    Traceback (most recent call last):
    ValueError: q has shape (2,); it must be [..., actions], of two axes or more
    """

    allowed = "an array of numbers, [..., actions]"

    def __init__(self, check: Callable[..., Any], most: int | None = None, like: str | None = None) -> None:
        self._check, self._most, self._like = check, most, like

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.Array) and t.ndim >= 2 and is_number(t.dtype)

    def checked(self, name: str, value: Any) -> Any:
        rows = checks.array(name, value, "iuf")
        rows = plain_array(rows if rows.dtype.kind in "iuf" else rows.astype(np.float64))  # which holds nothing
        if rows.ndim < 2 or rows.shape[-1] == 0:
            raise ValueError(f"{name} has shape {rows.shape}; it must be [..., actions], of two axes or more")
        if self._most is not None and rows.shape[-1] > self._most:
            raise ValueError(f"{name} has {rows.shape[-1]} actions; it must have at most {self._most}")
        self._check(name, rows)
        return rows

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if self._like is not None and value.shape != given[self._like].shape:
            raise ValueError(f"{name} has shape {value.shape}; it must have that of {self._like}")
        overwritten = given.get("out") is not None and np.may_share_memory(value, given["out"])
        return np.array(value) if overwritten else value


class BatchPoliciesKind(RowsKind):
    """A distribution over the actions of `q` [states, actions] for each of a batch of transitions.

    Examples
    --------
    >>> given = {"states": np.zeros(3, np.int64), "q": np.zeros((5, 2))}
    >>> BatchPoliciesKind(_distributions).beside("policies", np.full((3, 2), 0.5), given).shape
    (3, 2)
    """

    def checked(self, name: str, value: Any) -> Any:
        return np.empty((0, 0)) if np.shape(value) == (0,) else super().checked(name, value)

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        wanted = (*given["states"].shape, given["q"].shape[1])
        if value.size == 0 and given["states"].size == 0:
            return np.empty(wanted)
        if value.shape != wanted:
            shape = value.shape if value.size else (0,)
            raise ValueError(f"{name} has shape {shape}; it must have shape {wanted}")
        return value


_Shape = Callable[[Mapping[str, Any]], tuple[int, ...]]


class BatchKind(Kind):
    """One number for a whole batch, or an array that broadcasts to the batch's shape.

    Parameters
    ----------
    one : Kind
        What each number must be; it is asked of the smallest and of the largest.
    shape : function, optional
        The batch's shape, from the other arguments; None where this argument sets it, and must be an array.

    Examples
    --------
    >>> BatchKind(NumberKind(checks.temperature), _of_states).checked("temperature", [1.0, 2.0])
    array([1., 2.])
    """

    def __init__(self, one: Kind, shape: _Shape | None = None) -> None:
        self._one, self._shape = one, shape
        self.allowed = f"{one.allowed}, or an array of such" if shape else f"an array, each entry {one.allowed}"

    def takes(self, t: types.Type) -> bool:
        if isinstance(t, types.Array):
            return self._one.takes(t.dtype)
        return self._shape is not None and self._one.takes(t)

    def checked(self, name: str, value: Any) -> Any:
        if np.ndim(value) == 0 and self._shape is not None:
            return self._one.checked(name, value)
        array = checks.array(name, value)
        if array.ndim == 0:
            raise ValueError(f"{name} is {checks.shown(value)}; it must be {self.allowed}")
        whole, flag = isinstance(self._one, WholeKind), isinstance(self._one, FlagKind)
        kinds = "biu" if flag else "iu" if whole else "iuf"
        if array.size == 0 and array.dtype.kind not in kinds:  # an empty list is of any kind
            array = array.astype(np.int64 if whole or flag else np.float64)
        if array.dtype.kind == "O":
            array = checks.array(name, array, "biuf")
        if array.dtype.kind not in kinds:
            first = (0,) * array.ndim
            raise TypeError(f"{name}{[*first]} is {array[first].item()!r}; it must be {self._one.allowed}")
        for label, end in _ends(name, array):
            self._one.checked(label, end.item() if whole or flag else end)
        return plain_array(array.astype(bool) if flag else array)

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if self._shape is not None:
            shape = self._shape(given)
            try:
                np.broadcast_to(value, shape)
            except ValueError:
                raise ValueError(f"{name} has shape {np.shape(value)}; it must be one number or fit {shape}") from None
        if np.ndim(value) == 0:
            return self._one.beside(name, value, given)
        if isinstance(self._one, WholeKind):
            for label, end in _ends(name, value):
                self._one.beside(label, int(end), given)
        return value


def _ends(name: str, array: NDArray[Any]) -> Iterator[tuple[str, Any]]:
    """The smallest and the largest entry, which is NaN where there is one, and what each is called."""
    for place in dict.fromkeys((int(array.argmin()), int(array.argmax()))) if array.size else ():
        where = [int(i) for i in np.unravel_index(place, array.shape)]
        yield f"{name}{where}", array[tuple(where)]


class BatchTerminatedKind(BatchKind):
    """Whether episodes have terminated; where not, the next states' values are checked.

    Examples
    --------
    >>> BatchTerminatedKind(FlagKind(), _of_states).checked("terminated", [1, 0])
    array([ True, False])
    """

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        value, shape = super().beside(name, value, given), given["states"].shape
        reached = np.broadcast_to(given["next_states"], shape)[~np.broadcast_to(value, shape)]
        states = np.unique(reached[(reached >= 0) & (reached < len(given["q"]))])
        rows = given["q"][states]
        bad = ~((rows < np.inf).all(axis=1) & (rows > -np.inf).any(axis=1))
        if bad.any():
            state = states[bad.argmax()]
            action_values(f"{name.replace('terminated', 'q')}[{state}]", given["q"][state])
        return value


class BatchOutKind(Kind):
    """Where results go, or None: a new array then.

    Parameters
    ----------
    dtypes : tuple of type
        Those it may have.
    shape : function
        The shape it must have, from the other arguments.

    Examples
    --------
    >>> BatchOutKind((np.float64, np.float32), _of_states).allowed
    'None or a writable array of float64 or float32'
    """

    def __init__(self, dtypes: tuple[Any, ...], shape: _Shape) -> None:
        self._dtypes, self._shape = dtypes, shape
        self._numba = FLOATS if np.float64 in dtypes else tuple(types.__dict__[np.dtype(t).name] for t in dtypes)
        names = " or ".join(np.dtype(t).name for t in dtypes)
        self.allowed = f"None or a writable array of {names}"

    def takes(self, t: types.Type) -> bool:
        if isinstance(t, types.NoneType | types.Omitted):
            return True
        return isinstance(t, types.Array) and t.mutable and t.dtype in self._numba

    def checked(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{name} is of type {type(value).__name__}; it must be {self.allowed}")
        if value.dtype not in self._dtypes or not value.dtype.isnative:
            raise TypeError(f"{name} has dtype {value.dtype.str}; it must be {self.allowed}")
        if not value.flags.writeable:
            raise ValueError(f"{name} is read-only; it must be {self.allowed}")
        return np.asarray(value)

    def beside(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        if value is not None and value.shape != self._shape(given):
            raise ValueError(f"{name} has shape {value.shape}; it must have shape {self._shape(given)}")
        return value


def _of_states(given: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape of a batch: of the rows without their actions, of transitions, or of keys."""
    for name in ("q", "policies"):
        if name in given and "states" not in given:
            return tuple(given[name].shape[:-1])
    return tuple(given[next(name for name in ("states", "next_values", "keys", "numbers") if name in given)].shape)


def _of_rows(given: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(given["q"].shape)


def _numbers(check: Callable[[str, Any], float], shape: _Shape | None = _of_states) -> BatchKind:
    return BatchKind(NumberKind(check), shape)


_FLOATING = (np.float64, np.float32)
_ANY_KEY = WholeKind(-(2**63), 2**64 - 1)

Rows: TypeAlias = Annotated[Any, RowsKind(action_values)]
RowsOf256: TypeAlias = Annotated[Any, RowsKind(action_values, 256)]
Policies: TypeAlias = Annotated[Any, RowsKind(_distributions)]
PoliciesOfQ: TypeAlias = Annotated[Any, BatchPoliciesKind(_distributions)]
PoliciesLikeQ: TypeAlias = Annotated[Any, RowsKind(_distributions, like="q")]

ByTemperature: TypeAlias = Annotated[Any, _numbers(checks.temperature)]
ByEpsilon: TypeAlias = Annotated[Any, _numbers(checks.in_unit_interval)]
ByDiscount: TypeAlias = ByEpsilon
ByStepSize: TypeAlias = Annotated[Any, _numbers(step_size)]
ByReward: TypeAlias = Annotated[Any, _numbers(checks.number)]
NextValues: TypeAlias = Annotated[Any, _numbers(checks.real, None)]
ByFlag: TypeAlias = Annotated[Any, BatchKind(FlagKind(), _of_states)]
ByKey: TypeAlias = Annotated[Any, BatchKind(_ANY_KEY, _of_states)]
Keys: TypeAlias = Annotated[Any, BatchKind(_ANY_KEY)]
Seeds: TypeAlias = Annotated[Any, BatchKind(WholeKind(0, 2**64 - 1))]
Count: TypeAlias = Annotated[Any, BatchKind(WholeKind(1, 2**32), _of_states)]

# Of transitions in a table q [states, actions]; `states` sets the batch's shape.
_A_STATE = WholeKind(0, lambda given: len(given["q"]) - 1)
_AN_ACTION = WholeKind(0, lambda given: given["q"].shape[1] - 1)
StatesOfQ: TypeAlias = Annotated[Any, BatchKind(_A_STATE)]
ByStateOfQ: TypeAlias = Annotated[Any, BatchKind(_A_STATE, _of_states)]
ByActionOfQ: TypeAlias = Annotated[Any, BatchKind(_AN_ACTION, _of_states)]

ByTerminated: TypeAlias = Annotated[Any, BatchTerminatedKind(FlagKind(), _of_states)]

OutValues: TypeAlias = Annotated[Any, BatchOutKind(_FLOATING, _of_states)]
OutPolicies: TypeAlias = Annotated[Any, BatchOutKind(_FLOATING, _of_rows)]
OutActions: TypeAlias = Annotated[Any, BatchOutKind((np.int32, np.int64), _of_states)]
OutKeys: TypeAlias = Annotated[Any, BatchOutKind((np.int64,), _of_states)]

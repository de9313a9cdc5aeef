"""What is kept beside each entry of a table, in the table's own rows: a plane of numbers for each number that is kept.

A state's row is then wide, its values first, then one row for each plane. `example` is what an agent keeps beside an
entry (`beside`), and tells by its type how many planes there are and how rules see them; None means none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils, errors
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from fastsoftq.agents.memory_rules import beside, planning_steps, steps, time_bonus
from fastsoftq.agents.rules import on_policy
from fastsoftq.agents.schedules import tuned
from fastsoftq.kernels.jit import by_type, compiled, inlined
from fastsoftq.kernels.over_actions import each, fold
from fastsoftq.kernels.vectors import Vec, spread

__all__ = [
    "check_as_many",
    "fill_entry",
    "how_it_plans",
    "keep_at",
    "kept_at",
    "leaves_of",
    "like_example",
    "none_is_zero",
    "numbers_within",
    "parted",
    "plane_count",
    "steps_back",
    "values_in",
    "what_is_kept",
]


def numbers_within(t: types.Type) -> list[types.Type]:
    """The numbers within what is kept beside an entry, by type."""
    if isinstance(t, types.BaseTuple):
        return [leaf for part in t.types for leaf in numbers_within(part)]
    return [] if t == types.none else [t]


def _check_kept(example: types.Type) -> None:
    wrong = [t for t in numbers_within(example) if not isinstance(t, Vec) and t != types.float64]
    if wrong:
        raise errors.TypingError(f"the rule 'beside' gives {wrong[0]}; what is kept beside an entry must be floats")


def check_as_many(kept: types.Type, example: types.Type) -> None:
    """Refuse to keep more numbers beside an entry than there is room for, or fewer.

    Raises
    ------
    TypingError
        A rule gives another number of them than `beside`.

    Examples
    --------
    >>> check_as_many(types.UniTuple(types.float64, 2), types.UniTuple(types.float64, 2))
    """
    given, room = len(numbers_within(kept)), len(numbers_within(example))
    if given != room:
        raise errors.TypingError(f"a rule gives {given} numbers to keep beside an entry, and 'beside' {room}")


def _of_leaf(t: types.Type, leaf: types.Type) -> types.Type:
    """The type of a (nested) tuple with things of another type in place of its numbers."""
    if not isinstance(t, types.BaseTuple):
        return t if t == types.none else leaf
    parts = [_of_leaf(part, leaf) for part in t.types]
    if not isinstance(t, types.BaseNamedTuple):
        return types.BaseTuple.from_types(parts)
    if len(set(parts)) == 1:
        return types.NamedUniTuple(parts[0], len(parts), t.instance_class)
    return types.NamedTuple(parts, t.instance_class)


def _nested(context: Any, builder: Any, t: types.Type, values: Any) -> Any:
    """A (nested) tuple of type `t`, its leaves taken from an iterator of values."""

    def build(t: types.Type, leaf: Any) -> Any:
        if t == types.none:
            return context.get_dummy_value()
        if isinstance(t, types.BaseTuple) and not _is_row(t):
            return context.make_tuple(builder, t, [build(part, leaf) for part in t.types])
        return next(leaf)

    return build(t, iter(values))


def _is_row(t: types.Type) -> bool:
    """Whether a tuple is a row of numbers, and not one of those that an agent names."""
    return isinstance(t, types.UniTuple) and not isinstance(t, types.BaseNamedTuple)


@by_type
def plane_count(example):
    """How many numbers a table has for each entry: the value, and what is kept beside it."""
    _check_kept(example)
    count = 1 + len(numbers_within(example))
    return lambda example: count


@by_type
def none_is_zero(n):
    """A number; 0 for None."""
    return (lambda n: 0) if n == types.none else (lambda n: n)


@by_type
def _is_some(n):
    some = n != types.none
    return lambda n: some


@compiled
def what_is_kept(agent):
    """What an agent keeps, other than arrays of its own.

    Returns
    -------
    planes : int
        How many numbers its table has for each entry.
    n : int
        From how many steps it learns at once; 0 if from one.
    plans, pays_bonus : bool
        Whether it plans from a model, and whether that pays a bonus.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> what_is_kept(fsq.DoubleQLearning(0.8, 0.95))
    (2, 0, False, False)
    """
    first_agent = tuned(agent, np.int32(0))
    n, plans = none_is_zero(steps(first_agent)), _is_some(planning_steps(first_agent))
    return plane_count(beside(first_agent, 0.0)), n, plans, time_bonus(first_agent) > 0.0


@intrinsic
def leaves_of(typing, kept):
    """The numbers within what is kept beside an entry, one after the other, as a tuple."""
    leaves = numbers_within(kept)
    number = next((t for t in leaves if isinstance(t, Vec)), types.float64)
    result = types.UniTuple(number, len(leaves)) if leaves else types.Tuple(())

    def emit(context, builder, sig, args):
        def flat(t: types.Type, value: Any) -> list[Any]:
            if isinstance(t, types.BaseTuple):
                parts = cgutils.unpack_tuple(builder, value)
                return [leaf for part, v in zip(t.types, parts, strict=True) for leaf in flat(part, v)]
            return [] if t == types.none else [spread(context, builder, value, t, number)]

        leaves = context.make_tuple(builder, result, flat(kept, args[0]))
        return impl_ret_borrowed(context, builder, result, leaves)

    return result(kept), emit


@intrinsic
def like_example(typing, leaves, example):
    """What `leaves_of` takes apart, put together again: `leaves` in place of the numbers of `example`."""
    result = _of_leaf(example, leaves.types[0])

    def emit(context, builder, sig, args):
        whole = _nested(context, builder, result, cgutils.unpack_tuple(builder, args[0]))
        return impl_ret_borrowed(context, builder, result, whole)  # rows that are arrays are counted

    return result(leaves, example), emit


@intrinsic
def _parts_of_tuple(typing, wide, example):
    """The values of a wide row, and what is kept beside them, in rows."""
    planes = 1 + len(numbers_within(example))
    n_actions = len(wide) // planes
    row = types.UniTuple(wide.types[0], n_actions)
    kept = _of_leaf(example, row)
    result = types.Tuple((row, kept))

    def emit(context, builder, sig, args):
        values = cgutils.unpack_tuple(builder, args[0])
        rows = [context.make_tuple(builder, row, values[p * n_actions : (p + 1) * n_actions]) for p in range(planes)]
        return context.make_tuple(builder, result, [rows[0], _nested(context, builder, kept, rows[1:])])

    return result(wide, example), emit


@inlined
def _plane_of_array(_, plane, wide, n_actions):
    return wide[(plane + 1) * n_actions : (plane + 2) * n_actions]


@by_type
def parted(wide, example):
    """The values of a state's wide row, and what is kept beside them: as `example`, a row in place of each number."""
    if example == types.none:
        return lambda wide, example: (wide, None)
    if isinstance(wide, types.BaseTuple):
        return lambda wide, example: _parts_of_tuple(wide, example)

    def of_array(wide, example):
        n_actions = len(wide) // plane_count(example)
        kept = each(_plane_of_array, leaves_of(example), (wide, n_actions))
        return wide[:n_actions], like_example(kept, example)

    return of_array


@compiled
def how_it_plans(agent):
    """What the rules say of an agent's planning: how many steps, what bonus, and whether it is on-policy.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> how_it_plans(fsq.DynaQ(0.8, 0.95, planning_steps=10))
    (10, 0.0, False)
    """
    first_agent = tuned(agent, np.int32(0))
    return planning_steps(first_agent), time_bonus(first_agent), on_policy(first_agent)


@compiled
def steps_back(agent):
    """From how many steps the rules say that an agent learns at once; None if from one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> steps_back(fsq.NStepSarsa(0.8, 0.95, n=4))
    4
    """
    return steps(tuned(agent, np.int32(0)))


# ---- tables of wide rows, an array [states, planes * actions] -------------------------------------------------------


@by_type
def values_in(table, n_actions, example):
    """The values in a table of wide rows, [states, actions]."""
    if example == types.none:
        return lambda table, n_actions, example: table
    return lambda table, n_actions, example: table[:, :n_actions]


@inlined
def _number_at(_, plane, table, state, action, n_actions):
    return table[state, (plane + 1) * n_actions + action]


@inlined
def _write_number(_, value, plane, table, state, action, n_actions):
    table[state, (plane + 1) * n_actions + action] = value
    return 0


@by_type
def kept_at(table, state, action, n_actions, example):
    """What is kept beside an entry."""
    if example == types.none:
        return lambda table, state, action, n_actions, example: None

    def read(table, state, action, n_actions, example):
        numbers = each(_number_at, leaves_of(example), (table, state, action, n_actions))
        return like_example(numbers, example)

    return read


@by_type
def keep_at(table, state, action, n_actions, kept, example):
    """Keep it beside an entry."""
    check_as_many(kept, example)
    if kept == types.none:
        return lambda table, state, action, n_actions, kept, example: None

    def write(table, state, action, n_actions, kept, example):
        fold(_write_number, 0, leaves_of(kept), (table, state, action, n_actions))

    return write


@inlined
def fill_entry(agent, table, state, action, n_actions, value):
    """Let an entry begin as `value`, and with it what is kept beside it."""
    table[state, action] = value
    kept = beside(agent, value)
    keep_at(table, state, action, n_actions, kept, kept)

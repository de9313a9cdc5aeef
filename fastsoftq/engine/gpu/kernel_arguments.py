"""What the kernel is called with: the arguments of the lane loop, laid out for a GPU's threads; and their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents.rules import Agent
from fastsoftq.engine.dispatch import room_of
from fastsoftq.engine.gpu.layout import Layout
from fastsoftq.engine.gpu.one_thread import Place
from fastsoftq.engine.lockstep import Lockstep
from fastsoftq.engine.packing import Packed, packed_records
from fastsoftq.engine.records import Output, Work
from fastsoftq.mdp.tables import Tables

__all__ = ["Arguments", "arguments_of", "example_arguments", "with_arrays"]


class Arguments(NamedTuple):
    """The kernel's arguments, in order."""

    agent: Any
    mdp: Packed
    lockstep: Lockstep
    place: Place
    row: tuple[float, ...]
    like: Any
    work: Work
    out: Output


def arguments_of(
    agent: Agent, tables: Tables, layout: Layout, far: NDArray[np.float64], like: Any, work: Work, out: Output
) -> Arguments:
    """The arguments of one launch.

    Parameters
    ----------
    agent : NamedTuple
    tables : Tables
        Of states that can be reached.
    layout : Layout
    far : float64
        Room for the tables that lie in the card's memory; of no length where none do.
    like : float64 or float32
        The precision of exponentials.
    work : Work
    out : Output
        `truncated` as uint8.

    Returns
    -------
    Arguments
    """
    room = room_of(agent, tables, work.max_steps, alone=True)
    mdp = Packed(
        packed_records(tables, layout.row_stride), tables.n_states, tables.n_actions,
        tables.n_states + room.rows_behind, layout.row_stride, None, 0, tables.outcome, tables.start, tables.phases,
    )  # fmt: skip
    place = Place(layout.near, far if layout.far else None, layout.words)
    return Arguments(agent, mdp, Lockstep(1, 1), place, (0.0,) * room.numbers, like, work, out)


def example_arguments(
    agent: Agent, tables: Tables, layout: Layout, like: Any, keeps_tables: bool, max_steps: int
) -> Arguments:
    """Arguments of the right types, by which the kernel is compiled; what they say of runs means nothing.

    Parameters
    ----------
    agent, tables, layout, like
        As for `arguments_of`.
    keeps_tables : bool
        Whether Q-tables are kept of runs.
    max_steps : int

    Returns
    -------
    Arguments
    """
    numbers, one = np.zeros(1, np.int64), np.zeros((1, 1))
    work = Work(numbers.astype(np.uint64), one[None], max_steps, numbers, np.zeros(1, np.bool_), numbers, numbers, 1)
    kept = numbers if keeps_tables else None
    out = Output(one, one.astype(np.int32), one.astype(np.uint8), kept, np.empty((0, 0, 1, 1)))
    return arguments_of(agent, tables, layout, one[0], like, work, out)


def with_arrays(value: Any, replaced: Callable[[Any], Any], kind: type = np.ndarray) -> Any:
    """A value with something else in place of each array of a kind, in tuples within it too.

    Examples
    --------
    >>> with_arrays((np.zeros(3), (1.0, np.zeros(2))), len)
    (3, (1.0, 2))
    """
    if isinstance(value, kind):
        return replaced(value)
    if not isinstance(value, tuple) or isinstance(value, Lockstep):
        return value
    found = [with_arrays(part, replaced, kind) for part in value]
    return type(value)(*found) if hasattr(value, "_fields") else tuple(found)

"""An MDP packed for the lane engine: what a step needs in one 16-byte record, and room for every lane's table."""

from __future__ import annotations

import contextlib
import mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.lane_tables import QUAD
from fastsoftq.mdp.tables import Tables

_INTERLEAVED_BYTES = 1 << 18
_LARGE_PAGE = 1 << 21  # bytes

__all__ = ["Packed", "Room", "aligned", "packed", "packed_records", "row_width", "zeroed"]


class Packed(NamedTuple):
    """What lanes look up, and how their tables lie in memory.

    Entry (s, a) of lane l is at `s*row_stride + l*lane_stride + a`. While all tables are small, the lanes' rows of one
    state lie side by side, so that the states that are visited fill the nearest cache, and no others; later each lane
    has its table to itself.

    Each outcome has a record of two words: the reward; where the next state's row begins in a lane's table, where the
    next state's records begin (in words), and in the latter's sign whether the outcome terminates. A terminal outcome
    leads to the start state, where there is one only, so that the next episode needs no further look-up. All phases of
    an MDP that changes have the same rows, and each its own records, which lead to one another.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.mdp.tables import tables
    >>> packed(tables(fsq.from_map("S.G")), lanes=64).records.shape
    (24,)
    """

    records: NDArray[np.int64]  # [2 * phases * states * actions * outcomes]
    n_states: int
    n_actions: int
    n_rows: int  # of a table: a row for each state, and those behind
    row_stride: int  # from one state's row to the next, in a lane's table
    lane_stride: int | None  # from one lane's entry to the next lane's; None: a row's width, lanes lie side by side
    size: int  # numbers in all lanes' tables
    outcome: Any
    start: Any
    phases: Any  # as in `Tables`


class Room(NamedTuple):
    """What an agent's table takes.

    Examples
    --------
    >>> Room(numbers=4, rows_behind=0, numbers_behind=0).numbers
    4
    """

    numbers: int  # of a state's row
    rows_behind: int  # those of the states
    numbers_behind: int  # all of them, of each run
    most_lanes: int = 64  # that are worth it,
    most_in_vector: int = 16  # and how many of them to a vector


def aligned(count: int, dtype: type[np.generic]) -> NDArray[Any]:
    """Uninitialised numbers that begin on a cache line, as vectors must.

    Examples
    --------
    >>> aligned(3, np.float64).shape, aligned(3, np.float64).ctypes.data % 64
    ((3,), 0)
    """
    size = np.dtype(dtype).itemsize * count
    room = np.empty(size + 64, np.uint8)
    return room[-room.ctypes.data % 64 :][:size].view(dtype)


def zeroed(count: int) -> NDArray[np.float64]:
    """Zeros that begin on a cache line; where there are many, on large pages, as far as the system has them.

    They are fresh from the system, which clears them when they are first touched: nobody need write them.

    Examples
    --------
    >>> zeroed(3).tolist(), zeroed(1 << 18).ctypes.data % 64
    ([0.0, 0.0, 0.0], 0)
    """
    if 8 * count < _LARGE_PAGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        room = np.zeros(count + 8)
        return room[-room.ctypes.data % 64 // 8 :][:count]
    size = -(-8 * count // _LARGE_PAGE) * _LARGE_PAGE  # whole pages: what is left over would lie on small ones
    try:
        memory = mmap.mmap(-1, size + _LARGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError:
        raise MemoryError from None
    with contextlib.suppress(OSError):  # a system may have none
        memory.madvise(mmap.MADV_HUGEPAGE)
    pages = np.frombuffer(memory, np.float64)
    return pages[-pages.ctypes.data % _LARGE_PAGE // 8 :][:count]


def row_width(n_actions: int) -> int:
    """How many numbers a row takes in memory.

    Examples
    --------
    >>> row_width(4), row_width(5)
    (4, 8)
    """
    return -(-n_actions // QUAD) * QUAD


def packed(tables: Tables, lanes: int, numbers: int | None = None, behind: int = 0) -> Packed:
    """Pack an MDP; `dispatch.py` sees to it that 32-bit indices suffice.

    Parameters
    ----------
    tables : Tables
    lanes : int
    numbers : int, optional
        Of a row, where it is more than a value for each action.
    behind : int
        Rows behind those of the states.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.mdp.tables import tables
    >>> packed(tables(fsq.cliff_walking()), lanes=64).size
    12288
    """
    n_rows, width = tables.n_states + behind, row_width(tables.n_actions if numbers is None else numbers)
    if 8 * width * n_rows * lanes <= _INTERLEAVED_BYTES:
        row_stride, lane_stride, size = lanes * width, None, lanes * width * n_rows
    else:
        # Tables of a power of two bytes would compete for the same cache sets (475 against 505 million steps/s).
        padded = n_rows + 2 if (n_rows & (n_rows - 1)) == 0 else n_rows
        row_stride, lane_stride, size = width, padded * width, lanes * padded * width
    return Packed(
        packed_records(tables, row_stride), tables.n_states, tables.n_actions, n_rows, row_stride, lane_stride, size,
        tables.outcome, tables.start, tables.phases,
    )  # fmt: skip


def packed_records(tables: Tables, row_stride: int) -> NDArray[np.int64]:
    """The records of all outcomes, for tables whose rows are so far apart.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.mdp.tables import tables
    >>> records = packed_records(tables(fsq.from_map("S.G")), row_stride=4)
    >>> float(records[:2].view(np.float64)[0]), int(records[1])  # up, from the start: it costs 1, and leads back
    (-1.0, 0)
    """
    n_states, words = tables.n_states, 2 * tables.n_actions
    next_state = tables.next_state
    if isinstance(tables.start, int) and tables.terminated.any():
        next_state = np.where(tables.terminated, np.int32(tables.start), next_state)
    records = aligned(2 * len(next_state), np.int64)
    records.view(np.float64)[0::2] = tables.reward
    row_at, begins = (records.view(np.int32)[half::4] for half in (2, 3))  # the low half comes first on all processors
    np.multiply(next_state, np.int32(row_stride), out=row_at)
    np.multiply(next_state, np.int32(words), out=begins)  # as if actions had one outcome
    for phase, of_phase in enumerate(begins.reshape(tables.n_phases, -1)):
        if phase > 0:
            of_phase += phase * n_states * words
    begins |= np.left_shift(tables.terminated, 31, dtype=np.int32)
    return records

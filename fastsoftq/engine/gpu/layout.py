"""How many threads a GPU gets, and which of their tables lie in the memory that a multiprocessor's threads share."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.engine.lane_tables import PAIR
from fastsoftq.engine.packing import Room
from fastsoftq.mdp.tables import Tables

__all__ = ["OLDEST", "SORTED_ANYWHERE", "WARP", "Card", "Grid", "Layout", "layout_for", "pair_width"]

OLDEST = (7, 5)
"""The oldest compute capability that kernels are made for."""

SORTED_ANYWHERE = 4096
"""Runs of a block that every card sorts where its threads share memory."""

WARP = 32
"""Threads that go in step."""

_LARGEST = 2**31  # where rows begin, and records, is told in 32 bits
_WANTED = 384  # threads a multiprocessor: with more, tables drive one another from the cache
_OF_L2 = 0.65  # of that cache may be filled with tables
_FAR_BLOCK = 128  # threads of a block where all tables are in the card's memory
_FAR_LEAST, _FAR_MOST = 256, 512  # of a multiprocessor then; the more if its cache cannot hold so few tables
_OF_MEMORY = 0.6  # of the card's may be filled with tables


class Card(NamedTuple):
    """What a kind of GPU has.

    Examples
    --------
    >>> Card("a GPU", (9, 0), multiprocessors=132, shared_bytes=232448, memory=80 * 2**30).capability
    (9, 0)
    """

    name: str
    capability: tuple[int, int]
    multiprocessors: int
    shared_bytes: int  # that a block may have
    memory: int  # bytes
    l2_bytes: int = 32 << 20  # of the cache that all multiprocessors share


class Grid(NamedTuple):
    """How many threads a kernel gets.

    Examples
    --------
    >>> Grid(blocks=10, threads=128).shared_bytes
    0
    """

    blocks: int
    threads: int  # of a block
    shared_bytes: int = 0  # the room that a block needs


class Layout(NamedTuple):
    """Which threads there are, and where their tables lie.

    Attributes
    ----------
    blocks, threads : int
        Of the card, and of a block.
    near : int or None
        How many threads of a block have their tables in shared memory; None: none.
    words : int or None
        Of records in shared memory; None: they are left in the card's.
    row_stride : int
        From one state's row to the next, in numbers.
    shared_bytes : int
        The room that a block needs.
    far : int
        Numbers of tables in the card's memory, of all blocks.

    Examples
    --------
    >>> layout = Layout(blocks=2, threads=64, near=32, words=24, row_stride=128, shared_bytes=3264, far=768)
    >>> layout.threads - layout.near  # have their tables, of 12 numbers, in the card's memory
    32
    """

    blocks: int
    threads: int
    near: int | None
    words: int | None
    row_stride: int
    shared_bytes: int
    far: int


def pair_width(n_actions: int) -> int:
    """How many numbers a row takes where rows lie in pairs.

    Examples
    --------
    >>> pair_width(4), pair_width(5)
    (4, 6)
    """
    return -(-n_actions // PAIR) * PAIR


def layout_for(
    tables: Tables, card: Card, runs: int, near: int | None = None, threads: int | None = None, room: Room | None = None
) -> Layout:
    """Lay the tables of an MDP out.

    Parameters
    ----------
    tables : Tables
        Of states that can be reached.
    card : Card
    runs : int
        How many there are to train: few of them are spread over all multiprocessors.
    near, threads : int, optional
        How many threads of a block have near tables, and how many there are in all, if that is to be chosen.
    room : Room, optional
        What an agent's table takes, where it is more than a value for each entry.

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        An MDP that is too large for 32-bit indices.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.engine.gpu.reachable import reachable
    >>> card = Card("a GPU", (9, 0), 132, shared_bytes=232448, memory=80 * 2**30, l2_bytes=50 * 2**20)
    >>> layout = layout_for(reachable(fsq.cliff_walking()).tables, card, runs=1_000_000)
    >>> layout.near, layout.threads
    (192, 384)
    """
    room = Room(tables.n_actions, 0, 0) if room is None else room
    width, rows = pair_width(room.numbers), tables.n_states + room.rows_behind
    table_bytes, record_bytes = 8 * width * rows, 8 * _words(tables)
    fits = max(0, card.shared_bytes - record_bytes) // table_bytes // WARP * WARP
    in_l2 = int(_OF_L2 * card.l2_bytes) // (card.multiprocessors * table_bytes)  # tables of each multiprocessor
    share = -(-runs // (WARP * card.multiprocessors)) * WARP  # threads of a multiprocessor that find a run
    if near is None:
        near = min(fits, _WANTED, share)
    if near == 0:
        if threads is None:
            threads = min(share, in_l2 // WARP * WARP if in_l2 >= _FAR_LEAST else _FAR_MOST, 4 * _FAR_MOST)
        in_block = min(threads, _FAR_BLOCK)
        blocks = card.multiprocessors * -(-threads // in_block)
        held = int(_OF_MEMORY * card.memory) // table_bytes  # so many tables
        if held < blocks * in_block:
            in_block = min(in_block, max(WARP, held // card.multiprocessors // WARP * WARP))
            blocks = max(1, min(blocks, held // in_block))
        words = record_bytes // 8 if record_bytes <= card.shared_bytes // 8 else None
        _check(rows * width * in_block, tables)
        far = blocks * in_block * width * rows
        return Layout(blocks, in_block, None, words, width * in_block, 8 * (words or 0), far)
    if threads is None:
        others = min(max(0, min(_WANTED, share) - near), in_l2)
        threads = near + others // near * near
    _check(rows * width * near, tables)
    return Layout(
        blocks=card.multiprocessors,
        threads=threads,
        near=near,
        words=record_bytes // 8,
        row_stride=width * near,
        shared_bytes=record_bytes + table_bytes * near,
        far=card.multiprocessors * (threads - near) * width * rows,
    )


def _words(tables: Tables) -> int:
    """Of all records."""
    return 2 * tables.n_phases * tables.n_states * tables.n_actions * tables.n_outcomes


def _check(numbers: int, tables: Tables) -> None:
    if max(numbers, _words(tables)) >= _LARGEST:
        raise ValueError(
            f"an MDP of {tables.n_states} states that can be reached, {tables.n_actions} actions and "
            f"{tables.n_outcomes} outcomes is too large for a GPU's 32-bit indices; train it on the CPU"
        )

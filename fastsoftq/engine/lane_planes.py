"""What lanes keep beside each entry: further numbers of a state's row (`planes.py`)."""

from __future__ import annotations

from typing import Any

from numba import int32, types

from fastsoftq.agents.memory_rules import acts_upon, adapted, beside, estimate, learn_beside
from fastsoftq.engine.lane_memory import load, store
from fastsoftq.engine.lane_tables import copy_row, further, number_at, put, rows, tables_from, values_at
from fastsoftq.engine.planes import check_as_many, leaves_of, like_example, parted, plane_count
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.over_actions import each, fold
from fastsoftq.kernels.simd import select

__all__ = [
    "clear_tables",
    "fill_lane_table",
    "gathered",
    "keep_beside",
    "kept_beside",
    "lane_estimate",
    "lane_seen",
    "learn_of",
    "row_at",
    "with_entry",
    "written",
]


# ---- numbers in the tables of a vector's lanes -----------------------------------------------------------------------


@inlined
def gathered(setting, g, at):
    """The numbers at `at`."""
    store(setting.memory.at, g, at)
    return values_at(setting.tables, setting.memory.at, g)


@inlined
def written(setting, g, at, numbers):
    """Let the numbers at `at` be these."""
    store(setting.memory.at, g, at)
    put(setting.tables, setting.memory.at, numbers, g)


@inlined
def row_at(setting, g, at):
    """The wide rows that begin at `at`."""
    store(setting.memory.at, g, at)
    return rows(setting.tables, setting.memory.at, g, setting.row)


# ---- beside the entries that a vector's lanes learn of, which are at `memory.entry_at` -------------------------


@inlined
def _n_actions(setting):
    return int32(len(setting.row) // plane_count(setting.memory.example))


@by_type
def _plane(setting, g, plane):
    """The tables of a plane, and where in them is what lies beside the entries that lanes learn of."""
    tables = setting.types[setting.fields.index("tables")]

    def moved_on(setting, g, plane):
        tables = tables_from(setting.tables, (plane + int32(1)) * _n_actions(setting))
        return tables, setting.memory.entry_at

    def pair_by_pair(setting, g, plane):
        memory = setting.memory
        at = further(setting.tables, load(memory.entry_at, g), (plane + int32(1)) * _n_actions(setting))
        store(memory.at, g, at)
        return setting.tables, memory.at

    return moved_on if tables.types[tables.fields.index("pair_stride")] == types.none else pair_by_pair


@inlined
def _read_plane(_, plane, setting, g):
    tables, at = _plane(setting, g, plane)
    return values_at(tables, at, g)


@inlined
def _write_plane(_, numbers, plane, setting, g):
    tables, at = _plane(setting, g, plane)
    put(tables, at, numbers, g)
    return 0


@by_type
def kept_beside(setting, g, example):
    """What is kept beside the entries that lanes learn of."""
    if example == types.none:
        return lambda setting, g, example: None

    def read(setting, g, example):
        return like_example(each(_read_plane, leaves_of(example), (setting, g)), example)

    return read


@by_type
def keep_beside(setting, g, kept, example):
    """Keep it there."""
    check_as_many(kept, example)
    if kept == types.none:
        return lambda setting, g, kept, example: None

    def write(setting, g, kept, example):
        fold(_write_plane, 0, leaves_of(kept), (setting, g))

    return write


@inlined
def _put(number, place, changed, numbers, n_actions):
    return select(changed == place % n_actions, numbers[place // n_actions], number)


@inlined
def with_entry(setting, row, action, numbers):
    """A wide row with these numbers as the entry of `action`, and beside it; action -1 leaves it as it is."""
    return each(_put, row, (action, numbers, _n_actions(setting)))


@inlined
def learn_of(setting, now, g, kept, reward, terminated, value, chance):
    """Learn that the actions with these entries led to a `value` ahead; return all that these entries are now."""
    where = setting.memory.entry_at
    entry = values_at(setting.tables, where, g)
    entry, kept = learn_beside(adapted(now, kept), entry, kept, reward, terminated, value, chance)
    put(setting.tables, where, entry, g)
    keep_beside(setting, g, kept, setting.memory.example)
    return leaves_of((entry, kept))


@by_type
def lane_seen(setting, now, row):
    """The row upon which lanes act, given the row that is in their tables."""
    if setting.types[setting.fields.index("memory")] == types.none:
        return lambda setting, now, row: row

    def seen(setting, now, row):
        values, kept = parted(row, setting.memory.example)
        return acts_upon(now, values, kept)

    return seen


# ---- one lane, when a run begins, and when its table is kept ---------------------------------------------------------


@inlined
def _fill_plane(_, value, plane, setting, row_at, lane, action):
    at = number_at(setting.tables, row_at, lane, action + (plane + 1) * _n_actions(setting))
    setting.tables.numbers[at] = value
    return 0


@by_type
def clear_tables(setting, mdp):
    """Let tables be zeros, unless they are so: in them lanes without a run step on with the others.

    A lane that is alone does not step on. Tables that lie apart are fresh from the system.
    """
    alone = setting.types[setting.fields.index("lockstep")].lanes == 1
    if alone or mdp.types[mdp.fields.index("lane_stride")] != types.none:
        return lambda setting, mdp: None

    def clear(setting, mdp):
        for i in range(mdp.size):
            setting.tables.numbers[i] = 0.0

    return clear


@by_type
def fill_lane_table(setting, mdp, lane, initial, first, fresh):
    """Let a lane's table begin as the numbers from `initial[first]` on, and with it what is kept beside its entries.

    A `fresh` table is zeros, unless a lane is alone.
    """

    def row_by_row(setting, mdp, lane, initial, first, fresh):
        for s in range(mdp.n_states):
            copy_row(setting.tables, s * mdp.row_stride, lane, initial, first + s * mdp.n_actions, setting.row, fresh)

    def one_by_one(setting, mdp, lane, initial, first, fresh):
        for s in range(mdp.n_states):
            for a in range(mdp.n_actions):
                _fill_entry(setting, s * mdp.row_stride, lane, a, initial[first + s * mdp.n_actions + a])

    tables = setting.types[setting.fields.index("tables")]
    in_one_piece = tables.types[tables.fields.index("pair_stride")] == types.none
    shared = setting.types[setting.fields.index("lockstep")].lanes > 1
    return row_by_row if in_one_piece and shared and not _has_planes(setting) else one_by_one


@by_type
def _fill_entry(setting, row_at, lane, action, value):
    def alone(setting, row_at, lane, action, value):
        setting.tables.numbers[number_at(setting.tables, row_at, lane, action)] = value

    def with_planes(setting, row_at, lane, action, value):
        setting.tables.numbers[number_at(setting.tables, row_at, lane, action)] = value
        leaves = leaves_of(beside(setting.first_agent, value))
        fold(_fill_plane, 0, leaves, (setting, row_at, lane, action))

    return with_planes if _has_planes(setting) else alone


def _has_planes(setting: Any) -> bool:
    memory = setting.types[setting.fields.index("memory")]
    return bool(memory != types.none and memory.types[memory.fields.index("example")] != types.none)


@inlined
def _plane_of_lane(_, plane, setting, row_at, lane, action):
    return setting.tables.numbers[number_at(setting.tables, row_at, lane, action + (plane + 1) * _n_actions(setting))]


@by_type
def lane_estimate(setting, row_at, lane, action):
    """The value that kept tables show of a lane's entry."""

    def alone(setting, row_at, lane, action):
        return setting.tables.numbers[number_at(setting.tables, row_at, lane, action)]

    def with_planes(setting, row_at, lane, action):
        entry = setting.tables.numbers[number_at(setting.tables, row_at, lane, action)]
        kept = each(_plane_of_lane, leaves_of(setting.memory.example), (setting, row_at, lane, action))
        return estimate(setting.first_agent, entry, like_example(kept, setting.memory.example))

    return with_planes if _has_planes(setting) else alone

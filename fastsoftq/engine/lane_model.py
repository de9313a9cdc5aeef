"""What lanes that plan keep: a model of what came last of every action, in the order in which they met them.

An entry of the model has a record like those of the MDP (`packing.Packed`), in which the entry that it is about stands
in place of the next state's records. Behind the rows of the states lie as many again, where each entry has the number
of its record; and, where planning pays a bonus, as many more, for the step in which its action was taken last.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import int32, int64, types, uint64
from numba.extending import intrinsic

from fastsoftq.agents.memory_rules import time_bonus, value_ahead
from fastsoftq.engine.lane_memory import LaneArray, hidden_lane_count, lane_array, load, store
from fastsoftq.engine.lane_planes import kept_beside, learn_of
from fastsoftq.engine.lane_schedules import agent_now
from fastsoftq.engine.lane_tables import (
    arrive,
    copy_places,
    entry_of,
    moved,
    number_at,
    put,
    put_pairs,
    tables_from,
    values_at,
)
from fastsoftq.engine.lockstep import LockstepType, lane_count, lane_width
from fastsoftq.engine.planes import parted, plane_count
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import GOLDEN, halves, mixed
from fastsoftq.kernels.random import LEARNING
from fastsoftq.kernels.simd import bitcast, convert, fma, select, sqrt, whole
from fastsoftq.kernels.vectors import index_beside

__all__ = [
    "NUMBERS_OF_RECORD",
    "LaneModel",
    "forget_model",
    "has_model",
    "lane_model",
    "note",
    "plan",
    "rows_of_model",
    "rows_of_records",
]

NUMBERS_OF_RECORD = 2

_LOW, _SIGN = uint64(0xFFFFFFFF), uint64(1 << 63)
_0, _1, _32 = uint64(0), uint64(1), uint64(32)
_AHEAD = 8  # so many draws are made before the first is used: no update waits for its own


def rows_of_model(n_states: int, pays_bonus: bool) -> int:
    """How many rows behind those of the states say which record, and which step, belongs to an entry.

    Examples
    --------
    >>> rows_of_model(48, False), rows_of_model(48, True)
    (48, 96)
    """
    return n_states * (2 if pays_bonus else 1)


def rows_of_records(entries: int, width: int) -> int:
    """How many rows of so many numbers the records of a lane take that is alone.

    Examples
    --------
    >>> rows_of_records(192, 4), rows_of_records(192, 7), rows_of_records(4, 1)
    (96, 48, 4)
    """
    return -(-entries >> _shift(width))


def _shift(width: int) -> int:
    """The logarithm of how many records a row takes: a power of two, so that no index is divided."""
    return ((width + 1) // NUMBERS_OF_RECORD).bit_length() - 1


class LaneModel(NamedTuple):
    """What lanes need to plan."""

    n: Any  # how many updates follow each step
    behind: Any  # how far behind an entry the number of its record is, and as far behind that, when it was taken last
    read_at: Any  # for each lane, where its records begin among all numbers,
    write_at: Any  # and where as an entry of its table;
    count: Any  # how many there are;
    steps: Any  # how many steps the run has taken, a float;
    key: Any  # of the step's own random stream;
    drawn: Any  # and `_AHEAD` times, which record is learned from


@intrinsic
def _rooms(typing, lockstep):
    """What `LaneModel` has an array of, on the stack of the function that calls this."""
    index = index_beside(types.float64, lockstep.width)
    dtypes = (index, index, types.uint64, types.float64, types.int64, index)
    result = types.Tuple([LaneArray(t, lockstep.width) for t in dtypes])

    def emit(context, builder, sig, args):
        lanes = [lockstep] * (len(dtypes) - 1) + [LockstepType(_AHEAD * lockstep.lanes, lockstep.width)]
        rooms = [lane_array(builder, t, many) for t, many in zip(dtypes, lanes, strict=True)]
        return context.make_tuple(builder, result, rooms)

    return result(lockstep), emit


@by_type
def lane_model(n, mdp, tables, lockstep, begin):
    """What lanes need to plan, their records side by side from number `begin` on; None for an agent without a model."""
    if n == types.none:
        return lambda n, mdp, tables, lockstep, begin: None

    def made(n, mdp, tables, lockstep, begin):
        read_at, write_at, count, steps, key, drawn = _rooms(lockstep)
        for lane in range(lane_count(lockstep)):
            read_at[lane] = int32(begin + lane * NUMBERS_OF_RECORD * mdp.n_states * mdp.n_actions)
            write_at[lane] = int32(read_at[lane] - lane * tables.lane_stride)
        return LaneModel(n, int32(mdp.n_states * mdp.row_stride), read_at, write_at, count, steps, key, drawn)

    return made


# ---- records ---------------------------------------------------------------------------------------------------------


@by_type
def _record_at(setting, g, begin, number):
    """Where record `number` of each lane is, counted from 0."""
    if setting.types[setting.fields.index("lockstep")].lanes > 1:
        return lambda setting, g, begin, number: load(begin, g) + (number + number)
    shift = _shift(len(setting.types[setting.fields.index("row")]))
    last = (1 << shift) - 1

    def in_rows(setting, g, begin, number):
        memory = setting.memory
        row, place = number >> shift, number & last
        return entry_of(setting.tables, memory.records_at + row * memory.row_stride, place + place)

    return in_rows


@by_type
def forget_model(setting, lane, n_states, n_actions):
    """A run begins in a lane, which has met nothing yet."""
    if not has_model(setting):
        return lambda setting, lane, n_states, n_actions: None

    def forget(setting, lane, n_states, n_actions):
        model, numbers = setting.memory.model, setting.tables.numbers
        model.count[lane], model.steps[lane] = uint64(0), 0.0
        for s in range(n_states):
            for a in range(n_actions):
                at = number_at(setting.tables, s * setting.memory.row_stride + model.behind, lane, a)
                numbers[at] = 0.0
        # Lanes without a run learn from record 0 on, which is about the first entry and leads to its state.
        numbers[model.read_at[lane]], numbers[model.read_at[lane] + 1] = 0.0, 0.0

    return forget


@inlined
def _note(setting, g, entry_at, word, reward, when, only_new):
    """Let models hold what an action led to, and that it did so in step `when`; or only those that hold nothing yet."""
    memory, model = setting.memory, setting.memory.model
    places, times = _behind(setting)
    known = bitcast(values_at(places, memory.entry_at, g), _0)
    new = known == _0
    count = load(model.count, g) + select(new, _1, _0)
    store(model.count, g, count)
    number = select(new, count, known)
    record_at = _record_at(setting, g, model.write_at, whole(number - _1, 0.0))
    put(places, memory.entry_at, bitcast(number, 0.0), g)
    if only_new:
        when = select(new, when, values_at(times, memory.entry_at, g))
        record_at = select(new, record_at, memory.nowhere)
    if time_bonus(setting.first_agent) > 0.0:
        put(times, memory.entry_at, when, g)
    about = convert(entry_at, _0) << _32
    store(memory.at, g, record_at)
    put_pairs(setting.tables, memory.at, reward, bitcast(word & (_SIGN | _LOW) | about, 0.0), g)


@inlined
def _behind(setting):
    """The tables of records' numbers, and of when actions were taken last; their entries lie as those of values do."""
    behind = setting.memory.model.behind
    return tables_from(setting.tables, behind), tables_from(setting.tables, behind + behind)


def has_model(setting: Any) -> bool:
    """Whether an agent plans, by type."""
    memory = setting.types[setting.fields.index("memory")]
    return bool(memory != types.none and memory.types[memory.fields.index("model")] != types.none)


@by_type
def note(setting, g, here, action, word, reward):
    """Let the model hold what a step led to."""

    def noted(setting, g, here, action, word, reward):
        model, entry_at = setting.memory.model, setting.memory.entry_at
        when = load(model.steps, g) + 1.0
        store(model.steps, g, when)
        if time_bonus(setting.first_agent) > 0.0:
            # Actions of a state that is new lead back to it for nothing, until they are taken.
            for other in range(len(setting.row) // plane_count(setting.memory.example)):
                at = entry_of(setting.tables, here, int32(other))
                store(entry_at, g, at)
                _note(setting, g, at, convert(here, _0), 0.0, when * 0.0, True)
        at = entry_of(setting.tables, here, action)
        store(entry_at, g, at)
        _note(setting, g, at, word, reward, when, False)

    return noted if has_model(setting) else lambda setting, g, here, action, word, reward: None


# ---- planning --------------------------------------------------------------------------------------------------------


@inlined
def _learn_from_record(setting, now, g, records_at, key):
    """Learn of an action again, as if it were taken now and led where it did the last time."""
    memory, model = setting.memory, setting.memory.model
    reward, word, ahead = arrive(setting.tables.numbers, records_at, setting.tables, g, setting.row)
    copy_places(setting.tables.numbers, records_at, memory.entry_at, g)
    values, kept_ahead = parted(ahead, memory.example)
    chance = halves(mixed(key + LEARNING))
    value = value_ahead(now, values, kept_ahead, load(setting.lanes.action, g) & 0, chance, setting.like)
    bonus = time_bonus(setting.first_agent)
    if bonus > 0.0:
        _, times = _behind(setting)
        taken = values_at(times, memory.entry_at, g)
        reward = fma(bonus, sqrt(load(model.steps, g) - taken), reward)
    kept = kept_beside(setting, g, memory.example)
    learn_of(setting, now, g, kept, reward, bitcast(word, int64(0)) < 0, value, chance)


@inlined
def _now(setting, g):
    return agent_now(setting.agent, setting.schedules, g, setting.lockstep)


@inlined
def _key_of_step(setting, g, shift):
    return bitcast(mixed(load(setting.lanes.key, g) + (shift + LEARNING)), int64(0))


@inlined
def _draw_record(setting, g, key, k):
    """Draw which record the k-th update of a step is learned from."""
    model = setting.memory.model
    drawn = (mixed(key) >> _32) * (load(model.count, g) & _LOW) >> _32
    store(moved(model.drawn, k), g, _record_at(setting, g, model.read_at, whole(drawn, 0.0)))


@by_type
def plan(setting, shift):
    """Learn from the model as often as an agent does after each step."""

    def lanes_in_turn(setting, shift):  # no update waits for the one before, or for its draw
        model, count, width = setting.memory.model, lane_count(setting.lockstep), lane_width(setting.lockstep)
        for first in range(1, model.n + 1, _AHEAD):
            many = min(_AHEAD, model.n + 1 - first)
            for g in range(0, hidden_lane_count(setting.lockstep), width):
                key = _key_of_step(setting, g, shift)
                store(model.key, g, key)
                for k in range(many):
                    _draw_record(setting, g, key + (first + k) * GOLDEN, k * count)
            for k in range(many):
                at = moved(model.drawn, k * count)
                for g in range(0, hidden_lane_count(setting.lockstep), width):
                    _learn_from_record(setting, _now(setting, g), g, at, load(model.key, g) + (first + k) * GOLDEN)

    def alone(setting, shift):
        now, key = _now(setting, 0), _key_of_step(setting, 0, shift)
        for k in range(1, setting.memory.model.n + 1):
            _draw_record(setting, 0, key + k * GOLDEN, 0)
            _learn_from_record(setting, now, 0, setting.memory.model.drawn, key + k * GOLDEN)

    if not has_model(setting):
        return lambda setting, shift: None
    return lanes_in_turn if setting.types[setting.fields.index("lockstep")].lanes > 1 else alone

"""A step of all lanes of an agent with memory: what it keeps beside each entry, and its last n steps.

The last steps lie behind the rows of the states, step t in place t % n: those of all lanes side by side or, where a
lane is alone, in rows of their own, so that they are wherever a processor's tables are. Agents that keep more than
that are trained one run at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import int32, int64, types, uint64
from numba.extending import intrinsic

from fastsoftq.agents.memory_rules import (
    acts_upon,
    adapted,
    backed_up,
    beside,
    estimate,
    learn_beside,
    pass_back,
    rewarded,
    value_ahead,
    visited,
)
from fastsoftq.agents.rules import act, complete_summary, on_policy, summarise
from fastsoftq.engine.lane_memory import LaneArray, bits_of, hidden_lane_count, lane_array, load, store
from fastsoftq.engine.lane_schedules import agent_now, begin_episodes
from fastsoftq.engine.lane_tables import arrive, entry_of, number_at, rows, scatter, values_at
from fastsoftq.engine.lockstep import lane_count, lane_width
from fastsoftq.engine.planes import check_as_many, leaves_of, like_example, parted, plane_count
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import GOLDEN, halves, mixed
from fastsoftq.kernels.over_actions import each, fold
from fastsoftq.kernels.random import LEARNING
from fastsoftq.kernels.simd import any_lane, bitcast, convert, select, whole
from fastsoftq.kernels.vectors import index_beside

__all__ = [
    "NUMBERS_OF_STEP",
    "LaneMemory",
    "fill_lane_entry",
    "forget_steps",
    "lane_estimate",
    "lane_memory",
    "lane_seen",
    "rows_behind",
    "step_remembering",
]

_LOW, _HIGH = uint64(0xFFFFFFFF), uint64(0x7FFFFFFF)

NUMBERS_OF_STEP = 3  # of a step that is remembered: where its state's row begins, its action, its reward


def rows_behind(n: int, width: int) -> int:
    """How many rows the last n steps take, of so many numbers each, and one where lanes write that shall write nothing.

    Examples
    --------
    >>> rows_behind(0, 4), rows_behind(5, 4), rows_behind(5, 2)
    (0, 6, 11)
    """
    return 0 if n == 0 else n * -(-NUMBERS_OF_STEP // width) + 1


class LaneMemory(NamedTuple):
    """What lanes need to remember."""

    example: Any  # what is kept beside an entry, by type
    n: Any  # how many steps, or None
    behind: Any  # where the rows behind those of the states begin
    row_stride: Any
    end: Any  # of all lanes' tables, where their last steps lie side by side
    at: Any  # for each lane, where a number is read or written,
    number: Any  # and what is written


@intrinsic
def _rooms(typing, lockstep):
    """Two arrays of lanes, one of indices and one of numbers, on the stack of the function that calls this."""
    dtypes = index_beside(types.float64, lockstep.width), types.float64
    result = types.Tuple([LaneArray(t, lockstep.width) for t in dtypes])

    def emit(context, builder, sig, args):
        return context.make_tuple(builder, result, [lane_array(builder, t, lockstep) for t in dtypes])

    return result(lockstep), emit


@by_type
def lane_memory(example, n, most, mdp, lockstep):
    """What lanes need to remember, of at most so many steps; None for an agent that keeps nothing but its table."""
    if example == types.none and n == types.none:
        return lambda example, n, most, mdp, lockstep: None

    def made(example, n, most, mdp, lockstep):
        at, number = _rooms(lockstep)
        behind, row_stride = int32(mdp.n_states * mdp.row_stride), int32(mdp.row_stride)
        return LaneMemory(example, _at_most(n, most), behind, row_stride, mdp.size, at, number)

    return made


@by_type
def _at_most(n, most):
    return (lambda n, most: None) if n == types.none else (lambda n, most: min(n, most))


# ---- where numbers are -----------------------------------------------------------------------------------------------


@inlined
def _gather(setting, g, at):
    store(setting.memory.at, g, at)
    return values_at(setting.tables, setting.memory.at, g)


@inlined
def _scatter(setting, g, at, numbers):
    store(setting.memory.at, g, at)
    store(setting.memory.number, g, numbers)
    scatter(setting.tables, setting.memory.at, setting.memory.number, g)


@inlined
def _row_at(setting, g, row_at):
    store(setting.memory.at, g, row_at)
    return rows(setting.tables, setting.memory.at, g, setting.row)


@inlined
def _n_actions(setting):
    return int32(len(setting.row) // plane_count(setting.memory.example))


@inlined
def _read_plane(_, plane, setting, g, row_at, action):
    return _gather(setting, g, entry_of(setting.tables, row_at, action + (plane + int32(1)) * _n_actions(setting)))


@inlined
def _write_plane(_, numbers, plane, setting, g, row_at, action):
    _scatter(setting, g, entry_of(setting.tables, row_at, action + (plane + int32(1)) * _n_actions(setting)), numbers)
    return 0


@by_type
def _kept_at(setting, g, row_at, action, example):
    """What is kept beside the entries of a vector's lanes."""
    if example == types.none:
        return lambda setting, g, row_at, action, example: None

    def read(setting, g, row_at, action, example):
        return like_example(each(_read_plane, leaves_of(example), (setting, g, row_at, action)), example)

    return read


@by_type
def _keep_at(setting, g, row_at, action, kept, example):
    check_as_many(kept, example)
    if kept == types.none:
        return lambda setting, g, row_at, action, kept, example: None

    def write(setting, g, row_at, action, kept, example):
        fold(_write_plane, 0, leaves_of(kept), (setting, g, row_at, action))

    return write


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
def fill_lane_entry(setting, row_at, lane, action, value):
    """Let an entry of a lane begin as `value`, and with it what is kept beside it."""

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


# ---- the last n steps ------------------------------------------------------------------------------------------------


@intrinsic
def _side_by_side(typing, numbers, offset, lockstep):
    """Numbers from `offset` on as those of lanes, one beside the other."""
    t = LaneArray(types.float64, lockstep.width)
    return t(numbers, types.intp, lockstep), lambda c, builder, s, args: builder.gep(args[0], [args[1]])


@inlined
def _steps_of_lanes(setting, turn, k):
    """Numbers `k` of the steps that all lanes took in a turn, side by side."""
    memory, count = setting.memory, lane_count(setting.lockstep)
    offset = setting.memory.end + ((turn % memory.n) * NUMBERS_OF_STEP + k) * count
    return _side_by_side(setting.tables.numbers, offset, setting.lockstep)


@inlined
def _in_slot(setting, turn, k):
    """Where number `k` of the step taken in a turn is, in a row of its own."""
    memory, width = setting.memory, len(setting.row)
    rows_each = (NUMBERS_OF_STEP + width - 1) // width
    row = int32((turn % memory.n) * rows_each + k // width)
    return entry_of(setting.tables, memory.behind + row * memory.row_stride, int32(k % width))


@by_type
def _read_step(setting, g, turn, k):
    if setting.types[setting.fields.index("lockstep")].lanes > 1:
        return lambda setting, g, turn, k: load(_steps_of_lanes(setting, turn, k), g)
    return lambda setting, g, turn, k: _gather(setting, g, _in_slot(setting, turn, k))


@by_type
def _write_step(setting, g, turn, k, numbers):
    if setting.types[setting.fields.index("lockstep")].lanes > 1:
        return lambda setting, g, turn, k, numbers: store(_steps_of_lanes(setting, turn, k), g, numbers)
    return lambda setting, g, turn, k, numbers: _scatter(setting, g, _in_slot(setting, turn, k), numbers)


@inlined
def _nowhere(setting):
    """Where the row begins that nobody reads."""
    memory, width = setting.memory, len(setting.row)
    rows_each = (NUMBERS_OF_STEP + width - 1) // width
    return memory.behind + int32(memory.n * rows_each) * memory.row_stride


@inlined
def _as_index(numbers):
    """Whole numbers below 2**32 that are held as floats: beside the exponent of 2**52 they are the lowest bits."""
    return whole(bitcast(numbers + 2.0**52, uint64(0)) & _LOW, 0.0)


@inlined
def _recall(setting, g, turn):
    """A step: where its state's row begins, its action, its reward."""
    row_at, action = _as_index(_read_step(setting, g, turn, 0)), _as_index(_read_step(setting, g, turn, 1))
    return row_at, action, _read_step(setting, g, turn, 2)


@by_type
def forget_steps(setting):
    """Let there be steps to recall from the first on, which nobody learns from: they lead into the first row."""
    memory = setting.types[setting.fields.index("memory")]
    if memory == types.none or memory.types[memory.fields.index("n")] == types.none:
        return lambda setting: None

    def forget(setting):
        for turn in range(setting.memory.n):
            for g in range(0, lane_count(setting.lockstep), lane_width(setting.lockstep)):
                for k in range(NUMBERS_OF_STEP):
                    _write_step(setting, g, turn, k, 0.0)

    return forget


@inlined
def _learn_of(setting, now, g, row_at, action, kept, reward, terminated, value, chance):
    at = entry_of(setting.tables, row_at, action)
    entry, kept = learn_beside(adapted(now, kept), _gather(setting, g, at), kept, reward, terminated, value, chance)
    _scatter(setting, g, at, entry)
    _keep_at(setting, g, row_at, action, kept, setting.memory.example)


@by_type
def _learn(setting, now, g, turn, row_at, action, kept, reward, terminated, ended, value, chance, n):
    def at_once(setting, now, g, turn, row_at, action, kept, reward, terminated, ended, value, chance, n):
        _learn_of(setting, now, g, row_at, action, kept, reward, terminated, value, chance)

    def after_n_steps(setting, now, g, turn, row_at, action, kept, reward, terminated, ended, value, chance, n):
        """Learn of the step that lies n steps back; of all that are left where an episode has ended, oldest first."""
        lanes, example = setting.lanes, setting.memory.example
        _keep_at(setting, g, row_at, action, kept, setting.memory.example)
        _write_step(setting, g, turn, 0, convert(row_at, 0.0))
        _write_step(setting, g, turn, 1, convert(action, 0.0))
        _write_step(setting, g, turn, 2, reward)
        taken = setting.max_steps + (turn + 1) - load(lanes.limit, g)  # steps of the episode, this one included
        for back in range(n - 1, (0 if any_lane(ended) else n - 1) - 1, -1):
            learns = taken > select(ended, back, n - 1 if back == n - 1 else setting.max_steps)
            if not any_lane(learns):
                continue
            ahead, over = value, terminated
            for k in range(back):
                there, chosen, paid = _recall(setting, g, turn - k)
                row, beside_it = parted(_row_at(setting, g, there), example)
                back_here = backed_up(now, paid, over, ahead)
                ahead, over = pass_back(now, row, beside_it, chosen, back_here, setting.like), over & (taken < 0)
            there, chosen, paid = _recall(setting, g, turn - back)
            there = select(learns, there, _nowhere(setting))
            _learn_of(
                setting, now, g, there, chosen, _kept_at(setting, g, there, chosen, example), paid, over, ahead, chance,
            )  # fmt: skip

    return at_once if n == types.none else after_n_steps


# ---- all lanes -------------------------------------------------------------------------------------------------------


@inlined
def _act(setting, now, g, row, bits):
    seen = lane_seen(setting, now, row)
    return whole(act(now, seen, complete_summary(now, summarise(now, seen, setting.like)), halves(bits)), 0.0)


@inlined
def step_remembering(setting, count, turn):
    """Take a step with all lanes, learn from it, and act; return which episodes ended."""
    lanes, memory, ended_lanes, shift = setting.lanes, setting.memory, uint64(0), (turn + 1) * GOLDEN
    for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
        now = agent_now(setting.agent, setting.schedules, g, setting.lockstep)
        key = load(lanes.key, g) + shift
        store(lanes.bits, g, mixed(key))
        chance = halves(mixed(key + LEARNING))
        here, action = load(lanes.row_at, g), load(lanes.action, g)
        paid, word, ahead = arrive(setting.records, lanes.record_at, setting.tables, g, setting.row)
        store(lanes.word, g, word)
        store(lanes.row_at, g, whole(word & _LOW, 0.0))
        store(lanes.records_at, g, whole(word >> uint64(32) & _HIGH, 0.0))
        store(lanes.total, g, load(lanes.total, g) + paid)
        if on_policy(setting.agent):
            store(lanes.next_action, g, _act(setting, now, g, ahead, load(lanes.bits, g)))
        values, kept_ahead = parted(ahead, memory.example)
        value = value_ahead(now, values, kept_ahead, load(lanes.next_action, g), chance, setting.like)
        kept = visited(now, _kept_at(setting, g, here, action, memory.example))
        sign = bitcast(word, int64(0))
        # The sign of the word says `terminated`, that of the turns left after this one that they are used up.
        ended = (sign | (load(lanes.limit, g) - (turn + 2))) < 0
        reward = rewarded(now, paid, kept)
        _learn(setting, now, g, turn, here, action, kept, reward, sign < 0, ended, value, chance, memory.n)
        begin_episodes(setting.agent, setting.schedules, setting.upcoming, g, ended)
        ended_lanes |= bits_of(ended) << uint64(g)
        if on_policy(setting.agent):
            action = load(lanes.next_action, g)
        else:
            then = agent_now(setting.agent, setting.schedules, g, setting.lockstep)
            row = rows(setting.tables, lanes.row_at, g, setting.row)
            action = _act(setting, then, g, row, load(lanes.bits, g))
        store(lanes.action, g, action)
        store(lanes.record_at, g, load(lanes.records_at, g) + (action + action))
    return ended_lanes

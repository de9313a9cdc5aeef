"""A step of all lanes of an agent with memory: beside each entry, of its last n steps, or a model of what it has seen.

Agents that keep more than that are trained one run at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import int32, int64, types, uint64
from numba.extending import intrinsic

from fastsoftq.agents.memory_rules import rewarded, time_bonus, value_ahead, visited
from fastsoftq.agents.rules import act, complete_summary, on_policy, summarise
from fastsoftq.engine.lane_last_steps import NUMBERS_OF_STEP, learn_from_steps, rows_of_steps
from fastsoftq.engine.lane_memory import LaneArray, bits_of, hidden_lane_count, lane_array, load, store
from fastsoftq.engine.lane_model import has_model, lane_model, note, plan
from fastsoftq.engine.lane_planes import kept_beside, lane_seen, learn_of, with_entry
from fastsoftq.engine.lane_schedules import agent_now, begin_episodes
from fastsoftq.engine.lane_tables import arrive, entry_of, places, rows
from fastsoftq.engine.lockstep import lane_count, lane_width
from fastsoftq.engine.planes import none_is_zero, parted
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import GOLDEN, halves, mixed
from fastsoftq.kernels.random import LEARNING
from fastsoftq.kernels.simd import bitcast, select, whole
from fastsoftq.kernels.targets import target_of
from fastsoftq.kernels.vectors import index_beside

__all__ = ["LaneMemory", "lane_memory", "step_remembering"]


class LaneMemory(NamedTuple):
    """What lanes need to remember."""

    example: Any  # what is kept beside an entry, by type
    n: Any  # how many steps, or None
    model: Any  # LaneModel, or None
    row_stride: Any
    records_at: Any  # where the rows of a model's records begin, if a lane is alone,
    steps_at: Any  # those of the last steps,
    nowhere: Any  # and the row that nobody reads
    end: Any  # of all lanes' tables, where their last steps lie side by side, and then their records
    at: Any  # for each lane, where a number is read or written,
    entry_at: Any  # and where the entry is that is learned of


@intrinsic
def _rooms(typing, lockstep):
    """Two arrays of a place for each lane, on the stack of the function that calls this."""
    index = index_beside(types.float64, lockstep.width)
    result = types.UniTuple(LaneArray(index, lockstep.width), 2)

    def emit(context, builder, sig, args):
        return context.make_tuple(builder, result, [lane_array(builder, index, lockstep) for _ in range(2)])

    return result(lockstep), emit


@by_type
def lane_memory(agent, example, n, plans, most, mdp, tables, lockstep, row):
    """What lanes need to remember, of at most so many steps; None for an agent that keeps nothing but its table."""
    if example == n == plans == types.none:
        return lambda agent, example, n, plans, most, mdp, tables, lockstep, row: None
    rows_each = rows_of_steps(1, len(row))

    def made(agent, example, n, plans, most, mdp, tables, lockstep, row):
        n = _at_most(n, most)
        at, entry_at = _rooms(lockstep)
        records_at = mdp.n_states * (3 if time_bonus(agent) > 0.0 else 2)  # rows of the states, and of their entries
        nowhere = mdp.n_rows - 1
        steps_at = nowhere - none_is_zero(n) * rows_each
        records_begin = mdp.size + none_is_zero(n) * NUMBERS_OF_STEP * lane_count(lockstep)
        return LaneMemory(
            example, n, lane_model(plans, mdp, tables, lockstep, records_begin), int32(mdp.row_stride),
            int32(records_at * mdp.row_stride), int32(steps_at * mdp.row_stride), int32(nowhere * mdp.row_stride),
            mdp.size, at, entry_at,
        )  # fmt: skip

    return made


@by_type
def _at_most(n, most):
    return (lambda n, most: None) if n == types.none else (lambda n, most: min(n, most))


@by_type
def _learn(setting, now, g, turn, here, action, kept, reward, terminated, ended, value, chance, n):
    """Learn from a step; where that changes its own entry at most, return all that this is now."""

    def at_once(setting, now, g, turn, here, action, kept, reward, terminated, ended, value, chance, n):
        return learn_of(setting, now, g, kept, reward, terminated, value, chance)

    def after_n_steps(setting, now, g, turn, here, action, kept, reward, terminated, ended, value, chance, n):
        learn_from_steps(setting, now, g, turn, here, action, kept, reward, terminated, ended, value, chance)

    return at_once if n == types.none else after_n_steps


# ---- the lanes of a vector -------------------------------------------------------------------------------------------


@inlined
def _choose(setting, now, row, bits):
    seen = lane_seen(setting, now, row)
    return whole(act(now, seen, complete_summary(now, summarise(now, seen, setting.like)), halves(bits)), 0.0)


@inlined
def _ended(setting, g, turn):
    """Which episodes end in this turn."""
    # The sign of the word says `terminated`, that of the turns left after this one that they are used up.
    return (bitcast(load(setting.lanes.word, g), int64(0)) | (load(setting.lanes.limit, g) - (turn + 2))) < 0


@inlined
def _arrive_and_learn(setting, g, turn, shift):
    """Fetch what actions lead to, and learn from that.

    Returns the rows there, and what has changed in them since; and which episodes end.
    """
    lanes, memory = setting.lanes, setting.memory
    now = agent_now(setting.agent, setting.schedules, g, setting.lockstep)
    key = load(lanes.key, g) + shift
    store(lanes.bits, g, mixed(key))
    chance = halves(mixed(key + LEARNING))
    here, action = load(lanes.row_at, g), load(lanes.action, g)
    paid, word, ahead = arrive(setting.records, lanes.record_at, setting.tables, g, setting.row)
    store(lanes.word, g, word)
    there, records_at = places(word)
    store(lanes.row_at, g, there)
    store(lanes.records_at, g, records_at)
    store(lanes.total, g, load(lanes.total, g) + paid)
    if on_policy(setting.agent):
        store(lanes.next_action, g, _choose(setting, now, ahead, load(lanes.bits, g)))
    values, kept_ahead = parted(ahead, memory.example)
    value = value_ahead(now, values, kept_ahead, load(lanes.next_action, g), chance, setting.like)
    store(memory.entry_at, g, entry_of(setting.tables, here, action))
    kept = visited(now, kept_beside(setting, g, memory.example))
    reward, terminated = rewarded(now, paid, kept), bitcast(word, int64(0)) < 0
    ended = _ended(setting, g, turn)
    numbers = _learn(setting, now, g, turn, here, action, kept, reward, terminated, ended, value, chance, memory.n)
    note(setting, g, here, action, word, reward)
    return ahead, select(there == here, action, -1), numbers, ended


@inlined
def _act(setting, g, row, ended):
    """Choose the next actions, where an episode has `ended` those of the next one."""
    lanes = setting.lanes
    begin_episodes(setting.agent, setting.schedules, setting.upcoming, g, ended)
    if on_policy(setting.agent):
        action = load(lanes.next_action, g)
    else:
        now = agent_now(setting.agent, setting.schedules, g, setting.lockstep)
        action = _choose(setting, now, row, load(lanes.bits, g))
    store(lanes.action, g, action)
    store(lanes.record_at, g, load(lanes.records_at, g) + (action + action))


@by_type
def _row_now(setting, g, row, changed, numbers):
    """The row of the state that a lane is in, all learned, given the one that was read when it arrived there."""
    width = setting.types[setting.fields.index("lockstep")].width
    if numbers == types.none or target_of(width).reads_again:
        return lambda setting, g, row, changed, numbers: rows(setting.tables, setting.lanes.row_at, g, setting.row)
    return lambda setting, g, row, changed, numbers: with_entry(setting, row, changed, numbers)


# ---- all lanes -------------------------------------------------------------------------------------------------------


@by_type
def step_remembering(setting, turn):
    """Take a step with all lanes, learn from it, and act; return which episodes ended."""

    def in_one_loop(setting, turn):
        all_ended, shift = uint64(0), (turn + 1) * GOLDEN
        for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
            ahead, changed, numbers, ended = _arrive_and_learn(setting, g, turn, shift)
            _act(setting, g, _row_now(setting, g, ahead, changed, numbers), ended)
            all_ended |= bits_of(ended) << uint64(g)
        return all_ended

    def in_two_loops(setting, turn):  # a row is not read at once after much of it may have changed
        all_ended, shift = uint64(0), (turn + 1) * GOLDEN
        for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
            _arrive_and_learn(setting, g, turn, shift)
        plan(setting, shift)
        for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
            ended = _ended(setting, g, turn)
            _act(setting, g, rows(setting.tables, setting.lanes.row_at, g, setting.row), ended)
            all_ended |= bits_of(ended) << uint64(g)
        return all_ended

    return in_two_loops if has_model(setting) else in_one_loop

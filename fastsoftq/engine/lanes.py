"""Many runs in lockstep: the rules on vectors of sixteen lanes, with the same bits as one run at a time (`one_run.py`).

Every lane holds one run; a lane whose run is over takes the next one. A turn of the loop moves all lanes one step:
episodes that are over are written down, then each lane draws, fetches what its action leads to, and learns from it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import int32, int64, types, uint8, uint64

from fastsoftq.agents.rules import (
    act,
    bootstrap,
    complete_summary,
    learn,
    on_policy,
    summarise,
    summarise_entry,
    update_summary,
    varies_by_episode,
)
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.lane_memory import (
    bits_of,
    group_array,
    lane_arrays,
    lanes_in,
    load,
    lowest_bit,
    opaque,
    store,
)
from fastsoftq.engine.lane_tables import fetch, fetch_add, outcomes, pointer, rows, scatter
from fastsoftq.engine.packing import row_width
from fastsoftq.kernels.jit import by_type, compiled, inlined
from fastsoftq.kernels.over_actions import pick, replaced
from fastsoftq.kernels.random import Draw, advance, draw, outcome_draw, seed, start_draw
from fastsoftq.kernels.simd import LANES, any_lane, select
from fastsoftq.mdp.tables import sampled

__all__ = ["run_lanes"]

_POSITION = np.int32(0x7FFFFFFF)  # where records begin, without the sign that says `terminated`


class _Curves(NamedTuple):
    """Pointers to the output: to use an array is to count a reference, which every episode would pay for."""

    returns: Any
    lengths: Any
    truncated: Any
    kept: Any
    tables: Any
    episodes: int
    n_tables: int


class _Stages(NamedTuple):
    """What passes from stage to stage, an entry for each group of lanes."""

    ahead: Any  # the row of the next state
    partial: Any
    summary: Any
    entry: Any  # the changed entry, summarised


# ---- known when compiling --------------------------------------------------------------------------------------------


@by_type
def _lane_stride(mdp, row):
    """From one lane's entries to the next lane's: known when compiling where lanes lie side by side."""
    if mdp.types[mdp.fields.index("lane_stride")] == types.none:
        width = row_width(len(row))
        return lambda mdp, row: width
    return lambda mdp, row: mdp.lane_stride


@by_type
def _several_starts(mdp):
    several = not isinstance(mdp.types[mdp.fields.index("start")], types.Integer)
    return lambda mdp: several


@by_type
def _tile(summary, count):
    """How many lanes go through a stage before the next begins.

    Where a summary is one vector a stage is short, and sixteen lanes go through them all. Where it is more
    (exponentials), all lanes pass each stage in a loop of its own, so that each keeps few vectors at a time: 402
    against 268 million steps/s. Those loops must not be unrolled into one another: 307 to 380.
    """
    if isinstance(summary, types.BaseTuple):
        return lambda summary, count: opaque(count)
    return lambda summary, count: LANES


@by_type
def _one_or_both(partials, summaries):
    """Where partial summaries go: to the summaries' own room, where both are the same."""
    if partials == summaries:
        return lambda partials, summaries: summaries
    return lambda partials, summaries: partials


@by_type
def _complete_summaries(agent, partial, summary, start, end):
    """Complete the summaries of some lanes, where there is anything to complete."""
    if partial == summary:
        return lambda agent, partial, summary, start, end: None

    def complete_all(agent, partial, summary, start, end):
        for g in range(start, end, LANES):
            summary[g] = complete_summary(agent, partial[g])

    return complete_all


@by_type
def _draw_outcomes(lanes, count, mdp):
    """Draw what the actions lead to, where that is not certain."""
    if mdp.types[mdp.fields.index("outcome")] == types.none:
        return lambda lanes, count, mdp: None

    def draw_outcomes(lanes, count, mdp):
        for lane in range(count):
            chance = outcome_draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = chance.high, chance.low
        for lane in range(count):
            row = int64(lanes.record_at[lane]) >> 1
            lanes.record_at[lane] = int32(2 * sampled(mdp.outcome, row, Draw(lanes.high[lane], lanes.low[lane])))

    return draw_outcomes


# ---- one lane, when an episode or a run is over: rare ----------------------------------------------------------------


@inlined
def _start_episode(lanes, lane, mdp, row):
    state = sampled(mdp.start, 0, start_draw(lanes.key[lane]))
    lanes.row_at[lane] = int32(state * mdp.row_stride)
    lanes.records_at[lane] = int32(state * 2 * len(row))


@inlined
def _start_run(lanes, lane, run, key, episodes, mdp, row):
    first = draw(key)
    lanes.key[lane], lanes.high[lane], lanes.low[lane] = key, first.high, first.low
    lanes.run[lane], lanes.curve[lane] = run, run * episodes
    lanes.episode[lane], lanes.steps[lane], lanes.total[lane] = int32(0), int32(0), 0.0
    _start_episode(lanes, lane, mdp, row)


@inlined
def _write_episode(lanes, lane, truncated, curves, q_table, mdp, row):
    """Write down an episode that is over, and the table if it is kept then."""
    at, episode, n_actions = lanes.curve[lane], int64(lanes.episode[lane]), len(row)
    curves.returns[at], curves.lengths[at], curves.truncated[at] = lanes.total[lane], lanes.steps[lane], truncated
    lanes.curve[lane] = at + 1
    if curves.n_tables > 0 and curves.kept[episode - 1] >= 0:
        to = (lanes.run[lane] * curves.n_tables + curves.kept[episode - 1]) * mdp.n_states * n_actions
        for s in range(mdp.n_states):
            for a in range(n_actions):
                curves.tables[to + s * n_actions + a] = q_table[s * mdp.row_stride + lanes.base[lane] + a]


# ---- sixteen lanes at a time, in every step --------------------------------------------------------------------------


@inlined
def _act_again(agent, lanes, g, here, q_table, lane_stride, row, like):
    """Choose the actions of the lanes `here` from the rows as they are in the tables; rare."""
    for lane in range(g, g + LANES):
        lanes.record[2 * lane + 1] = uint64(lanes.row_at[lane])
    now, row_now = tuned(agent, load(lanes.episode, g)), rows(q_table, lanes.record, g, lane_stride, row)
    summary = complete_summary(now, summarise(now, row_now, like))
    action = act(now, row_now, summary, Draw(load(lanes.high, g), load(lanes.low, g)))
    store(lanes.action, g, select(here, action, load(lanes.action, g)))
    store(lanes.q, g, select(here, pick(row_now, action), load(lanes.q, g)))
    record_at = load(lanes.records_at, g) + (action + action)
    store(lanes.record_at, g, select(here, record_at, load(lanes.record_at, g)))


@inlined
def _learn_all(agent, lanes, g, ahead, summary, max_steps):
    """Learn from a step of sixteen lanes; which episodes ended, which of them terminated, which actions are stale."""
    episode = load(lanes.episode, g)
    now = tuned(agent, episode)
    if on_policy(agent):
        store(lanes.next_action, g, act(now, ahead, summary, Draw(load(lanes.high, g), load(lanes.low, g))))
    value = bootstrap(now, ahead, summary, load(lanes.next_action, g))
    reward, next_row, next_records = outcomes(lanes.record, g)
    terminated = next_records < 0
    store(lanes.entry, g, learn(now, load(lanes.q, g), reward, terminated, value))
    steps = load(lanes.steps, g) + 1
    store(lanes.steps, g, steps)
    store(lanes.total, g, load(lanes.total, g) + reward)
    ended = terminated | (steps >= max_steps)
    store(lanes.episode, g, select(ended, episode + 1, episode))
    action, row_at = load(lanes.action, g), load(lanes.row_at, g)
    same = next_row == row_at
    store(lanes.entry_at, g, row_at + load(lanes.base, g) + action)
    store(lanes.changed, g, select(same, action, -1))
    store(lanes.row_at, g, next_row)
    store(lanes.records_at, g, next_records & _POSITION)
    stale = ended if (varies_by_episode(agent) or on_policy(agent)) else ended & same
    return bits_of(ended), bits_of(terminated), bits_of(stale)


@inlined
def _act_all(agent, lanes, g, ahead, summary, entry, like):
    """Choose the next actions of sixteen lanes; which of them are stale, since the summary was not good enough."""
    row, stale = replaced(ahead, load(lanes.changed, g), load(lanes.entry, g)), uint64(0)
    if on_policy(agent):
        action = load(lanes.next_action, g)
    else:
        now = tuned(agent, load(lanes.episode, g))
        updated, needs_summary = update_summary(now, row, summary, load(lanes.changed, g), entry, like)
        stale = bits_of(needs_summary)
        action = act(now, row, updated, Draw(load(lanes.high, g), load(lanes.low, g)))
    store(lanes.action, g, action)
    store(lanes.q, g, pick(row, action))
    store(lanes.record_at, g, load(lanes.records_at, g) + (action + action))
    return stale


@compiled
def run_lanes(agent, mdp, groups, table, row, like, work, out):
    """Train runs until none is left, as many at a time as there are lanes.

    Parameters
    ----------
    agent : NamedTuple
    mdp : Packed
    groups : tuple of int
        The first lane of each group of sixteen, 0, 16, ..., at most 48; its length is part of the type.
    table : float64 [mdp.size]
        Room for the lanes' tables, on a cache line.
    row : tuple of float64, [actions]
    like : float64 or float32
        The precision of exponentials.
    work : Work
    out : Output
        Filled in place as by `run_episodes`; `truncated` as uint8.
    """
    seeds, initial_q, max_steps, next_run, stop, progress = work
    count, lane_stride = LANES * len(groups), _lane_stride(mdp, row)
    records, q_table, initial_tables = pointer(mdp.records), pointer(table), pointer(initial_q)
    curves = _Curves(
        pointer(out.returns), pointer(out.lengths), pointer(out.truncated), pointer(out.kept), pointer(out.tables),
        out.returns.shape[1], out.tables.shape[1],
    )  # fmt: skip
    lanes = lane_arrays(groups)
    for i in range(mdp.size):
        q_table[i] = 0.0
    for lane in range(count):
        lanes.curve[lane], lanes.base[lane] = -1, int32(lane * lane_stride)
        _start_episode(lanes, lane, mdp, row)
        lanes.record_at[lane] = lanes.records_at[lane]
    ahead = rows(q_table, lanes.record, 0, lane_stride, row)
    now = tuned(agent, load(lanes.episode, 0))
    partial = summarise(now, ahead, like)
    summary = complete_summary(now, partial)
    entry = summarise_entry(now, summary, load(lanes.entry, 0), like)
    summaries = group_array(summary, groups)
    partials = _one_or_both(group_array(partial, groups), summaries)
    stages = _Stages(group_array(ahead, groups), partials, summaries, group_array(entry, groups))
    tile_size = _tile(summary, count)

    # One bit a lane: the episode is over, it terminated, the action must be chosen from the row in the table.
    ended = terminated = stale = uint64(0)
    free, running, steps_taken = count, 0, 0
    while not stop[0]:
        while ended != 0:
            lane = lowest_bit(ended)
            ended &= ended - uint64(1)
            was_truncated = ~(terminated >> uint64(lane)) & uint64(1)
            if lanes.curve[lane] >= 0:
                _write_episode(lanes, lane, uint8(was_truncated), curves, q_table, mdp, row)
                steps_taken += lanes.steps[lane]
                if lanes.episode[lane] == curves.episodes:
                    lanes.curve[lane] = -1
                    progress[0], progress[1] = progress[0] + 1, steps_taken
                    free, running = free + 1, running - 1
            lanes.steps[lane], lanes.total[lane] = int32(0), 0.0
            if was_truncated != 0 or _several_starts(mdp):
                _start_episode(lanes, lane, mdp, row)
                stale |= uint64(1) << uint64(lane)
        terminated = uint64(0)

        if free > 0:  # lanes without a run take the next
            free = 0
            for lane in range(count):
                if lanes.curve[lane] < 0:
                    run = fetch_add(next_run)
                    if run >= len(seeds):
                        break
                    _start_run(lanes, lane, run, advance(seed(seeds[run])), curves.episodes, mdp, row)
                    first = (run % len(initial_q)) * mdp.n_states * len(row)
                    for s in range(mdp.n_states):
                        for a in range(len(row)):
                            at = s * mdp.row_stride + lanes.base[lane] + a
                            q_table[at] = initial_tables[first + s * len(row) + a]
                    stale |= uint64(1) << uint64(lane)
                    running += 1
            if running == 0:
                break

        if stale != 0:
            for g in range(0, count, LANES):
                here = lanes_in(stale, g)
                if any_lane(here):
                    _act_again(agent, lanes, g, here, q_table, lane_stride, row, like)
            stale = uint64(0)

        _draw_outcomes(lanes, count, mdp)
        for lane in range(count):
            lanes.key[lane] = advance(lanes.key[lane])
            bits = draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = bits.high, bits.low
        for g in range(0, count, LANES):
            fetch(records, lanes.record_at, lanes.record, g)

        for tile in range(0, count, tile_size):
            end = tile + tile_size
            for g in range(tile, end, LANES):
                stages.ahead[g] = rows(q_table, lanes.record, g, lane_stride, row)
                stages.partial[g] = summarise(tuned(agent, load(lanes.episode, g)), stages.ahead[g], like)
            _complete_summaries(agent, stages.partial, stages.summary, tile, end)
            for g in range(tile, end, LANES):
                over, done, again = _learn_all(agent, lanes, g, stages.ahead[g], stages.summary[g], max_steps)
                ended |= over << uint64(g)
                terminated |= done << uint64(g)
                stale |= again << uint64(g)
            for g in range(tile, end, LANES):
                now = tuned(agent, load(lanes.episode, g))
                stages.entry[g] = summarise_entry(now, stages.summary[g], load(lanes.entry, g), like)
            for g in range(tile, end, LANES):
                again = _act_all(agent, lanes, g, stages.ahead[g], stages.summary[g], stages.entry[g], like)
                stale |= again << uint64(g)
        for g in range(0, count, LANES):
            scatter(q_table, lanes.entry_at, lanes.entry, g)

"""Many runs in lockstep: the rules on vectors of sixteen lanes, with the same bits as one run at a time (`one_run.py`).

Every lane holds one run; a lane whose run is over takes the next one. A turn of the loop moves all lanes one step:
episodes that are over are written down, then each lane draws, fetches what its action leads to, and learns from it.
"""

from __future__ import annotations

from numba import int32, uint8, uint64

from fastsoftq.agents.rules import complete_summary, summarise, summarise_entry
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.lane_memory import group_array, lane_arrays, lanes_in, load, lowest_bit
from fastsoftq.engine.lane_stages import (
    Pointers,
    Stages,
    act_again,
    act_all,
    complete_summaries,
    draw_outcomes,
    lane_stride,
    learn_all,
    one_or_both,
    several_starts,
    start_episode,
    start_run,
    tile_width,
    write_episode,
)
from fastsoftq.engine.lane_tables import fetch, fetch_add, pointer, rows, scatter
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.random import advance, draw, seed
from fastsoftq.kernels.simd import LANES, any_lane

__all__ = ["run_lanes"]


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
    count, stride = LANES * len(groups), lane_stride(mdp, row)
    records, q_table, initial_tables = pointer(mdp.records), pointer(table), pointer(initial_q)
    curves = Pointers(
        pointer(out.returns), pointer(out.lengths), pointer(out.truncated), pointer(out.kept), pointer(out.tables),
        out.returns.shape[1], out.tables.shape[1],
    )  # fmt: skip
    lanes = lane_arrays(groups)
    for i in range(mdp.size):
        q_table[i] = 0.0
    for lane in range(count):
        lanes.curve[lane], lanes.base[lane] = -1, int32(lane * stride)
        start_episode(lanes, lane, mdp, row)
        lanes.record_at[lane] = lanes.records_at[lane]
    ahead = rows(q_table, lanes.record, 0, stride, row)
    now = tuned(agent, load(lanes.episode, 0))
    partial = summarise(now, ahead, like)
    summary = complete_summary(now, partial)
    entry = summarise_entry(now, summary, load(lanes.entry, 0), like)
    summaries = group_array(summary, groups)
    partials = one_or_both(group_array(partial, groups), summaries)
    stages = Stages(group_array(ahead, groups), partials, summaries, group_array(entry, groups))
    tile_size = tile_width(summary, count)

    # One bit a lane: the episode is over, it terminated, the action must be chosen from the row in the table.
    ended = terminated = stale = uint64(0)
    free, running, steps_taken = count, 0, 0
    while not stop[0]:
        while ended != 0:
            lane = lowest_bit(ended)
            ended &= ended - uint64(1)
            was_truncated = ~(terminated >> uint64(lane)) & uint64(1)
            if lanes.curve[lane] >= 0:
                write_episode(lanes, lane, uint8(was_truncated), curves, q_table, mdp, row)
                steps_taken += lanes.steps[lane]
                if lanes.episode[lane] == curves.episodes:
                    lanes.curve[lane] = -1
                    progress[0], progress[1] = progress[0] + 1, steps_taken
                    free, running = free + 1, running - 1
            lanes.steps[lane], lanes.total[lane] = int32(0), 0.0
            if was_truncated != 0 or several_starts(mdp):
                start_episode(lanes, lane, mdp, row)
                stale |= uint64(1) << uint64(lane)
        terminated = uint64(0)

        if free > 0:  # lanes without a run take the next
            free = 0
            for lane in range(count):
                if lanes.curve[lane] < 0:
                    run = fetch_add(next_run)
                    if run >= len(seeds):
                        break
                    start_run(lanes, lane, run, advance(seed(seeds[run])), curves.episodes, mdp, row)
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
                    act_again(agent, lanes, g, here, q_table, stride, row, like)
            stale = uint64(0)

        draw_outcomes(lanes, count, mdp)
        for lane in range(count):
            lanes.key[lane] = advance(lanes.key[lane])
            bits = draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = bits.high, bits.low
        for g in range(0, count, LANES):
            fetch(records, lanes.record_at, lanes.record, g)

        for tile in range(0, count, tile_size):
            end = tile + tile_size
            for g in range(tile, end, LANES):
                stages.ahead[g] = rows(q_table, lanes.record, g, stride, row)
                stages.partial[g] = summarise(tuned(agent, load(lanes.episode, g)), stages.ahead[g], like)
            complete_summaries(agent, stages.partial, stages.summary, tile, end)
            for g in range(tile, end, LANES):
                over, done, again = learn_all(agent, lanes, g, stages.ahead[g], stages.summary[g], max_steps)
                ended |= over << uint64(g)
                terminated |= done << uint64(g)
                stale |= again << uint64(g)
            for g in range(tile, end, LANES):
                now = tuned(agent, load(lanes.episode, g))
                stages.entry[g] = summarise_entry(now, stages.summary[g], load(lanes.entry, g), like)
            for g in range(tile, end, LANES):
                again = act_all(agent, lanes, g, stages.ahead[g], stages.summary[g], stages.entry[g], like)
                stale |= again << uint64(g)
        for g in range(0, count, LANES):
            scatter(q_table, lanes.entry_at, lanes.entry, g)

"""Many runs in lockstep: the rules on vectors of lanes, with the same bits as one run at a time (`one_run.py`).

Every lane holds one run; a lane whose run is over takes the next one. A turn of the loop moves all lanes one step:
each fetches what its action leads to, and learns from it; episodes that are over are written down; then each lane acts.
"""

from __future__ import annotations

from functools import partial

from numba import int32, int64, uint64

from fastsoftq.agents.memory_rules import beside, planning_steps, steps
from fastsoftq.agents.rules import complete_summary, summarise, summarise_entry
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.counters import add_atomically
from fastsoftq.engine.lane_events import (
    Pointers,
    Setting,
    asked_to_stop,
    end_episode,
    has_run,
    start_episode,
    start_run,
    tables_of,
    tell_of_run,
    write_episode,
)
from fastsoftq.engine.lane_groups import group_array
from fastsoftq.engine.lane_last_steps import forget_steps
from fastsoftq.engine.lane_memory import lane_arrays, lanes_in, load, lowest_bit
from fastsoftq.engine.lane_model import forget_model
from fastsoftq.engine.lane_planes import clear_tables, fill_lane_table, lane_seen
from fastsoftq.engine.lane_remembering import lane_memory
from fastsoftq.engine.lane_schedules import agent_now, schedule_arrays, set_schedules
from fastsoftq.engine.lane_stages import Stages, act_again, draw_outcomes, fetch_ahead, one_or_both, step_all
from fastsoftq.engine.lane_tables import pointer, rows
from fastsoftq.engine.lockstep import lane_count, lane_width
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.random import advance, seed
from fastsoftq.kernels.simd import any_lane

__all__ = ["run_lanes"]


@partial(compiled, at_once=True, allocates=False)
def run_lanes(agent, mdp, lockstep, table, row, like, work, out):
    """Train runs until none is left, as many at a time as there are lanes.

    Parameters
    ----------
    agent : NamedTuple
    mdp : Packed
    lockstep : Lockstep
        How many lanes, and how many of them to a vector; known when compiling.
    table : float64 [mdp.size], or LaneTables
        Room for the lanes' tables, on a cache line; zeros, where each lane's table lies apart.
    row : tuple of float64, [actions]
    like : float64 or float32
        The precision of exponentials.
    work : Work
    out : Output
        Filled in place as by `run_episodes`; `truncated` as uint8.
    """
    seeds, initial_q, max_steps, next_run, stop, progress, _, _ = work
    count, width = lane_count(lockstep), lane_width(lockstep)
    tables, initial_tables = tables_of(table, mdp, row), pointer(initial_q)
    curves = Pointers(
        pointer(out.returns), pointer(out.lengths), pointer(out.truncated), pointer(out.kept), pointer(out.tables),
        out.returns.shape[1], out.tables.shape[1],
    )  # fmt: skip
    lanes = lane_arrays(lockstep)
    schedules, upcoming = schedule_arrays(agent, lockstep), schedule_arrays(agent, lockstep)
    first_agent = tuned(agent, int32(0))
    memory = lane_memory(
        first_agent, beside(first_agent, 0.0), steps(first_agent), planning_steps(first_agent), max_steps, mdp, tables,
        lockstep, row,
    )  # fmt: skip
    setting = Setting(
        agent, first_agent, schedules, upcoming, lanes, pointer(mdp.records), tables, row, like, max_steps, lockstep,
        memory,
    )  # fmt: skip
    turn = int64(0)  # how many steps every lane has taken
    clear_tables(setting, mdp)
    forget_steps(setting)
    for lane in range(count):
        forget_model(setting, lane, mdp.n_states, mdp.n_actions)
        lanes.curve[lane] = -1
        set_schedules(agent, schedules, lane, first_agent)
        set_schedules(agent, upcoming, lane, first_agent)
        start_episode(setting, lane, turn, mdp)
        lanes.record_at[lane], lanes.entry_at[lane] = lanes.records_at[lane], lanes.row_at[lane]
    # What the stages pass on has the types of these.
    now = agent_now(agent, schedules, 0, lockstep)
    ahead = lane_seen(setting, now, rows(tables, lanes.row_at, 0, row))
    partial = summarise(now, ahead, like)
    summary = complete_summary(now, partial)
    entry = summarise_entry(now, summary, load(lanes.entry, 0), like)
    summaries = group_array(summary, lockstep)
    partials = one_or_both(group_array(partial, lockstep), summaries)
    stages = Stages(partials, summaries, group_array(entry, lockstep), group_array(ahead, lockstep))

    # One bit a lane: the episode is over, the action must be chosen from the row in the table.
    ended = stale = uint64(0)
    free, running, steps_taken = count, 0, 0
    while not asked_to_stop(stop, turn, lockstep):
        while ended != 0:  # rare
            lane = lowest_bit(ended)
            bit = ended & (~ended + uint64(1))
            ended ^= bit
            lanes.episode[lane] += int32(1)
            if has_run(lanes, lane, lockstep):
                length = turn + max_steps - lanes.limit[lane]
                write_episode(setting, lane, length, curves, mdp)
                steps_taken += length
                if lanes.episode[lane] == int32(curves.episodes):
                    lanes.curve[lane] = -1
                    add_atomically(progress, 0, 1)
                    add_atomically(progress, 1, steps_taken)
                    steps_taken = 0
                    tell_of_run(work, lanes.run[lane])
                    free, running = free + 1, running - 1
            if end_episode(setting, lane, turn, mdp):
                stale |= bit

        if free > 0:  # lanes without a run take the next
            free = 0
            for lane in range(count):
                if lanes.curve[lane] < 0:
                    run = add_atomically(next_run, 0, 1)
                    if run >= len(seeds):
                        break
                    start_run(setting, lane, turn, run, advance(seed(seeds[run])), curves.episodes, mdp)
                    forget_model(setting, lane, mdp.n_states, mdp.n_actions)
                    first = (run % len(initial_q)) * mdp.n_states * mdp.n_actions
                    fill_lane_table(setting, mdp, lane, initial_tables, first, turn == 0)
                    stale |= uint64(1) << uint64(lane)
                    running += 1
            if running == 0:
                break

        if stale != 0:
            for g in range(0, count, width):
                here = lanes_in(stale, g, lockstep)
                if any_lane(here):
                    act_again(setting, g, here)

        draw_outcomes(setting, turn, mdp)
        fetch_ahead(setting, mdp)
        ended, stale = step_all(setting, stages, count, turn, mdp)
        turn += 1

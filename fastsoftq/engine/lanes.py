"""Many runs in lockstep: the rules on vectors of sixteen lanes, with the same bits as one run at a time (`episode.py`).

Every lane holds one run; a lane whose run is over takes the next one. A turn of the loop moves all lanes one step:
episodes that are over are written down, then draw, fetch, summarise, update, act, and write back the changed entries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import float64, int32, int64, types, uint8, uint32, uint64

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
    Shelf,
    bits_of,
    fetch,
    fetch_add,
    lanes_in,
    load,
    lowest_bit,
    opaque,
    pointer,
    records,
    rows,
    scatter,
    shelf,
    stack,
    store,
)
from fastsoftq.engine.packing import row_width
from fastsoftq.kernels.jit import by_type, compiled, inlined
from fastsoftq.kernels.over_actions import pick, replaced
from fastsoftq.kernels.random import Draw, advance, draw, outcome_draw, seed, start_draw
from fastsoftq.kernels.simd import LANES, any_lane, select
from fastsoftq.mdp.tables import sampled

__all__ = ["run_lanes"]

_FIELD = np.int32(0x7FFFFFFF)  # where records begin, without the sign that says `terminated`


class _Lanes(NamedTuple):
    """The state of the lanes, a number for each."""

    run: Any  # int64
    curve: Any  # int64, where the episode's results go; -1 where the lane has no run
    key: Any  # int64, of the run's stream
    high: Any  # uint32, the draw for the next action
    low: Any
    episode: Any  # int32
    steps: Any  # int32, of the episode so far
    total: Any  # float64, its return so far
    row_at: Any  # int32, where the state's row begins in the lane's table
    exits_at: Any  # int32, where the state's records begin
    action: Any  # int32
    q: Any  # float64, the action's value
    entry: Any  # int32, the record of the state and action


@inlined
def _place(lanes, lane, mdp, row):
    """Put a lane at the start of an episode."""
    state = sampled(mdp.start, 0, start_draw(lanes.key[lane]))
    lanes.row_at[lane] = int32(state * mdp.row_stride)
    lanes.exits_at[lane] = int32(state * 2 * len(row))


@inlined
def _begin(lanes, lane, run, seeds, episodes, mdp, row):
    """Give a lane a run: its stream and its first state."""
    key = advance(seed(seeds[run]))
    first = draw(key)
    lanes.key[lane], lanes.high[lane], lanes.low[lane] = key, first.high, first.low
    lanes.run[lane], lanes.curve[lane] = run, run * episodes
    lanes.episode[lane], lanes.steps[lane], lanes.total[lane] = int32(0), int32(0), 0.0
    _place(lanes, lane, mdp, row)


@by_type
def _resolve(lanes, count, mdp):
    """Draw what actions lead to, where that is not certain."""
    if mdp.types[mdp.fields.index("outcome")] == types.none:
        return lambda lanes, count, mdp: None

    def resolve(lanes, count, mdp):
        for lane in range(count):
            chance = outcome_draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = chance.high, chance.low
        for lane in range(count):
            edge = int64(lanes.entry[lane]) >> 1
            lanes.entry[lane] = int32(2 * sampled(mdp.outcome, edge, Draw(lanes.high[lane], lanes.low[lane])))

    return resolve


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
def _first_stage(example, summary, groups):
    """Room for what lanes see at first: that of what they see in the end, where it is the same."""
    if summary == Shelf(example):
        return lambda example, summary, groups: summary
    return lambda example, summary, groups: shelf(example, groups)


@by_type
def _second_stage(agent, partial, summary, start, end):
    """Work out the rest of what lanes see, where there is any."""
    if partial == summary:
        return lambda agent, partial, summary, start, end: None

    def complete_all(agent, partial, summary, start, end):
        for g in range(start, end, LANES):
            summary[g] = complete_summary(agent, partial[g])

    return complete_all


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
    count, episodes, lane_stride = LANES * len(groups), out.returns.shape[1], _lane_stride(mdp, row)
    edges, q_table = pointer(mdp.edges), pointer(table)
    all_returns, all_lengths, all_truncated = pointer(out.returns), pointer(out.lengths), pointer(out.truncated)
    lanes = _Lanes(
        run=stack(int64, groups, 1), curve=stack(int64, groups, 1), key=stack(int64, groups, 1),
        high=stack(uint32, groups, 1), low=stack(uint32, groups, 1), episode=stack(int32, groups, 1),
        steps=stack(int32, groups, 1), total=stack(float64, groups, 1), row_at=stack(int32, groups, 1),
        exits_at=stack(int32, groups, 1), action=stack(int32, groups, 1), q=stack(float64, groups, 1),
        entry=stack(int32, groups, 1),
    )  # fmt: skip
    lane_base, edge = stack(int32, groups, 1), stack(uint64, groups, 2)
    # the entry that changes: where it is, its new value, and which entry of the row ahead it is (-1: of another row)
    slot, new, changed = stack(int32, groups, 1), stack(float64, groups, 1), stack(int32, groups, 1)
    chosen = stack(int32, groups, 1)  # the next action, where it is chosen before the update
    # one bit a lane: the episode is over, it terminated, the lane must choose anew
    over = done = anew = uint64(0)
    for i in range(mdp.size):
        q_table[i] = 0.0
    for lane in range(count):
        lanes.curve[lane], lane_base[lane] = -1, int32(lane * lane_stride)
        _place(lanes, lane, mdp, row)
        lanes.entry[lane] = lanes.exits_at[lane]
    # what passes from stage to stage
    example = rows(q_table, edge, 0, lane_stride, row)
    partial_example = summarise(tuned(agent, load(lanes.episode, 0)), example, like)
    ahead, summary = shelf(example, groups), shelf(complete_summary(agent, partial_example), groups)
    partial = _first_stage(partial_example, summary, groups)
    fresh = shelf(summarise_entry(tuned(agent, load(lanes.episode, 0)), summary[0], load(new, 0), like), groups)
    tile_size = _tile(summary[0], count)

    free, alive, steps_taken = count, 0, 0
    while not work.stop[0]:
        # Write down the episodes that are over.
        while over != 0:
            lane = lowest_bit(over)
            over &= over - uint64(1)
            was_cut = ~(done >> uint64(lane)) & uint64(1)
            curve = lanes.curve[lane]
            if curve >= 0:
                all_returns[curve], all_lengths[curve] = lanes.total[lane], lanes.steps[lane]
                all_truncated[curve] = uint8(was_cut)
                lanes.curve[lane] = curve + 1
                steps_taken += lanes.steps[lane]
                if len(out.kept) > 0 and out.kept[lanes.episode[lane] - 1] >= 0:
                    kept = out.kept[lanes.episode[lane] - 1]
                    for s in range(mdp.n_states):
                        for a in range(len(row)):
                            at = s * mdp.row_stride + lane * lane_stride + a
                            out.tables[lanes.run[lane], kept, s, a] = q_table[at]
                if lanes.episode[lane] == episodes:
                    lanes.curve[lane] = -1
                    work.progress[0], work.progress[1] = work.progress[0] + 1, steps_taken
                    free += 1
                    alive -= 1
            lanes.steps[lane], lanes.total[lane] = int32(0), 0.0
            if was_cut != 0 or _several_starts(mdp):
                _place(lanes, lane, mdp, row)
                anew |= uint64(1) << uint64(lane)
        done = uint64(0)

        # Lanes without a run take the next.
        if free > 0:
            free = 0
            for lane in range(count):
                if lanes.curve[lane] < 0:
                    run = fetch_add(work.next_run)
                    if run >= len(work.seeds):
                        break
                    _begin(lanes, lane, run, work.seeds, episodes, mdp, row)
                    for s in range(mdp.n_states):
                        for a in range(len(row)):
                            at = s * mdp.row_stride + lane * lane_stride + a
                            q_table[at] = work.initial_q[run % len(work.initial_q), s, a]
                    anew |= uint64(1) << uint64(lane)
                    alive += 1
            if alive == 0:
                break

        # Choose anew from the row as it is in the table; rare.
        if anew != 0:
            for g in range(0, count, LANES):
                here = lanes_in(anew, g)
                if any_lane(here):
                    for lane in range(g, g + LANES):
                        edge[2 * lane + 1] = uint64(lanes.row_at[lane])
                    now, row_now = tuned(agent, load(lanes.episode, g)), rows(q_table, edge, g, lane_stride, row)
                    view = complete_summary(now, summarise(now, row_now, like))
                    action = act(now, row_now, view, Draw(load(lanes.high, g), load(lanes.low, g)))
                    store(lanes.action, g, select(here, action, load(lanes.action, g)))
                    store(lanes.q, g, select(here, pick(row_now, action), load(lanes.q, g)))
                    entry = load(lanes.exits_at, g) + (action + action)
                    store(lanes.entry, g, select(here, entry, load(lanes.entry, g)))
            anew = uint64(0)

        # Draw, and fetch what the actions lead to.
        _resolve(lanes, count, mdp)
        for lane in range(count):
            lanes.key[lane] = advance(lanes.key[lane])
            bits = draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = bits.high, bits.low
        for g in range(0, count, LANES):
            fetch(edges, lanes.entry, edge, g)

        for tile in range(0, count, tile_size):
            tile_end = tile + tile_size
            for g in range(tile, tile_end, LANES):
                ahead[g] = rows(q_table, edge, g, lane_stride, row)
                partial[g] = summarise(tuned(agent, load(lanes.episode, g)), ahead[g], like)
            _second_stage(agent, partial, summary, tile, tile_end)
            for g in range(tile, tile_end, LANES):
                now = tuned(agent, load(lanes.episode, g))
                if on_policy(agent):
                    store(chosen, g, act(now, ahead[g], summary[g], Draw(load(lanes.high, g), load(lanes.low, g))))
                store(new, g, bootstrap(now, ahead[g], summary[g], load(chosen, g)))
                episode = load(lanes.episode, g)
                reward, next_row, exits = records(edge, g)
                terminated = exits < 0
                store(new, g, learn(tuned(agent, episode), load(lanes.q, g), reward, terminated, load(new, g)))
                steps = load(lanes.steps, g) + 1
                store(lanes.steps, g, steps)
                store(lanes.total, g, load(lanes.total, g) + reward)
                ended = terminated | (steps >= work.max_steps)
                store(lanes.episode, g, select(ended, episode + 1, episode))
                action, row_at = load(lanes.action, g), load(lanes.row_at, g)
                same = next_row == row_at
                store(slot, g, row_at + load(lane_base, g) + action)
                store(changed, g, select(same, action, -1))
                store(lanes.row_at, g, next_row)
                store(lanes.exits_at, g, exits & _FIELD)
                over |= bits_of(ended) << uint64(g)
                done |= bits_of(terminated) << uint64(g)
                anew |= bits_of(ended if (varies_by_episode(agent) or on_policy(agent)) else ended & same) << uint64(g)
            for g in range(tile, tile_end, LANES):
                fresh[g] = summarise_entry(tuned(agent, load(lanes.episode, g)), summary[g], load(new, g), like)
            for g in range(tile, tile_end, LANES):
                row_now = replaced(ahead[g], load(changed, g), load(new, g))
                if on_policy(agent):
                    action = load(chosen, g)
                else:
                    now = tuned(agent, load(lanes.episode, g))
                    revised, stale = update_summary(now, row_now, summary[g], load(changed, g), fresh[g], like)
                    anew |= bits_of(stale) << uint64(g)
                    action = act(now, row_now, revised, Draw(load(lanes.high, g), load(lanes.low, g)))
                store(lanes.action, g, action)
                store(lanes.q, g, pick(row_now, action))
                store(lanes.entry, g, load(lanes.exits_at, g) + (action + action))
        for g in range(0, count, LANES):
            scatter(q_table, slot, new, g)

"""Many runs in lockstep: the rules on vectors of sixteen lanes, with the same bits as one run at a time (`episode.py`).

Every lane holds one run; a lane whose run is over takes the next one. A turn of the loop moves all lanes one step:
episodes that are over are written down, then draw, fetch, look, update, act, and write back the changed entries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import float64, int32, int64, types, uint8, uint32, uint64
from numba.extending import overload

from fastsoftq.agents.rules import act, bootstrap, learn, look, on_policy, renews, revise
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.memory import (
    fetch,
    load,
    bits_of,
    lanes_in,
    lowest_bit,
    opaque,
    pointer,
    records,
    rows,
    scatter,
    shelf,
    stack,
    store,
    take_ticket,
)
from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.kernels.random import Draw, advance, draw, outcome_draw, seed, start_draw
from fastsoftq.kernels.rows import pick, put, replaced
from fastsoftq.kernels.simd import LANES, select
from fastsoftq.mdp.tables import sampled

__all__ = ["run_lanes"]

_WORD_LANES = 64  # lanes whose masks share a word
_FIELD = np.int32(0x7FFFFFFF)


class _Lanes(NamedTuple):
    """Where each lane is and what it does next; every field is one number a lane."""

    run: Any  # int64
    out: Any  # int64, where the episode's results go; -1 where the lane has no run
    episode: Any  # int32
    steps: Any  # int32, of the episode so far
    total: Any  # float64, its return so far
    key: Any  # int64, of the run's stream
    high: Any  # uint32, the draw for the next action
    low: Any
    row_at: Any  # int32, where the state's row begins in the lane's table
    exits_at: Any  # int32, where the state's records begin
    action: Any  # int32
    q: Any  # float64, the action's value
    entry: Any  # int32, the record of the state and action


@inlined
def _lane_row(table, at, row):
    for a in range(len(row)):
        row = put(row, a, table[at + a])
    return row


@inlined
def _place(lanes, lane, mdp, row):
    """Put a lane at the start of an episode."""
    state = sampled(mdp.start, 0, start_draw(lanes.key[lane]))
    lanes.row_at[lane] = int32(state * mdp.row_stride)
    lanes.exits_at[lane] = int32(state * 2 * len(row))


@inlined
def _begin(lanes, lane, run, episodes, seeds, table, initial_q, mdp, row):
    """Give a lane a run: its stream, its table, its first state."""
    key = advance(seed(seeds[run]))
    first = draw(key)
    lanes.key[lane], lanes.high[lane], lanes.low[lane] = key, first.high, first.low
    lanes.run[lane], lanes.out[lane] = run, run * episodes
    lanes.episode[lane], lanes.steps[lane], lanes.total[lane] = int32(0), int32(0), 0.0
    source = run % len(initial_q)
    for s in range(mdp.n_states):
        for a in range(len(row)):
            table[lane * mdp.lane_stride + s * mdp.row_stride + a] = initial_q[source, s, a]
    _place(lanes, lane, mdp, row)


@inlined
def _keep(final_q, run, table, lane, mdp):
    """Copy a lane's table to `final_q[run]`."""
    for s in range(final_q.shape[1]):
        for a in range(final_q.shape[2]):
            final_q[run, s, a] = table[lane * mdp.lane_stride + s * mdp.row_stride + a]


@inlined
def _choose(lanes, lane, agent, table, mdp, row, like):
    """Choose a lane's action from its row as it is in the table; rare, so one lane at a time."""
    now = tuned(agent, lanes.episode[lane])
    here = _lane_row(table, lane * mdp.lane_stride + lanes.row_at[lane], row)
    action = act(now, here, look(now, here, like), Draw(lanes.high[lane], lanes.low[lane]))
    lanes.action[lane], lanes.q[lane] = int32(action), pick(here, action)
    lanes.entry[lane] = lanes.exits_at[lane] + int32(2 * action)


def _resolve(lanes, count, mdp):
    raise NotImplementedError("callable from compiled code only")


@overload(_resolve, jit_options={"forceinline": True})
def _resolve_overload(lanes, count, mdp):
    """Draw what actions lead to, where that is not certain."""
    if mdp.types[mdp.fields.index("outcome")] == types.none:
        return lambda lanes, count, mdp: None

    def resolve(lanes, count, mdp):
        for lane in range(count):
            edge = int64(lanes.entry[lane]) >> 1
            outcome = sampled(mdp.outcome, edge, outcome_draw(lanes.key[lane]))
            lanes.entry[lane] = int32(2 * (edge * mdp.n_outcomes + outcome))

    return resolve


def _several_starts(mdp):
    raise NotImplementedError("callable from compiled code only")


@overload(_several_starts, jit_options={"forceinline": True})
def _several_starts_overload(mdp):
    several = not isinstance(mdp.types[mdp.fields.index("start")], types.Integer)
    return lambda mdp: several


def _tile(sight, count):
    raise NotImplementedError("callable from compiled code only")


@overload(_tile, jit_options={"forceinline": True}, strict=False)
def _tile_overload(sight, count):
    """How many lanes go through a stage before the next begins.

    Where a sight is one vector a stage is short, and sixteen lanes go through them all. Where it is more
    (exponentials), all lanes pass each stage in a loop of its own, so that each keeps few vectors at a time: 402
    against 268 million steps/s. Those loops must not be unrolled into one another: 307 to 380.
    """
    if isinstance(sight, types.BaseTuple):
        return lambda sight, count: opaque(count)
    return lambda sight, count: LANES


@compiled
def run_lanes(
    agent, mdp, groups, table, row, like, max_steps,
    seeds, ticket, initial_q, stop, tally, returns, lengths, truncated, final_q,
):  # fmt: skip
    """Train runs until none is left, as many at a time as there are lanes.

    Parameters
    ----------
    agent : NamedTuple
    mdp : Packed
    groups : tuple of int
        The first lane of each group of sixteen: 0, 16, ...; its length is part of the type.
    table : float64 [mdp.size]
        Room for the lanes' tables, on a cache line.
    row : tuple of float64, [actions]
    like : float64 or float32
        The precision of exponentials.
    max_steps : int
    seeds : uint64 [runs]
    ticket : int64 [1]
        The next run to take, shared with other threads.
    initial_q : float64 [1 or runs, states, actions]
    stop : bool [1]
        Set by another thread, ends the work.
    tally : int64 [2]
        Out: runs done and steps taken in them, for whoever watches.
    returns, lengths, truncated, final_q : arrays
        Out: as `run_episodes` gives them, but `truncated` is uint8.
    """
    count, episodes, lane_stride = LANES * len(groups), returns.shape[1], mdp.lane_stride
    edges, q_table = pointer(mdp.edges), pointer(table)
    all_returns, all_lengths, all_truncated = pointer(returns), pointer(lengths), pointer(truncated)
    lanes = _Lanes(
        stack(int64, groups, 1), stack(int64, groups, 1), stack(int32, groups, 1), stack(int32, groups, 1), stack(float64, groups, 1),
        stack(int64, groups, 1), stack(uint32, groups, 1), stack(uint32, groups, 1), stack(int32, groups, 1),
        stack(int32, groups, 1), stack(int32, groups, 1), stack(float64, groups, 1), stack(int32, groups, 1),
    )  # fmt: skip
    # the entry that changes: where it is, its new value, and which entry of the row ahead it is (-1: of another row)
    slot, new, changed = stack(int32, groups, 1), stack(float64, groups, 1), stack(int32, groups, 1)
    chosen = stack(int32, groups, 1)  # the action an agent that is on policy takes next
    edge, lane_base = stack(uint64, groups, 2), stack(int32, groups, 1)
    # one bit a lane: the episode is over; it was cut short; the row ahead must be looked at anew
    over = cut = anew = finished = uint64(0)
    # what passes from stage to stage
    table[:] = 0.0
    first = rows(q_table, edge, 0, lane_stride, row)
    ahead, sight = shelf(first, groups), shelf(look(tuned(agent, load(lanes.episode, 0)), first, like), groups)
    span = _tile(sight[0], count)
    for lane in range(count):
        lanes.out[lane], lane_base[lane] = -1, int32(lane * lane_stride)
        _place(lanes, lane, mdp, row)
        lanes.entry[lane] = lanes.exits_at[lane]
    free, alive, steps_taken = count, 0, 0
    while not stop[0]:
        finished = over
        while over != 0:
            lane = lowest_bit(over)
            here = uint64(1) << uint64(lane)
            over &= over - uint64(1)
            was_cut = (cut & here) != 0
            out = lanes.out[lane]
            if out >= 0:
                all_returns[out], all_lengths[out], all_truncated[out] = (
                    lanes.total[lane],
                    lanes.steps[lane],
                    uint8(was_cut),
                )
                lanes.out[lane] = out + 1
                steps_taken += lanes.steps[lane]
                if lanes.episode[lane] == episodes:
                    if len(final_q) > 0:
                        _keep(final_q, lanes.run[lane], table, lane, mdp)
                    lanes.out[lane] = -1
                    tally[0] += 1
                    tally[1] = steps_taken
                    free += 1
                    alive -= 1
            if was_cut or _several_starts(mdp):
                _place(lanes, lane, mdp, row)
                anew |= here
        if free > 0:
            free = 0
            for lane in range(count):
                if lanes.out[lane] < 0:
                    run = take_ticket(ticket)
                    if run >= len(seeds):
                        break
                    _begin(lanes, lane, run, episodes, seeds, table, initial_q, mdp, row)
                    anew |= uint64(1) << uint64(lane)
                    alive += 1
            if alive == 0:
                break
        while anew != 0:
            lane = lowest_bit(anew)
            anew &= anew - uint64(1)
            _choose(lanes, lane, agent, table, mdp, row, like)

        cut = uint64(0)
        _resolve(lanes, count, mdp)
        for lane in range(count):
            lanes.key[lane] = advance(lanes.key[lane])
            bits_drawn = draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = bits_drawn.high, bits_drawn.low
        for g in range(0, count, LANES):
            fetch(edges, lanes.entry, edge, g)
        for tile in range(0, count, span):
            for g in range(tile, tile + span, LANES):
                ahead[g] = rows(q_table, edge, g, lane_stride, row)
            for g in range(tile, tile + span, LANES):
                sight[g] = look(tuned(agent, load(lanes.episode, g)), ahead[g], like)
            for g in range(tile, tile + span, LANES):
                now = tuned(agent, load(lanes.episode, g))
                if on_policy(agent):
                    store(chosen, g, act(now, ahead[g], sight[g], Draw(load(lanes.high, g), load(lanes.low, g))))
                store(new, g, bootstrap(now, ahead[g], sight[g], load(chosen, g)))
            for g in range(tile, tile + span, LANES):
                episode = load(lanes.episode, g)
                reward, next_row, exits = records(edge, g)
                terminated = exits < 0
                store(new, g, learn(tuned(agent, episode), load(lanes.q, g), reward, terminated, load(new, g)))
                first_step = lanes_in(finished, g)
                steps = select(first_step, 1, load(lanes.steps, g) + 1)
                store(lanes.steps, g, steps)
                store(lanes.total, g, select(first_step, reward, load(lanes.total, g) + reward))
                ended = terminated | (steps >= max_steps)
                store(lanes.episode, g, select(ended, episode + 1, episode))
                action, row_at = load(lanes.action, g), load(lanes.row_at, g)
                same = next_row == row_at
                store(slot, g, row_at + load(lane_base, g) + action)
                store(changed, g, select(same, action, -1))
                store(lanes.row_at, g, next_row)
                store(lanes.exits_at, g, exits & _FIELD)
                at = uint64(g)
                over |= bits_of(ended) << at
                cut |= bits_of(ended & (exits >= 0)) << at
                anew |= bits_of(ended if (renews(agent) or on_policy(agent)) else ended & same) << at
            if not on_policy(agent):
                for g in range(tile, tile + span, LANES):
                    now = tuned(agent, load(lanes.episode, g))
                    row_now = replaced(ahead[g], load(changed, g), load(new, g))
                    sight[g], look_anew = revise(now, row_now, sight[g], load(changed, g), load(new, g), like)
                    anew |= bits_of(look_anew) << uint64(g)
            for g in range(tile, tile + span, LANES):
                now = tuned(agent, load(lanes.episode, g))
                row_now = replaced(ahead[g], load(changed, g), load(new, g))
                if on_policy(agent):
                    action = load(chosen, g)
                else:
                    action = act(now, row_now, sight[g], Draw(load(lanes.high, g), load(lanes.low, g)))
                store(lanes.action, g, action)
                store(lanes.q, g, pick(row_now, action))
                store(lanes.entry, g, load(lanes.exits_at, g) + (action + action))
        for g in range(0, count, LANES):
            scatter(q_table, slot, new, g)

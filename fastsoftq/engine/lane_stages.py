"""The stages of the lane loop: one lane's end of an episode or a run, and a step of sixteen lanes at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import int32, int64, types, uint64

from fastsoftq.agents.rules import (
    act,
    bootstrap,
    complete_summary,
    learn,
    on_policy,
    summarise,
    update_summary,
    varies_by_episode,
)
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.lane_memory import bits_of, load, opaque, store
from fastsoftq.engine.lane_tables import outcomes, rows
from fastsoftq.engine.packing import row_width
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.over_actions import pick, replaced
from fastsoftq.kernels.random import Draw, draw, outcome_draw, start_draw
from fastsoftq.kernels.simd import LANES, select
from fastsoftq.mdp.tables import sampled

__all__ = [
    "Pointers",
    "Stages",
    "act_again",
    "act_all",
    "complete_summaries",
    "draw_outcomes",
    "lane_stride",
    "learn_all",
    "one_or_both",
    "several_starts",
    "start_episode",
    "start_run",
    "tile_width",
    "write_episode",
]


class Pointers(NamedTuple):
    """Pointers to the output: arrays would count references in every episode."""

    returns: Any
    lengths: Any
    truncated: Any
    kept: Any
    tables: Any
    episodes: int
    n_tables: int


class Stages(NamedTuple):
    """What passes from stage to stage, an entry for each group of lanes."""

    ahead: Any  # the row of the next state
    partial: Any
    summary: Any
    entry: Any  # the changed entry, summarised


_POSITION = np.int32(0x7FFFFFFF)  # where records begin, without the sign that says `terminated`


# ---- known when compiling --------------------------------------------------------------------------------------------


@by_type
def lane_stride(mdp, row):
    """From one lane's entries to the next lane's: known when compiling where lanes lie side by side."""
    if mdp.types[mdp.fields.index("lane_stride")] == types.none:
        width = row_width(len(row))
        return lambda mdp, row: width
    return lambda mdp, row: mdp.lane_stride


@by_type
def several_starts(mdp):
    """Whether episodes start in more than one state."""
    several = not isinstance(mdp.types[mdp.fields.index("start")], types.Integer)
    return lambda mdp: several


@by_type
def tile_width(summary, count):
    """How many lanes go through a stage before the next begins.

    Where a summary is one vector a stage is short, and sixteen lanes go through them all. Where it is more
    (exponentials), all lanes pass each stage in a loop of its own, so that each keeps few vectors at a time: 402
    against 268 million steps/s. Those loops must not be unrolled into one another: 307 to 380.
    """
    if isinstance(summary, types.BaseTuple):
        return lambda summary, count: opaque(count)
    return lambda summary, count: LANES


@by_type
def one_or_both(partials, summaries):
    """Where partial summaries go: to the summaries' own room, where both are the same."""
    if partials == summaries:
        return lambda partials, summaries: summaries
    return lambda partials, summaries: partials


@by_type
def complete_summaries(agent, partial, summary, start, end):
    """Complete the summaries of some lanes, if they are partial."""
    if partial == summary:
        return lambda agent, partial, summary, start, end: None

    def complete_all(agent, partial, summary, start, end):
        for g in range(start, end, LANES):
            summary[g] = complete_summary(agent, partial[g])

    return complete_all


@by_type
def draw_outcomes(lanes, count, mdp):
    """Draw the outcomes of actions, where they are stochastic."""
    if mdp.types[mdp.fields.index("outcome")] == types.none:
        return lambda lanes, count, mdp: None

    def draw_all(lanes, count, mdp):
        for lane in range(count):
            chance = outcome_draw(lanes.key[lane])
            lanes.high[lane], lanes.low[lane] = chance.high, chance.low
        for lane in range(count):
            row = int64(lanes.record_at[lane]) >> 1
            lanes.record_at[lane] = int32(2 * sampled(mdp.outcome, row, Draw(lanes.high[lane], lanes.low[lane])))

    return draw_all


# ---- one lane, when an episode or a run is over: rare ----------------------------------------------------------------


@inlined
def start_episode(lanes, lane, mdp, row):
    """Put a lane into the first state of an episode."""
    state = sampled(mdp.start, 0, start_draw(lanes.key[lane]))
    lanes.row_at[lane] = int32(state * mdp.row_stride)
    lanes.records_at[lane] = int32(state * 2 * len(row))


@inlined
def start_run(lanes, lane, run, key, episodes, mdp, row):
    """Give a lane a run, with the random stream that begins with `key`, and the first state."""
    first = draw(key)
    lanes.key[lane], lanes.high[lane], lanes.low[lane] = key, first.high, first.low
    lanes.run[lane], lanes.curve[lane] = run, run * episodes
    lanes.episode[lane], lanes.steps[lane], lanes.total[lane] = int32(0), int32(0), 0.0
    start_episode(lanes, lane, mdp, row)


@inlined
def write_episode(lanes, lane, truncated, curves, q_table, mdp, row):
    """Record a finished episode, and the table if it is kept then."""
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
def act_again(agent, lanes, g, here, q_table, stride, row, like):
    """Choose the actions of the lanes `here` from the rows as they are in the tables; rare."""
    for lane in range(g, g + LANES):
        lanes.record[2 * lane + 1] = uint64(lanes.row_at[lane])
    now, row_now = tuned(agent, load(lanes.episode, g)), rows(q_table, lanes.record, g, stride, row)
    summary = complete_summary(now, summarise(now, row_now, like))
    action = act(now, row_now, summary, Draw(load(lanes.high, g), load(lanes.low, g)))
    store(lanes.action, g, select(here, action, load(lanes.action, g)))
    store(lanes.q, g, select(here, pick(row_now, action), load(lanes.q, g)))
    record_at = load(lanes.records_at, g) + (action + action)
    store(lanes.record_at, g, select(here, record_at, load(lanes.record_at, g)))


@inlined
def learn_all(agent, lanes, g, ahead, summary, max_steps):
    """Learn from a step of sixteen lanes; return which episodes ended, which terminated, which actions are stale."""
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
def act_all(agent, lanes, g, ahead, summary, entry, like):
    """Choose the next actions of sixteen lanes; return which of them are stale, their summaries too inexact."""
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

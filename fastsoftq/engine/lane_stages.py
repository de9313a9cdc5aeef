"""A step of all lanes, in stages: they arrive, learn, and act."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import int32, int64, types, uint32, uint64

from fastsoftq.agents.rules import (
    act,
    bootstrap,
    complete_summary,
    learn,
    on_policy,
    summarise,
    summarise_entry,
    update_summary,
)
from fastsoftq.engine.lane_memory import bits_of, hidden_lane_count, load, store
from fastsoftq.engine.lane_planes import lane_seen
from fastsoftq.engine.lane_remembering import step_remembering
from fastsoftq.engine.lane_schedules import agent_now, begin_episodes
from fastsoftq.engine.lane_tables import arrive, entry_of, fetch_rows, places, rows, scatter, values_at
from fastsoftq.engine.lockstep import lane_count, lane_width
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import GOLDEN, Draw, halves, mixed
from fastsoftq.kernels.over_actions import pick, replaced
from fastsoftq.kernels.random import OUTCOME
from fastsoftq.kernels.simd import bitcast, select, whole
from fastsoftq.kernels.targets import target_of
from fastsoftq.mdp.tables import sampled

__all__ = ["Stages", "act_again", "draw_outcomes", "fetch_ahead", "one_or_both", "step_all"]


class Stages(NamedTuple):
    """What passes from stage to stage, an entry for each group of lanes."""

    partial: Any
    summary: Any
    entry: Any  # the changed entry, summarised
    row: Any  # of the state arrived at


@by_type
def reads_again(stages):
    """Whether a row in which an entry has changed is read again, or the entry replaced in registers."""
    again = _reads_again(stages)
    return lambda stages: again


def _summaries(stages: Any) -> Any:
    return stages.types[stages.fields.index("summary")]


def _has_stages(stages: Any) -> bool:
    return _summaries(stages).width > 1 and isinstance(_summaries(stages).item, types.BaseTuple)


def _reads_again(stages: Any) -> bool:
    return _has_stages(stages) or target_of(_summaries(stages).width).reads_again


def _remembers(setting: Any) -> bool:
    return bool(setting.types[setting.fields.index("memory")] != types.none)


@by_type
def one_or_both(partials, summaries):
    """Where partial summaries go: to the summaries' own room, where both are the same."""
    if partials == summaries:
        return lambda partials, summaries: summaries
    return lambda partials, summaries: partials


# ---- the lanes of a vector, in every step ----------------------------------------------------------------------------


@inlined
def _now(setting, g):
    return agent_now(setting.agent, setting.schedules, g, setting.lockstep)


@inlined
def _row(setting, g):
    return rows(setting.tables, setting.lanes.row_at, g, setting.row)


@inlined
def _summary(setting, g, row):
    now = _now(setting, g)
    return complete_summary(now, summarise(now, row, setting.like))


@inlined
def _entry(setting, g, summary):
    return summarise_entry(_now(setting, g), summary, load(setting.lanes.entry, g), setting.like)


@inlined
def act_again(setting, g, here):
    """Choose the actions of the lanes `here` from the rows as they are in the tables; rare."""
    lanes = setting.lanes
    now = _now(setting, g)
    row = lane_seen(setting, now, _row(setting, g))
    action = whole(act(now, row, _summary(setting, g, row), halves(load(lanes.bits, g))), 0.0)
    store(lanes.action, g, select(here, action, load(lanes.action, g)))
    store(
        lanes.entry_at,
        g,
        select(here, entry_of(setting.tables, load(lanes.row_at, g), action), load(lanes.entry_at, g)),
    )
    store(lanes.q, g, select(here, pick(row, action), load(lanes.q, g)))
    store(lanes.record_at, g, select(here, load(lanes.records_at, g) + (action + action), load(lanes.record_at, g)))


@by_type
def draw_outcomes(setting, turn, mdp):
    """Draw the outcomes of actions, where they are stochastic."""
    if not _draws(mdp):
        return lambda setting, turn, mdp: None

    def draw_all(setting, turn, mdp):
        lanes, shift = setting.lanes, turn * GOLDEN + OUTCOME
        for g in range(0, lane_count(setting.lockstep), lane_width(setting.lockstep)):
            store(lanes.bits, g, mixed(load(lanes.key, g) + shift))
        for lane in range(lane_count(setting.lockstep)):
            chance = Draw(uint32(lanes.bits[lane] >> uint64(32)), uint32(lanes.bits[lane]))
            lanes.record_at[lane] = int32(2 * sampled(mdp.outcome, int64(lanes.record_at[lane]) >> 1, chance))

    return draw_all


@by_type
def fetch_ahead(setting, mdp):
    """Have the rows fetched that all lanes go on to, where that is worth it and not done as lanes act."""
    if not _ahead(setting) or not (_draws(mdp) or _remembers(setting)):
        return lambda setting, mdp: None

    def fetch_all(setting, mdp):
        for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
            fetch_rows(setting.records, setting.lanes.record_at, setting.tables, g, setting.lockstep)

    return fetch_all


@by_type
def _fetch(setting, g, mdp):
    """Have the rows fetched that a vector's lanes go on to, which come while other lanes act or learn."""
    if not _ahead(setting) or _draws(mdp):
        return lambda setting, g, mdp: None
    return lambda setting, g, mdp: fetch_rows(
        setting.records, setting.lanes.record_at, setting.tables, g, setting.lockstep
    )


@inlined
def _vector_before(setting, g):
    return (g if g > 0 else lane_count(setting.lockstep)) - lane_width(setting.lockstep)


def _ahead(setting: Any) -> int:
    ahead: int = setting.types[setting.fields.index("lockstep")].ahead
    return ahead


def _draws(mdp: Any) -> bool:
    """Whether it is drawn where actions lead to."""
    return bool(mdp.types[mdp.fields.index("outcome")] != types.none)


@inlined
def _arrive(setting, stages, g, shift):
    """Draw for the next action, and fetch what this one leads to; return the row there."""
    lanes = setting.lanes
    store(lanes.bits, g, mixed(load(lanes.key, g) + shift))
    reward, word, ahead = arrive(setting.records, lanes.record_at, setting.tables, g, setting.row)
    store(lanes.reward, g, reward)
    store(lanes.word, g, word)
    next_row, records_at = places(word)
    store(lanes.changed, g, select(next_row == load(lanes.row_at, g), load(lanes.action, g), -1))
    store(lanes.row_at, g, next_row)
    store(lanes.records_at, g, records_at)
    if reads_again(stages):
        store(lanes.q, g, values_at(setting.tables, lanes.entry_at, g))
    return ahead


@by_type
def _complete(setting, stages, count):
    """Complete the summaries of all lanes, if they are partial."""
    if stages.types[0] == stages.types[1]:
        return lambda setting, stages, count: None

    def complete(setting, stages, count):
        for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
            stages.summary[g] = complete_summary(setting.agent, stages.partial[g])

    return complete


@inlined
def _evaluate(setting, g, ahead, summary):
    """The value of the next state."""
    now, lanes = _now(setting, g), setting.lanes
    if on_policy(setting.agent):
        store(lanes.next_action, g, act(now, ahead, summary, halves(load(lanes.bits, g))))
    return bootstrap(now, ahead, summary, load(lanes.next_action, g))


@inlined
def _learn(setting, g, turn, value):
    """Learn from a step of a vector's lanes, and write it down; return which episodes ended."""
    lanes = setting.lanes
    reward, word = load(lanes.reward, g), load(lanes.word, g)
    sign = bitcast(word, int64(0))
    store(lanes.entry, g, learn(_now(setting, g), load(lanes.q, g), reward, sign < 0, value))
    store(lanes.total, g, load(lanes.total, g) + reward)
    scatter(setting.tables, lanes.entry_at, lanes.entry, g)
    # The sign of the word says `terminated`, that of the turns left after this one that they are used up.
    ended = (sign | (load(lanes.limit, g) - (turn + 2))) < 0
    begin_episodes(setting.agent, setting.schedules, setting.upcoming, g, ended)
    return bits_of(ended)


@inlined
def _act(setting, stages, g, row, summary, entry):
    """Choose the next actions of a vector's lanes; return which of them are stale, their summaries too inexact."""
    lanes, stale = setting.lanes, uint64(0)
    if on_policy(setting.agent):
        action = load(lanes.next_action, g)
    else:
        now = _now(setting, g)
        updated, needs_summary = update_summary(now, row, summary, load(lanes.changed, g), entry, setting.like)
        stale = bits_of(needs_summary)
        action = whole(act(now, row, updated, halves(load(lanes.bits, g))), 0.0)
    store(lanes.action, g, action)
    store(lanes.entry_at, g, entry_of(setting.tables, load(lanes.row_at, g), action))
    if not reads_again(stages):
        store(lanes.q, g, pick(row, action))
    store(lanes.record_at, g, load(lanes.records_at, g) + (action + action))
    return stale


@inlined
def _learn_and_act(setting, stages, g, turn, ahead, ended, stale):
    """What a vector's lanes do once they have arrived; note which episodes ended, and which actions are stale."""
    summary = _summary(setting, g, ahead)
    ended |= _learn(setting, g, turn, _evaluate(setting, g, ahead, summary)) << uint64(g)
    row = replaced(ahead, load(setting.lanes.changed, g), load(setting.lanes.entry, g))
    stale |= _act(setting, stages, g, row, summary, _entry(setting, g, summary)) << uint64(g)
    return ended, stale


# ---- all lanes -------------------------------------------------------------------------------------------------------

# Where a summary is one vector, or a lane is alone, a step is short, and the lanes of a vector take it in one loop; but
# where nothing comes from further than the caches, all arrive first (1.04), so that fewer chains of dependent
# instructions hold up others.
# Where a summary is more (exponentials), all lanes pass each stage in a loop of its own, so that each keeps few vectors
# at a time: 402 against 268 million steps/s. Those loops must not be unrolled into one another: 307 to 380.


@by_type
def step_all(setting, stages, count, turn, mdp):
    """Take a step with all lanes, learn from it, and act; return which episodes ended, which actions are stale."""

    def in_one_loop(setting, stages, count, turn, mdp):
        ended, stale, shift = uint64(0), uint64(0), (turn + 1) * GOLDEN
        for g in range(0, hidden_lane_count(setting.lockstep), lane_width(setting.lockstep)):
            ended, stale = _learn_and_act(setting, stages, g, turn, _arrive(setting, stages, g, shift), ended, stale)
            _fetch(setting, _vector_before(setting, g), mdp)  # as this one's records have not come yet
        return ended, stale

    def arriving_first(setting, stages, count, turn, mdp):
        ended, stale, shift, width = uint64(0), uint64(0), (turn + 1) * GOLDEN, lane_width(setting.lockstep)
        for g in range(0, count, width):  # unrolled
            stages.row[g] = _arrive(setting, stages, g, shift)
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            ended, stale = _learn_and_act(setting, stages, g, turn, stages.row[g], ended, stale)
        return ended, stale

    def in_two_loops(setting, stages, count, turn, mdp):
        ended, stale, shift, width = uint64(0), uint64(0), (turn + 1) * GOLDEN, lane_width(setting.lockstep)
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            ahead = _arrive(setting, stages, g, shift)
            summary = _summary(setting, g, ahead)
            stages.summary[g] = summary
            ended |= _learn(setting, g, turn, _evaluate(setting, g, ahead, summary)) << uint64(g)
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            summary = stages.summary[g]
            stale |= _act(setting, stages, g, _row(setting, g), summary, _entry(setting, g, summary)) << uint64(g)
            _fetch(setting, g, mdp)
        return ended, stale

    def in_stages(setting, stages, count, turn, mdp):
        lanes, like, width = setting.lanes, setting.like, lane_width(setting.lockstep)
        ended, stale, shift = uint64(0), uint64(0), (turn + 1) * GOLDEN
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            stages.partial[g] = summarise(_now(setting, g), _arrive(setting, stages, g, shift), like)
        _complete(setting, stages, count)
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            store(lanes.value, g, _evaluate(setting, g, _row(setting, g), stages.summary[g]))
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            ended |= _learn(setting, g, turn, load(lanes.value, g)) << uint64(g)
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            stages.entry[g] = _entry(setting, g, stages.summary[g])
        for g in range(0, hidden_lane_count(setting.lockstep), width):
            stale |= _act(setting, stages, g, _row(setting, g), stages.summary[g], stages.entry[g]) << uint64(g)
            _fetch(setting, g, mdp)
        return ended, stale

    def remembering(setting, stages, count, turn, mdp):
        return step_remembering(setting, turn), uint64(0)

    if _remembers(setting):
        return remembering
    if _has_stages(stages):
        return in_stages
    if _reads_again(stages):
        return in_two_loops
    return in_one_loop if _summaries(stages).width == 1 or _ahead(setting) else arriving_first

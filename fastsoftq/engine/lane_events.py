"""What happens to one lane, and rarely: a run or an episode begins or ends."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import int32, int64, types, uint8

from fastsoftq.agents.rules import on_policy, varies_by_episode
from fastsoftq.agents.schedules import tuned
from fastsoftq.engine.counters import add_after_all_else, read_anew
from fastsoftq.engine.lane_memory import fetch_to_write
from fastsoftq.engine.lane_planes import lane_estimate
from fastsoftq.engine.lane_schedules import set_schedules
from fastsoftq.engine.lane_tables import LaneTables, pointer
from fastsoftq.engine.packing import row_width
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import GOLDEN, mixed
from fastsoftq.kernels.random import start_draw
from fastsoftq.mdp.tables import changes_in, first_state, phase_of, sampled

__all__ = [
    "Pointers",
    "Setting",
    "asked_to_stop",
    "end_episode",
    "has_run",
    "several_starts",
    "start_episode",
    "start_run",
    "tables_of",
    "tell_of_run",
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


class Setting(NamedTuple):
    """What stages need and none of them changes."""

    agent: Any
    first_agent: Any  # with the values of its schedules in the first episode
    schedules: Any  # the agent with an array of each lane's values in place of every schedule
    upcoming: Any  # the same for the lanes' next episodes
    lanes: Any
    records: Any
    tables: Any
    row: Any
    like: Any
    max_steps: Any
    lockstep: Any
    memory: Any  # LaneMemory, or None


@by_type
def tables_of(table, mdp, row):
    """The lanes' tables in an array, as `mdp` says they lie; or what says itself how it lies."""
    if not isinstance(table, types.Array):
        return lambda table, mdp, row: table
    if mdp.types[mdp.fields.index("lane_stride")] == types.none:
        width = row_width(len(row))  # known when compiling where lanes lie side by side
        return lambda table, mdp, row: LaneTables(pointer(table), width, None)
    return lambda table, mdp, row: LaneTables(pointer(table), mdp.lane_stride, None)


@by_type
def several_starts(mdp):
    """Whether episodes start in more than one state."""
    several = not isinstance(mdp.types[mdp.fields.index("start")], types.Integer)
    return lambda mdp: several


_TURNS_BETWEEN_LOOKS = 1024


@by_type
def asked_to_stop(stop, turn, lockstep):
    """Whether the work is to end; a thread of a GPU looks seldom, far away as that memory is."""
    if lockstep.lanes > 1:
        return lambda stop, turn, lockstep: stop[0]
    return lambda stop, turn, lockstep: turn % _TURNS_BETWEEN_LOOKS == 0 and read_anew(stop)


@by_type
def has_run(lanes, lane, lockstep):
    """Whether a lane whose episode is over has a run; one on its own takes steps with a run alone."""
    if lockstep.lanes > 1:
        return lambda lanes, lane, lockstep: lanes.curve[lane] >= 0
    return lambda lanes, lane, lockstep: True


@by_type
def tell_of_run(work, run):
    """Say that a run is done, where its results are fetched before all are."""
    if work.types[work.fields.index("done")] == types.none:
        return lambda work, run: None
    return lambda work, run: add_after_all_else(work.done, run // work.piece, 1)


@inlined
def start_episode(setting, lane, turn, mdp):
    """Put a lane into the first state of an episode."""
    lanes = setting.lanes
    phase = phase_of(mdp, lanes.episode[lane])
    state = sampled(mdp.start, phase, start_draw(lanes.key[lane] + turn * GOLDEN))
    lanes.row_at[lane] = int32(state * mdp.row_stride)
    lanes.records_at[lane] = int32((first_state(mdp, phase) + state) * 2 * mdp.n_actions)


@inlined
def start_run(setting, lane, turn, run, key, episodes, mdp):
    """Give a lane a run, with the random stream that begins with `key`, and the first state."""
    lanes = setting.lanes
    lanes.key[lane], lanes.bits[lane] = key - turn * GOLDEN, mixed(key)
    lanes.run[lane], lanes.curve[lane] = run, run * episodes
    lanes.episode[lane], lanes.limit[lane], lanes.total[lane] = int32(0), turn + setting.max_steps, 0.0
    set_schedules(setting.agent, setting.schedules, lane, tuned(setting.agent, int32(0)))
    set_schedules(setting.agent, setting.upcoming, lane, tuned(setting.agent, int32(1)))
    start_episode(setting, lane, turn, mdp)


_FETCHED_AHEAD = 8  # episodes: the next line of memory, of returns


@inlined
def write_episode(setting, lane, length, curves, mdp):
    """Record a finished episode, and the table if it is kept then."""
    lanes, at = setting.lanes, setting.lanes.curve[lane]
    curves.returns[at], curves.lengths[at] = lanes.total[lane], int32(length)
    curves.truncated[at] = uint8(int64(lanes.word[lane]) >= 0)
    # Each run writes to places of its own, that no cache holds; stores are done in order, and would wait for them.
    written = curves.returns, curves.lengths, curves.truncated
    fetch_to_write(written, at + _FETCHED_AHEAD, setting.lockstep)
    lanes.curve[lane] = at + 1
    _keep_table(setting, lane, curves, mdp)


@by_type
def _keep_table(setting, lane, curves, mdp):
    """Copy the table to where it is kept, if it is after this episode."""
    if curves.types[curves.fields.index("kept")] == types.none:
        return lambda setting, lane, curves, mdp: None

    def keep(setting, lane, curves, mdp):
        lanes, n_actions = setting.lanes, mdp.n_actions
        episode = int64(lanes.episode[lane])
        if curves.n_tables > 0 and curves.kept[episode - 1] >= 0:
            to = (lanes.run[lane] * curves.n_tables + curves.kept[episode - 1]) * mdp.n_states * n_actions
            for s in range(mdp.n_states):
                for a in range(n_actions):
                    value = lane_estimate(setting, s * mdp.row_stride, lane, a)
                    curves.tables[to + s * n_actions + a] = value

    return keep


@inlined
def end_episode(setting, lane, turn, mdp):
    """Begin a lane's next episode; return whether its action must be chosen anew."""
    lanes, agent = setting.lanes, setting.agent
    stale = several_starts(mdp) or varies_by_episode(agent) or on_policy(agent) or lanes.changed[lane] >= 0
    lanes.limit[lane], lanes.total[lane] = turn + setting.max_steps, 0.0
    set_schedules(agent, setting.upcoming, lane, tuned(agent, int32(lanes.episode[lane] + 1)))
    # A terminal transition leads to the start by itself, if there is one start; and to that of the phase that it is in.
    if int64(lanes.word[lane]) >= 0 or several_starts(mdp) or changes_in(mdp, lanes.episode[lane]):
        start_episode(setting, lane, turn, mdp)
        stale = True
    return stale

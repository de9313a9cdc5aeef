"""The choice of an engine: all give the same bits, so only speed and memory decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import typeof

from fastsoftq import checks
from fastsoftq.agents.memory_rules import memory, remembers
from fastsoftq.agents.rules import Agent
from fastsoftq.engine.lane_last_steps import NUMBERS_OF_STEP, rows_of_steps
from fastsoftq.engine.lane_model import NUMBERS_OF_RECORD, rows_of_model, rows_of_records
from fastsoftq.engine.lanes import run_lanes
from fastsoftq.engine.lockstep import Lockstep
from fastsoftq.engine.one_run import run_episodes
from fastsoftq.engine.one_run_remembering import run_remembering
from fastsoftq.engine.packing import Room, aligned, packed, row_width, zeroed
from fastsoftq.engine.planes import what_is_kept
from fastsoftq.engine.records import Output, Work
from fastsoftq.engine.rule_errors import compiling
from fastsoftq.kernels.targets import here
from fastsoftq.mdp.changing import EpisodicMDP, phases_of
from fastsoftq.mdp.tables import Tables

__all__ = [
    "ENGINES",
    "FEWEST_RUNS",
    "MOST_ACTIONS",
    "call_compiled",
    "checked_engine",
    "engine_for",
    "lanes_for",
    "room_of",
    "table_bytes",
]

# The engines by name, and how many runs each has in lockstep; "lanes" takes as many as suit the MDP.
ENGINES = {"one_run": 0, "lanes": None, "lanes_16": 16, "lanes_32": 32, "lanes_64": 64}

FEWEST_RUNS = 16
"""With fewer, one run at a time is as fast, and compiles sooner."""

MOST_ACTIONS = 16
"""Beyond, a row is no longer held in registers: lanes and GPUs take no more."""

MOST_NUMBERS = 32
"""Of a row with what is kept beside its values: lanes take no more."""

_FEWEST_LANES = 16
_L2_BYTES = 1 << 20  # all lanes' tables should stay in it: 64 lanes while they do, 32 beyond
_NEAR_BYTES = 3 << 19  # tables that take more are worth fetching ahead, and so are records;
_IN_VECTOR_AHEAD = 8  # of short vectors more overlap: some are fetched while others learn
_WITH_MEMORY, _WITH_MODEL = 32, 16  # lanes: rows are wider then, and a model's are all needed at any time
_IN_VECTOR_WITH_MODEL = 8  # learning from a record is one look-up after another: of short vectors more overlap
_MOST_BYTES = 1 << 29  # of tables a thread: 32 lanes while they are no more, 16 beyond
_MOST_WORDS = np.iinfo(np.int32).max  # of outcomes' records, which lanes know by 32-bit indices


def engine_for(
    tables: Tables, agent: Agent, runs: int, like: Any, engine: str | None, max_steps: int
) -> Callable[[Work, Output], None]:
    """Choose the engine for a number of runs.

    Parameters
    ----------
    tables : Tables
        The MDP.
    agent : NamedTuple
    runs : int
        How many, for each thread.
    like : float64 or float32
        The precision of exponentials.
    engine : str or None
        One of `ENGINES`, by name; None: the fastest.
    max_steps : int
        The most steps of an episode.

    Returns
    -------
    callable
        Called in each thread with the work and the output.
    """
    if engine is None:
        engine = "lanes" if runs >= FEWEST_RUNS else "one_run"
    lanes = ENGINES[engine]
    room = room_of(agent, tables, max_steps)
    if lanes is None:
        lanes = lanes_for(tables, room)
    if lanes == 0 or remembers(agent, memory) or not _fits(tables, room, lanes):
        loop = run_remembering if remembers(agent) else run_episodes
        return lambda work, out: call_compiled(loop, agent, tables, row_of(room.numbers), like, work, out)
    mdp = packed(tables, lanes, room.numbers, room.rows_behind)
    ahead = 0 if lanes * table_bytes(tables, room) <= _NEAR_BYTES else 1 if mdp.records.nbytes <= _NEAR_BYTES else 2
    in_vector = min(lanes, here().lanes, room.most_in_vector, _IN_VECTOR_AHEAD if ahead else lanes)
    lockstep = Lockstep(lanes, in_vector, ahead)

    def run(work: Work, out: Output) -> None:
        learns = len(work.seeds) > 0  # else the loop is only compiled
        size = mdp.size + lanes * room.numbers_behind if learns else 0
        table = aligned(size, np.float64) if mdp.lane_stride is None else zeroed(size)
        out = out._replace(truncated=out.truncated.view(np.uint8))
        arguments = agent, mdp, lockstep, table, (0.0,) * room.numbers, like, work, out
        entry_point = compiled_for(run_lanes, *arguments)
        if learns:
            entry_point(*arguments)

    return run


def room_of(agent: Agent, mdp: Tables | EpisodicMDP, max_steps: int, alone: bool = False) -> Room:
    """What an agent's table takes; it remembers no more steps than an episode has.

    Parameters
    ----------
    agent : NamedTuple
    mdp : TabularMDP, ChangingMDP or Tables
    max_steps : int
    alone : bool
        Whether a lane is alone, and has all in rows of its own (`layout.py`), or shares what lies behind all tables.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> room_of(fsq.DoubleQLearning(0.1, 0.95), fsq.cliff_walking(), max_steps=1000)
    Room(numbers=8, rows_behind=0, numbers_behind=0, most_lanes=32, most_in_vector=16)
    """
    if not remembers(agent):
        return Room(mdp.n_actions, 0, 0)
    planes, n, plans, pays_bonus = call_compiled(what_is_kept, agent)
    n, entries, numbers = min(n, max_steps), mdp.n_states * mdp.n_actions, mdp.n_actions * planes
    rows = rows_of_model(mdp.n_states, pays_bonus) if plans else 0
    if alone:
        rows += rows_of_steps(n, numbers) + (rows_of_records(entries, numbers) if plans else 0)
    rows += int(n > 0 or plans)  # one where lanes write that shall write nothing
    behind = 0 if alone else n * NUMBERS_OF_STEP + (entries * NUMBERS_OF_RECORD if plans else 0)
    if plans:
        return Room(numbers, rows, behind, _WITH_MODEL, _IN_VECTOR_WITH_MODEL)
    return Room(numbers, rows, behind, _WITH_MEMORY)


def row_of(numbers: int) -> Any:
    """A row as loops take it: of few numbers it is a tuple, which stays in registers, of many an array."""
    return (0.0,) * numbers if numbers <= MOST_ACTIONS else np.zeros(numbers)


def checked_engine(engine: Any, mdp: EpisodicMDP) -> str | None:
    """Return `engine` if it is None or the name of an engine that can run the MDP.

    Raises
    ------
    TypeError
        Neither None nor a string.
    ValueError
        No engine's name, or lanes for an MDP that is too large for them.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked_engine("lanes", fsq.cliff_walking())
    'lanes'
    """
    if engine is None:
        return None
    name = checks.choice("engine", engine, ENGINES)
    lanes = ENGINES[name]
    if lanes != 0 and not _fits(mdp, Room(mdp.n_actions, 0, 0), _FEWEST_LANES if lanes is None else min(lanes, 32)):
        raise ValueError(
            f"engine is {name!r}; {mdp!r} is too large for lanes (at most {MOST_ACTIONS} actions and "
            f"{_MOST_BYTES >> 20} MiB of tables), so it must be 'one_run' or None"
        )
    return name


def table_bytes(mdp: Tables | EpisodicMDP, room: Room) -> int:
    """What the table of a run in lanes takes, with all that is behind it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> cliff = fsq.cliff_walking()
    >>> table_bytes(cliff, room_of(fsq.QLearning(0.8, 0.95), cliff, max_steps=1000))
    1536
    """
    return 8 * ((mdp.n_states + room.rows_behind) * row_width(room.numbers) + room.numbers_behind)


def _fits(mdp: Tables | EpisodicMDP, room: Room, lanes: int) -> bool:
    """Whether lanes can run an MDP: it has few enough actions and outcomes, and their tables do not take too much."""
    n_phases = mdp.n_phases if isinstance(mdp, Tables) else len(phases_of(mdp))
    words = 2 * n_phases * mdp.n_states * mdp.n_actions * mdp.n_outcomes
    return (
        mdp.n_actions <= MOST_ACTIONS
        and room.numbers <= MOST_NUMBERS
        and words <= _MOST_WORDS
        and lanes * table_bytes(mdp, room) <= _MOST_BYTES
    )


def lanes_for(mdp: Tables | EpisodicMDP, room: Room | None = None) -> int:
    """How many lanes suit an MDP, and what an agent's table takes: 64, 32 or 16, or 0 if none can run it."""
    room = Room(mdp.n_actions, 0, 0) if room is None else room
    in_l2 = 64 if 64 * table_bytes(mdp, room) <= _L2_BYTES else 32
    most = min(in_l2, room.most_lanes)
    return next((lanes for lanes in (64, 32, _FEWEST_LANES) if lanes <= most and _fits(mdp, room, lanes)), 0)


def compiled_for(kernel: Any, *arguments: Any) -> Any:
    """The code compiled for exactly these types: a dispatcher alone confuses two agents of one name."""
    signature = tuple(map(typeof, arguments))
    compiled = kernel.overloads.get(signature)
    if compiled is not None:
        return compiled.entry_point
    with compiling(signature):
        return kernel.compile(signature)


def call_compiled(kernel: Any, *arguments: Any) -> Any:
    """Call it."""
    return compiled_for(kernel, *arguments)(*arguments)

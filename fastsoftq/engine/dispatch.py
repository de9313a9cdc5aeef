"""Which engine runs what: the same bits come from both, so only speed and memory decide."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import typeof

from fastsoftq.engine.lanes import run_lanes
from fastsoftq.engine.one_run import run_episodes
from fastsoftq.engine.packing import aligned, packed, row_width
from fastsoftq.kernels.simd import LANES
from fastsoftq.mdp.tables import Tables

__all__ = ["engine_for"]

_FEWEST_RUNS = 16  # below, one run at a time is as fast, and compiles sooner
_MOST_ACTIONS = 16  # beyond, a row is no longer held in registers
_L2_BYTES = 1 << 20  # all lanes' tables should stay in it: 64 lanes while they do, 32 beyond
_MOST_BYTES = 1 << 29  # of tables a thread


def engine_for(tables: Tables, agent: Any, runs: int, max_steps: int, like: Any) -> Callable[..., None]:
    """Choose the engine for a number of runs.

    Parameters
    ----------
    tables : Tables
        The MDP.
    agent : NamedTuple
    runs : int
        How many, for each thread.
    max_steps : int
    like : float64 or float32
        The precision of exponentials.

    Returns
    -------
    callable
        Called in each thread with (seeds, ticket, initial_q, stop, tally, returns, lengths, truncated, final_q).
    """
    n_actions = tables.n_actions
    lanes = lanes_for(tables) if runs >= _FEWEST_RUNS and n_actions <= _MOST_ACTIONS else 0
    if lanes == 0:
        # A row of few actions is a tuple, which stays in registers; one of many an array.
        row: Any = (0.0,) * n_actions if n_actions <= _MOST_ACTIONS else np.zeros(n_actions)
        return partial(_call, run_episodes, agent, tables, row, like, max_steps)
    mdp = packed(tables, lanes)

    def run(*work: Any) -> None:
        *shared, returns, lengths, truncated, final_q = work
        table = aligned(mdp.size, np.float64)
        out = returns, lengths, truncated.view(np.uint8), final_q
        groups, row = tuple(range(0, lanes, LANES)), (0.0,) * n_actions
        _call(run_lanes, agent, mdp, groups, table, row, like, max_steps, *shared, *out)

    return run


def _call(kernel: Any, *arguments: Any) -> None:
    """Call what is compiled for these very types: by itself a dispatcher takes two agents of one name for the same."""
    signature = tuple(map(typeof, arguments))
    compiled = kernel.overloads.get(signature)
    entry_point = compiled.entry_point if compiled else _compile(kernel, signature)
    entry_point(*arguments)


def _compile(kernel: Any, signature: tuple[Any, ...]) -> Any:
    """Compile with the garbage collector at rest: it would look through Numba's objects, which stay, time and again."""
    collecting = gc.isenabled()
    gc.disable()  # 1.4 s instead of 1.65
    try:
        return kernel.compile(signature)
    finally:
        if collecting:
            gc.enable()


def lanes_for(tables: Tables) -> int:
    """How many lanes suit an MDP: 64, 32, or 0 where their tables would take too much memory."""
    table_bytes = 8 * tables.n_states * row_width(tables.n_actions)
    if 64 * table_bytes <= _L2_BYTES:
        return 64
    return 32 if 32 * table_bytes <= _MOST_BYTES else 0

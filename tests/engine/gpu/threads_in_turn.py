"""A GPU's threads, one after the other on the CPU, by the functions that its kernel is made of."""

import numpy as np

from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import PRECISIONS
from fastsoftq.engine.gpu.kernel_arguments import arguments_of
from fastsoftq.engine.gpu.one_thread import Threads, copy_records, train_in_thread
from fastsoftq.engine.gpu.reachable import reachable
from fastsoftq.engine.gpu.summary_kernels import moments_by_thread, quantiles_by_block
from fastsoftq.engine.lane_tables import pointer
from fastsoftq.engine.packing import aligned
from fastsoftq.engine.records import Output, Work
from fastsoftq.kernels.jit import compiled, inlined


@compiled
def run_blocks(blocks, in_block, room, place, agent, mdp, lockstep, row, like, work, out):
    for block in range(blocks):
        room[:] = np.nan  # what a block finds there is anything
        for thread in range(in_block):
            copy_records(place, Threads(block, thread, in_block, pointer(room)), mdp)
        for thread in range(in_block):
            train_in_thread(
                place, Threads(block, thread, in_block, pointer(room)), agent, mdp, lockstep, row, like, work, out
            )


@compiled
def find_moments(blocks, in_block, room, curves, summary):
    for block in range(blocks):
        for thread in range(in_block):
            moments_by_thread(Threads(block, thread, in_block, pointer(room)), curves, summary)


@inlined
def nobody_else():
    """What a block of one thread waits for."""


@compiled
def find_quantiles(blocks, room, curves, to_sort, summary):
    for block in range(blocks):
        room[:] = np.nan
        quantiles_by_block(Threads(block, 0, 1, pointer(room)), nobody_else, curves, to_sort, summary)


def train_in_turn(mdp, agent, seeds, episodes, max_steps, layout, precision="double", initial_q=None, kept=()):
    """Curves and kept tables, of a layout of few threads."""
    part = reachable(mdp)
    seeds = np.array(seeds, np.uint64)
    tables = np.zeros((1, mdp.n_states, mdp.n_actions)) if initial_q is None else np.array(initial_q, float)
    tables = np.ascontiguousarray(tables.reshape(-1, mdp.n_states, mdp.n_actions)[:, part.states])
    table_of = np.full(episodes if kept else 0, -1)
    table_of[[n - 1 for n in kept]] = np.arange(len(kept))
    shape = len(seeds), episodes
    out = Output(
        np.full(shape, np.nan), np.full(shape, -1, np.int32), np.full(shape, 2, np.uint8), table_of,
        np.full((len(seeds) if kept else 0, len(kept), len(part.states), mdp.n_actions), np.nan),
    )  # fmt: skip
    work = Work(seeds, tables, max_steps, np.zeros(1, np.int64), np.zeros(1, np.bool_), np.zeros(2, np.int64))
    far = aligned(layout.far, np.float64)
    far[:] = np.nan
    agent, packed, lockstep, place, row, like, work, out = arguments_of(
        checked(agent), part.tables, layout, far, PRECISIONS[precision], work, out
    )
    run_blocks(
        layout.blocks, layout.threads, aligned(max(1, layout.shared_bytes // 8), np.float64),
        place, agent, packed, lockstep, row, like, work, out,
    )  # fmt: skip
    return out, part.states, work.progress

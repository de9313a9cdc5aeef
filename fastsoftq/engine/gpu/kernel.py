"""The kernel: what every thread of a GPU runs, in terms that Numba compiles and LLVM's NVPTX back end understands."""

from __future__ import annotations

from fastsoftq.engine.gpu.card_intrinsics import (
    block,
    shared,
    shared_read_back,
    thread,
    threads_in_block,
    wait_for_the_block,
)
from fastsoftq.engine.gpu.one_thread import Threads, copy_records, shares_memory, train_in_thread

__all__ = ["train"]


def train(agent, mdp, lockstep, place, row, like, work, out):
    """Train runs until none is left, as many at a time as there are threads."""
    if shares_memory(place):
        address = shared_read_back()
        wait_for_the_block()
    else:
        address = shared()
    threads = Threads(block(), thread(), threads_in_block(), address)
    copy_records(place, threads, mdp)
    wait_for_the_block()
    train_in_thread(place, threads, agent, mdp, lockstep, row, like, work, out)

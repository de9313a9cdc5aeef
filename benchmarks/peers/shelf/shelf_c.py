"""Plain C of agents with memory: `shelf.c`, compiled when it is first run, with the flags of the other plain C."""

from __future__ import annotations

import ctypes
import functools
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import c_plain, task
from benchmarks.peers.shelf import shelf_task


@functools.cache
def _library() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "shelf.so"
        source = Path(__file__).with_name("shelf.c")
        subprocess.run([c_plain.compiler(), *c_plain.FLAGS, str(source), "-o", str(built), "-lm"], check=True)
        return ctypes.CDLL(str(built))  # stays mapped when the file goes


def run(kind: str, case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    next_state, reward = task.tables()
    seeds = np.ascontiguousarray(seeds, np.int64)
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    number, whole, pointer = ctypes.c_double, ctypes.c_int64, ctypes.c_void_p
    learn = getattr(_library(), case.algorithm + (f"_{kind}" if case in shelf_task.TRACES else ""))
    learn.argtypes = [pointer, pointer, number, number, pointer, whole, whole, whole, pointer, pointer]
    learn.restype = None
    learn(
        next_state.ctypes.data, reward.ctypes.data, case.reward_scale,
        shelf_task.ALGORITHMS[case.algorithm].step_size, seeds.ctypes.data, len(seeds), episodes, max_steps,
        returns.ctypes.data, lengths.ctypes.data,
    )  # fmt: skip
    return returns, lengths


# Traces are kept in either way, and the faster is what fastsoftq is measured by.
listed = task.Peer("C, a list of traces", partial(run, "list"), c_plain.missing, shelf_task.TRACES)
dense = task.Peer("C, traces of all entries", partial(run, "dense"), c_plain.missing, shelf_task.TRACES)
others = tuple(case for case in shelf_task.CASES if case not in shelf_task.TRACES)
plain = task.Peer("C", partial(run, ""), c_plain.missing, others)
PEERS = (plain, listed, dense)

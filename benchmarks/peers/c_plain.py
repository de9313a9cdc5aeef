"""Plain C, the yardstick of every ratio: `plain.c`, compiled when it is first run."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task

FLAGS = ("-O3", "-march=native", "-std=c11", "-fPIC", "-shared")


def compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "gcc"))


def missing() -> str | None:
    return None if compiler() else f"there is no C compiler: {os.environ.get('CC', 'gcc')} was not found"


@functools.cache
def _library() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "plain.so"
        source = Path(__file__).with_name("plain.c")
        subprocess.run([compiler(), *FLAGS, str(source), "-o", str(built), "-lm"], check=True)
        return ctypes.CDLL(str(built))  # stays mapped when the file goes


def run(case: task.Case, seeds: NDArray[np.int64], episodes: int, max_steps: int) -> task.Curves:
    next_state, reward = task.tables()
    seeds = np.ascontiguousarray(seeds, np.int64)
    returns, lengths = np.zeros((len(seeds), episodes)), np.zeros((len(seeds), episodes), np.int32)
    whole, pointer = ctypes.c_int64, ctypes.c_void_p
    learn = getattr(_library(), case.algorithm)
    learn.argtypes = [pointer, pointer, ctypes.c_double, pointer, whole, whole, whole, pointer, pointer]
    learn.restype = None
    learn(
        next_state.ctypes.data, reward.ctypes.data, case.reward_scale, seeds.ctypes.data, len(seeds), episodes,
        max_steps, returns.ctypes.data, lengths.ctypes.data,
    )  # fmt: skip
    return returns, lengths


peer = task.Peer("C, plain", run, missing)

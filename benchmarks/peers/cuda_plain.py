"""CUDA C++ by hand, what a GPU is compared with: `plain.cu`, compiled when it is first run by CUDA's own compiler."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import task
from fastsoftq.engine.gpu.driver import DeviceArray, Gpu

SOURCE = Path(__file__).with_name("plain.cu")
BLOCK = 128  # threads
KERNELS = ("hard", "soft", "soft_mixed")


class Timed(NamedTuple):
    """A launch: how long it took, how many steps that were, and the curves of the first runs."""

    seconds: float
    steps: int
    first: tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]


@functools.cache
def cubin(capability: tuple[int, int]) -> bytes:
    """Machine code for a GPU of a compute capability; no GPU is needed."""
    return _compiled(capability).code


@functools.cache
def _compiled(capability: tuple[int, int]):
    from cuda.core import Program, ProgramOptions

    # Without contraction, so that what is fused is what the source says: the bits of the CPU.
    options = ProgramOptions(arch="sm_{}{}".format(*capability), std="c++17", fma=False)
    return Program(SOURCE.read_text(), "c++", options).compile("cubin")


class Learner:
    """The arrays of one case on a GPU, for launches with any number of threads.

    Parameters
    ----------
    gpu : Gpu
    case : task.Case
    mixed : bool
        Whether exponentials are taken in single precision.
    runs, episodes, max_steps : int
        Of seeds 0, 1, ...
    """

    def __init__(self, gpu: Gpu, case: task.Case, mixed: bool, runs: int, episodes: int, max_steps: int) -> None:
        self._gpu, self._scale, self._sizes = gpu, case.reward_scale, (runs, episodes, max_steps)
        self._kernel = _compiled(gpu.card.capability).get_kernel(f"{case.algorithm}_mixed" if mixed else case.algorithm)
        next_state, reward = task.tables()
        self._given = [gpu.uploaded(array) for array in (next_state, reward, np.arange(runs, dtype=np.uint64))]
        self._next_run = gpu.array((1,), np.int32)
        self._curves = [gpu.array((runs, episodes), dtype) for dtype in (np.float64, np.int32, np.uint8)]

    def timed(self, threads: int, first: int = 0) -> Timed:
        """Launch as many threads on each multiprocessor, once to warm up and three times to be timed: the median.

        The curves of so many first runs come back.
        """
        from cuda.core import LaunchConfig, launch

        gpu, (next_state, reward, seeds) = self._gpu, self._given
        blocks = gpu.card.multiprocessors * (threads // BLOCK)
        tables = gpu.array((task.N_STATES, blocks * BLOCK, task.N_ACTIONS), np.float64)
        arrays = [self._next_run, tables, *self._curves]
        arguments = (
            *(np.uint64(array.address) for array in (next_state, reward)), np.float64(self._scale),
            np.uint64(seeds.address), *map(np.int32, self._sizes), *(np.uint64(array.address) for array in arrays),
        )  # fmt: skip
        took = []
        for _ in range(4):
            gpu.fill(self._next_run, gpu.stream)
            gpu.stream.sync()
            start = time.perf_counter()
            launch(gpu.stream, LaunchConfig(grid=blocks, block=BLOCK), self._kernel, *arguments)
            gpu.stream.sync()
            took.append(time.perf_counter() - start)
        tables.close()
        lengths = rows(gpu, self._curves[1], self._sizes[0])
        curves = tuple(rows(gpu, array, first) for array in self._curves)
        return Timed(float(np.median(took[1:])), int(lengths.sum(dtype=np.int64)), curves)

    def close(self) -> None:
        """Give the memory back."""
        for array in (*self._given, self._next_run, *self._curves):
            array.close()


def rows(gpu: Gpu, array: DeviceArray, count: int, at_once: int = 1 << 14) -> NDArray:
    """The first rows of an array on a GPU."""
    found = np.empty((count, *array.shape[1:]), array.dtype)
    room = gpu.pinned((min(count, at_once), *array.shape[1:]), array.dtype)
    for first in range(0, count, at_once):
        some = min(at_once, count - first)
        gpu.copy_rows(array, first, some, room, gpu.stream)
        gpu.stream.sync()
        found[first : first + some] = room.here()[:some]
    room.close()
    return found

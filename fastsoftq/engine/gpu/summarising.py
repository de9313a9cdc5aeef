"""Blocks of runs summarised where they were trained: a hundredth of the numbers cross the bus."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.block_statistics import STATISTICS, BlockStatistics, quantile_places, statistics_bytes
from fastsoftq.engine.gpu.driver import DeviceArray, Gpu
from fastsoftq.engine.gpu.fetching import Fetched, Fetching, into, piece_runs
from fastsoftq.engine.gpu.kernel_arguments import with_arrays
from fastsoftq.engine.gpu.kernels_on_disk import kernel_for
from fastsoftq.engine.gpu.layout import WARP, Card, Grid
from fastsoftq.engine.gpu.sorting import LOG_TAKEN, padded
from fastsoftq.engine.gpu.summary_kernels import Curves, Sorted, Summary, moments, quantiles

__all__ = ["Summarising", "sorts"]

_MOMENT_THREADS = 128  # of a block: neighbours read neighbouring episodes
_MOST_THREADS = 128  # that sort together
_LOG_COLUMNS = 2  # episodes that are read together: as many as the memory's smallest piece holds
_SHARE = 0.45  # of the memory that a block may share: two sort at a time where they can


def sorts(card: Card, block: int) -> bool:
    """Whether a card sorts the runs of a block where its threads share memory.

    Examples
    --------
    >>> card = Card("a GPU", (9, 0), 132, shared_bytes=232448, memory=80 * 2**30)
    >>> sorts(card, 1024), sorts(card, 100_000)
    (True, False)
    """
    return _column_bytes(_log_size(block)) <= card.shared_bytes


def _log_size(block: int) -> int:
    """Of a column, which is a power of two."""
    return max(LOG_TAKEN, (block - 1).bit_length())


def _column_bytes(log_size: int) -> int:
    return 8 * int(padded.py_func(1 << log_size))


class Summarising:
    """The statistics of a batch's curves: made when its kernel is done, and fetched.

    Parameters
    ----------
    gpu : Gpu
    on_card : Output
        The curves, in the card's memory.
    target : BlockStatistics
        Of those runs; filled in place.
    """

    def __init__(self, gpu: Gpu, on_card: Any, target: BlockStatistics) -> None:
        self._gpu, self._target, self._arrays = gpu, target, list[DeviceArray]()
        self._work: list[tuple[Any, tuple[Any, ...], Grid]] = []
        try:
            summary = self._made_ready(on_card, target)
            fetched = [
                Fetched(summary.returns, into(target.returns)),
                Fetched(summary.lengths, into(target.lengths)),
                Fetched(summary.truncated, into(target.truncated)),
            ]
            blocks, episodes = target.truncated.shape
            self._fetching = Fetching(gpu, fetched, piece_runs(statistics_bytes(episodes), blocks))
        except BaseException:
            self.give_back()
            raise

    def _made_ready(self, on_card: Any, target: BlockStatistics) -> Summary:
        """Room for the statistics, and the kernels that fill it."""
        gpu = self._gpu
        starts = target.starts - target.starts[0]
        sizes, (blocks, episodes) = np.diff(starts), target.truncated.shape
        log_size, log_columns = _log_size(int(sizes.max())), _LOG_COLUMNS
        while log_columns and _column_bytes(log_size) << log_columns > _SHARE * gpu.card.shared_bytes:
            log_columns -= 1
        known = {size: quantile_places(size) for size in {int(size) for size in sizes}}
        places = zip(*(known[int(size)] for size in sizes), strict=True)
        low, high, share = (self._keep(gpu.uploaded(np.stack(each))) for each in places)
        shape = blocks, episodes, len(STATISTICS)
        summary = Summary(*(self._keep(gpu.array(shape[:n], np.float64)) for n in (3, 3, 2)))
        curves = Curves(self._keep(gpu.uploaded(starts)), on_card.returns, on_card.lengths, on_card.truncated)
        to_sort = Sorted(log_columns, log_size, low, high, share)
        threads = min(_MOST_THREADS, max(WARP, 1 << (log_size + log_columns - LOG_TAKEN)))
        in_row = -(-episodes // _MOMENT_THREADS)
        self._add(moments, (curves, summary), Grid(blocks * in_row, _MOMENT_THREADS))
        in_row, shared = -(-episodes >> log_columns), _column_bytes(log_size) << log_columns
        self._add(quantiles, (curves, to_sort, summary), Grid(2 * blocks * in_row, threads, shared))
        return summary

    def _keep(self, array: DeviceArray) -> Any:
        self._arrays.append(array)
        return array

    def _add(self, function: Any, arguments: tuple[Any, ...], grid: Grid) -> None:
        like = with_arrays(arguments, lambda array: np.zeros((1,) * len(array.shape), array.dtype), DeviceArray)
        kernel = self._gpu.kernel(kernel_for(function, like, self._gpu.card.capability))
        self._work.append((kernel, arguments, grid))

    def queue(self) -> None:
        """Queue the kernels, behind the one that trains."""
        for kernel, arguments, grid in self._work:
            self._gpu.launch(kernel, grid, arguments)
        for array in self._target[1:]:
            array.fill(0.0)  # so that its pages are there when the card is done

    def look(self, done: NDArray[np.int64], over: bool) -> None:
        """Say whether all kernels have ended."""
        if over:
            self._fetching.all_done()

    @property
    def is_over(self) -> bool:
        """Whether all is fetched, or something went wrong."""
        return self._fetching.is_over

    def close(self, stop: bool = False) -> None:
        """Wait for what is under way; with `stop`, leave the rest."""
        self._fetching.close(stop)

    def give_back(self) -> None:
        """Give the card's memory back, when nothing works on it."""
        for array in self._arrays:
            array.close()

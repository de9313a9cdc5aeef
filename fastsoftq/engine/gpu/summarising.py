"""Blocks of runs summarised where they were trained: a hundredth of the numbers cross the bus."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.block_statistics import LEVELS, STATISTICS, BlockStatistics, quantile_places
from fastsoftq.engine.gpu.driver import DeviceArray, Gpu
from fastsoftq.engine.gpu.fetching import Fetched, Fetching, into, piece_runs
from fastsoftq.engine.gpu.kernel_arguments import with_arrays
from fastsoftq.engine.gpu.kernels_on_disk import kernel_for
from fastsoftq.engine.gpu.layout import Card, Grid
from fastsoftq.engine.gpu.sorting import EIGHT, padded
from fastsoftq.engine.gpu.summary_kernels import Curves, Sorted, Summary, moments, quantiles

__all__ = ["SORTED_ANYWHERE", "Summarising", "sorts", "statistics_bytes"]

SORTED_ANYWHERE = 4096
"""Runs of a block that every card sorts where its threads share memory."""

_MOMENT_THREADS = 128  # of a block: neighbours read neighbouring episodes
_MOST_THREADS = 512  # that sort together
_LOG_COLUMNS = 2  # episodes that are read together: as many as the memory's smallest piece holds
_SHARE = 0.45  # of the memory that a block may share: two sort at a time where they can


def statistics_bytes(episodes: int) -> int:
    """Bytes of the statistics of a block of runs.

    Examples
    --------
    >>> statistics_bytes(1000)
    200000
    """
    return 8 * episodes * (2 * len(STATISTICS) + 1)


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
    return max(EIGHT.bit_length() - 1, (block - 1).bit_length())


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
        self._gpu, self._arrays = gpu, list[DeviceArray]()
        starts = target.starts - target.starts[0]
        sizes, (blocks, episodes) = np.diff(starts), target.truncated.shape
        log_size = _log_size(int(sizes.max()))
        log_columns = _LOG_COLUMNS
        while log_columns and _column_bytes(log_size) << log_columns > _SHARE * gpu.card.shared_bytes:
            log_columns -= 1
        try:
            places = [quantile_places(int(size)) for size in sizes]
            low, high, share = (self._keep(gpu.uploaded(np.stack(each))) for each in zip(*places, strict=True))
            shape = blocks, episodes, len(STATISTICS)
            summary = Summary(*(self._keep(gpu.array(shape[:n], np.float64)) for n in (3, 3, 2)))
            curves = Curves(
                self._keep(gpu.uploaded(starts)), on_card.returns, on_card.lengths, on_card.truncated,
            )  # fmt: skip
            to_sort = Sorted(log_columns, log_size, low, high, share)
            threads = min(_MOST_THREADS, max(32, (1 << (log_size + log_columns)) // EIGHT))
            self._work = [
                (self._kernel(moments, curves, summary), (curves, summary), Grid(
                    blocks * -(-episodes // _MOMENT_THREADS), _MOMENT_THREADS,
                )),
                (self._kernel(quantiles, curves, to_sort, summary), (curves, to_sort, summary), Grid(
                    2 * blocks * -(-episodes >> log_columns), threads, _column_bytes(log_size) << log_columns,
                )),
            ]  # fmt: skip
            fetched = [
                Fetched(summary.returns, into(target.returns)), Fetched(summary.lengths, into(target.lengths)),
                Fetched(summary.truncated, into(target.truncated)),
            ]  # fmt: skip
            self._fetching = Fetching(gpu, fetched, blocks, piece_runs(statistics_bytes(episodes), blocks))
        except BaseException:
            self.give_back()
            raise

    def _keep(self, array: DeviceArray) -> Any:
        self._arrays.append(array)
        return array

    def _kernel(self, function: Any, *arguments: Any) -> Any:
        like = with_arrays(arguments, lambda array: np.zeros((1,) * len(array.shape), array.dtype), DeviceArray)
        return self._gpu.kernel(kernel_for(function, like, self._gpu.card.capability))

    def queue(self) -> None:
        """Queue the kernels, behind the one that trains."""
        for kernel, arguments, grid in self._work:
            self._gpu.launch(kernel, grid, arguments)

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

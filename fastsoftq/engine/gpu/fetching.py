"""Results on their way from a GPU to this machine, piece by piece, while the kernel goes on.

Threads fetch a piece each: to pinned memory, which the card fills at the bus's speed, and from there into the arrays
of the results, whose new pages take one thread ten times as long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.checks import threads
from fastsoftq.engine.gpu.driver import Channel, DeviceArray, Gpu

__all__ = ["Fetched", "Fetching", "into", "piece_runs"]

_MOST_THREADS = 12  # that fetch: more wait for one another
_PIECE_BYTES = 8 << 20
_ALIGNED = 8  # bytes: where arrays begin in pinned memory


class Fetched(NamedTuple):
    """An array on the card, and what to do with its rows from `first` on when they are here."""

    source: DeviceArray  # [rows, ...]
    put: Callable[[int, NDArray[Any]], None]


def into(target: NDArray[Any]) -> Callable[[int, NDArray[Any]], None]:
    """What copies rows to where they belong.

    Examples
    --------
    >>> target = np.zeros(3)
    >>> into(target)(1, np.ones(2))
    >>> target.tolist()
    [0.0, 1.0, 1.0]
    """

    def put(first: int, rows: NDArray[Any]) -> None:
        np.copyto(target[first : first + len(rows)], rows)

    return put


class Fetching:
    """Threads that fetch pieces of arrays as they are done.

    Parameters
    ----------
    gpu : Gpu
    arrays : sequence of Fetched
    piece : int
        Rows that are fetched together.
    """

    def __init__(self, gpu: Gpu, arrays: Sequence[Fetched], piece: int) -> None:
        self._gpu, self._arrays, self._rows, self._piece = gpu, arrays, arrays[0].source.shape[0], piece
        self.pieces = -(-self._rows // piece)
        self._changed = threading.Condition()
        self._ready = np.zeros(self.pieces, np.bool_)
        self._next, self._stopped = 0, False
        workers = min(_MOST_THREADS, threads(None), self.pieces)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="fastsoftq-fetch")
        self._workers: list[Future[None]] = [self._pool.submit(self._work) for _ in range(workers)]

    def queue(self) -> None:
        """Queue nothing: pieces are fetched when they are done."""

    def look(self, done: NDArray[np.int64], over: bool) -> None:
        """Say how many rows of each piece are done."""
        expected = np.full(self.pieces, self._piece)
        expected[-1] = self._rows - (self.pieces - 1) * self._piece
        self._tell(done >= expected)

    def all_done(self) -> None:
        """Say that every piece is done."""
        self._tell(np.ones(self.pieces, np.bool_))

    def _tell(self, ready: NDArray[np.bool_]) -> None:
        with self._changed:
            self._ready |= ready
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether all is fetched, or something went wrong."""
        return all(worker.done() for worker in self._workers) or any(
            worker.done() and worker.exception() is not None for worker in self._workers
        )

    def close(self, stop: bool = False) -> None:
        """Wait for the threads; with `stop`, have them leave the rest."""
        with self._changed:
            self._stopped |= stop
            self._changed.notify_all()
        self._pool.shutdown(wait=True)
        if not stop:
            for worker in self._workers:
                worker.result()

    def give_back(self) -> None:
        """Give nothing back: what is fetched belongs to the batch."""

    def _take(self) -> int | None:
        """The next piece, when it is ready."""
        with self._changed:
            if self._next == self.pieces:
                return None
            piece, self._next = self._next, self._next + 1
            self._changed.wait_for(lambda: self._stopped or bool(self._ready[piece]))
            return None if self._stopped else piece

    def _work(self) -> None:
        sizes = [self._piece * _row_bytes(fetched.source) + _ALIGNED for fetched in self._arrays]
        try:
            self._gpu.use()
            channel = self._gpu.channel(sum(sizes))
            try:
                while (piece := self._take()) is not None:
                    self._fetch(piece, channel)
            finally:
                self._gpu.done_with(channel)
        except BaseException:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()
            raise

    def _fetch(self, piece: int, channel: Channel) -> None:
        """Fetch a piece of each array, through one stretch of pinned memory."""
        first = piece * self._piece
        rows = min(self._piece, self._rows - first)
        begins, here = 0, []
        for source, _ in self._arrays:
            size = rows * _row_bytes(source)
            room = channel.room.part(begins, size).viewed((rows, *source.shape[1:]), source.dtype)
            self._gpu.copy_rows(source, first, rows, room, channel.stream)
            here.append(room)
            begins += -(-size // _ALIGNED) * _ALIGNED
        channel.stream.sync()
        for fetched, room in zip(self._arrays, here, strict=True):
            fetched.put(first, room.here())


def _row_bytes(array: DeviceArray) -> int:
    return array.nbytes // array.shape[0]


def piece_runs(run_bytes: int, runs: int) -> int:
    """How many runs are fetched together.

    Examples
    --------
    >>> piece_runs(13_000, 1_000_000), piece_runs(13_000, 10)
    (645, 10)
    """
    return max(1, min(runs, _PIECE_BYTES // max(run_bytes, 1)))

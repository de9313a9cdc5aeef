"""Results on their way from a GPU to this machine, piece by piece, while the kernel goes on.

Threads fetch a piece each: to pinned memory, which the card fills at the bus's speed, and from there into the arrays
of the results. Their pages are new, which takes longer than to copy: whoever has to wait has them made meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.checks import threads
from fastsoftq.engine.gpu.driver import DeviceArray, Gpu
from fastsoftq.system.pages import have_pages_made

__all__ = ["Fetching", "Target", "piece_runs"]

_MOST_THREADS = 12  # that fetch: more wait for one another
_PIECE_BYTES = 8 << 20
_ALIGNED = 8  # bytes: where arrays begin in pinned memory


class Target(NamedTuple):
    """Where rows go: copied to an array's, or given to a function that knows."""

    array: NDArray[Any]  # [rows, ...]
    put: Callable[[int, NDArray[Any]], None] | None = None  # the first row's number, and the rows as they come

    def receive(self, first: int, rows: NDArray[Any]) -> None:
        """Take rows that have come."""
        if self.put is not None:
            self.put(first, rows)
        else:
            np.copyto(self.array[first : first + len(rows)], rows)


class Fetching:
    """Threads that fetch pieces of arrays as they are done.

    Parameters
    ----------
    gpu : Gpu
    targets : sequence of Target
    piece : int
        Rows that are fetched together.
    """

    def __init__(self, gpu: Gpu, targets: Sequence[Target], piece: int) -> None:
        self._gpu, self._targets, self._rows, self._piece = gpu, targets, len(targets[0].array), piece
        self._sources: Sequence[DeviceArray] = ()
        self.pieces = -(-self._rows // piece)
        self._changed = threading.Condition()
        self._ready = np.zeros(self.pieces, np.bool_)
        self._next = self._next_pages = 0  # pieces to take, and to have pages made for
        self._stopped = False
        workers = min(_MOST_THREADS, threads(None), self.pieces)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="fastsoftq-fetch")
        self._workers: list[Future[None]] = [self._pool.submit(self._work) for _ in range(workers)]

    def begin(self, sources: Sequence[DeviceArray]) -> None:
        """Say where the rows of each target come from, before any is done."""
        self._sources = sources

    def done(self, counts: NDArray[np.int64]) -> None:
        """Say how many rows of each piece are done."""
        expected = np.full(self.pieces, self._piece)
        expected[-1] = self._rows - (self.pieces - 1) * self._piece
        self._tell(counts >= expected)

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

    def _take(self) -> int | None:
        """The next piece, when it is ready."""
        with self._changed:
            if self._next == self.pieces:
                return None
            piece, self._next = self._next, self._next + 1
            while not self._ready[piece] and not self._stopped:
                new = max(self._next_pages, piece)
                if new == self.pieces:
                    self._changed.wait()
                    continue
                self._next_pages = new + 1
                self._changed.release()
                try:
                    for target in self._targets:
                        have_pages_made(target.array[new * self._piece : (new + 1) * self._piece])
                finally:
                    self._changed.acquire()
            return None if self._stopped else piece

    def _work(self) -> None:
        channel = None
        try:
            self._gpu.use()
            while (piece := self._take()) is not None:
                first = piece * self._piece
                rows = min(self._piece, self._rows - first)
                if channel is None:
                    channel = self._gpu.channel(
                        sum(self._piece * _row_bytes(source) + _ALIGNED for source in self._sources)
                    )
                begins, here = 0, []
                for source in self._sources:
                    size = rows * _row_bytes(source)
                    room = channel.room.part(begins, size).viewed((rows, *source.shape[1:]), source.dtype)
                    self._gpu.copy_rows(source, first, rows, room, channel.stream)
                    here.append(room)
                    begins += -(-size // _ALIGNED) * _ALIGNED
                channel.stream.sync()
                for target, room in zip(self._targets, here, strict=True):
                    target.receive(first, room.here())
        except BaseException:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()
            raise
        finally:
            if channel is not None:
                self._gpu.done_with(channel)


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

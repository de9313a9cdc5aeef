"""Very many runs on one GPU: laid out, launched, watched, and fetched as they are done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents.rules import Agent
from fastsoftq.engine.curves import curves_bytes
from fastsoftq.engine.dispatch import room_of
from fastsoftq.engine.gpu.driver import DeviceArray, Gpu, GpuError
from fastsoftq.engine.gpu.fetching import piece_runs
from fastsoftq.engine.gpu.kernel import train
from fastsoftq.engine.gpu.kernel_arguments import example_arguments, with_arrays
from fastsoftq.engine.gpu.kernels_on_disk import kernel_for
from fastsoftq.engine.gpu.layout import Layout, layout_for
from fastsoftq.engine.gpu.reachable import Reachable, reachable
from fastsoftq.engine.gpu.wanted import Coming, Made, Wanted
from fastsoftq.engine.records import Output, Work
from fastsoftq.engine.threads import Progress
from fastsoftq.mdp.changing import EpisodicMDP

__all__ = ["Batch", "run_on_gpu"]

_LOOK = 0.002  # seconds between two looks at what is done
_REPORT = 0.1  # and between two reports of progress
_SHARE = 0.9  # of the memory that is free may be taken


def run_on_gpu(
    gpu: Gpu,
    mdp: EpisodicMDP,
    agent: Agent,
    like: Any,
    seeds: NDArray[np.uint64],
    initial_q: NDArray[np.float64],
    max_steps: int,
    wanted: Wanted,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Train until every seed has been taken.

    If it is interrupted (Ctrl-C, or an exception in `progress`), the kernel stops within a fifth of a second.

    Parameters
    ----------
    gpu : Gpu
    mdp : TabularMDP or ChangingMDP
    agent : NamedTuple
    like : float64 or float32
        The precision of exponentials.
    seeds : uint64 [runs]
    initial_q : float64 [1 or runs, states, actions]
    max_steps : int
    wanted : Wanted
        Filled in place.
    progress : callable, optional
        Called in this thread every tenth of a second or so, and at the end.

    Raises
    ------
    GpuError
        The card's memory is too small or too full, or its driver does not take the kernel.
    """
    gpu.use()
    part = reachable(mdp)
    table = len(part.states) * mdp.n_actions
    n_tables = wanted.n_tables
    run_bytes = curves_bytes(1, wanted.episodes, (n_tables + (len(initial_q) > 1)) * table)
    layout = layout_for(part.tables, gpu.card, len(seeds), room=room_of(agent, part.tables, max_steps, alone=True))
    room = int(_SHARE * gpu.free()) - 8 * layout.far - (64 << 20)
    steps = first = 0
    while first < len(seeds):
        last = wanted.cut(first, run_bytes, room)
        if last == first:
            raise GpuError(
                f"{gpu.card.name} (cuda:{gpu.number}) has {gpu.free() >> 20} MiB free, too little for tables of "
                f"{len(part.states)} states and the results of {wanted.least}; take another device"
            )
        some = slice(first, last)

        def report(runs: int, taken: int, first: int = first, before: int = steps) -> None:
            if progress is not None:
                progress(Progress(first + runs, len(seeds), before + taken))

        begun = initial_q[some] if len(initial_q) > 1 else initial_q
        piece = piece_runs(curves_bytes(1, wanted.episodes, n_tables * table), last - first)
        batch = Batch(
            gpu, part, layout, agent, like, seeds[some], begun, max_steps, wanted.episodes,
            wanted.kept if n_tables else None, n_tables, piece,
        )  # fmt: skip
        try:
            coming = wanted.part(some).coming(Made(gpu, batch.out, piece, part, begun))
            try:
                steps += _run_batch(batch, coming, report)
            finally:
                coming.give_back()
        finally:
            batch.close()
        first = last
    if progress is not None:
        progress(Progress(len(seeds), len(seeds), steps))


class Batch:
    """As many runs as a card has room for: the arrays that its kernel works on, and the launch.

    Parameters
    ----------
    gpu : Gpu
    part : Reachable
    layout : Layout
    agent : NamedTuple
    like : float64 or float32
    seeds : uint64 [runs]
    initial_q : float64 [1 or runs, states, actions]
    max_steps : int
    episodes : int
    kept : int64 [episodes], or None
        As in `Output`.
    n_tables : int
    piece : int
        Runs that are counted together when they are done.
    """

    def __init__(
        self,
        gpu: Gpu,
        part: Reachable,
        layout: Layout,
        agent: Agent,
        like: Any,
        seeds: NDArray[np.uint64],
        initial_q: NDArray[np.float64],
        max_steps: int,
        episodes: int,
        kept: NDArray[np.int64] | None,
        n_tables: int,
        piece: int,
    ) -> None:
        self.gpu, self.layout, self.runs = gpu, layout, len(seeds)
        table = (len(part.states), initial_q.shape[2])
        source = np.ascontiguousarray(initial_q[:, part.states])
        pieces = -(-self.runs // piece)
        self._arrays: list[DeviceArray] = []

        # The kernel is compiled for the types of the arguments; the arrays themselves are the card's.
        arguments = example_arguments(agent, part.tables, layout, like, kept is not None, max_steps)
        self._kernel = gpu.kernel(kernel_for(train, arguments, gpu.card.capability))

        # The next run; runs and steps done; runs done of each piece.
        self._counters = self._keep(gpu.array((3 + pieces,), np.int64))
        self._seen = self._keep(gpu.pinned((3 + pieces,), np.int64))
        # A flag on the card itself: looks at this machine's memory go one after the other, a microsecond each.
        self._stop = self._keep(gpu.array((1,), np.bool_))
        shape = (self.runs, episodes)
        self.out = Output(
            self._keep(gpu.array(shape, np.float64)),
            self._keep(gpu.array(shape, np.int32)),
            self._keep(gpu.array(shape, np.uint8)),
            None if kept is None else self._keep(gpu.uploaded(kept)),
            self._keep(gpu.array((self.runs if n_tables else 0, n_tables, *table), np.float64)),
        )
        part_of = self._counters.part
        work = Work(
            self._keep(gpu.uploaded(seeds)), self._keep(gpu.uploaded(source)), max_steps, part_of(0, 1),
            self._stop, part_of(1, 2), part_of(3, pieces), piece,
        )  # fmt: skip
        far = self._keep(gpu.array((layout.far,), np.float64)) if layout.far else None
        on_card = arguments._replace(work=work, out=self.out, place=arguments.place._replace(far=far))
        self._arguments = with_arrays(on_card, lambda array: self._keep(gpu.uploaded(array)))

    def _keep(self, array: DeviceArray) -> Any:  # where the CPU has NumPy's
        self._arrays.append(array)
        return array

    def launch(self) -> None:
        """Queue the kernel."""
        self.gpu.fill(self._stop, self.gpu.stream)
        self.gpu.fill(self._counters, self.gpu.stream)
        self.gpu.launch(self._kernel, self.layout, self._arguments)

    def counts(self, stream: Any) -> NDArray[np.int64]:
        """How far the kernel is: the next run, runs and steps done, and runs done of each piece."""
        self.gpu.copy(self._counters, self._seen, stream)
        stream.sync()
        found: NDArray[np.int64] = self._seen.here()
        return found

    def stop(self) -> None:
        """Have the kernel leave the rest, and wait for it."""
        self.gpu.fill(self._stop, self.gpu.new_stream(), 1)
        self.gpu.stream.sync()

    def close(self) -> None:
        """Give the memory back."""
        for array in self._arrays:
            array.close()


def _run_batch(batch: Batch, results: Coming, report: Callable[[int, int], None]) -> int:
    """Launch a batch, and see to what becomes of its results; return the steps it took."""
    gpu, reported = batch.gpu, time.monotonic()
    try:
        watch = gpu.new_stream()
        batch.launch()
        results.queue()
        ended = gpu.stream.record()
        while True:
            over = ended.is_done
            counts = batch.counts(watch)
            if over and counts[3:].sum() < batch.runs:
                gpu.stream.sync()  # tells what went wrong
                raise GpuError(f"the kernel ended early on {gpu.card.name} (cuda:{gpu.number})")
            results.look(counts[3:], over)
            if results.is_over:
                break
            if time.monotonic() - reported >= _REPORT:
                reported = time.monotonic()
                report(int(counts[1]), int(counts[2]))
            time.sleep(_LOOK)
        results.close()
        gpu.stream.sync()
    except BaseException:
        try:
            batch.stop()
        finally:
            results.close(stop=True)
        raise
    return int(counts[2])

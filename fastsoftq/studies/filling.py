"""Filling a folder: its units handed out, to threads or to Dask's workers, until all are done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from fastsoftq.engine.gpu.several_cards import CPU
from fastsoftq.engine.threads import Progress
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.rounds import StudyDecision
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.studies.watching import Watch
from fastsoftq.studies.work import Each, Result, work

__all__ = ["Outcome", "filled", "threads_of"]

_AGAIN = 1.0  # seconds until a unit that another run has is tried again
_WAIT = 0.2  # seconds for a unit to end, before those that others have are thought of


class Outcome(NamedTuple):
    """What a run has done."""

    store: Store
    computed: int  # units
    kept: int  # units that were done already
    steps: int  # environment steps taken
    seconds: float
    damaged: tuple[str, ...]  # files found damaged and written anew
    new_runs: int = 0  # made now
    old_runs: int = 0  # that were there already, whole
    decision: StudyDecision | None = None  # of a study that stops when it is answered


class _StoppedError(Exception):
    """Raised in a working thread to drop what it has in hand."""


def filled(
    store: Store,
    batches: list[list[Unit]],
    submit: Callable[[list[Unit]], Future[list[Result]]],
    width: Callable[[], int],
    watch: Watch,
    damaged: tuple[str, ...] = (),
) -> Outcome:
    """See to it that units are done.

    Parameters
    ----------
    store : Store
    batches : list of list of Unit
        What is trained together.
    submit : callable
        Hands a batch out.
    width : callable
        Says how many may be handed out at a time.
    watch : Watch
    damaged : tuple of str
        What has been found damaged already.

    Returns
    -------
    Outcome
    """
    start = time.perf_counter()
    computed = kept = steps = new_runs = old_runs = 0
    found = list(damaged)
    for result in _results(batches, submit, width):
        watch.done(result)
        kept += not result.busy and not result.new_steps
        old_runs += 0 if result.busy else result.runs - result.new_runs
        now: Result | None = result
        while now is not None:  # with the units that it starts from
            computed += now.new_steps > 0
            steps += now.new_steps
            new_runs += now.new_runs
            found.extend(now.damaged)
            now = now.source
    seconds = time.perf_counter() - start
    return Outcome(store, computed, kept, steps, seconds, tuple(found), new_runs, old_runs)


def _results(
    batches: list[list[Unit]], submit: Callable[[list[Unit]], Future[list[Result]]], width: Callable[[], int]
) -> Iterator[Result]:
    """Hand batches out, a few at a time, and yield what became of units; those that others have come again later."""
    ready = iter(batches)
    later: list[tuple[float, list[Unit]]] = []
    pending: set[Future[list[Result]]] = set()
    more = True
    try:
        while more or later or pending:
            while later and later[0][0] < time.monotonic() and len(pending) < width():
                pending.add(submit(later.pop(0)[1]))
            while more and len(pending) < width():
                batch = next(ready, None)
                more = batch is not None
                if batch is not None:
                    pending.add(submit(batch))
            if not pending:
                time.sleep(_WAIT)
            done, pending = wait(pending, _WAIT, FIRST_COMPLETED)
            for future in done:
                results = future.result()
                busy = [result.unit for result in results if result.busy]
                if len(busy) < len(results):  # it may be what the others wait for
                    later = [(0.0, batch) for _, batch in later]
                if busy:
                    later.append((time.monotonic() + _AGAIN, busy))
                yield from results
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def threads_of(
    store: Store, study: Study, threads: int, watch: Watch, device: str
) -> Iterator[tuple[Callable[[list[Unit]], Future[list[Result]]], Callable[[], int]]]:
    """Threads of this process, each with a batch at a time; on the way out they drop what they have in hand.

    For a GPU there are two: one has its batch trained while the other looks at its own, or commits it, by more threads.
    """
    stop = threading.Event()
    at_once = threads if device == CPU else 2

    def tick(unit: Unit, progress: Progress) -> None:
        if stop.is_set():
            raise _StoppedError
        watch.tick(unit, progress)

    with ExitStack() as stack:
        each: Each = map
        if device != CPU:
            each = stack.enter_context(ThreadPoolExecutor(threads, thread_name_prefix="fastsoftq-store")).map
        pool = stack.enter_context(ThreadPoolExecutor(at_once, thread_name_prefix="fastsoftq-study"))
        try:
            yield lambda batch: pool.submit(work, store, study, batch, tick, device, each), lambda: at_once + 1
        finally:
            stop.set()

"""Filling a folder: its units handed out, to threads or to Dask's workers, until all are done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import NamedTuple

from fastsoftq.engine.threads import Progress
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.rounds import StudyDecision
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.studies.watching import Watch
from fastsoftq.studies.work import Result, work

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
    units: list[Unit],
    submit: Callable[[Unit], Future[Result]],
    width: Callable[[], int],
    watch: Watch,
    damaged: tuple[str, ...] = (),
) -> Outcome:
    """See to it that units are done.

    Parameters
    ----------
    store : Store
    units : list of Unit
    submit : callable
        Hands a unit out.
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
    for result in _results(units, submit, width):
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


def _results(units: list[Unit], submit: Callable[[Unit], Future[Result]], width: Callable[[], int]) -> Iterator[Result]:
    """Hand units out, a few at a time, and yield what became of them; those that others have come again later."""
    ready = iter(units)
    later: list[tuple[float, Unit]] = []
    pending: set[Future[Result]] = set()
    more = True
    try:
        while more or later or pending:
            while later and later[0][0] < time.monotonic() and len(pending) < width():
                pending.add(submit(later.pop(0)[1]))
            while more and len(pending) < width():
                unit = next(ready, None)
                more = unit is not None
                if unit is not None:
                    pending.add(submit(unit))
            if not pending:
                time.sleep(_WAIT)
            done, pending = wait(pending, _WAIT, FIRST_COMPLETED)
            for future in done:
                result = future.result()
                if result.busy:
                    later.append((time.monotonic() + _AGAIN, result.unit))
                else:  # it may be what the others wait for
                    later = [(0.0, unit) for _, unit in later]
                yield result
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def threads_of(
    store: Store, study: Study, threads: int, watch: Watch
) -> Iterator[tuple[Callable[[Unit], Future[Result]], Callable[[], int]]]:
    """Threads of this process, each with a unit at a time; on the way out they drop what they have in hand."""
    stop = threading.Event()

    def one(unit: Unit) -> Result:
        def tick(unit: Unit, progress: Progress) -> None:
            if stop.is_set():
                raise _StoppedError
            watch.tick(unit, progress)

        return work(store, study, unit, tick)

    with ThreadPoolExecutor(threads, thread_name_prefix="fastsoftq-study") as pool:
        try:
            yield lambda unit: pool.submit(one, unit), lambda: threads + 1
        finally:
            stop.set()

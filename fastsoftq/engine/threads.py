"""An engine on several threads: they take runs from one counter, and this thread watches, reports and can stop them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.records import Output, Work

__all__ = ["Progress", "run_on_threads", "watch_threads"]

_INTERVAL = 0.1  # seconds between two reports of progress


class Progress(NamedTuple):
    """How far training has come.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> reports = []
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> _ = fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=5, progress=reports.append)
    >>> reports[-1].runs
    4
    """

    runs: int  # done
    of_runs: int
    steps: int  # environment steps taken so far


def run_on_threads(
    engine: Callable[[Work, Output], None],
    seeds: NDArray[np.uint64],
    initial_q: NDArray[np.float64],
    max_steps: int,
    out: Output,
    threads: int,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Run an engine until every seed has been taken.

    If it is interrupted (Ctrl-C, or an exception in `progress`), the threads stop at once.

    Parameters
    ----------
    engine : callable
        As `engine_for` gives it.
    seeds : uint64 [runs]
    initial_q : float64 [1 or runs, states, actions]
    max_steps : int
    out : Output
        Filled in place.
    threads : int
    progress : callable, optional
        Called in this thread every tenth of a second or so, and at the end.
    """
    counts = np.zeros((threads, 8), np.int64)  # a cache line for each thread
    shared = Work(seeds, initial_q, max_steps, np.zeros(1, np.int64), np.zeros(1, np.bool_), counts[0])

    # Compiles, or loads, once; threads would do so one after the other.
    engine(shared._replace(seeds=seeds[:0], next_run=np.zeros(1, np.int64)), out)
    watch_threads(lambda t: engine(shared._replace(progress=counts[t]), out), shared.stop, counts, len(seeds), progress)


def watch_threads(
    work: Callable[[int], None],
    stop: NDArray[np.bool_],
    counts: NDArray[np.int64],
    runs: int,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Call `work` in a thread for each row of `counts`, and watch them from this one.

    If it is interrupted, by Ctrl-C or an exception in `progress`, the threads are told to stop.

    Parameters
    ----------
    work : callable
        Given the thread's number.
    stop : bool [1]
        Set where the threads shall stop.
    counts : int64 [threads, 2 or more]
        Runs done by each thread, and steps taken.
    runs : int
        Of all threads.
    progress : callable, optional
        As for `run_on_threads`.
    """
    threads = len(counts)
    with ThreadPoolExecutor(threads, thread_name_prefix="fastsoftq") as pool:
        running = [pool.submit(work, t) for t in range(threads)]
        try:
            while wait(running, _INTERVAL).not_done:
                if progress is not None:
                    progress(Progress(int(counts[:, 0].sum()), runs, int(counts[:, 1].sum())))
        finally:
            stop[0] = True
    for future in running:
        future.result()
    if progress is not None:
        progress(Progress(runs, runs, int(counts[:, 1].sum())))

"""An engine on several threads: they take runs from one counter, and this thread watches, reports and can stop them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Progress", "run_on_threads"]

_GLANCE = 0.1  # seconds between two looks at how far the threads are


class Progress(NamedTuple):
    """How far training has come."""

    runs: int  # done
    of_runs: int
    steps: int  # environment steps taken so far


def run_on_threads(
    engine: Callable[..., None],
    seeds: NDArray[np.uint64],
    initial_q: NDArray[np.float64],
    out: tuple[NDArray[Any], ...],
    threads: int,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Run an engine until every seed has been taken.

    Where this is interrupted (Ctrl-C, or an exception in `progress`), the threads stop at once.

    Parameters
    ----------
    engine : callable
        As `engine_for` gives it.
    seeds : uint64 [runs]
    initial_q : float64 [1 or runs, states, actions]
    out : tuple of arrays
        Returns, lengths, truncated, final_q: filled in place.
    threads : int
    progress : callable, optional
        Called in this thread every tenth of a second or so, and at the end.
    """
    ticket, stop = np.zeros(1, np.int64), np.zeros(1, np.bool_)
    tally = np.zeros((threads, 8), np.int64)  # a cache line for each thread

    # Compiles, or loads what was compiled, once; threads would do so one after the other.
    engine(seeds[:0], ticket, initial_q, stop, tally[0], *out)
    ticket[0] = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="fastsoftq") as pool:
        running = [pool.submit(engine, seeds, ticket, initial_q, stop, tally[t], *out) for t in range(threads)]
        try:
            while wait(running, _GLANCE).not_done:
                if progress is not None:
                    progress(Progress(int(tally[:, 0].sum()), len(seeds), int(tally[:, 1].sum())))
        finally:
            stop[0] = True
    for future in running:
        future.result()
    if progress is not None:
        progress(Progress(len(seeds), len(seeds), int(tally[:, 1].sum())))

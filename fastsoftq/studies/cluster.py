"""Dask workers as the hands of a run: they write their own chunks, and the client sees only what became of each."""

from __future__ import annotations

import multiprocessing
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from fastsoftq.studies.plan import FolderError, Unit
from fastsoftq.studies.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.studies.work import Result, work

__all__ = ["dask_workers"]


@contextmanager
def dask_workers(
    store: Store, study: Study, address: str, workers: int
) -> Iterator[tuple[Callable[[Unit], Future[Result]], Callable[[], int]]]:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    store : Store
        In a folder that all workers see under the same name, or at a URL.
    study : Study
    address : str
        Such as "tcp://scheduler:8786", or "local" for workers on this machine.
    workers : int
        How many, if "local".

    Yields
    ------
    (callable, callable)
        Hands a unit out; says how many may be handed out at a time.

    Raises
    ------
    ImportError
        Without dask.distributed.
    ValueError
        Not an address.
    OSError
        No scheduler there.
    RuntimeError
        Workers on this machine that cannot be started, as where a script asks for them without a main guard.
    """
    try:
        from distributed import Client, LocalCluster
        from distributed.comm import resolve_address
    except ImportError as error:
        raise ImportError("Dask workers need dask.distributed: pip install 'fastsoftq[dask]'") from error

    if address == "local":
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise SystemExit(1)  # a worker that imports the script; whoever started it says what is wrong
        try:
            cluster: Any = LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
            )
        except RuntimeError as error:
            raise RuntimeError(
                f"the workers of dask='local' could not be started ({error}) They are new processes, which import the "
                'script that asks for them. So it must be a file, and ask within `if __name__ == "__main__":`, as any '
                "script that uses multiprocessing"
            ) from None
    else:
        try:
            resolve_address(address)
        except ValueError as error:
            raise ValueError(f"dask is {address!r}; it must be 'local' or an address: {error}") from None
        cluster = address
    with Client(cluster) as client:
        try:
            # A task like the others, so that it is done again where the worker that holds its result is lost.
            job = client.submit(_job, store, study, pure=False)
            executor = client.get_executor(pure=False, retries=2)

            def submit(unit: Unit) -> Future[Result]:
                future: Future[Result] = executor.submit(_work, job, unit)
                return future

            # Twice as many units as threads, so that none waits for the client.
            yield submit, lambda: max(1, 2 * sum(client.nthreads().values()))
        finally:
            if address == "local":
                cluster.close()


def _job(store: Store, study: Study) -> tuple[Store, Study]:
    return store, study


def _work(job: tuple[Store, Study], unit: Unit) -> Result:
    store, study = job
    difference = store.plan.difference(study)  # agents come as the names of their classes: their code is the worker's
    if difference:
        raise FolderError(f"a worker on {platform.node()} would add another study's results: {difference}")
    return work(store, study, unit)

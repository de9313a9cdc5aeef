"""A study's units handed to the workers of a Dask scheduler.

Workers write their own chunks, and the client sees only what became of each.
"""

from __future__ import annotations

import multiprocessing
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from fastsoftq import checks
from fastsoftq.engine.gpu.driver import GpuError
from fastsoftq.engine.gpu.several_cards import CPU, gpus_of
from fastsoftq.studies.plan import FolderError, Unit
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.studies.work import Result, work

__all__ = ["check_workers", "dask_client", "dask_workers"]


@contextmanager
def dask_client(address: str, workers: int) -> Iterator[Any]:
    """A client of a Dask scheduler.

    Parameters
    ----------
    address : str
        Such as "tcp://scheduler:8786", or "local" for workers on this machine.
    workers : int
        How many, if "local".

    Yields
    ------
    distributed.Client

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
            yield client
        finally:
            if address == "local":
                cluster.close()


def check_workers(client: Any, device: str) -> None:
    """Refuse a device that none of the workers has; those that are yet to come are not waited for.

    Parameters
    ----------
    client : distributed.Client
    device : str

    Raises
    ------
    GpuError
        With what the first worker says.
    """
    lacking = client.run(_lacking, device)
    if lacking and None not in lacking.values():
        worker, reason = next(iter(lacking.items()))
        raise GpuError(f"device is {device!r}; no Dask worker has it. The one at {worker} says: {reason}")


def _lacking(device: str) -> str | None:
    """Why a device cannot be used here; None where it can."""
    try:
        gpus_of(device)
    except GpuError as error:
        return str(error)
    return None


def dask_workers(
    client: Any, store: Store, study: Study, device: str
) -> tuple[Callable[[list[Unit]], Future[list[Result]]], Callable[[], int]]:
    """The workers of a Dask scheduler. Those that lack the device train on their CPUs.

    Parameters
    ----------
    client : distributed.Client
    store : Store
        In a folder that all workers see under the same name, or at a URL.
    study : Study
    device : str

    Returns
    -------
    (callable, callable)
        Hands out units that are trained together; says how many of such batches may be handed out at a time.
    """
    # A task like the others, so that it is done again where the worker that holds its result is lost.
    job = client.submit(_job, store, study, device, pure=False)
    executor = client.get_executor(pure=False, retries=2)

    def submit(batch: list[Unit]) -> Future[list[Result]]:
        future: Future[list[Result]] = executor.submit(_work, job, batch)
        return future

    # Twice as many batches as threads, so that none waits for the client.
    return submit, lambda: max(1, 2 * sum(client.nthreads().values()))


def _job(store: Store, study: Study, device: str) -> tuple[Store, Study, str]:
    return store, study, device


def _work(job: tuple[Store, Study, str], batch: list[Unit]) -> list[Result]:
    store, study, device = job
    difference = store.plan.difference(study)  # agents come as the names of their classes: their code is the worker's
    if difference:
        raise FolderError(f"a worker on {platform.node()} would add another study's results: {difference}")
    if device == CPU or _lacking(device):
        return [result for unit in batch for result in work(store, study, [unit])]
    with ThreadPoolExecutor(checks.threads(None), thread_name_prefix="fastsoftq-store") as pool:
        return work(store, study, batch, device=device, each=pool.map)

"""One unit of a study: found done, or claimed, trained and committed, in this process or by a Dask worker.

Workers write their own chunks, and the client sees only what became of each.
"""

from __future__ import annotations

import multiprocessing
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.threads import Progress
from fastsoftq.studies.conditions import source_states
from fastsoftq.studies.plan import FolderError, Unit
from fastsoftq.studies.storing.kept_arrays import FINAL_TABLE
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.training import Training

__all__ = ["Result", "Tick", "dask_client", "dask_workers", "work"]

Tick = Callable[[Unit, Progress], None]


class Result(NamedTuple):
    """What became of a unit."""

    unit: Unit
    busy: bool  # another run is computing it, or one that it starts from
    runs: int  # done now, with those that were there
    steps: int  # environment steps of them
    new_steps: int  # taken just now
    damaged: tuple[str, ...]  # files that were found damaged, and written anew
    source: Result | None = None  # what became of the unit that it starts from, if that was looked at
    new_runs: int = 0  # of `runs`, those made just now


def work(store: Store, study: Study, unit: Unit, tick: Tick | None = None) -> Result:
    """See to it that a unit is done, and first the one that it starts from, if any.

    Parameters
    ----------
    store : Store
    study : Study
    unit : Unit
    tick : callable, optional
        Told how far the training of a unit is, ten times a second; what it raises ends the work.

    Returns
    -------
    Result

    Raises
    ------
    OSError
        Something could not be read or written; the unit is then not done.
    """
    found = store.find(unit)
    if found.runs >= unit.runs:
        return _kept(unit, found.mark["steps"])
    before = store.plan.source_of(unit)
    source = None if before is None else work(store, study, before, tick)
    if (source is not None and source.busy) or not store.claims.take(unit.name):
        return Result(unit, True, found.runs, 0, 0, found.damaged, source)
    try:
        if store.mark(unit) != (found.mark or None):  # another run was here since it was looked for
            found = store.find(unit)
            if found.runs >= unit.runs:
                return _kept(unit, found.mark["steps"])._replace(source=source)
        # A row of several runs cannot be added to.
        there = 0 if found.runs % store.plan.contents.runs_per_row else found.runs

        def report(progress: Progress) -> None:
            store.claims.touch(unit.name)
            if tick is not None:
                tick(unit, progress)

        start = time.perf_counter()
        curves = _trained(store, study, unit, there, report)
        arrays = store.plan.contents.rows_of(curves)
        seconds = time.perf_counter() - start
        steps = curves.steps
        if there:
            arrays = {name: np.concatenate([found.arrays[name], rows]) for name, rows in arrays.items()}
            steps += found.mark["steps"]
            seconds += found.mark["seconds"]
        store.commit(unit, arrays, steps, seconds)
        return Result(unit, False, unit.runs, steps, curves.steps, found.damaged, source, unit.runs - there)
    finally:
        store.claims.release(unit.name)


def _trained(store: Store, study: Study, unit: Unit, there: int, report: Callable[[Progress], None]) -> LearningCurves:
    """The curves of a unit's runs, but for the first so many, which are there."""
    plan = store.plan
    condition = plan.conditions[unit.condition]
    assert condition.episodes is not None
    assert condition.max_steps is not None
    assert condition.precision is not None
    training = Training.checked(
        study.environments[condition.environment],
        study.agents[condition.agent],
        plan.seeds(condition, unit.first + there, unit.runs - there),
        condition.episodes,
        condition.max_steps,
        condition.precision,
        threads=1,
        initial_q=_start(store, study, unit, there),
        keep_q=FINAL_TABLE in (kept.key for kept in plan.kept(condition)),
        checkpoints=[episode for episode in plan.contents.checkpoints if episode <= condition.episodes],
    )
    return training.curves(slice(None), report)


def _start(store: Store, study: Study, unit: Unit, there: int) -> NDArray[np.float64] | None:
    """The tables that a unit's runs start from, but for the first so many; None for zeros."""
    before = store.plan.source_of(unit)
    if before is None:
        return None
    found = store.find(before, [FINAL_TABLE])
    if found.runs < unit.runs:
        raise OSError(f"the tables that unit {unit.name} starts from have been damaged since they were looked at")
    source, target = (
        study.environments[store.plan.conditions[place].environment] for place in (before.condition, unit.condition)
    )
    tables: NDArray[np.float64] = found.arrays[FINAL_TABLE][there : unit.runs, source_states(source, target)]
    return tables


def _kept(unit: Unit, steps: int) -> Result:
    return Result(unit, False, unit.runs, steps, 0, ())


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


def dask_workers(client: Any, store: Store, study: Study) -> tuple[Callable[[Unit], Future[Result]], Callable[[], int]]:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    client : distributed.Client
    store : Store
        In a folder that all workers see under the same name, or at a URL.
    study : Study

    Returns
    -------
    (callable, callable)
        Hands a unit out; says how many may be handed out at a time.
    """
    # A task like the others, so that it is done again where the worker that holds its result is lost.
    job = client.submit(_job, store, study, pure=False)
    executor = client.get_executor(pure=False, retries=2)

    def submit(unit: Unit) -> Future[Result]:
        future: Future[Result] = executor.submit(_work, job, unit)
        return future

    # Twice as many units as threads, so that none waits for the client.
    return submit, lambda: max(1, 2 * sum(client.nthreads().values()))


def _job(store: Store, study: Study) -> tuple[Store, Study]:
    return store, study


def _work(job: tuple[Store, Study], unit: Unit) -> Result:
    store, study = job
    difference = store.plan.difference(study)  # agents come as the names of their classes: their code is the worker's
    if difference:
        raise FolderError(f"a worker on {platform.node()} would add another study's results: {difference}")
    return work(store, study, unit)

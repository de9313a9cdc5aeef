"""run: bring a folder to hold all of a study, or one part of it, whatever it holds already; and who watches it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

from fastsoftq import checks
from fastsoftq.engine.gpu.driver import GpuError
from fastsoftq.engine.gpu.several_cards import CPU, checked_device
from fastsoftq.engine.threads import Progress
from fastsoftq.mdp.ends import warn_of_endless_starts
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.reward_scales import warn_below_critical
from fastsoftq.studies.batches import batches_of
from fastsoftq.studies.clusters import check_workers, dask_client, dask_workers
from fastsoftq.studies.inspect import Row
from fastsoftq.studies.plan import FolderError, Unit
from fastsoftq.studies.results import Results
from fastsoftq.studies.rounds import StudyDecision, check_rounds, decided, round_sizes, write_down
from fastsoftq.studies.storing.store import Store, create, open_store
from fastsoftq.studies.study import Study
from fastsoftq.studies.work import Each, Result, work

__all__ = ["Outcome", "Tally", "Watch", "filled", "run", "study_device", "threads_of"]

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


class Watch(Protocol):
    """Told how a run goes, in the thread that called `run`; `tick` in the thread that trains."""

    def begin(self, store: Store, units: list[Unit]) -> None:
        """The units of this run, or of a round of it."""

    def tick(self, unit: Unit, progress: Progress) -> None:
        """How far a unit is, from the thread that computes it."""

    def done(self, result: Result) -> None:
        """A unit is done, or another run has it."""


class Tally:
    """A `Watch` that counts."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._rows: dict[int, Row] = {}
        self._under_way: dict[Unit, Progress] = {}
        self._start = now()
        self._steps = 0  # taken since, in units that are done

    def begin(self, store: Store, units: list[Unit]) -> None:
        """The units that will be seen to."""
        rows: dict[int, Row] = {}
        for unit in sorted(units):
            row = rows.get(unit.condition, Row(store.plan.conditions[unit.condition].name, 0, 0, 0))
            rows[unit.condition] = row._replace(runs=row.runs + unit.runs)
        with self._lock:
            if not self._rows:  # rounds begin again, and what they take is one run
                self._start = self._now()
            self._rows = rows

    def tick(self, unit: Unit, progress: Progress) -> None:
        """How far a unit is."""
        with self._lock:
            self._under_way[unit] = progress

    def done(self, result: Result) -> None:
        """A unit is done, or another run has it."""
        with self._lock:
            if not result.busy:
                row = self._rows[result.unit.condition]
                place = result.unit.condition
                self._rows[place] = row._replace(done=row.done + result.runs, steps=row.steps + result.steps)
            now: Result | None = result
            while now is not None:  # with the units that it starts from
                self._under_way.pop(now.unit, None)
                self._steps += now.new_steps
                now = now.source

    @property
    def rows(self) -> list[Row]:
        """The conditions as they are now, with what is under way."""
        with self._lock:
            rows = dict(self._rows)
            for unit, progress in self._under_way.items():
                if unit.condition not in rows:  # another part's, which one of this part starts from
                    continue
                row = rows[unit.condition]
                done = min(row.done + progress.runs, row.runs)
                rows[unit.condition] = row._replace(done=done, steps=row.steps + progress.steps)
            return list(rows.values())

    @property
    def steps_a_second(self) -> float:
        """Since the beginning."""
        with self._lock:
            steps = self._steps + sum(progress.steps for progress in self._under_way.values())
            return steps / max(self._now() - self._start, 1e-9)


class _StoppedError(Exception):
    """Raised in a working thread to drop what it has in hand."""


def run(
    study: Study,
    out: str | Path,
    *,
    threads: int | None = None,
    dask: str | None = None,
    part: tuple[int, int] = (1, 1),
    chunk: int | None = None,
    source: str | None = None,
    watch: Watch | None = None,
    beside: bool = False,
    device: str | None = None,
) -> Outcome:
    """Run a study, or take it up where it stopped.

    With `stop`, seeds are added in rounds, twice as many each time, until what differs from the reference is answered
    or there may be no more. What is decided does not depend on interruptions either: all rounds are looked at again.

    What is in the folder already is checked, every bit of it, and kept; what is missing or damaged is computed. The
    contents do not depend on threads, workers, devices, parts, chunks or interruptions. Several runs on one folder
    share the work. An interruption (Ctrl-C) drops the chunks in hand.

    Parameters
    ----------
    study : Study
    out : str or Path
        The folder, or a URL that fsspec knows. It may hold the study, or one that this one extends by seeds, agents,
        environments or conditions.
    threads : int, optional
        Chunks computed at a time, each on one thread; as many as processors may be used if not given.
    dask : str, optional
        The address of a Dask scheduler, or "local" for workers on this machine; `threads` are then theirs.
    part : (int, int)
        Which part of the study to run, counted from 1, and of how many.
    chunk : int, optional
        Runs in a chunk of a new folder, rounded up to a multiple of 64 (of `block`, for a summary).
    source : str, optional
        The TOML text the study was read from, to be kept.
    watch : Watch, optional
        Told how it goes.
    beside : bool
        Whether other files may lie in the folder, as an experiment's findings do.
    device : str, optional
        Where to train, as for `train`. A GPU takes many chunks of a condition at a time, and `threads` store them. Of
        Dask workers, those that have no such GPU train on their processors.

    Returns
    -------
    Outcome

    Raises
    ------
    TypeError
        `study` is no Study, or a number is no integer.
    ValueError
        An argument out of bounds, or a `stop` that cannot be decided: of a part, of summaries, without a reference, or
        of a measure that is no mean over runs.
    FolderError
        The folder holds something else.
    ImportError
        Without dask.distributed, where it is asked for.
    GpuError
        A GPU that is missing or cannot be used, told before anything is written; or one that is full, by then.
    OSError
        Something could not be read or written. What was done stays done.

    Warns
    -----
    UserWarning
        As `train`, once for each condition that there is reason for.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> folder = tempfile.mkdtemp()
    >>> run(study, folder).computed, run(study, folder).kept
    (1, 1)
    """
    if not isinstance(study, Study):
        raise TypeError(f"study is {study!r}; it must be a Study")
    for mdp in study.environments.values():
        warn_of_endless_starts(mdp)
    index, parts = (checks.count(f"part[{i}]", value) for i, value in enumerate(part))
    if index > parts:
        raise ValueError(f"part is {index}/{parts}; it must be from 1/{parts} to {parts}/{parts}")
    threads = checks.threads(threads)
    place = study_device(device, study.environments, dask)
    watch = watch or Tally()
    for condition in study.resolved:
        environment, agent = study.environments[condition.environment], study.agents[condition.agent]
        steps = math.prod([len(study.seeds), condition.episodes or 0, condition.max_steps or 0])
        warn_below_critical(environment, agent, steps)
    if study.stop is not None:
        check_rounds(study, (index, parts))
    start = time.perf_counter()
    with ExitStack() as stack:
        client = None if dask is None else stack.enter_context(dask_client(dask, threads))
        if client is not None and place != CPU:
            check_workers(client, place)

        def fill(study: Study) -> Outcome:
            with ExitStack() as inner:
                store, mended = create(study, out, chunk=chunk, source=source, beside=beside)
                units = store.plan.units((index, parts))
                watch.begin(store, units)
                if client is None:
                    submit, width = inner.enter_context(threads_of(store, study, threads, watch, place))
                else:
                    submit, width = dask_workers(client, store, study, place)
                return filled(store, batches_of(store.plan, units, place), submit, width, watch, mended)

        outcome = fill(study) if study.stop is None else _in_rounds(study, out, fill)
    return outcome._replace(seconds=time.perf_counter() - start)


def study_device(device: str | None, environments: Mapping[str, TabularMDP], dask: str | None = None) -> str:
    """Check where a study is to be trained.

    Parameters
    ----------
    device : str or None
    environments : mapping of str to TabularMDP
    dask : str, optional
        As for `run`: the GPUs are then the workers'.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        No device's name, or one that cannot train in one of the environments; a GPU of local Dask workers.
    GpuError
        A GPU that is not there, is too old, or cannot be used.
    """
    name = CPU
    for mdp in environments.values():
        if dask is None:
            name = checked_device(device, mdp)
        else:
            with suppress(GpuError):  # not here, but where the workers are
                checked_device(device, mdp)
            name = device or CPU
    if dask == "local" and name != CPU:
        raise ValueError(
            f"dask is 'local' and device is {name!r}; workers would compete for the GPU. Leave dask out: one process "
            "trains on all GPUs of this machine"
        )
    return name


def _in_rounds(study: Study, out: str | Path, fill: Callable[[Study], Outcome]) -> Outcome:
    """Fill a folder with the seeds of one round after the other until all is answered."""
    assert study.stop is not None
    first, seeds = study.seeds.start, len(study.seeds)
    sizes: list[int] = []
    whole: Outcome | None = None
    for size in round_sizes(seeds, study.stop.most):
        sizes.append(size)
        while whole is None or whole.store.plan.runs < size:
            there = max(size, _runs_there(out))  # of rounds before an interruption, or of another run's
            try:
                outcome = fill(replace(study, seeds=range(first, first + there)))
            except FolderError:
                if _runs_there(out) <= there:
                    raise
                continue  # another run has begun the next round just now
            whole = outcome if whole is None else _both(whole, outcome)
        decision = decided(Results(whole.store), sizes)
        write_down(whole.store.storage, decision)
        whole = whole._replace(decision=decision)
        if decision.answered:
            break
    assert whole is not None
    return whole


def _runs_there(out: str | Path) -> int:
    """The runs that a folder is to hold of each condition; 0 where it is none yet, or none of ours."""
    try:
        return open_store(out).plan.runs
    except FolderError:
        return 0


def _both(one: Outcome, other: Outcome) -> Outcome:
    """What two rounds have done; what the later one found whole, the earlier one has counted."""
    return other._replace(
        computed=one.computed + other.computed,
        kept=one.kept,
        steps=one.steps + other.steps,
        damaged=(*one.damaged, *other.damaged),
        new_runs=one.new_runs + other.new_runs,
        old_runs=one.old_runs,
    )


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

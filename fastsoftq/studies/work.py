"""Units of a study: found done, or claimed, trained and committed.

What is trained at once is a batch, of one unit on a processor. A GPU takes a hundred thousand runs at a time, many
units of one condition; each of them is claimed and committed by itself all the same, and holds the same bytes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import Axis, axis_of
from fastsoftq.deep.deep_training import DeepTraining
from fastsoftq.engine.block_statistics import BlockStatistics
from fastsoftq.engine.gpu.several_cards import CPU
from fastsoftq.engine.threads import Progress
from fastsoftq.studies.conditions import source_states
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.storing.kept_arrays import FINAL_TABLE, PARAMETERS
from fastsoftq.studies.storing.store import Found, Store
from fastsoftq.studies.study import Study
from fastsoftq.tabular_training import Training

__all__ = ["Each", "Result", "Tick", "work"]

Tick = Callable[[Unit, Progress], None]

T = TypeVar("T")

_gpus = threading.Lock()  # of this process: they train one batch at a time


class Each(Protocol):
    """`map`, or that of a pool of threads."""

    def __call__(self, function: Callable[[Any], T], items: Iterable[Any], /) -> Iterator[T]:
        """What a function makes of each item, in their order."""


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


class _Claimed(NamedTuple):
    """A unit that is to be trained here."""

    unit: Unit
    found: Found
    there: int  # its first runs, which are kept

    @property
    def new_runs(self) -> int:
        return self.unit.runs - self.there


def work(
    store: Store,
    study: Study,
    batch: Sequence[Unit],
    tick: Tick | None = None,
    device: str = CPU,
    each: Each = map,
) -> list[Result]:
    """See to it that units are done, and first those that they start from, if any.

    Parameters
    ----------
    store : Store
    study : Study
    batch : sequence of Unit
        Of one condition; what of them is not done is trained together.
    tick : callable, optional
        Told how far the training of a unit is, ten times a second; what it raises ends the work.
    device : str
        Where they are trained.
    each : callable
        Looks at the units, and commits them: one after the other, or several at a time.

    Returns
    -------
    list of Result
        In the order of the batch.

    Raises
    ------
    OSError
        Something could not be read or written; the units that are not committed by then are not done.
    GpuError
        A GPU that is full.
    """
    results: dict[Unit, Result] = {}
    found: dict[Unit, Found] = {}
    for unit, seen in zip(batch, each(lambda unit: _looked_at(store, unit), batch), strict=True):
        if isinstance(seen, Result):
            results[unit] = seen
        else:
            found[unit] = seen
    sources = dict(zip(found, _sources(store, study, list(found), tick, device, each), strict=True))
    claimed: list[_Claimed] = []
    try:
        with _turn(device):
            for unit in found:
                if tick is not None:
                    tick(unit, Progress(0, unit.runs, 0))
                begun = _claimed(store, found[unit], unit, sources[unit])
                if isinstance(begun, Result):
                    results[unit] = begun
                else:
                    claimed.append(begun)
            start = time.perf_counter()
            curves = _trained(store, study, claimed, tick, device) if claimed else None
            seconds = time.perf_counter() - start
        if curves is not None:
            rate = seconds / max(_steps_of(curves), 1)
            bounds = pairwise(accumulate((one.new_runs for one in claimed), initial=0))

            def touch(unit: Unit, progress: Progress) -> None:
                for one in claimed:
                    store.claims.touch(one.unit.name)
                if tick is not None:
                    tick(unit, progress)

            def commit(place: tuple[_Claimed, tuple[int, int]]) -> Result:
                one, (first, last) = place
                return _committed(store, one, _part(curves, slice(first, last)), rate, sources[one.unit], touch)

            results |= {result.unit: result for result in each(commit, zip(claimed, bounds, strict=True))}
    finally:
        for one in claimed:
            store.claims.release(one.unit.name)
    return [results[unit] for unit in batch]


def _turn(device: str) -> AbstractContextManager[Any]:
    """Within, no other batch is trained on a GPU by this process."""
    return nullcontext() if device == CPU else _gpus


def _looked_at(store: Store, unit: Unit) -> Result | Found:
    found = store.find(unit)
    return _kept(unit, found.mark["steps"]) if found.runs >= unit.runs else found


def _sources(
    store: Store, study: Study, units: Sequence[Unit], tick: Tick | None, device: str, each: Each
) -> list[Result | None]:
    """What became of the units that others start from."""
    sources = [source for unit in units if (source := store.plan.source_of(unit)) is not None]
    return [*work(store, study, sources, tick, device, each)] if sources else [None] * len(units)


def _claimed(store: Store, found: Found, unit: Unit, source: Result | None) -> _Claimed | Result:
    """A unit that is ours to train now, or what became of it."""
    if (source is not None and source.busy) or not store.claims.take(unit.name):
        return Result(unit, True, found.runs, 0, 0, found.damaged, source)
    try:
        if store.mark(unit) != (found.mark or None):  # another run was here since it was looked for
            found = store.find(unit)
        if found.runs < unit.runs:
            # A row of several runs cannot be added to.
            return _Claimed(unit, found, 0 if found.runs % store.plan.contents.runs_per_row else found.runs)
    except BaseException:
        store.claims.release(unit.name)
        raise
    store.claims.release(unit.name)
    return _kept(unit, found.mark["steps"])._replace(source=source)


def _committed(
    store: Store,
    claimed: _Claimed,
    curves: Any,
    rate: float,
    source: Result | None,
    touch: Tick,
) -> Result:
    """Commit a unit whose new runs are trained, at so many seconds a step."""
    unit, found, there = claimed
    new_steps = _steps_of(curves)
    touch(unit, Progress(claimed.new_runs, claimed.new_runs, new_steps))
    start = time.perf_counter()
    arrays = store.plan.contents.rows_of(curves)
    steps, seconds = new_steps, new_steps * rate + time.perf_counter() - start
    if there:
        arrays = {name: np.concatenate([found.arrays[name], rows]) for name, rows in arrays.items()}
        steps += found.mark["steps"]
        seconds += found.mark["seconds"]
    store.commit(unit, arrays, steps, seconds)
    store.claims.release(unit.name)
    return Result(unit, False, unit.runs, steps, new_steps, found.damaged, source, claimed.new_runs)


def _trained(store: Store, study: Study, claimed: Sequence[_Claimed], tick: Tick | None, device: str) -> Any:
    """The curves of the new runs of units of one condition, one unit after the other.

    Of what a GPU trains, their statistics where nothing else is kept.
    """
    training = _training(store, study, claimed, device)

    def report(progress: Progress) -> None:
        left = progress.runs
        for one in claimed:  # runs are taken in their order
            store.claims.touch(one.unit.name)
            runs = min(left, one.new_runs)
            left -= runs
            if tick is not None and runs:
                tick(one.unit, Progress(runs, one.new_runs, progress.steps * runs // progress.runs))
        if tick is not None and not progress.runs:
            tick(claimed[0].unit, Progress(0, claimed[0].new_runs, progress.steps))

    contents = store.plan.contents
    if isinstance(training, Training) and contents.in_blocks and device != CPU:
        return training.statistics(_blocks(claimed, contents.runs_per_row), report)
    return training.curves(slice(None), report)


def _blocks(claimed: Sequence[_Claimed], size: int) -> NDArray[np.int64]:
    """Where blocks of the new runs of units start, and how many runs there are; each unit begins a block."""
    ends = [*accumulate(one.new_runs for one in claimed)]
    starts = [np.arange(end - one.new_runs, end, size) for one, end in zip(claimed, ends, strict=True)]
    return np.concatenate([*starts, ends[-1:]])


def _training(store: Store, study: Study, claimed: Sequence[_Claimed], device: str) -> Any:
    """What trains them, by what their condition counts."""
    plan = store.plan
    condition = plan.conditions[claimed[0].unit.condition]
    kept = [kept.key for kept in plan.kept(condition)]
    learning = study.environments[condition.environment], study.agents[condition.agent]
    seeds = np.concatenate([plan.seeds(condition, one.unit.first + one.there, one.new_runs) for one in claimed])
    settings: dict[str, Any] = {"max_steps": condition.max_steps, "precision": condition.precision, "threads": 1}
    starts = [start for one in claimed if (start := _start(store, study, one.unit, one.there)) is not None]
    start = np.concatenate(starts) if starts else None
    if condition.steps is not None:
        return DeepTraining.checked(
            *learning,
            seeds,
            condition.steps,
            points=condition.points,
            keep_parameters=PARAMETERS in kept,
            initial_parameters=start,
            **settings,
        )
    return Training.checked(
        *learning,
        seeds,
        condition.episodes,
        initial_q=start,
        keep_q=FINAL_TABLE in kept,
        checkpoints=[episode for episode in plan.contents.checkpoints if episode <= condition.columns],
        device=device,
        **settings,
    )


def _steps_of(curves: Any) -> int:
    """The environment steps of all runs."""
    if isinstance(curves, BlockStatistics):
        return curves.steps
    return int(axis_of(curves).steps_taken(curves).sum())


def _part(curves: Any, rows: slice) -> Any:
    """Some of the runs: whatever has a row for each, which all arrays have but the grid of steps."""
    if isinstance(curves, BlockStatistics):
        return curves.of(rows)
    values = {known.name: getattr(curves, known.name) for known in fields(curves) if known.name != "steps"}
    return replace(curves, **{name: of[rows] for name, of in values.items() if isinstance(of, np.ndarray)})


def _start(store: Store, study: Study, unit: Unit, there: int) -> NDArray[Any] | None:
    """The tables or networks that a unit's runs start from, but for the first so many; None for new ones."""
    before = store.plan.source_of(unit)
    if before is None:
        return None
    what = FINAL_TABLE if study.axis is Axis.EPISODES else PARAMETERS
    found = store.find(before, [what])
    if found.runs < unit.runs:
        raise OSError(f"what unit {unit.name} starts from has been damaged since it was looked at")
    if what == PARAMETERS:
        parameters: NDArray[np.float32] = found.arrays[PARAMETERS][there : unit.runs]
        return parameters
    source, target = (
        study.environments[store.plan.conditions[place].environment] for place in (before.condition, unit.condition)
    )
    tables: NDArray[np.float64] = found.arrays[FINAL_TABLE][there : unit.runs, source_states(source, target)]
    return tables


def _kept(unit: Unit, steps: int) -> Result:
    return Result(unit, False, unit.runs, steps, 0, ())

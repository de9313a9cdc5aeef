"""One unit of a study: found done, or claimed, trained and committed; all that runs a study comes down to this."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.threads import Progress
from fastsoftq.studies.conditions import source_states
from fastsoftq.studies.kept_arrays import FINAL_TABLE
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.training import Training

__all__ = ["Result", "Tick", "work"]

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
        return Result(unit, False, unit.runs, steps, curves.steps, found.damaged, source)
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

"""One unit of a study: look, claim, train, commit. Threads, other runs and other machines all come down to this."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastsoftq.engine.threads import Progress
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.store import Store
from fastsoftq.studies.study import Study
from fastsoftq.training import Training

__all__ = ["Result", "work"]


class Result(NamedTuple):
    """What became of a unit."""

    unit: Unit
    busy: bool  # another run is computing it
    runs: int  # done now, with those that were there
    steps: int  # environment steps of them
    new_steps: int  # taken just now
    damaged: tuple[str, ...]  # files that were found damaged, and written anew


def work(store: Store, study: Study, unit: Unit, tick: Callable[[Progress], None] | None = None) -> Result:
    """See to it that a unit is done.

    Parameters
    ----------
    store : Store
    study : Study
    unit : Unit
    tick : callable, optional
        Told how far training is, ten times a second; what it raises ends the work.

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
    if not store.claims.take(unit.name):
        return Result(unit, True, found.runs, 0, 0, found.damaged)
    try:
        if store.mark(unit) != (found.mark or None):  # another run was here between the look and the claim
            found = store.find(unit)
            if found.runs >= unit.runs:
                return _kept(unit, found.mark["steps"])
        # A row of several runs cannot be added to.
        there = 0 if found.runs % store.plan.contents.runs_per_row else found.runs
        condition = store.plan.conditions[unit.condition]

        def report(progress: Progress) -> None:
            store.claims.touch(unit.name)
            if tick is not None:
                tick(progress)

        start = time.perf_counter()
        training = Training.checked(
            study.environments[condition.environment],
            study.agents[condition.agent],
            store.plan.seeds(unit.first + there, unit.runs - there),
            study.episodes,
            study.max_steps,
            study.precision,
            threads=1,
        )
        curves = training.curves(slice(None), report)
        arrays = store.plan.contents.rows_of(curves)
        seconds = time.perf_counter() - start
        steps = curves.steps
        if there:
            arrays = {name: np.concatenate([found.arrays[name], rows]) for name, rows in arrays.items()}
            steps += found.mark["steps"]
            seconds += found.mark["seconds"]
        store.commit(unit, arrays, steps, seconds)
        return Result(unit, False, unit.runs, steps, curves.steps, found.damaged)
    finally:
        store.claims.release(unit.name)


def _kept(unit: Unit, steps: int) -> Result:
    return Result(unit, False, unit.runs, steps, 0, ())

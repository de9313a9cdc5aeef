"""A pilot: a few runs of every condition of a study, its first seeds, in a folder that is thrown away.

Runs are whole, but of deep agents, of which seconds of training tell how long the rest takes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.deep.deep_training import DeepTraining
from fastsoftq.engine.dispatch import FEWEST_RUNS, lanes_for, room_of, table_bytes
from fastsoftq.measures import Measure, Measured
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.deep_parts import learner_of, runs_at_once, steps_before_learning, whole_rounds
from fastsoftq.studies.deep_worlds import bytes_at_work
from fastsoftq.studies.measured_runs import answer_for
from fastsoftq.studies.plan import Plan
from fastsoftq.studies.results import Results
from fastsoftq.studies.running import check_memory_at_work, run
from fastsoftq.studies.storing.kept_arrays import Arrays
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.storing.zarr_files import encoded
from fastsoftq.studies.study import Study
from fastsoftq.studies.watching import Watch
from fastsoftq.tabular_training import Training

__all__ = ["Piloted", "piloted"]

_TIMED = 8  # units whose storing is timed
_STEPS = 4_096  # of a deep agent, at least


class Piloted(NamedTuple):
    """What the pilot showed of a condition.

    Examples
    --------
    >>> found = Piloted(Condition("cliff", "hard"), np.full(16, 900), 2.0, 0.1, 13.0, lanes=64, measured=None)
    >>> found.training(64), found.training(640)
    (2.0, 20.0)
    """

    condition: Condition
    steps: NDArray[np.int64]  # environment steps of each run, a whole one
    seconds: float  # of one core, to train them
    storing: float  # seconds to hash, compress and write them
    row_bytes: float  # on disk, of a row: a run, or a block of a summary
    lanes: int  # runs that are trained in lockstep; 0 where it is one at a time
    measured: Measured | None  # the measure asked for; None where it cannot be had
    at_work: int = 0  # bytes that a thread takes while it trains

    def training(self, runs: int) -> float:
        """Seconds of one core that so many runs take as one unit.

        Lanes that stand empty take as long as others, so that the first few runs cost as much as a whole set.
        """
        here = len(self.steps)
        if self.lanes and min(here, runs) >= FEWEST_RUNS:
            return self.seconds * max(runs, self.lanes) / max(here, self.lanes)
        return self.seconds * runs / here


def piloted(
    study: Study, runs: int, threads: int, measure: Measure, watch: Watch | None = None, *, short: bool = False
) -> list[Piloted]:
    """Run the first seeds of each condition, with all that the study keeps, and look at them.

    Parameters
    ----------
    study : Study
    runs : int
        Of each condition; fewer of one that has fewer.
    threads : int
        Units at a time, as the study will be run.
    measure : Measure
    watch : Watch, optional
        As for `run`.
    short : bool
        Train deep agents for some steps only, from which follows how long all take; nothing is measured of them.

    Returns
    -------
    list of Piloted
        In the order of the study's conditions.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.measures import measure
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=5, seeds=1000, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> [found] = piloted(study, runs=16, threads=1, measure=measure("last:5"))
    >>> len(found.steps), found.training(1024) > found.training(64)
    (16, True)
    """
    asked = replace(
        study,
        seeds=study.seeds[:runs],
        keep="curves",
        conditions=tuple(
            replace(one, seeds=_fewer(one.seeds, runs), **(_shortened(study, whole) if short else {}))
            for one, whole in zip(study.conditions, study.resolved, strict=True)
        ),
        select=None,
        stop=None,
    )
    check_memory_at_work(asked, threads)
    _compile(asked)
    with tempfile.TemporaryDirectory(prefix="fastsoftq-plan-") as folder:
        store = run(asked, folder, threads=threads, chunk=runs, watch=watch).store
        return list(_looked_at(study, store, measure))


def _shortened(study: Study, condition: Condition) -> dict[str, Any]:
    """Some steps of a deep agent's condition: twice those before it learns, and enough to be timed."""
    assert condition.steps is not None
    assert condition.points is not None
    agent = study.agents[condition.agent]
    steps = max(2 * steps_before_learning(agent), _STEPS)
    return {"steps": min(condition.steps, whole_rounds(agent, max(steps, condition.points)))}


def _looked_at(study: Study, store: Store, measure: Measure) -> Iterator[Piloted]:
    whole = Plan.first(study, None, None, {})
    results = Results(store, {type(learner_of(agent)) for agent in study.agents.values()})
    stored: list[float] = []
    for place, (condition, all_of_it) in enumerate(zip(store.plan.conditions, study.resolved, strict=True)):
        unit = store.plan.unit(place, 0)
        found = store.find(unit)
        curves = results.curves(condition.name)
        if place < _TIMED:
            start = time.perf_counter()
            store.commit(unit, found.arrays, found.mark["steps"], found.mark["seconds"])
            stored.append(time.perf_counter() - start)
        cut = condition.steps != all_of_it.steps
        answer = None if cut else answer_for(results, condition.name, measure)
        learning = study.environments[condition.environment], study.agents[condition.agent]
        room = None if condition.steps else room_of(learning[1], learning[0], all_of_it.max_steps or 1)
        lanes = 0 if room is None else lanes_for(learning[0], room)
        yield Piloted(
            condition=all_of_it,
            steps=np.full(len(curves.seeds), all_of_it.steps) if cut else study.axis.steps_taken(curves),
            seconds=float(found.mark["seconds"]) * _times(learning[1], condition.steps, all_of_it.steps),
            storing=median(stored),
            row_bytes=_row_bytes(found.arrays if study.keep == "curves" else whole.contents.rows_of(curves), whole),
            lanes=lanes,
            measured=None if cut or (measure.needs_planning and answer is None) else measure.values(curves, answer),
            at_work=bytes_at_work(all_of_it, *learning)
            if room is None
            else max(1, lanes) * table_bytes(learning[0], room),
        )


def _times(agent: Any, short: int | None, whole: int | None) -> float:
    """How many times longer a whole run takes: before it learns it takes next to no time."""
    if short is None or whole is None or short == whole:
        return 1.0
    before = steps_before_learning(agent)
    return (whole - before) / (short - before)


def _row_bytes(arrays: Arrays, plan: Plan) -> float:
    """The bytes of a row of all arrays together, as they are compressed."""
    kinds = {kept.key: kept.dtype for kept in plan.contents.arrays}
    return sum(len(encoded(rows, kinds[key], rows.shape)) / len(rows) for key, rows in arrays.items())


def _fewer(seeds: int | None, runs: int) -> int | None:
    return None if seeds is None or seeds >= runs else seeds


def _compile(study: Study) -> None:
    """Compile what the pilot will run, or load it, so that its seconds are of training alone."""
    done = set()
    for condition in study.resolved:
        world, agent = study.environments[condition.environment], study.agents[condition.agent]
        kind = condition.environment, type(agent), tuple(map(type, agent)), condition.precision
        if condition.steps is not None:
            steps, points = whole_rounds(agent, 1), 1
            seeds = min(condition.seeds or 1, runs_at_once(agent))
            options = {"points": points, "precision": condition.precision, "threads": 1}
            DeepTraining.checked(world, agent, seeds, steps, **options).curves()
        elif kind not in done:
            done.add(kind)
            precision = condition.precision or study.precision
            Training.checked(world, agent, condition.seeds, 1, 1, precision, threads=1).curves()

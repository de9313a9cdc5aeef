"""estimate: what a study will take, before it is run: steps, time, memory, disk, and how many seeds are enough."""

from __future__ import annotations

import heapq
import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fastsoftq import checks
from fastsoftq.engine.dispatch import FEWEST_RUNS
from fastsoftq.studies.enough_seeds import EnoughSeeds, check_measure, enough_seeds
from fastsoftq.studies.measured_runs import main_measure
from fastsoftq.studies.pilot import Piloted, piloted
from fastsoftq.studies.plan import FolderError, Plan, Unit
from fastsoftq.studies.running import Watch
from fastsoftq.studies.storing.storage import LocalStorage
from fastsoftq.studies.storing.store import Store, check_fits, open_store
from fastsoftq.studies.storing.zarr_files import derived_files
from fastsoftq.studies.study import Study
from fastsoftq.system.html import html_table
from fastsoftq.system.memory import available_memory, in_words, peak_memory

__all__ = ["ConditionEstimate", "Estimate", "estimate"]

_MOST_PILOT = 64  # runs: as many as train in lockstep take as long as a few
_SHARE = 8  # of a study's runs, at most, are piloted, unless those are too few to train in lockstep
_PROCESS = 120 << 20  # bytes of the process itself, where nothing tells
_COPIES = 2  # of a chunk, while it is trained and stored
_STORED = 1e9  # bytes of arrays that are hashed, compressed and written in a second
_MARK, _LEAF = 700, 67  # bytes of a mark, and of each digest in it
_LEVEL = 0.95  # of the range of steps


class ConditionEstimate(NamedTuple):
    """What a condition will take from now on.

    Attributes
    ----------
    name : str
    runs : int
        That the study asks for.
    done : int
        Runs that the folder has already.
    steps : float
        Environment steps expected of the others.
    steps_error : float
        How far off that may be, with 95 % confidence: half the width of the interval.
    seconds : float
        Of one core.
    disk : float
        Bytes.

    Examples
    --------
    >>> ConditionEstimate("cliff/hard", runs=1000, done=0, steps=15e6, steps_error=1e5, seconds=0.2, disk=3e6).name
    'cliff/hard'
    """

    name: str
    runs: int
    done: int
    steps: float
    steps_error: float
    seconds: float
    disk: float


@dataclass(frozen=True)
class Estimate:
    """What a study will take. `estimate` makes one.

    Attributes
    ----------
    name : str
        The study's.
    conditions : tuple of ConditionEstimate
    pilot : int
        Runs of each condition that it rests on.
    threads : int
    seconds : float
        Until all is done, with so many threads on this machine, while nothing else runs.
    memory : int
        Bytes at the peak.
    memory_available : int or None
    disk_free : int or None
        Bytes where the results will lie; None of an object store.
    enough : EnoughSeeds or None
        Of the difference that was asked for.
    most : int or None
        Seeds at most, of a study with a rule that stops it; all else is of its first round.

    Examples
    --------
    >>> one = ConditionEstimate("cliff/hard", runs=1000, done=0, steps=15e6, steps_error=1e5, seconds=0.2, disk=3e6)
    >>> Estimate("small", (one,), 64, 2, 0.1, 2**28, None, None).steps
    15000000.0
    """

    name: str
    conditions: tuple[ConditionEstimate, ...]
    pilot: int
    threads: int
    seconds: float
    memory: int
    memory_available: int | None
    disk_free: int | None
    enough: EnoughSeeds | None = None
    most: int | None = None

    @property
    def runs(self) -> int:
        """Of all conditions, those that are done included."""
        return sum(one.runs for one in self.conditions)

    @property
    def done(self) -> int:
        """Runs that the folder has already."""
        return sum(one.done for one in self.conditions)

    @property
    def steps(self) -> float:
        """Environment steps expected of what is left."""
        return math.fsum(one.steps for one in self.conditions)

    @property
    def steps_error(self) -> float:
        """How far off they may be, with 95 % confidence at least: conditions share seeds, so that errors may add up."""
        return math.fsum(one.steps_error for one in self.conditions)

    @property
    def disk(self) -> float:
        """Bytes."""
        return math.fsum(one.disk for one in self.conditions)

    def _repr_html_(self) -> str:
        rows = [
            (one.name, one.runs, round(one.steps), round(one.seconds, 1), in_words(one.disk)) for one in self.conditions
        ]
        note = f"{self.seconds:,.0f} s with {self.threads} threads, {in_words(self.memory)} of memory at the peak"
        header = ("condition", "runs", "steps", "seconds of a core", "disk")
        return html_table(f"What {self.name} will take", rows, header, note)


def estimate(
    study: Study,
    *,
    out: str | Path | None = None,
    pilot: int | None = None,
    threads: int | None = None,
    difference: float | None = None,
    confidence: float = 0.95,
    power: float = 0.9,
    watch: Watch | None = None,
) -> Estimate:
    """Estimate what a study will take, from a pilot of a few whole runs of each condition.

    Parameters
    ----------
    study : Study
    out : str or Path, optional
        Where results will lie: what is there already is not counted. Nothing is written there.
    pilot : int, optional
        Runs of each condition, at least 16 (fewer are not trained as many are), or all of a study that has fewer; 64,
        or an eighth of the study's seeds, if not given.
    threads : int, optional
        As for `run`.
    difference : float, optional
        The smallest difference that matters, of the study's main measure: mean return over the last 100 episodes if it
        names none. How many seeds are enough is then said.
    confidence : float
        That nothing false is said of any of the comparisons.
    power : float
        The chance of finding such a difference.
    watch : Watch, optional
        Told how the pilot goes.

    Returns
    -------
    Estimate

    Raises
    ------
    TypeError, ValueError
        An argument out of bounds; a measure whose seeds cannot be planned.
    FolderError
        `out` holds something else.

    Notes
    -----
    Runs of the pilot are whole, so that lengths that change as agents learn are counted as they will be. Time is that
    of the pilot's training, without compilation, on as many threads, with chunks handed out as `run` does; lanes that
    the pilot leaves empty are allowed for. Its runs are the study's first, and are run again with the study.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)}
    >>> study = Study(
    ...     name="small", episodes=50, seeds=1000, environments={"cliff": fsq.cliff_walking()}, agents=agents
    ... )
    >>> found = estimate(study, difference=1.0)
    >>> found.runs, found.pilot, found.enough.condition
    (2000, 64, 'cliff/soft')
    """
    if not isinstance(study, Study):
        raise TypeError(f"study is {study!r}; it must be a Study")
    threads = checks.threads(threads)
    runs = _pilot(study, pilot)
    confidence = checks.in_unit_interval("confidence", confidence, open_below=True, open_above=True)
    power = checks.in_unit_interval("power", power, open_below=True, open_above=True)
    main = main_measure(study.measures, study.resolved)
    if difference is not None:
        difference = checks.positive("difference", difference)
        check_measure(main)
    store = None if out is None else _there(study, out)
    plan = Plan.first(study, None, None, {}) if store is None else store.plan.extended(study, None, {})
    free = _free(Path.cwd() if out is None else out)
    found = {one.condition.name: one for one in piloted(study, runs, threads, main, watch)}
    done = {} if store is None else _done(Store(store.storage, plan))
    left = [(unit, unit.runs - done.get(unit, 0)) for unit in plan.units() if done.get(unit, 0) < unit.runs]
    seconds = [_seconds(plan, found[plan.conditions[unit.condition].name], runs) for unit, runs in left]
    fixed = 0 if store is not None else sum(len(data) for _, data in derived_files(plan))
    return Estimate(
        name=study.name,
        conditions=tuple(_of_each(plan, found, left, seconds, fixed)),
        pilot=runs,
        threads=threads,
        seconds=_makespan(seconds, threads),
        memory=_memory(plan, [unit for unit, _ in left], threads),
        memory_available=available_memory(),
        disk_free=free,
        enough=None
        if difference is None
        else enough_seeds(study, list(found.values()), main, difference, confidence, power),
        most=None if study.stop is None else study.stop.most,
    )


def _pilot(study: Study, pilot: int | None) -> int:
    """The runs of the pilot."""
    runs = len(study.seeds)
    if pilot is None:
        pilot = max(FEWEST_RUNS, min(_MOST_PILOT, runs // _SHARE))
    return min(runs, checks.count("pilot", pilot, least=FEWEST_RUNS))


def _there(study: Study, out: str | Path) -> Store | None:
    """The store in a folder, or None in one that has none yet."""
    check_fits(study, out)
    try:
        return open_store(out)
    except FolderError:
        return None


def _done(store: Store) -> dict[Unit, int]:
    """The runs of each unit that need not be trained again; a row of several cannot be added to."""
    rows = store.plan.contents.runs_per_row
    done = {unit: min(int(mark["runs"]), unit.runs) for unit, mark in store.marked()}
    return {unit: runs if runs == unit.runs or runs % rows == 0 else 0 for unit, runs in done.items()}


def _seconds(plan: Plan, found: Piloted, runs: int) -> float:
    """Of one core, for so many runs of a unit."""
    stored = plan.run_bytes(found.condition) * (runs - len(found.steps)) / _STORED
    return found.training(runs) + found.storing + max(0.0, stored)


def _makespan(seconds: Iterable[float], threads: int) -> float:
    """When all are done, each handed to the thread that is free first."""
    free = [0.0] * threads
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def _of_each(
    plan: Plan, found: dict[str, Piloted], left: Sequence[tuple[Unit, int]], seconds: Sequence[float], fixed: float
) -> Iterable[ConditionEstimate]:
    """What is left of each condition; what does not depend on conditions is shared evenly."""
    from scipy.stats import t

    of_place: dict[int, list[tuple[int, float]]] = {}
    for (unit, runs), took in zip(left, seconds, strict=True):
        of_place.setdefault(unit.condition, []).append((runs, took))
    for place, condition in enumerate(plan.conditions):
        one, mine = found[condition.name], of_place.get(place, [])
        runs = sum(runs for runs, _ in mine)
        here = len(one.steps)
        # Of runs that are still to come: their mean is uncertain, and so is each of them.
        spread = float(one.steps.std(ddof=1)) if here > 1 else math.inf
        error = (
            float(t.ppf((1.0 + _LEVEL) / 2.0, max(here - 1, 1))) * spread * math.sqrt(1.0 / here + 1.0 / max(runs, 1))
        )
        rows = sum(plan.contents.rows(runs) for runs, _ in mine)
        leaves = rows / plan.contents.rows_per_leaf * len(plan.kept(condition))
        yield ConditionEstimate(
            name=condition.name,
            runs=plan.runs_of(place),
            done=plan.runs_of(place) - runs,
            steps=float(one.steps.mean()) * runs,
            steps_error=error * runs if runs and spread else 0.0,
            seconds=math.fsum(took for _, took in mine),
            disk=one.row_bytes * rows + _MARK * len(mine) + _LEAF * leaves + fixed / len(plan.conditions),
        )


def _memory(plan: Plan, units: Sequence[Unit], threads: int) -> int:
    """Bytes at the peak: the process, and what each thread has in hand."""
    chunks = sorted((plan.run_bytes(plan.conditions[unit.condition]) * unit.runs for unit in units), reverse=True)
    return (peak_memory() or _PROCESS) + _COPIES * sum(chunks[:threads])


def _free(out: str | Path) -> int | None:
    """Bytes that are free where results will lie."""
    from fastsoftq.studies.storing.storage import open_storage

    storage = open_storage(out)
    if not isinstance(storage, LocalStorage):
        return None
    there = next(place for place in (storage.root, *storage.root.parents) if place.exists())
    return shutil.disk_usage(there).free

"""estimate: what a study will take, before it is run: steps, time, memory, disk, and how many seeds are enough."""

from __future__ import annotations

import heapq
import math
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from fastsoftq import checks
from fastsoftq.engine.dispatch import FEWEST_RUNS
from fastsoftq.studies.deep_parts import runs_at_once
from fastsoftq.studies.enough_seeds import check_measure, enough_seeds
from fastsoftq.studies.measured_runs import main_measure
from fastsoftq.studies.pilot import Piloted, piloted
from fastsoftq.studies.plan import FolderError, Plan, Unit
from fastsoftq.studies.storing.storage import LocalStorage
from fastsoftq.studies.storing.store import Store, check_fits, check_labels, open_store
from fastsoftq.studies.storing.zarr_files import derived_files, largest_file
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_estimate import ConditionEstimate, Estimate
from fastsoftq.studies.watching import Watch
from fastsoftq.system.memory import available_memory, peak_memory, resident_memory

__all__ = ["ConditionEstimate", "Estimate", "estimate"]

_MOST_PILOT = 64  # runs: as many as train in lockstep take as long as a few
_SHARE = 8  # of a study's runs, at most, are piloted, unless those are too few to train in lockstep
_PROCESS = 120 << 20  # bytes of the process itself, where nothing tells
_ROOM = 8 << 20  # bytes that running takes beside that
_COMPRESSED = 2  # copies of what is compressed: without its checksum, and with it
_STORED = 1e9  # bytes of arrays that are hashed, compressed and written in a second
_MARK, _LEAF = 700, 67  # bytes of a mark, and of each digest in it
_LEVEL = 0.95  # of the range of steps
_SURE = {"confidence": 0.95, "power": 0.9}  # of a difference, unless said otherwise


def estimate(
    study: Study,
    *,
    out: str | Path | None = None,
    pilot: int | None = None,
    threads: int | None = None,
    difference: float | None = None,
    confidence: float | None = None,
    power: float | None = None,
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
        or an eighth of the study's seeds, if not given. Of deep agents as few as a thread trains together, for some
        thousands of steps, unless a number is given or a difference is asked for.
    threads : int, optional
        As for `run`.
    difference : float, optional
        The smallest difference that matters, of the study's main measure: mean return over the last 100 episodes if it
        names none. How many seeds are enough is then said.
    confidence : float, optional
        That nothing false is said of any of the comparisons; 0.95 if not given.
    power : float, optional
        The chance of finding such a difference; 0.9 if not given.
    watch : Watch, optional
        Told how the pilot goes.

    Returns
    -------
    Estimate

    Raises
    ------
    TypeError, ValueError
        An argument out of bounds; a confidence or power without a difference; a measure whose seeds cannot be planned.
    FolderError
        `out` holds something else.
    TooLargeError
        So many runs that not even their labels fit in memory.

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
        raise TypeError(f"study is {checks.shown(study)}; it must be a Study")
    threads = checks.threads(threads)
    short = study.steps is not None and pilot is None and difference is None
    runs = _side_by_side(study) if short else _pilot(study, pilot)
    sure = {
        name: checks.in_unit_interval(name, _SURE[name] if value is None else value, open_below=True, open_above=True)
        for name, value in (("confidence", confidence), ("power", power))
    }
    for name, value in (("confidence", confidence), ("power", power)):
        if difference is None and value is not None:
            raise ValueError(f"{name} is {value}, and there is no difference; give one, to be found so surely")
    main = main_measure(study.measures, study.axis, study.resolved)
    if difference is not None:
        difference = checks.positive("difference", difference)
        check_measure(main)
    store = None if out is None else _there(study, out)
    plan = Plan.first(study, None, None, {}) if store is None else store.plan.extended(study, None, {})
    check_labels(plan)
    free = _free(Path.cwd() if out is None else out)
    found = {one.condition.name: one for one in piloted(study, runs, threads, main, watch, short=short)}
    peak = peak_memory() or _PROCESS
    held = resident_memory() or peak  # before what only an estimate needs is imported
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
        memory=max(peak, held + _memory(plan, found, left, threads)),
        memory_available=available_memory(),
        disk_free=free,
        enough=None if difference is None else enough_seeds(study, list(found.values()), main, difference, **sure),
        most=None if study.stop is None else study.stop.most,
    )


def _pilot(study: Study, pilot: int | None) -> int:
    """The runs of the pilot."""
    runs = len(study.seeds)
    if pilot is None:
        pilot = max(FEWEST_RUNS, min(_MOST_PILOT, runs // _SHARE))
    return min(runs, checks.count("pilot", pilot, least=FEWEST_RUNS))


def _side_by_side(study: Study) -> int:
    """The fewest runs that tell how long many take."""
    return min(len(study.seeds), max(map(runs_at_once, study.agents.values())))


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
        known = condition.steps is not None  # but for runs that diverge
        spread = float(one.steps.std(ddof=1)) if here > 1 else 0.0 if known else math.inf
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


def _memory(plan: Plan, found: dict[str, Piloted], left: Sequence[tuple[Unit, int]], threads: int) -> int:
    """Bytes, at most, that running takes beside the process as the pilot leaves it.

    Each thread has the tables of its lanes, or its network and buffer, the arrays of a unit, again those that were
    there before, which they are joined with, a file as it is cut out, and what it is compressed to.
    """

    def in_hand(unit: Unit, runs: int) -> float:
        condition = plan.conditions[unit.condition]
        one = found[condition.name]
        joined = 2 * unit.runs if runs < unit.runs else unit.runs
        compressed = _COMPRESSED * one.row_bytes * plan.contents.rows(unit.runs)
        return one.at_work + plan.run_bytes(condition) * joined + largest_file(plan, condition) + compressed

    return _ROOM + math.ceil(math.fsum(heapq.nlargest(threads, (in_hand(unit, runs) for unit, runs in left))))


def _free(out: str | Path) -> int | None:
    """Bytes that are free where results will lie."""
    from fastsoftq.studies.storing.storage import open_storage

    storage = open_storage(out)
    if not isinstance(storage, LocalStorage):
        return None
    there = next(place for place in (storage.root, *storage.root.parents) if place.exists())
    return shutil.disk_usage(there).free

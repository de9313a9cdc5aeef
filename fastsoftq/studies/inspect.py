"""What a folder holds: how far it is and will be when, by its marks alone, and whether every bit is as written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from fastsoftq import checks
from fastsoftq.studies.conditions import COUNTED
from fastsoftq.studies.plan import Plan, Unit
from fastsoftq.studies.rounds import StudyDecision, noted
from fastsoftq.studies.storing.kept_arrays import CURVES
from fastsoftq.studies.storing.store import Found, open_store
from fastsoftq.studies.study_records import canonical

__all__ = ["Row", "Status", "Verification", "status", "time_left", "verify"]

_RECENT = 300.0  # seconds


class Row(NamedTuple):
    """One condition."""

    name: str
    done: int  # runs
    runs: int
    steps: int  # of those done


def time_left(rows: Iterable[Row], steps_a_second: float) -> float | None:
    """Seconds until all runs are done, if they take as many steps as those done; None where nothing is known."""
    rows = list(rows)
    done, steps = sum(row.done for row in rows), sum(row.steps for row in rows)
    if not done or steps_a_second <= 0.0:
        return None
    left = sum((row.runs - row.done) * (row.steps / row.done if row.done else steps / done) for row in rows)
    return left / steps_a_second


class Status(NamedTuple):
    """How far a study is."""

    name: str
    rows: list[Row]
    steps_a_second: float  # of the last five minutes, over everything that writes to the folder; 0 if nothing does
    owners: dict[str, str]  # machine and process, by the chunk it computes; a folder on this machine only
    decision: StudyDecision | None = None  # of a study that stops when it is answered, as its last run noted it

    @property
    def finished(self) -> bool:
        """Whether every chunk has a mark; `verify` says whether they hold."""
        return all(row.done == row.runs for row in self.rows)


def status(url: str | Path) -> Status:
    """Say how far a folder is, without reading its arrays.

    Parameters
    ----------
    url : str or Path

    Returns
    -------
    Status

    Raises
    ------
    FolderError
        No study there.

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
    >>> outcome = run(study, folder)
    >>> status(folder).finished
    True
    """
    store = open_store(url)
    plan = store.plan
    rows = [Row(condition.name, 0, plan.runs_of(place), 0) for place, condition in enumerate(plan.conditions)]
    now = time.time()
    recent, since = 0, now
    for unit, mark in store.marked():
        row = rows[unit.condition]
        rows[unit.condition] = row._replace(
            done=row.done + min(mark["runs"], unit.runs), steps=row.steps + mark["steps"]
        )
        if abs(now - mark["finished"]) < _RECENT:  # a machine whose clock is ahead is no news
            recent += mark["steps"]
            since = min(since, mark["finished"] - mark["seconds"])
    owners = {name: owner for name, owner in store.claims.owners().items() if name != "plan"}
    finished = all(row.done == row.runs for row in rows)
    speed = 0.0 if finished or now <= since else recent / (now - since)
    return Status(plan.record["name"], rows, speed, owners, noted(store.storage))


class Verification(NamedTuple):
    """What was found in a folder.

    Attributes
    ----------
    digest : str or None
        64 hex digits, if all is there and whole. It covers the conditions' names, the seeds and the contents of all
        arrays, in an order of its own: it is the same however the work was cut up, ordered, spread or interrupted.
    missing : tuple of str
        What is not there, as conditions and seeds.
    damaged : tuple of str
        The files that are not as they were written.
    """

    digest: str | None
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


def verify(url: str | Path, *, threads: int | None = None) -> Verification:
    """Read all of a folder and check every bit.

    Parameters
    ----------
    url : str or Path
    threads : int, optional
        As many as processors may be used if not given.

    Returns
    -------
    Verification

    Raises
    ------
    FolderError
        No study there.
    OSError
        Something could not be read.

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
    >>> outcome = run(study, folder)
    >>> len(verify(folder).digest), verify(folder).missing
    (64, ())
    """
    store = open_store(url)
    plan = store.plan
    threads = checks.threads(threads)
    missing: list[str] = []
    damaged = store.damaged_metadata() + store.damaged_worlds()
    totals = [{kept.group: hashlib.sha256() for kept in plan.kept(condition)} for condition in plan.conditions]
    units = plan.units()

    def checked(unit: Unit) -> Found:
        return store.find(unit)._replace(arrays={})

    # A few units at a time, so that their contents are never all in memory.
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(units), 4 * threads):
            some = units[start : start + 4 * threads]
            for unit, found in zip(some, pool.map(checked, some), strict=True):
                for group, leaves in found.leaves.items():
                    if group in totals[unit.condition]:
                        totals[unit.condition][group].update(leaves)
                damaged.extend(found.damaged)
                if not found.damaged and found.runs < unit.runs:
                    missing.append(_absent(plan, unit, found.runs))
    contents = {
        condition.name: {group: total.hexdigest() for group, total in groups.items()}
        for condition, groups in zip(plan.conditions, totals, strict=True)
    }
    digested = {name: plan.record[name] for name in (*COUNTED, "keep", "block", "seeds") if name in plan.record}
    digested.pop("max_steps")
    digested["conditions"] = {name: groups.pop(CURVES) for name, groups in contents.items()}
    if "conditions" in plan.record:
        digested["settings"] = plan.record["conditions"]
    if any(contents.values()):
        digested["tables"] = contents
    digest = hashlib.sha256(canonical(digested)).hexdigest()
    return Verification(None if missing or damaged else digest, tuple(missing), tuple(damaged))


def _absent(plan: Plan, unit: Unit, there: int) -> str:
    condition = plan.conditions[unit.condition]
    seeds = plan.seeds(condition, unit.first + there, unit.runs - there)
    return f"{condition.name}, seeds {seeds[0]} to {seeds[-1]}"

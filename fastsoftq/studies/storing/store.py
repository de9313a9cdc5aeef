"""The results of a study in a folder: chunks written whole and marked done last, read back only if nothing changed.

    study.json            the plan: whose results, in which order and chunks; provenance
    results.zarr/         a Zarr group: arrays, coordinates, and a copy of the plan
    worlds/               the worlds as arrays, for planning
    done/CONDITION.CHUNK  one mark for each chunk that is done: digests of its contents, steps, time, machine
    claims/  tmp/         what is being computed, and written, just now
    decisions.json, tuning.json    of a study that stops when it is answered, or that is tuned

A mark is the commit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from fastsoftq.checks import shown
from fastsoftq.comparing import Axis
from fastsoftq.studies.deep_worlds import seen_table, table_records, tabular_of
from fastsoftq.studies.plan import FolderError, Plan, Unit
from fastsoftq.studies.storing.kept_arrays import CURVES, Arrays, groups_of, leaves_of
from fastsoftq.studies.storing.plan_file import plan_data, plan_from_data
from fastsoftq.studies.storing.storage import LocalStorage, Storage, open_storage
from fastsoftq.studies.storing.unit_claims import LEASE, Claims
from fastsoftq.studies.storing.zarr_files import RESULTS, chunk_keys, chunks_of, derived_files, read_rows
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import canonical, is_mark, sealed, unsealed
from fastsoftq.studies.worlds import WORLDS, damaged_worlds, keep_worlds
from fastsoftq.system.memory import check_memory
from fastsoftq.system.provenance import provenance

__all__ = ["Found", "Store", "check_fits", "check_labels", "create", "open_store"]

_PLAN = "study.json"
_BESIDE = {"decisions.json", "tuning.json"}  # of a study that stops when it is answered, or that is tuned
_OURS = {_PLAN, RESULTS, WORLDS, "done", "claims", "tmp", *_BESIDE}
_LABEL_BYTES = 32  # of memory for each row's label, with the copies that writing it makes


class Found(NamedTuple):
    """What there is of a unit."""

    runs: int  # that are done and whole; more seeds may have been asked for since
    arrays: Arrays  # their rows
    mark: Mapping[str, Any]  # empty where no run is
    damaged: tuple[str, ...]  # the files that are not as they should be

    @property
    def leaves(self) -> dict[str, bytes]:
        """The digests of the contents, one after the other, by group."""
        leaves = {CURVES: self.mark.get("leaves", ()), **self.mark.get("tables", {})}
        return {group: bytes.fromhex("".join(of_rows)) for group, of_rows in leaves.items()}


class Store:
    """The folder of a study's results. `create` and `open_store` make one.

    Parameters
    ----------
    storage : Storage
    plan : Plan
    """

    def __init__(self, storage: Storage, plan: Plan) -> None:
        self.storage = storage
        self.plan = plan
        self.claims = Claims(storage)

    def __repr__(self) -> str:
        return f"<Store {self.url!r}>"

    @property
    def url(self) -> str:
        """Where it is."""
        return self.storage.url

    def commit(self, unit: Unit, arrays: Arrays, steps: int, seconds: float) -> None:
        """Write a unit, and then its mark.

        Parameters
        ----------
        unit : Unit
        arrays : Arrays
            All its rows, by the name of the array.
        steps : int
            Environment steps of its runs.
        seconds : float
            That they took.

        Raises
        ------
        OSError
            Something could not be written; the unit is then not done.
        """
        condition = self.plan.conditions[unit.condition]
        leaves: dict[str, list[str]] = {}
        for group, kept in groups_of(self.plan.kept(condition)).items():
            for array in kept:
                for key, data in chunks_of(self.plan, unit, array, arrays[array.key]):
                    self.storage.write(key, data)
            leaves[group] = leaves_of(arrays, kept, self.plan.contents.rows_per_leaf)
        mark = {
            "condition": condition.name,
            "identity": self.plan.identity(condition),
            "runs": unit.runs,
            "leaves": leaves.pop(CURVES),
            **({"tables": leaves} if leaves else {}),
            "steps": steps,
            "seconds": round(seconds, 6),
            "finished": round(time.time(), 3),
            **provenance(brief=True),
        }
        self.storage.write(self._mark_key(unit), canonical(sealed(mark)))

    def mark(self, unit: Unit) -> Mapping[str, Any] | None:
        """The mark of a unit, or None without a valid one. It may be of fewer runs than the unit has by now."""
        mark = unsealed(self.storage.read(self._mark_key(unit)))
        condition = self.plan.conditions[unit.condition]
        if mark is None or not is_mark(mark):
            return None
        ours = (mark["condition"], mark["identity"]) == (condition.name, self.plan.identity(condition))
        return mark if ours else None

    def find(self, unit: Unit, groups: Collection[str] | None = None) -> Found:
        """What there is of a unit, every bit of it checked.

        Parameters
        ----------
        unit : Unit
        groups : collection of str, optional
            Only the arrays of these groups are read and checked; all if not given.

        Returns
        -------
        Found
        """
        mark = self.mark(unit)
        if mark is None:
            torn = self.storage.read(self._mark_key(unit)) is not None
            return Found(0, {}, {}, (self._mark_key(unit),) if torn else ())
        contents = self.plan.contents
        arrays: Arrays = {}
        damaged: list[str] = []
        for group, kept in groups_of(self.plan.kept(self.plan.conditions[unit.condition])).items():
            if groups is not None and group not in groups:
                continue
            broken: list[str] = []
            for array in kept:
                rows, wrong = read_rows(self.plan, unit, array, contents.rows(mark["runs"]), self.storage.read)
                broken += wrong
                if rows is not None:
                    arrays[array.key] = rows
            leaves = mark["leaves"] if group == CURVES else mark.get("tables", {}).get(group)
            if not broken and leaves_of(arrays, kept, contents.rows_per_leaf) != leaves:
                broken = [key for array in kept for key in chunk_keys(self.plan, unit, array)]
            damaged += broken
        return Found(0, {}, {}, tuple(damaged)) if damaged else Found(mark["runs"], arrays, mark, ())

    def marked(self) -> Iterator[tuple[Unit, Mapping[str, Any]]]:
        """Every unit that has a mark, and the mark; contents are not read."""
        there = set(self.storage.names("done"))
        for unit in self.plan.units():
            if unit.name in there:
                mark = self.mark(unit)
                if mark is not None:
                    yield unit, mark

    def damaged_metadata(self) -> list[str]:
        """The files with metadata and coordinates that are not as they should be."""
        return [key for key, data in self._metadata() if self.storage.read(key) != data]

    def damaged_worlds(self) -> list[str]:
        """The files of worlds that are not as they should be; they can be done without."""
        return damaged_worlds(self.storage, table_records(self.plan.record))

    def write_metadata(self) -> tuple[str, ...]:
        """Write the plan and what follows from it, where it is not so already.

        Returns
        -------
        tuple of str
            The files that held something else.
        """
        changed = []
        for key, data in self._metadata():
            there = self.storage.read(key)
            if there != data:
                self.storage.write(key, data)
            if there is not None and there != data:
                changed.append(key)
        return tuple(changed)

    def _metadata(self) -> Iterator[tuple[str, bytes]]:
        """The plan and all that follows from it: files, and what they must hold."""
        yield _PLAN, canonical(plan_data(self.plan))
        yield from derived_files(self.plan)

    def _mark_key(self, unit: Unit) -> str:
        return f"done/{unit.name}"


def open_store(url: str | Path) -> Store:
    """Open the results in a folder.

    Parameters
    ----------
    url : str or Path
        A folder, or a URL that fsspec knows.

    Returns
    -------
    Store

    Raises
    ------
    FolderError
        No results there, or none that can be told whose they are.
    """
    if not isinstance(url, str | Path):
        raise TypeError(f"url is {shown(url)}; it must be a path or a URL")
    storage = open_storage(url)
    plan = _plan(storage)
    if plan is None:
        raise FolderError(f"{url} holds no study")
    return Store(storage, plan)


def create(
    study: Study,
    url: str | Path,
    *,
    chunk: int | None = None,
    source: str | None = None,
    beside: bool = False,
    made_by: Mapping[str, Any] | None = None,
) -> tuple[Store, tuple[str, ...]]:
    """Make a folder for a study, or take up the one that has it, adding what the study has more.

    Parameters
    ----------
    study : Study
    url : str or Path
    chunk : int, optional
        Runs in a chunk, rounded up to a multiple of what is hashed together (64 runs, or a block).
    source : str, optional
        The TOML text the study was read from, to be kept.
    beside : bool
        Whether other files may lie in the folder.
    made_by : mapping, optional
        The provenance of all steps, of which this is one, so that it is noted once; one of its own if not given.

    Returns
    -------
    Store
    tuple of str
        Files with metadata that were found damaged, and written anew.

    Raises
    ------
    FolderError
        Something else lies there, or another study's results.
    TooLargeError
        So many runs that not even their labels fit in memory.
    OSError
        It cannot be written.
    """
    asked = Plan.first(study, chunk, None, {})
    check_labels(asked)
    storage = open_storage(url)
    plan = _plan(storage)
    if plan is None and not beside:
        _check_strangers(storage, url)
    claims = Claims(storage)
    until = time.monotonic() + 2 * LEASE
    while not claims.take("plan"):
        if time.monotonic() > until:
            raise FolderError(
                f"{url} is being changed by {claims.owners().get('plan', 'another run')}; try again later"
            )
        time.sleep(0.05)
    try:
        plan = _plan(storage)
        try:
            by = made_by or provenance()
            wanted = Plan.first(study, chunk, source, by) if plan is None else plan.extended(study, source, by)
            if made_by is not None and wanted.provenance[-2:] == (made_by, made_by):  # a step of what has begun
                wanted = replace(wanted, provenance=wanted.provenance[:-1])
        except FolderError as error:
            raise FolderError(f"{url} {error}") from None
        if chunk is not None and plan is not None and asked.chunk != plan.chunk:
            raise FolderError(f"{url} has chunks of {plan.chunk} runs; that cannot be changed to {chunk}")
        store = Store(storage, wanted)
        changed = store.write_metadata()
        table_of = seen_table if study.axis is Axis.POINTS else tabular_of  # as the record has it
        worlds = {name: mdp for name, of in study.environments.items() if (mdp := table_of(of)) is not None}
        mended = keep_worlds(storage, worlds)
    finally:
        claims.release("plan")
    if isinstance(storage, LocalStorage):
        storage.sweep()
    return store, (changed if wanted is plan else ()) + mended


def check_labels(plan: Plan) -> None:
    """Refuse a study of so many runs that not even their labels fit in memory.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    TooLargeError
    """
    labels = _LABEL_BYTES * plan.contents.rows(plan.runs)
    check_memory(f"seeds is {plan.runs}; a study of so many", labels, "take fewer, or keep a summary")


def check_fits(study: Study, url: str | Path, *, beside: bool = False) -> None:
    """Refuse a folder that holds another study's results, or no study but something else, before any work.

    Parameters
    ----------
    study : Study
    url : str or Path
    beside : bool
        Whether other files may lie in the folder.

    Raises
    ------
    FolderError
        The message names the first difference, or what lies there.
    """
    storage = open_storage(url)
    plan = _plan(storage)
    if plan is None and not beside:
        _check_strangers(storage, url)
    difference = None if plan is None else plan.difference(study)
    if difference:
        raise FolderError(f"{url} holds another study's results: {difference}")


def _check_strangers(storage: Storage, url: str | Path) -> None:
    """Refuse a folder without a study that holds what is none of ours."""
    strangers = sorted(set(storage.names("")) - _OURS)
    if strangers:
        raise FolderError(f"{url} is not empty and holds no study; there is {strangers[0]!r}, for one")


def _plan(storage: Storage) -> Plan | None:
    """The plan in a folder, from its file or else from the copy in the results; None where there is neither."""
    own = storage.read(_PLAN)
    plan = plan_from_data(own)
    if plan is None:
        group = storage.read(f"{RESULTS}/zarr.json")
        try:
            plan = plan_from_data(json.loads(group)["attributes"]) if group else None
        except (ValueError, KeyError, TypeError):
            plan = None
    if plan is None and (own is not None or storage.names("done")):
        raise FolderError(
            f"{storage.url} has lost its plan: {_PLAN} and its copy in {RESULTS}/zarr.json are both damaged, so that "
            "it cannot be told whose results these are"
        )
    return plan

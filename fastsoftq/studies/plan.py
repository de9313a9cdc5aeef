"""What lies in a folder: whose results, in which order, cut into which chunks. A small file, checked, holds it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.studies.contents import Contents, contents_of
from fastsoftq.studies.study import KEEP, PRECISIONS, Condition, Study, canonical
from fastsoftq.system.memory import check_memory
from fastsoftq.system.provenance import checked_provenance

__all__ = ["FolderError", "Plan", "Unit", "sealed", "unsealed"]

_FORMAT = 1
_VALUES = 2**22  # returns in a chunk, at most: 52 MiB of curves, a second or so of one core
_LEAST = 512  # runs in a chunk, at least: fewer leave the engine's lanes half empty
_BYTES = 2**31 - 2**20  # of an array of a chunk, at most: what Blosc takes
_UNIT_BYTES = 200  # of memory for each unit, where all are listed
_SHARES = 16  # chunks of a condition, where there is enough for as many


class FolderError(ValueError):
    """A folder that is not, or not only, the study's."""


class Unit(NamedTuple):
    """What is computed and committed at once: some runs of one condition."""

    condition: int  # its place in the plan
    chunk: int
    first: int  # its first run, counted from the study's
    runs: int

    @property
    def name(self) -> str:
        """As files call it."""
        return f"{self.condition}.{self.chunk}"


@dataclass(frozen=True)
class Plan:
    """A study's results in a folder.

    Attributes
    ----------
    record : mapping
        The study, as `Study.record`.
    conditions : tuple of Condition
        In the order of the results: what was added later comes later.
    chunk : int
        Runs in a chunk.
    source : str or None
        The TOML text the study was read from.
    provenance : tuple of mappings
        One entry for each time the folder was made or extended.
    """

    record: Mapping[str, Any]
    conditions: tuple[Condition, ...]
    chunk: int
    source: str | None
    provenance: tuple[Mapping[str, Any], ...]

    @classmethod
    def first(cls, study: Study, chunk: int | None, source: str | None, provenance: Mapping[str, Any]) -> Plan:
        """The plan of a new folder.

        Raises
        ------
        TypeError, ValueError
            A chunk that is not a positive whole number, or is too large.
        """
        contents = contents_of(study.keep, study.block)
        if chunk is None:
            chunk = max(1, min(_VALUES // study.episodes, max(_LEAST, len(study.seeds) // _SHARES)))
        whole = -(-checks.count("chunk", chunk) // contents.grain) * contents.grain
        most = _most(contents, study.episodes)
        if whole > most:
            raise ValueError(
                f"chunk is {whole} runs of {study.episodes} episodes; no array of a chunk may take 2 GiB, so that it "
                f"must be at most {most} runs, and a multiple of {contents.grain}"
            )
        return cls(study.record, tuple(study.conditions), whole, source, (provenance,))

    def extended(self, study: Study, source: str | None, provenance: Mapping[str, Any]) -> Plan:
        """The plan with more seeds, agents or environments.

        Raises
        ------
        FolderError
            The study does not include all that is here; the message names the first difference.
        """
        difference = self.difference(study)
        if difference:
            raise FolderError(f"holds another study's results: {difference}")
        if canonical(study.record) == canonical(self.record):
            return self
        added = tuple(c for c in study.conditions if c not in self.conditions)
        return replace(
            self,
            record=study.record,
            conditions=self.conditions + added,
            source=source or self.source,
            provenance=(*self.provenance, provenance),
        )

    def difference(self, study: Study) -> str | None:
        """The first thing that keeps a study's results from being added here, and what can be done about it."""
        return _difference(self.record, study.record)

    @cached_property
    def contents(self) -> Contents:
        """What is kept."""
        return contents_of(self.record["keep"], self.record["block"])

    @property
    def episodes(self) -> int:
        """Episodes of each run."""
        return int(self.record["episodes"])

    @property
    def runs(self) -> int:
        """Runs of each condition."""
        return int(self.record["seeds"]["count"])

    @property
    def chunks(self) -> int:
        """Chunks of each condition."""
        return -(-self.runs // self.chunk)

    def units(self, part: tuple[int, int] = (1, 1)) -> list[Unit]:
        """The units of one of several equal parts, so ordered that all conditions advance together.

        Parameters
        ----------
        part : (int, int)
            Which, from 1, and of how many.
        """
        index, parts = part
        mine = range(index - 1, len(self.conditions) * self.chunks, parts)
        units = [self.unit(*divmod(place, self.chunks)) for place in mine]
        return sorted(units, key=lambda unit: (unit.chunk, unit.condition))

    def unit(self, condition: int, chunk: int) -> Unit:
        """The unit of a condition and chunk."""
        first = chunk * self.chunk
        return Unit(condition, chunk, first, min(self.chunk, self.runs - first))

    def seeds(self, first: int, runs: int) -> NDArray[np.uint64]:
        """The seeds of some runs, counted from the study's first; uint64 [runs]."""
        return np.arange(runs, dtype=np.uint64) + np.uint64(self.record["seeds"]["start"] + first)

    def identity(self, condition: Condition) -> str:
        """A hash of all that a condition's runs depend on, seeds apart."""
        record = self.record
        settings = {name: record[name] for name in ("episodes", "max_steps", "precision", "keep", "block")}
        environment = record["environments"][condition.environment]
        start = record["seeds"]["start"]
        parts = [settings, start, self.chunk, environment, record["agents"][condition.agent]]
        return hashlib.sha256(canonical(parts)).hexdigest()

    def to_data(self) -> dict[str, Any]:
        """The plan as plain data with a checksum."""
        return sealed(
            {
                "format": _FORMAT,
                "study": self.record,
                "conditions": [[c.environment, c.agent] for c in self.conditions],
                "chunk": self.chunk,
                "source": self.source,
                "provenance": list(self.provenance),
            }
        )

    @classmethod
    def from_data(cls, data: Any) -> Plan | None:
        """The plan again, or None where a bit of it has changed.

        Raises
        ------
        FolderError
            Written by a later version.
        """
        data = unsealed(data)
        if data is None:
            return None
        if data.get("format", _FORMAT) != _FORMAT:
            raise FolderError(f"has format {data['format']!r}; this version of fastsoftq reads format {_FORMAT}")
        try:
            conditions = tuple(Condition(*names) for names in data["conditions"])
            plan = cls(data["study"], conditions, data["chunk"], data["source"], tuple(data["provenance"]))
            plan._check()
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise FolderError(f"holds a plan that no version of fastsoftq writes ({error!r})") from None
        return plan

    def _check(self) -> None:
        """Look at all that will be read of a plan, which may have been written by anybody."""
        record = self.record
        if checks.choice("keep", record["keep"], KEEP) == "summary":
            checks.count("block", record["block"])
        for name in ("episodes", "max_steps"):
            checks.count(name, record[name])
        checks.count("chunk", self.chunk)
        if self.chunk % self.contents.grain or self.chunk > _most(self.contents, self.episodes):
            raise ValueError(f"chunk is {self.chunk}")
        checks.count("seeds.count", record["seeds"]["count"], most=sys.maxsize)
        checks.count("seeds.start", record["seeds"]["start"], least=0, most=2**64 - 1)
        check_memory(f"seeds is {self.runs}; it", _UNIT_BYTES * len(self.conditions) * self.chunks, "take fewer")
        checks.text("name", record["name"])
        checks.choice("precision", record["precision"], PRECISIONS)
        for condition in self.conditions:
            checks.text("mdp", record["environments"][condition.environment]["mdp"])
            checks.text("kind", record["agents"][condition.agent]["kind"])
            for digest in record["agents"][condition.agent].get("code", {}).values():
                checks.text("code", digest)
            self.identity(condition)
        for entry in (*self.provenance, self.provenance[-1]):
            checked_provenance(entry)


def _most(contents: Contents, episodes: int) -> int:
    """The most runs that a chunk can have."""
    return max(1, contents.rows_within(_BYTES, episodes)) * contents.runs_per_row


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with a checksum of itself."""
    return {**data, "sha256": hashlib.sha256(canonical(data)).hexdigest()}


def unsealed(data: bytes | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was sealed, plain or as canonical JSON; None if this is anything else, by so much as a bit."""
    try:
        parsed = json.loads(data) if isinstance(data, bytes) else dict(data or {})
        if isinstance(data, bytes) and canonical(parsed) != data:
            return None
        checksum = parsed.pop("sha256", None)
        return parsed if checksum == hashlib.sha256(canonical(parsed)).hexdigest() else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


_ELSEWHERE = "More seeds, agents or environments can be added to what is there; anything else needs another folder"


def _difference(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    if here.get("results", 1) != wanted["results"]:  # 1 was not written down
        return (
            f"they are of results version {here.get('results', 1)} and this version of fastsoftq makes "
            f"{wanted['results']}, other numbers from the same study. Go on with the version that made them, which "
            "their provenance names, or take another folder"
        )
    for name in ("name", "episodes", "max_steps", "precision", "keep", "block"):
        if here[name] != wanted[name]:
            return f"{name} is {here[name]!r} there and {wanted[name]!r} here. {_ELSEWHERE}"
    if here["seeds"]["start"] != wanted["seeds"]["start"]:
        return f"seeds start at {here['seeds']['start']} there and at {wanted['seeds']['start']} here. {_ELSEWHERE}"
    if here["seeds"]["count"] > wanted["seeds"]["count"]:
        return f"it has {here['seeds']['count']} seeds, and {wanted['seeds']['count']} are asked for here. {_ELSEWHERE}"
    for group in ("environments", "agents"):
        for name, record in here[group].items():
            if name not in wanted[group]:
                return f"{group}.{name} is there and not here. {_ELSEWHERE}"
            if record != wanted[group][name]:
                return f"{group}.{name} {_changes(record, wanted[group][name])}"
    return None


def _changes(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = [name for name in {**here, **wanted} if here.get(name) != wanted.get(name) and name != "sha256"]
    changes = [f"{name} {here.get(name)!r} there and {wanted.get(name)!r} here" for name in names if name != "code"]
    if changes or "code" not in names:
        return f"has {'; '.join(changes or ['other outcomes there'])}. {_ELSEWHERE}"
    then, now = here.get("code"), wanted.get("code", {})
    if then is None:
        return (
            "is an agent of your own, whose code was not written down when these results were made, so that it cannot "
            "be told whether they are this code's. Take another folder"
        )
    edited = [name for name in sorted({**then, **now}) if then.get(name) != now.get(name)]
    return (
        f"has other code there: what differs is {', '.join(edited)}. Put it back as it was to go on in this folder, or "
        "take another folder for the code as it is now"
    )

"""What lies in a folder: whose results, in which order, cut into which chunks."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.comparing import Axis
from fastsoftq.studies.conditions import SETTINGS, Condition
from fastsoftq.studies.deep_parts import runs_at_once
from fastsoftq.studies.reading import Reading
from fastsoftq.studies.storing.kept_arrays import FINAL_TABLE, PARAMETERS, Contents, Kept, contents_of
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import canonical, difference_of
from fastsoftq.studies.summary import STATISTICS
from fastsoftq.system.memory import in_words

__all__ = ["FORMAT", "FolderError", "Plan", "Unit"]

# Format 1 knew neither conditions of a study's own nor tables, and counted episodes from 0.
FORMAT = 2
_CHUNK_BYTES = 13 * 2**22  # of curves and tables, at most: a second or so of one core, at 13 bytes an episode
_LEAST = 512  # runs in a chunk, at least: fewer leave the engine's lanes half empty
_BYTES = 2**31 - 2**20  # of an array of a chunk, at most: what Blosc takes
_SHARES = 16  # chunks of a condition, where there is enough for as many
_STEPS = 2**20  # of deep runs of a chunk: some seconds to half a minute of one core


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
        In the order of the results, with all that they are run with: what was added later comes later.
    chunk : int
        Runs in a chunk.
    cells : mapping of str to int
        How long a chunk is along each dimension of a row. Longer rows, of conditions added since, take several.
    source : str or None
        The TOML text the study was read from.
    provenance : tuple of mappings
        One entry for each time the folder was made or extended.
    format : int
    reading : Reading
        How the results are read, as the latest study said.
    """

    record: Mapping[str, Any]
    conditions: tuple[Condition, ...]
    chunk: int
    cells: Mapping[str, int]
    source: str | None
    provenance: tuple[Mapping[str, Any], ...]
    format: int = FORMAT
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def first(cls, study: Study, chunk: int | None, source: str | None, provenance: Mapping[str, Any]) -> Plan:
        """The plan of a new folder.

        Raises
        ------
        TypeError, ValueError
            A chunk that is not a positive whole number, or is too large.
        """
        plan = cls(study.record, study.resolved, 1, {}, source, (provenance,), reading=study.reading)
        plan = replace(plan, cells=plan.longest)
        if chunk is None:
            chunk = max(1, min(map(plan.usual_chunk, plan.conditions)))
            if study.axis is Axis.POINTS:
                chunk = max(chunk, *map(runs_at_once, study.agents.values()))
        grain = plan.contents.grain
        plan = replace(plan, chunk=-(-checks.count("chunk", chunk) // grain) * grain)
        plan.check_chunk()
        return plan

    def usual_chunk(self, condition: Condition) -> int:
        """How many runs of a condition are best computed and committed together."""
        most = _CHUNK_BYTES // self.run_bytes(condition)
        if condition.steps is not None:
            return min(most, _STEPS // condition.steps, max(1, self.runs // _SHARES))
        return min(most, max(_LEAST, self.runs // _SHARES))

    def extended(self, study: Study, source: str | None, provenance: Mapping[str, Any]) -> Plan:
        """The plan with more seeds, agents, environments or conditions, read as the study says.

        Raises
        ------
        FolderError
            The study does not include all that is here; the message names the first difference.
        ValueError
            What is added has rows that are too large for the chunks here.
        """
        difference = self.difference(study)
        if difference:
            raise FolderError(f"holds another study's results: {difference}")
        reading = study.reading.over(self.reading)
        if canonical(study.record) == canonical(self.record):
            return self if reading == self.reading else replace(self, source=source or self.source, reading=reading)
        wanted = {condition.name: condition for condition in study.resolved}
        here = [wanted.pop(condition.name) for condition in self.conditions]  # they may have more seeds
        plan = replace(
            self,
            record=study.record,
            conditions=(*here, *wanted.values()),
            source=source or self.source,
            provenance=(*self.provenance, provenance),
            format=FORMAT,
            reading=reading,
        )
        plan = replace(plan, cells={**plan.longest, **self.cells})  # tables may be kept from now on
        plan.check_chunk()
        return plan

    def difference(self, study: Study) -> str | None:
        """The first thing that keeps a study's results from being added here, and what can be done about it."""
        return difference_of(self.record, study.record)

    @cached_property
    def contents(self) -> Contents:
        """What is kept."""
        record = self.record
        tables = self.axis is Axis.EPISODES and bool(record.get("tables") or self._sources)
        parameters = bool(record.get("parameters"))
        return contents_of(
            record["keep"], record["block"], tables, record.get("checkpoints", ()), self.axis, parameters
        )

    @property
    def axis(self) -> Axis:
        """What the columns of its curves stand for."""
        return Axis.POINTS if "steps" in self.record else Axis.EPISODES

    def kept(self, condition: Condition) -> list[Kept]:
        """What is kept of a condition.

        Not checkpoints that it does not reach; final tables or parameters if the study keeps them, or if others start
        from them.
        """
        unkept = set()
        if not (self.record.get("tables") or condition.name in self._sources):
            unkept.add(FINAL_TABLE)
        if condition.name not in self.record.get("parameters", {}):
            unkept.add(PARAMETERS)
        return [kept for kept in self.contents.arrays if kept.episode <= condition.columns and kept.name not in unkept]

    def row_shape(self, condition: Condition, kept: Kept) -> tuple[int, ...]:
        """The shape of a condition's rows of an array."""
        sizes = self._sizes(condition)
        return tuple(sizes[dimension] for dimension in kept.dimensions)

    def run_bytes(self, condition: Condition) -> int:
        """How many bytes a run of a condition takes while it is trained."""
        return sum(self._row_bytes(condition, kept) for kept in self._of_runs(condition))

    @cached_property
    def longest(self) -> dict[str, int]:
        """The length of the longest rows, by dimension."""
        longest: dict[str, int] = {}
        for condition in self.conditions:
            sizes = self._sizes(condition)
            for dimension in (dimension for kept in self.kept(condition) for dimension in kept.dimensions):
                longest[dimension] = max(sizes[dimension], longest.get(dimension, 0))
        return longest

    def check_chunk(self) -> None:
        """Refuse chunks with an array too large to be stored.

        Raises
        ------
        ValueError
            The message says how many runs a chunk may have.
        """
        contents = self.contents
        for condition in self.conditions:
            for kept in self.kept(condition):
                shape = self.row_shape(condition, kept)
                cell = [self.cells[dimension] for dimension in kept.dimensions]
                row = np.dtype(kept.dtype).itemsize * max(math.prod(shape), math.prod(cell))
                most = _BYTES // row * contents.runs_per_row
                of = " and ".join(f"{size} {name}s" for name, size in zip(kept.dimensions, shape, strict=True))
                if most < contents.grain:
                    raise ValueError(
                        f"{condition.name} has {of}, too many to be stored: an array of {contents.grain} runs, which a "
                        f"chunk has at least, would take {in_words(contents.grain // contents.runs_per_row * row)}, "
                        "and may take 2 GiB"
                    )
                if self.chunk > most:
                    raise ValueError(
                        f"chunk is {self.chunk} runs of {of}; no array of a chunk may take 2 GiB, so that it must be "
                        f"at most {most} runs, and a multiple of {contents.grain}"
                    )

    @property
    def runs(self) -> int:
        """Runs of each condition that has no number of its own, and the most that any has."""
        return int(self.record["seeds"]["count"])

    def runs_of(self, condition: int) -> int:
        """Runs of the condition at a place."""
        return _known(self.conditions[condition].seeds)

    def chunks_of(self, condition: int) -> int:
        """Chunks of the condition at a place."""
        return -(-self.runs_of(condition) // self.chunk)

    def units(self, part: tuple[int, int] = (1, 1)) -> list[Unit]:
        """The units of one of several equal parts, so ordered that all conditions advance together.

        Those that others start from come first.

        Parameters
        ----------
        part : (int, int)
            Which, from 1, and of how many.
        """
        index, parts = part
        places = ((place, chunk) for place in range(len(self.conditions)) for chunk in range(self.chunks_of(place)))
        units = [self.unit(*place) for place in itertools.islice(places, index - 1, None, parts)]
        return sorted(units, key=lambda unit: (self._depths[unit.condition], unit.chunk, unit.condition))

    def unit(self, condition: int, chunk: int) -> Unit:
        """The unit of a condition and chunk."""
        first = chunk * self.chunk
        return Unit(condition, chunk, first, min(self.chunk, self.runs_of(condition) - first))

    def source_of(self, unit: Unit) -> Unit | None:
        """The unit whose final tables a unit starts from, if it starts from any."""
        after = self.conditions[unit.condition].after
        return None if after is None else self.unit(self._places[after], unit.chunk)

    def seeds(self, condition: Condition, first: int, runs: int) -> NDArray[np.uint64]:
        """The seeds of some runs of a condition, counted from its first; uint64 [runs]."""
        return np.arange(runs, dtype=np.uint64) + np.uint64(_known(condition.first_seed) + first)

    def identity(self, condition: Condition) -> str:
        """A hash of all that a condition's runs depend on, their number apart."""
        return self._identities[condition.name]

    @cached_property
    def _identities(self) -> dict[str, str]:
        found: dict[str, str] = {}
        record = self.record
        for condition in self.conditions:
            settings = {name: getattr(condition, name) for name in SETTINGS if name in record}
            settings |= {name: record[name] for name in ("keep", "block")}
            learns = record["environments"][condition.environment], record["agents"][condition.agent]
            parts = [settings, condition.first_seed, self.chunk, *learns]
            tables = [kept.key for kept in self.kept(condition) if kept.learned]
            if tables or condition.after is not None:
                parts.append({"tables": tables, "after": condition.after and found[condition.after]})
            found[condition.name] = hashlib.sha256(canonical(parts)).hexdigest()
        return found

    @cached_property
    def _sources(self) -> set[str]:
        """The conditions that others start from."""
        return {condition.after for condition in self.conditions if condition.after is not None}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {condition.name: place for place, condition in enumerate(self.conditions)}

    @cached_property
    def _depths(self) -> list[int]:
        """How many others each condition comes after."""
        depths: list[int] = []
        for condition in self.conditions:
            depths.append(0 if condition.after is None else depths[self._places[condition.after]] + 1)
        return depths

    def _of_runs(self, condition: Condition) -> list[Kept]:
        """The arrays of single runs, whether they or summaries of them are kept."""
        whole = contents_of("curves", axis=self.axis).arrays
        return [*whole, *(kept for kept in self.kept(condition) if kept.learned)]

    def _row_bytes(self, condition: Condition, kept: Kept) -> int:
        return np.dtype(kept.dtype).itemsize * math.prod(self.row_shape(condition, kept))

    def _sizes(self, condition: Condition) -> dict[str, int]:
        environment = self.record["environments"][condition.environment]
        sizes = {self.axis.unit: condition.columns, "statistic": len(STATISTICS), "action": environment["actions"]}
        if self.axis is Axis.EPISODES:
            return {**sizes, "state": environment["states"]}
        return {**sizes, "parameter": self.record.get("parameters", {}).get(condition.name, 0)}


def _known(value: int | None) -> int:
    """A setting of a condition that has all of them filled in."""
    if value is None:
        raise ValueError("a condition lacks a setting")
    return value

"""Who watches a run: told of its units as they are begun, computed and done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from fastsoftq.engine.threads import Progress
from fastsoftq.studies.inspect import Row
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.work import Result

__all__ = ["Tally", "Watch"]


class Watch(Protocol):
    """Told how a run goes, in the thread that called `run`; `tick` in the thread that trains."""

    def begin(self, store: Store, units: list[Unit]) -> None:
        """The units of this run, or of a round of it."""

    def tick(self, unit: Unit, progress: Progress) -> None:
        """How far a unit is, from the thread that computes it."""

    def done(self, result: Result) -> None:
        """A unit is done, or another run has it."""


class Tally:
    """A `Watch` that counts."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._rows: dict[int, Row] = {}
        self._under_way: dict[Unit, Progress] = {}
        self._start = now()
        self._steps = 0  # taken since, in units that are done

    def begin(self, store: Store, units: list[Unit]) -> None:
        """The units that will be seen to."""
        rows: dict[int, Row] = {}
        for unit in sorted(units):
            row = rows.get(unit.condition, Row(store.plan.conditions[unit.condition].name, 0, 0, 0))
            rows[unit.condition] = row._replace(runs=row.runs + unit.runs)
        with self._lock:
            if not self._rows:  # rounds begin again, and what they take is one run
                self._start = self._now()
            self._rows = rows

    def tick(self, unit: Unit, progress: Progress) -> None:
        """How far a unit is."""
        with self._lock:
            self._under_way[unit] = progress

    def done(self, result: Result) -> None:
        """A unit is done, or another run has it."""
        with self._lock:
            if not result.busy:
                row = self._rows[result.unit.condition]
                place = result.unit.condition
                self._rows[place] = row._replace(done=row.done + result.runs, steps=row.steps + result.steps)
            now: Result | None = result
            while now is not None:  # with the units that it starts from
                self._under_way.pop(now.unit, None)
                self._steps += now.new_steps
                now = now.source

    @property
    def rows(self) -> list[Row]:
        """The conditions as they are now, with what is under way."""
        with self._lock:
            rows = dict(self._rows)
            for unit, progress in self._under_way.items():
                if unit.condition not in rows:  # another part's, which one of this part starts from
                    continue
                row = rows[unit.condition]
                done = min(row.done + progress.runs, row.runs)
                rows[unit.condition] = row._replace(done=done, steps=row.steps + progress.steps)
            return list(rows.values())

    @property
    def steps_a_second(self) -> float:
        """Since the beginning."""
        with self._lock:
            steps = self._steps + sum(progress.steps for progress in self._under_way.values())
            return steps / max(self._now() - self._start, 1e-9)

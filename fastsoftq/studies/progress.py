"""How far a study is, in numbers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from fastsoftq.engine.threads import Progress
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.store import Store
from fastsoftq.studies.work import Result

__all__ = ["Row", "Tally", "time_left"]


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
        for unit in sorted(units):
            row = self._rows.get(unit.condition, Row(store.plan.conditions[unit.condition].name, 0, 0, 0))
            self._rows[unit.condition] = row._replace(runs=row.runs + unit.runs)
        self._start = self._now()

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

"""How far a study is: numbers, a table for a terminal that is redrawn, and lines for anything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from fastsoftq.engine.threads import Progress
from fastsoftq.studies.plan import Unit
from fastsoftq.studies.store import Store
from fastsoftq.studies.work import Result
from fastsoftq.system.streams import shown

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["LiveTable", "PlainLines", "Row", "Tally", "table", "time_left"]


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


def table(title: str, rows: Iterable[Row], steps_a_second: float) -> Table:
    """The conditions and a line of totals, for Rich to draw."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text  # names may hold what Rich would take for markup

    rows = list(rows)
    drawn = Table(title=Text(shown(title)), title_justify="left", show_footer=True, box=None, pad_edge=False)
    left = time_left(rows, steps_a_second)
    done, runs = sum(row.done for row in rows), sum(row.runs for row in rows)
    drawn.add_column("condition", footer="all")
    drawn.add_column("", footer=f"{done / runs:.0%}" if runs else "", min_width=16)
    drawn.add_column("runs", footer=f"{done:,} / {runs:,}", justify="right")
    drawn.add_column("steps", footer=f"{_millions(steps_a_second)} steps/s", justify="right")
    drawn.add_column("time left", footer=clock(left), justify="right")
    for row in rows:
        bar = ProgressBar(total=row.runs, completed=row.done, width=16)
        drawn.add_row(Text(shown(row.name)), bar, f"{row.done:,} / {row.runs:,}", _millions(row.steps), "")
    return drawn


def line(rows: Iterable[Row], steps_a_second: float) -> str:
    """The totals as one line of text."""
    rows = list(rows)
    done, runs = sum(row.done for row in rows), sum(row.runs for row in rows)
    parts = [f"{done:,} of {runs:,} runs ({done / runs:.0%})"]
    if steps_a_second > 0.0:
        parts.append(f"{_millions(steps_a_second)} steps/s")
    if done < runs:
        parts.append(f"{clock(time_left(rows, steps_a_second))} left")
    return ", ".join(parts)


def clock(seconds: float | None) -> str:
    """Seconds as hours, minutes and seconds."""
    if seconds is None:
        return "?"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


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


class LiveTable(Tally):
    """A table that is redrawn four times a second, from `begin` to `close`."""

    def begin(self, store: Store, units: list[Unit]) -> None:
        """The units that will be seen to."""
        from rich.live import Live

        super().begin(store, units)
        title = f"{store.plan.record['name']} in {store.url}"
        self._live = Live(get_renderable=lambda: table(title, self.rows, self.steps_a_second), refresh_per_second=4)
        self._live.start()

    def close(self) -> None:
        """Leave the table as it is now."""
        if hasattr(self, "_live"):
            self._live.stop()


class PlainLines(Tally):
    """A line every so many seconds.

    Parameters
    ----------
    write : callable
        Given each line.
    every : float
        Seconds.
    now : callable
        The clock.
    """

    def __init__(
        self, write: Callable[[str], None] = print, every: float = 10.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(now)
        self._write, self._every, self._last = write, every, now()

    def done(self, result: Result) -> None:
        """A unit is done, or another run has it."""
        super().done(result)
        if self._now() - self._last >= self._every:
            self._last = self._now()
            self._write(line(self.rows, self.steps_a_second))

    def close(self) -> None:
        """Say where it stands."""
        if self._rows:
            self._write(line(self.rows, self.steps_a_second))


def _millions(steps: float) -> str:
    return f"{steps / 1e6:,.1f} M"

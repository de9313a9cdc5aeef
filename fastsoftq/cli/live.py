"""How far something is: a table that is redrawn on a terminal, or a line now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from fastsoftq.engine.threads import Progress
from fastsoftq.studies.inspect import Row, time_left
from fastsoftq.system.streams import say, shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["Counted", "Labelled", "clock", "line", "live", "millions", "table", "terminal"]


class Counted(Protocol):
    """What counts how far something is."""

    @property
    def rows(self) -> list[Row]:
        """As of now."""

    @property
    def steps_a_second(self) -> float:
        """Since the beginning."""


@contextmanager
def live(
    title: str, counted: Counted, *, prefix: str = "", every: float = 10.0, write: Callable[[str], None] = say
) -> Iterator[None]:
    """Show how far something is, within.

    Parameters
    ----------
    title : str
        Of the table, where standard output or standard error is a terminal.
    counted : Counted
    prefix : str
        Of the lines, where neither is.
    every : float
        Seconds between lines.
    write : callable
        Given each line.
    """
    console = terminal()
    if console is not None:
        from rich.live import Live

        def drawn() -> Table | str:
            rows = counted.rows
            return table(title, rows, counted.steps_a_second) if rows else ""

        with Live(get_renderable=drawn, console=console, refresh_per_second=4):
            yield
        return

    ended = threading.Event()

    def tell() -> None:
        if rows := counted.rows:
            write(prefix + line(rows, counted.steps_a_second))

    def repeat() -> None:
        while not ended.wait(every):
            tell()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        tell()


class Labelled:
    """Counts what is told of by a label and a `Progress`, as an experiment's analysis does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, Progress] = {}
        self._start = time.monotonic()

    def __call__(self, label: str, progress: Progress) -> None:
        """Note how far something is."""
        with self._lock:
            self._told[label] = progress

    @property
    def rows(self) -> list[Row]:
        """What was told last of each label."""
        with self._lock:
            return [Row(label, told.runs, told.of_runs, told.steps) for label, told in self._told.items()]

    @property
    def steps_a_second(self) -> float:
        """Since the beginning."""
        return sum(row.steps for row in self.rows) / max(time.monotonic() - self._start, 1e-9)


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
    speed = f"{millions(steps_a_second)} steps/s" if steps_a_second > 0.0 else "starting"  # or compiling
    drawn.add_column("steps", footer=speed, justify="right")
    drawn.add_column("time left", footer=clock(left), justify="right")
    for row in rows:
        bar = ProgressBar(total=row.runs, completed=row.done, width=16)
        drawn.add_row(Text(shown(row.name)), bar, f"{row.done:,} / {row.runs:,}", millions(row.steps), "")
    return drawn


def line(rows: Iterable[Row], steps_a_second: float) -> str:
    """The totals as one line of text.

    Examples
    --------
    >>> line([Row("cliff/hard", done=10, runs=40, steps=20_000_000)], 2e6)
    '10 of 40 runs (25%), 2.0 M steps/s, 0:30 left'
    """
    rows = list(rows)
    done, runs = sum(row.done for row in rows), sum(row.runs for row in rows)
    parts = [f"{done:,} of {runs:,} runs ({done / runs:.0%})" if runs else "no runs"]
    if steps_a_second > 0.0:
        parts.append(f"{millions(steps_a_second)} steps/s")
    if done < runs:
        parts.append(f"{clock(time_left(rows, steps_a_second))} left")
    return ", ".join(parts)


def clock(seconds: float | None) -> str:
    """Seconds as hours, minutes and seconds.

    Examples
    --------
    >>> clock(75), clock(93_661), clock(None)
    ('1:15', '26:01:01', '?')
    """
    if seconds is None:
        return "?"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def terminal() -> Console | None:
    """Standard output if it is a terminal, else standard error if that is one."""
    from rich.console import Console

    for stderr in (False, True):
        console = Console(stderr=stderr)
        if console.is_terminal:
            return console
    return None


def millions(steps: float) -> str:
    """Steps, or steps a second, in millions where there are many.

    Examples
    --------
    >>> millions(215_300_000), millions(23_400)
    ('215.3 M', '23,400')
    """
    return f"{steps / 1e6:,.1f} M" if steps >= 5e4 else f"{steps:,.0f}"

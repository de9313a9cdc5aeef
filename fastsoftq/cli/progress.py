"""Progress of what is one number: a bar on a terminal, a line now and then elsewhere, nothing where it is quick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from fastsoftq.cli.live import clock, terminal
from fastsoftq.system.streams import say, shown

__all__ = ["progress"]

_QUICK = 1.5  # seconds
_EVERY = 10.0  # seconds between lines


@contextmanager
def progress(title: str, unit: str, write: Callable[[str], None] = say) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, within.

    Parameters
    ----------
    title : str
        Of the bar.
    unit : str
        What is counted, in the plural.
    write : callable
        Given each line, where standard output and standard error are no terminals.

    Yields
    ------
    callable of (int, int)
        To be told how many are done, and of how many; from any thread.
    """
    lock = threading.Lock()
    start = told = time.monotonic()
    console = terminal()
    bar: Callable[[int, int], None] | None = None

    def line(done: int, of: int) -> str:
        seconds = time.monotonic() - start
        left = seconds * (of - done) / done if done else None
        return f"{title}: {done:,} of {of:,} {unit} ({done / max(of, 1):.0%}), {clock(left)} left"

    with ExitStack() as stack:

        def drawn() -> Callable[[int, int], None]:
            from rich.markup import escape
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            words, numbers = TextColumn(escape(shown(title))), TextColumn(unit)
            columns = (words, BarColumn(), MofNCompleteColumn(), numbers, TimeRemainingColumn())
            bars = stack.enter_context(Progress(*columns, console=console, transient=True))
            task = bars.add_task("")
            return lambda done, of: bars.update(task, completed=done, total=of)

        def tell(done: int, of: int) -> None:
            nonlocal bar, told
            with lock:
                now = time.monotonic()
                if console is None and now - told >= _EVERY:
                    told = now
                    write(line(done, of))
                elif console is not None and now - start >= _QUICK:
                    bar = bar or drawn()
                    bar(done, of)

        yield tell

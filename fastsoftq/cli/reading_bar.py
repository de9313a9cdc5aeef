"""How far reading is: a bar on a terminal, or a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastsoftq.system.streams import say

__all__ = ["reading"]

_PATIENCE, _EVERY = 2.0, 10.0  # seconds before anything is shown, and between lines


@contextmanager
def reading(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many things are read, within, once that takes longer than a moment.

    Parameters
    ----------
    what : str

    Yields
    ------
    callable
        To be told how many are read, and of how many.
    """
    from rich.console import Console

    console = Console(stderr=True)
    start = last = time.monotonic()
    if not console.is_terminal:

        def tell(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _EVERY:
                last = now
                say(f"{done:,} of {total:,} {what}")

        yield tell
        return

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=False) as progress:
        bar = progress.add_task(what, total=None, visible=False)

        def draw(done: int, total: int) -> None:
            visible = time.monotonic() - start >= _PATIENCE
            progress.update(bar, completed=done, total=total, visible=visible)

        yield draw

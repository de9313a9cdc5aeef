"""A live progress bar for training, on the terminal only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from time import perf_counter

from fastsoftq.engine.threads import Progress

__all__ = ["progress_bars"]


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str, Progress], None]]:
    """Show a bar with steps a second for everything that trains; nothing where standard error is not a terminal.

    Yields
    ------
    callable
        To be told a label and a `Progress`, first with nothing done.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda label, progress: None
        return
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs  {task.fields[speed]:>6.1f} M steps/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )
    tasks = {}
    began = {}

    def watch(label: str, progress: Progress) -> None:
        if label not in tasks:
            tasks[label] = bars.add_task(label, total=progress.of_runs, speed=0.0)
            began[label] = perf_counter()
        speed = progress.steps / 1e6 / max(perf_counter() - began[label], 1e-9)
        bars.update(tasks[label], completed=progress.runs, speed=speed)

    with bars:
        yield watch

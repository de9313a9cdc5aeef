"""What was measured of agents with memory: on the terminal, and as a CSV file."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from benchmarks.peers import task
from benchmarks.peers.measure import Entry
from benchmarks.peers.report import times
from benchmarks.peers.shelf import shelf_fastsoftq
from benchmarks.peers.shelf.shelf_task import ALGORITHMS


class Compared(NamedTuple):
    """fastsoftq beside the fastest plain C of the same algorithm."""

    case: task.Case
    ours: Entry
    c: Entry | None

    @property
    def ratio(self) -> float:
        """The median over rounds of how many times as fast it is."""
        if self.c is None:
            return math.nan
        return statistics.median(ours / c for ours, c in zip(self.ours.speeds, self.c.speeds, strict=True))


def compared(entries: Sequence[Entry]) -> Iterator[Compared]:
    for case in dict.fromkeys(entry.case for entry in entries):
        own = [entry for entry in entries if entry.case == case]
        ours = next(entry for entry in own if entry.peer is shelf_fastsoftq.peer)
        yield Compared(case, ours, max((entry for entry in own if entry is not ours), key=_speed, default=None))


def table(entries: Sequence[Entry]) -> Table:
    shown = Table(title="Million environment steps a second, one core")
    for heading in ("agent", "loop", "fastsoftq", "plain C", "times C", "the C"):
        shown.add_column(heading, justify="left" if heading in ("agent", "loop", "the C") else "right")
    for one in compared(entries):
        c = ("?", "?", "") if one.c is None else (_millions(one.c), times(one.ratio), one.c.peer.name)
        shown.add_row(ALGORITHMS[one.case.algorithm].title, shelf_fastsoftq.loop(one.case), _millions(one.ours), *c)
    return shown


def write_csv(entries: Sequence[Entry], path: Path) -> None:
    ratios = {one.case: one.ratio for one in compared(entries)}
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["agent", "contender", "loop", "step_size", "seeds", "episodes", "rounds", "million_steps_per_second",
             "lowest", "highest", "times_fastest_plain_c"]
        )  # fmt: skip
        for entry in entries:
            ours = entry.peer is shelf_fastsoftq.peer
            speeds = (entry.speed, min(entry.speeds), max(entry.speeds))
            writer.writerow(
                [entry.case.algorithm, entry.peer.name, shelf_fastsoftq.loop(entry.case) if ours else "one run",
                 ALGORITHMS[entry.case.algorithm].step_size, entry.seeds, entry.episodes, len(entry.speeds),
                 *(f"{speed / 1e6:.4g}" for speed in speeds), f"{ratios[entry.case]:.4g}" if ours else ""]
            )  # fmt: skip


def _speed(entry: Entry) -> float:
    return entry.speed


def _millions(entry: Entry) -> str:
    return f"{entry.speed / 1e6:.3g}"

"""Contenders side by side: interleaved rounds in one process on one core, medians, real environment steps."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.peers import c_plain, task

# Seeds in one call. A virtual machine may take longer to find the memory for more results than learning takes.
BATCH = 2048


@dataclass
class Entry:
    """One contender at one case: its workload and the speed of each round, in environment steps a second."""

    peer: task.Peer
    case: task.Case
    seeds: int
    episodes: int
    speeds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # to plain C in the same round; bare stepping to C that learns

    @property
    def label(self) -> str:
        return self.peer.name + (", stepping only" if self.case == task.RANDOM else "")

    @property
    def speed(self) -> float:
        return statistics.median(self.speeds)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios) if self.ratios else math.nan


def timed(peer: task.Peer, case: task.Case, seeds: int, episodes: int) -> tuple[float, int]:
    """Seconds and environment steps of one run. Processor time: on one core, what a clock shows on an idle machine."""
    numbers, took, steps = np.arange(1, seeds + 1), 0.0, 0
    for first in range(0, seeds, BATCH):
        start = time.process_time()
        lengths = peer.run(case, numbers[first : first + BATCH], episodes, task.MAX_STEPS)[1]
        took += time.process_time() - start
        steps += int(lengths.sum(dtype=np.int64))
        del lengths  # so that the next call can have its memory
    return took, steps


def sized(peer: task.Peer, case: task.Case, seconds: float, least_seeds: int = 1) -> Entry:
    """Choose a workload that takes about so long: all episodes if they fit, then more seeds; slow ones do the first."""
    seeds, episodes = max(peer.seeds_together, least_seeds), 4
    while True:
        timed(peer, case, seeds, episodes)  # compiles
        took, _ = timed(peer, case, seeds, episodes)
        if episodes == task.EPISODES or took > seconds / 2:
            break
        episodes = min(task.EPISODES, math.ceil(episodes * min(seconds / took, 20.0)))
    if episodes == task.EPISODES:
        seeds = max(seeds, round(seeds * seconds / took))
        seeds -= seeds % (BATCH if seeds > BATCH else peer.seeds_together)
    return Entry(peer, case, seeds, episodes)


def rounds(entries: Sequence[Entry], count: int) -> Iterator[int]:
    """Run every entry once a round, and yield the round's number when it is done. Round 0 warms up and is not kept."""
    for number in range(count + 1):
        speeds = {}
        for entry in entries:
            took, steps = timed(entry.peer, entry.case, entry.seeds, entry.episodes)
            speeds[entry.peer.name, entry.case] = steps / took
        for entry in entries if number else ():
            speed = speeds[entry.peer.name, entry.case]
            entry.speeds.append(speed)
            yardstick = (c_plain.peer.name, task.HARD if entry.case == task.RANDOM else entry.case)
            if yardstick in speeds:
                entry.ratios.append(speed / speeds[yardstick])
        yield number

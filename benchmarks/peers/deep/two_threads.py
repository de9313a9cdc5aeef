"""What a second thread brings: the same seeds by one thread and by two, by the clock."""

from __future__ import annotations

import statistics
import time

import fastsoftq as fsq
from benchmarks.peers.deep.fastsoftq_deep import deep
from benchmarks.peers.deep.speed_table import Figure
from fastsoftq.system.processors import processors

SEEDS = 4


def figures(steps: int, rounds: int) -> list[Figure]:
    if processors() < 2:
        return []
    took: dict[int, list[float]] = {1: [], 2: []}
    for number in range(rounds + 1):
        for threads, seconds in took.items():
            start = time.perf_counter()
            fsq.train(fsq.cart_pole(), deep(steps), SEEDS, steps=steps, points=1, threads=threads)
            if number:
                seconds.append(time.perf_counter() - start)
    gain = statistics.median(one / two for one, two in zip(took[1], took[2], strict=True))
    return [Figure("two threads, seeds a second", gain, "times one", f"{SEEDS} seeds of {steps:,} steps")]

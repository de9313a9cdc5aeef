"""Cart pole from the first step to the last, by every contender; what is timed is what is compared.

The slow ones do a piece of their runs a round, so that all rounds together are whole runs: the steps before learning,
those with much exploration and those with little. fastsoftq does a seed a round from beginning to end.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.same_learning import curve_differences, short_of
from benchmarks.peers.deep.speed_table import Speeds


class Length(NamedTuple):
    """How long a run is, and in how many rounds it is done. A point of the curve is whole target periods."""

    steps: int
    points: int
    rounds: int
    runs: int  # of each slow contender; one that learns several seeds together does one

    @property
    def label(self) -> str:
        return f"cart pole, {self.steps:,} steps"


WHOLE, QUICK = Length(task.STEPS, task.POINTS, rounds=10, runs=2), Length(40_000, 8, rounds=4, runs=1)


class Run(NamedTuple):
    """A contender's seeds, and the seconds that each of its pieces took."""

    name: str
    learning: task.Learning
    seeds: int
    seconds: list[float]

    def advance(self) -> None:
        start = time.process_time()
        self.learning.advance()
        self.seconds.append(time.process_time() - start)


def measure(
    ours: task.LearningPeer, others: Sequence[task.LearningPeer], length: Length, say: Callable[[str], None]
) -> tuple[Speeds, list[str]]:
    """The seconds of processor time that a run of one seed takes, and in words who does not learn the same."""
    whole = [Run(ours.name, *_begun(ours, n, length, pieces=1)) for n in range(length.rounds)]
    theirs = []
    for peer in others:
        say(f"{peer.name} gets ready")
        count = 1 if peer.seeds_together > 1 else length.runs
        theirs += [Run(peer.name, *_begun(peer, n, length, length.rounds)) for n in range(count)]
    for number, own in enumerate(whole):
        say(f"{length.label}: round {number + 1} of {length.rounds}")
        own.advance()
        for run in theirs:
            run.advance()
    runs = {
        name: [run for run in [*whole, *theirs] if run.name == name] for name in (ours.name, *(p.name for p in others))
    }
    seconds = {name: statistics.median(sum(run.seconds) / run.seeds for run in some) for name, some in runs.items()}
    progress = {name: joined(run.learning.progress() for run in some) for name, some in runs.items()}
    times = {peer.name: seconds[peer.name] / seconds[ours.name] for peer in others}
    return Speeds(length.label, seconds, times), disagreements(ours.name, progress, length)


def _begun(peer: task.LearningPeer, number: int, length: Length, pieces: int) -> tuple[task.Learning, int, list[float]]:
    first = number * peer.seeds_together
    seeds = range(first, first + peer.seeds_together)
    return peer.learning(seeds, length.steps, length.points, pieces), len(seeds), []


def joined(each: Iterator[task.Progress]) -> task.Progress:
    return task.Progress(*(np.concatenate(parts) for parts in zip(*each, strict=True)))


def disagreements(ours: str, progress: dict[str, task.Progress], length: Length) -> list[str]:
    """Say in words who learns another curve, or does not learn."""
    found = []
    for name, seen in progress.items():
        if length.steps >= task.STEPS:
            found += [f"{name}: {what}" for what in short_of(seen)]
        if name != ours:
            found += [f"{name}: {what}" for what in curve_differences(seen, progress[ours])]
    return found

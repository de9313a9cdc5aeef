"""What a study will take: steps, seconds and bytes, by condition and in all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from fastsoftq.studies.enough_seeds import EnoughSeeds
from fastsoftq.system.html import html_table
from fastsoftq.system.memory import in_words

__all__ = ["ConditionEstimate", "Estimate"]


class ConditionEstimate(NamedTuple):
    """What a condition will take from now on.

    Attributes
    ----------
    name : str
    runs : int
        That the study asks for.
    done : int
        Runs that the folder has already.
    steps : float
        Environment steps expected of the others.
    steps_error : float
        How far off that may be, with 95 % confidence: half the width of the interval.
    seconds : float
        Of one core.
    disk : float
        Bytes.

    Examples
    --------
    >>> ConditionEstimate("cliff/hard", runs=1000, done=0, steps=15e6, steps_error=1e5, seconds=0.2, disk=3e6).name
    'cliff/hard'
    """

    name: str
    runs: int
    done: int
    steps: float
    steps_error: float
    seconds: float
    disk: float


@dataclass(frozen=True)
class Estimate:
    """What a study will take. `estimate` makes one.

    Attributes
    ----------
    name : str
        The study's.
    conditions : tuple of ConditionEstimate
    pilot : int
        Runs of each condition that it rests on.
    threads : int
    seconds : float
        Until all is done, with so many threads on this machine, while nothing else runs.
    memory : int
        Bytes at the peak.
    memory_available : int or None
    disk_free : int or None
        Bytes where the results will lie; None of an object store.
    enough : EnoughSeeds or None
        Of the difference that was asked for.
    most : int or None
        Seeds at most, of a study with a rule that stops it; all else is of its first round.

    Examples
    --------
    >>> one = ConditionEstimate("cliff/hard", runs=1000, done=0, steps=15e6, steps_error=1e5, seconds=0.2, disk=3e6)
    >>> Estimate("small", (one,), 64, 2, 0.1, 2**28, None, None).steps
    15000000.0
    """

    name: str
    conditions: tuple[ConditionEstimate, ...]
    pilot: int
    threads: int
    seconds: float
    memory: int
    memory_available: int | None
    disk_free: int | None
    enough: EnoughSeeds | None = None
    most: int | None = None

    @property
    def runs(self) -> int:
        """Of all conditions, those that are done included."""
        return sum(one.runs for one in self.conditions)

    @property
    def done(self) -> int:
        """Runs that the folder has already."""
        return sum(one.done for one in self.conditions)

    @property
    def steps(self) -> float:
        """Environment steps expected of what is left."""
        return math.fsum(one.steps for one in self.conditions)

    @property
    def steps_error(self) -> float:
        """How far off they may be, with 95 % confidence at least: conditions share seeds, so that errors may add up."""
        return math.fsum(one.steps_error for one in self.conditions)

    @property
    def disk(self) -> float:
        """Bytes."""
        return math.fsum(one.disk for one in self.conditions)

    def _repr_html_(self) -> str:
        rows = [
            (one.name, one.runs, round(one.steps), round(one.seconds, 1), in_words(one.disk)) for one in self.conditions
        ]
        note = f"{self.seconds:,.0f} s with {self.threads} threads, {in_words(self.memory)} of memory at the peak"
        header = ("condition", "runs", "steps", "seconds of a core", "disk")
        return html_table(f"What {self.name} will take", rows, header, note)

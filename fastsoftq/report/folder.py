"""What a report knows of a result folder, whoever wrote it: agents with their curves, words, figures and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fastsoftq.report.findings import Table

__all__ = ["FolderContents", "Picture", "ReportedAgent", "Runs"]


class Runs(NamedTuple):
    """What an agent's runs did, episode by episode."""

    returns: NDArray[np.float64]  # [seeds, episodes]
    lengths: NDArray[np.int32]  # [seeds, episodes]
    truncated: NDArray[np.bool_]  # [seeds, episodes]
    seeds: NDArray[np.uint64]  # [seeds]
    exact_returns: NDArray[np.float64] | None = None  # [episodes], expected once all is learned
    exact_lengths: NDArray[np.float64] | None = None  # [episodes]
    return_bounds: tuple[float, float] | None = None  # the lowest and the highest that an episode can have
    length_bounds: tuple[float, float] | None = None


class LoadRuns(Protocol):
    """Reads the runs of an agent when they are needed, since memory may not hold those of all agents at once."""

    def __call__(self) -> Runs: ...


@dataclass(frozen=True, eq=False)
class ReportedAgent:
    """An agent that learned in a world, once for each seed.

    Attributes
    ----------
    name, label : str
        As files call it, and as readers do.
    colour : str
        As "#rrggbb".
    settings : mapping
        Its hyperparameters, after "algorithm"; numbers or text.
    load : callable
        Reads its `Runs`.
    world : str
        What it learned in; agents are compared within a world.
    """

    name: str
    label: str
    colour: str
    settings: Mapping[str, str | float]
    load: LoadRuns
    world: str = ""


class Picture(NamedTuple):
    """A figure of the folder: its file name without ending, what it shows in words, and the SVG."""

    name: str
    alternative: str
    svg: bytes


@dataclass(frozen=True, eq=False)
class FolderContents:
    """What one folder holds.

    Attributes
    ----------
    folder : Path
    name, heading : str
        What was done: by name, and in a line.
    run : mapping
        Seeds, steps, versions, machine, command, as `run.json` has them.
    sentences : sequence of str
        What was found.
    table : Table or None
    pictures : sequence of Picture
    summary : bytes
        `summary.csv`; empty where there is none.
    agents : sequence of ReportedAgent
        Empty where no curves are kept.
    """

    folder: Path
    name: str
    heading: str
    run: Mapping[str, Any]
    sentences: Sequence[str] = ()
    table: Table | None = None
    pictures: Sequence[Picture] = ()
    summary: bytes = b""
    agents: Sequence[ReportedAgent] = ()

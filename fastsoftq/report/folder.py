"""What a result folder holds, whoever wrote it: named conditions with their curves, what was said, how it was run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Condition", "Figure", "Learning", "Results"]


class Learning(NamedTuple):
    """What a condition's runs did, episode by episode."""

    returns: NDArray[np.float64]  # [seeds, episodes]
    lengths: NDArray[np.int32]  # [seeds, episodes]
    truncated: NDArray[np.bool_]  # [seeds, episodes]
    seeds: NDArray[np.uint64]  # [seeds]
    exact_returns: NDArray[np.float64] | None = None  # [episodes], of what is learned in the end
    exact_lengths: NDArray[np.float64] | None = None  # [episodes]
    return_bounds: tuple[float, float] | None = None  # the lowest and the highest that an episode can have
    length_bounds: tuple[float, float] | None = None


class Load(Protocol):
    """What reads the curves of a condition, for there may be more than memory holds at once."""

    def __call__(self) -> Learning: ...


@dataclass(frozen=True, eq=False)
class Condition:
    """An agent that learned in an environment, once for each seed.

    Attributes
    ----------
    name, label : str
        As files, and as readers call it.
    colour : str
        As "#rrggbb".
    settings : mapping
        Its hyperparameters, after "algorithm"; numbers or text.
    load : callable
        Reads its `Learning`.
    world : str
        What it learned in; conditions are compared within a world.
    """

    name: str
    label: str
    colour: str
    settings: Mapping[str, str | float]
    load: Load
    world: str = ""


class Figure(NamedTuple):
    """A figure of the folder: its file name without ending, what it shows in words, and the SVG."""

    name: str
    alternative: str
    svg: bytes


@dataclass(frozen=True, eq=False)
class Results:
    """What one folder holds.

    Attributes
    ----------
    folder : Path
    name, heading : str
        What was done: by name, and in a line.
    sentences : sequence of str
        What was found.
    title, header, rows, caption
        Of the table; text.
    figures : sequence of Figure
    summary : bytes
        `summary.csv`; empty where there is none.
    conditions : sequence of Condition
        Empty where no curves are kept.
    run : mapping
        Seeds, steps, versions, machine, command, as `run.json` has them.
    """

    folder: Path
    name: str
    heading: str
    run: Mapping[str, Any]
    sentences: Sequence[str] = ()
    title: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    caption: str = ""
    figures: Sequence[Figure] = ()
    summary: bytes = b""
    conditions: Sequence[Condition] = field(default_factory=tuple)

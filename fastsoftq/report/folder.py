"""Result folders: read again as named conditions with their curves, what was said of them, and how it was all run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Condition", "Figure", "Learning", "Results", "read_results"]

_FINDINGS, _RUN, _CURVES, _SUMMARY = "findings.json", "run.json", "curves.npz", "summary.csv"


class Learning(NamedTuple):
    """What a condition's runs did, episode by episode."""

    returns: NDArray[np.float64]  # [seeds, episodes]
    lengths: NDArray[np.int32]  # [seeds, episodes]
    truncated: NDArray[np.bool_]  # [seeds, episodes]
    seeds: NDArray[np.uint64]  # [seeds]
    exact_returns: NDArray[np.float64] | None = None  # [episodes], of what is learned in the end
    exact_lengths: NDArray[np.float64] | None = None  # [episodes]


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


def read_results(directory: str | Path) -> list[Results]:
    """Read a folder that `reproduce` wrote, and those folders in it that it wrote too.

    Parameters
    ----------
    directory : str or Path

    Returns
    -------
    list of Results
        The folder's own first, then by name; at least one.

    Raises
    ------
    ValueError
        No such folder, or no results in it; or results with a file missing, or not as it was written.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise ValueError(f"directory is '{directory}'; it must be a folder of results, and there is no such folder")
    found = [_read(folder) for folder in _folders(directory)]
    if not found:
        raise ValueError(
            f"directory is '{directory}'; it must be a folder of results, and neither it nor a folder in it has a "
            f"{_FINDINGS}"
        )
    return found


def _folders(directory: Path) -> Iterator[Path]:
    for folder in (directory, *sorted(path for path in directory.iterdir() if path.is_dir())):
        if (folder / _FINDINGS).is_file():
            yield folder


def _read(folder: Path) -> Results:
    try:
        words = json.loads((folder / _FINDINGS).read_bytes())
        run = json.loads((folder / _RUN).read_bytes())
        with np.load(folder / _CURVES) as arrays:
            kept = set(arrays.files)
        return Results(
            folder=folder,
            name=words["experiment"],
            heading=words["heading"],
            run=run,
            sentences=words["sentences"],
            title=words["title"],
            header=words["table"]["header"],
            rows=words["table"]["rows"],
            caption=words["table"]["caption"],
            figures=[
                Figure(name, text, (folder / f"{name}.svg").read_bytes()) for name, text in words["figures"].items()
            ],
            summary=(folder / _SUMMARY).read_bytes(),
            conditions=[
                Condition(name, agent["label"], agent["colour"], agent["settings"], _Archived(folder / _CURVES, name))
                for name, agent in words["agents"].items()
                if f"{name}_returns" in kept
            ],
        )
    except KeyError as error:
        raise ValueError(f"'{folder}' holds results that cannot be read: there is no {error}") from error
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"'{folder}' holds results that cannot be read: {error}") from error


class _Archived(NamedTuple):
    """A condition's curves in `curves.npz`."""

    path: Path
    name: str

    def __call__(self) -> Learning:
        with np.load(self.path) as arrays:

            def exact(name: str) -> NDArray[np.float64] | None:
                key = f"{self.name}_{name}_exact"
                return arrays[key] if key in arrays.files else None

            returns, lengths, truncated = (arrays[f"{self.name}_{x}"] for x in ("returns", "lengths", "truncated"))
            return Learning(returns, lengths, truncated, arrays["seeds"], exact("returns"), exact("lengths"))

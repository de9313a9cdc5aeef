"""What a study keeps of its runs: which arrays, with which rows, made how from learning curves.

Rows are runs for `keep="curves"` and blocks of runs for `keep="summary"`. Neither depends on how runs are chunked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.curves import LearningCurves
from fastsoftq.studies.summary import STATISTICS, summarized

__all__ = ["Arrays", "Contents", "Kept", "contents_of"]

Arrays = dict[str, NDArray[Any]]

# Runs that are hashed together, of every curve kept. Chunks are whole multiples of it.
_HASHED = 64


class Kept(NamedTuple):
    """One array of the results; its first dimensions are condition and that of the rows."""

    name: str
    dtype: str  # NumPy's, little-endian
    dimensions: tuple[str, ...]  # those of a row
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Contents:
    """What is kept.

    Attributes
    ----------
    row : str
        The dimension of rows.
    runs_per_row : int
    rows_per_leaf : int
        Rows that are hashed together.
    arrays : tuple of Kept
    rows_of : callable
        From LearningCurves to Arrays: one array [rows, ...] for each of `arrays`, by name.
    """

    row: str
    runs_per_row: int
    rows_per_leaf: int
    arrays: tuple[Kept, ...]
    rows_of: Callable[[LearningCurves], Arrays]

    @property
    def grain(self) -> int:
        """The runs that a chunk must hold a multiple of."""
        return self.runs_per_row * self.rows_per_leaf

    def rows(self, runs: int) -> int:
        """How many rows some runs make; the last may be of fewer runs than the others."""
        return -(-runs // self.runs_per_row)

    def rows_within(self, size: int, episodes: int) -> int:
        """How many rows of its largest array fit in so many bytes."""
        labels = self.coordinates(episodes)
        return min(
            size // (np.dtype(kept.dtype).itemsize * math.prod(len(labels[name]) for name in kept.dimensions))
            for kept in self.arrays
        )

    def coordinates(self, episodes: int) -> dict[str, NDArray[Any]]:
        """The labels of the dimensions of a row."""
        labels: dict[str, NDArray[Any]] = {"episode": np.arange(episodes, dtype="<i8")}
        if any("statistic" in kept.dimensions for kept in self.arrays):
            labels["statistic"] = np.array(STATISTICS)
        return labels


_RETURN = {"long_name": "undiscounted return"}
_LENGTH = {"long_name": "episode length", "units": "steps"}
_TRUNCATED = {"long_name": "episode met max_steps"}


def _curves(curves: LearningCurves) -> Arrays:
    return {"returns": curves.returns, "lengths": curves.lengths, "truncated": curves.truncated}


def contents_of(keep: str, block: int | None) -> Contents:
    """The contents that a study asks for.

    Parameters
    ----------
    keep : {"curves", "summary"}
    block : int or None
        Runs summarised together.

    Returns
    -------
    Contents
    """
    if keep == "curves":
        arrays = (
            Kept("returns", "<f8", ("episode",), _RETURN),
            Kept("lengths", "<i4", ("episode",), _LENGTH),
            Kept("truncated", "|b1", ("episode",), _TRUNCATED),
        )
        return Contents("seed", 1, _HASHED, arrays, _curves)
    assert block is not None
    summary = (
        Kept("returns", "<f8", ("episode", "statistic"), _RETURN),
        Kept("lengths", "<f8", ("episode", "statistic"), _LENGTH),
        Kept("truncated", "<f8", ("episode",), {"long_name": "share of episodes that met max_steps"}),
    )
    return Contents("block", block, 1, summary, partial(summarized, block=block))

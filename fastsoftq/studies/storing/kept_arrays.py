"""The arrays that a study keeps of its runs, and how they are made from learning curves and become curves again.

Rows are runs for `keep="curves"` and blocks of runs for `keep="summary"`. Neither depends on how runs are chunked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import Axis
from fastsoftq.engine.block_statistics import BlockStatistics
from fastsoftq.studies.summary import summarized

__all__ = [
    "CURVES",
    "FINAL_TABLE",
    "PARAMETERS",
    "Arrays",
    "Contents",
    "Kept",
    "contents_of",
    "groups_of",
    "leaves_of",
]

Arrays = dict[str, NDArray[Any]]  # rows by `Kept.key`

CURVES = "curves"  # the group of returns, lengths and whatever else each run has at each column
FINAL_TABLE = "final_q"
PARAMETERS = "parameters"

# Runs that are hashed together, of every curve kept. Chunks are whole multiples of it. A deep run takes seconds.
_HASHED = {Axis.EPISODES: 64, Axis.POINTS: 1}


class Kept(NamedTuple):
    """One array of rows. In the results its first dimensions are condition and that of the rows."""

    name: str  # of the array in the results, which holds the tables of all checkpoints
    dtype: str  # NumPy's, little-endian
    dimensions: tuple[str, ...]  # those of a row
    attributes: Mapping[str, str]
    episode: int = 0  # a checkpoint's; 0 for other arrays
    place: int = 0  # the checkpoint's, among the study's

    @property
    def key(self) -> str:
        """What it is called among the arrays of a unit."""
        return f"{self.name}.{self.episode}" if self.episode else self.name

    @property
    def group(self) -> str:
        """The arrays of a group are hashed and read together."""
        return self.key if self.learned else CURVES

    @property
    def learned(self) -> bool:
        """Whether it is what a run has learned, a table or a network, rather than how it did."""
        return bool({"state", "parameter"}.intersection(self.dimensions))


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
    checkpoints : tuple of int
    """

    row: str
    runs_per_row: int
    rows_per_leaf: int
    arrays: tuple[Kept, ...]
    checkpoints: tuple[int, ...]

    @property
    def in_blocks(self) -> bool:
        """Whether blocks of runs are summarised."""
        return self.row == "block"

    @property
    def grain(self) -> int:
        """The runs that a chunk must hold a multiple of."""
        return self.runs_per_row * self.rows_per_leaf

    def rows(self, runs: int) -> int:
        """How many rows some runs make; the last may be of fewer runs than the others."""
        return -(-runs // self.runs_per_row)

    def rows_of(self, curves: Any) -> Arrays:
        """The rows of some runs, which begin a row: what their curves or statistics have of what is kept."""
        if isinstance(curves, BlockStatistics):
            return curves.arrays()
        if self.in_blocks:
            return dict(summarized(curves, self.runs_per_row))
        arrays: Arrays = {}
        for kept in self.arrays:
            values = getattr(curves, kept.name)
            if kept.episode and values is not None:
                reached = kept.episode in curves.checkpoints
                values = values[:, curves.checkpoints.index(kept.episode)] if reached else None
            if values is not None:
                arrays[kept.key] = values
        return arrays


_RETURN = {"long_name": "undiscounted return"}
_LENGTH = {"long_name": "episode length", "units": "steps"}
_TRUNCATED = {"long_name": "episode met max_steps"}
_TABLE = ("state", "action")
_SHARE = {"long_name": "share of episodes that met max_steps"}
_DIVERGED = {"long_name": "steps after which a number became infinite or NaN, or -1", "units": "steps"}

# Of every run at each column, by name, and then of every run as a whole.
_OF_RUNS = {
    Axis.EPISODES: (
        Kept("returns", "<f8", ("episode",), _RETURN),
        Kept("lengths", "<i4", ("episode",), _LENGTH),
        Kept("truncated", "|b1", ("episode",), _TRUNCATED),
    ),
    Axis.POINTS: (
        Kept("returns", "<f8", ("point",), {"long_name": "mean undiscounted return of episodes"}),
        Kept("lengths", "<f8", ("point",), {"long_name": "mean episode length", "units": "steps"}),
        Kept("truncated", "<f8", ("point",), _SHARE),
        Kept("episodes", "<i8", ("point",), {"long_name": "episodes that have ended"}),
        Kept("diverged_at", "<i8", (), _DIVERGED),
    ),
}


def contents_of(
    keep: str,
    block: int | None = None,
    tables: bool = False,
    checkpoints: Sequence[int] = (),
    axis: Axis = Axis.EPISODES,
    parameters: bool = False,
) -> Contents:
    """The contents that a study asks for.

    Parameters
    ----------
    keep : {"curves", "summary"}
    block : int or None
        Runs summarised together.
    tables : bool
        Whether final tables are kept, of some conditions at least.
    checkpoints : sequence of int
        Episodes after which tables are kept.
    axis : Axis
        What the columns of curves stand for.
    parameters : bool
        Whether the parameters are kept that networks end with.

    Returns
    -------
    Contents

    Examples
    --------
    >>> [kept.key for kept in contents_of("curves", checkpoints=[10, 100]).arrays]
    ['returns', 'lengths', 'truncated', 'checkpoint_q.10', 'checkpoint_q.100']
    """
    if keep == "curves":
        arrays = [*_OF_RUNS[axis]]
        if tables:
            arrays.append(Kept(FINAL_TABLE, "<f8", _TABLE, {"long_name": "action value after training"}))
        values = {"long_name": "action value after a checkpoint"}
        for place, episode in enumerate(checkpoints):
            arrays.append(Kept("checkpoint_q", "<f8", _TABLE, values, episode, place))
        if parameters:
            arrays.append(Kept(PARAMETERS, "<f4", ("parameter",), {"long_name": "parameter after training"}))
        return Contents("seed", 1, _HASHED[axis], tuple(arrays), tuple(checkpoints))
    assert block is not None
    summary = [
        Kept("returns", "<f8", (axis.unit, "statistic"), _RETURN),
        Kept("lengths", "<f8", (axis.unit, "statistic"), _LENGTH),
        Kept("truncated", "<f8", (axis.unit,), _SHARE),
    ]
    if axis is Axis.POINTS:
        summary.append(Kept("diverged", "<i8", (axis.unit,), {"long_name": "runs that have diverged"}))
    return Contents("block", block, 1, tuple(summary), ())


def groups_of(arrays: Collection[Kept]) -> dict[str, list[Kept]]:
    """Arrays by group."""
    groups: dict[str, list[Kept]] = {}
    for kept in arrays:
        groups.setdefault(kept.group, []).append(kept)
    return groups


def leaves_of(arrays: Arrays, group: Collection[Kept], rows_per_leaf: int) -> list[str]:
    """SHA-256 digests of fixed numbers of rows of the arrays of a group together.

    They are of what the arrays contain, not of files, so that they hold whoever wrote a chunk and however compressed.
    """
    leaves = []
    rows = max(len(arrays[kept.key]) for kept in group)
    for start in range(0, rows, rows_per_leaf):
        digest = hashlib.sha256()
        for kept in group:
            digest.update(np.ascontiguousarray(arrays[kept.key][start : start + rows_per_leaf], kept.dtype).data)
        leaves.append(digest.hexdigest())
    return leaves

"""The arrays that a study keeps of its runs, and how they are made from learning curves.

Rows are runs for `keep="curves"` and blocks of runs for `keep="summary"`. Neither depends on how runs are chunked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.curves import LearningCurves
from fastsoftq.studies.summary import summarized

__all__ = ["CURVES", "FINAL_TABLE", "Arrays", "Contents", "Kept", "contents_of", "groups_of", "leaves_of"]

Arrays = dict[str, NDArray[Any]]  # rows by `Kept.key`

CURVES = "curves"  # the group of returns, lengths and truncated
FINAL_TABLE = "final_q"

# Runs that are hashed together, of every curve kept. Chunks are whole multiples of it.
_HASHED = 64


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
        return self.key if "state" in self.dimensions else CURVES


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
    def grain(self) -> int:
        """The runs that a chunk must hold a multiple of."""
        return self.runs_per_row * self.rows_per_leaf

    def rows(self, runs: int) -> int:
        """How many rows some runs make; the last may be of fewer runs than the others."""
        return -(-runs // self.runs_per_row)

    def rows_of(self, curves: LearningCurves) -> Arrays:
        """The rows of some runs, which begin a row."""
        if self.row == "block":
            return dict(summarized(curves, self.runs_per_row))
        arrays: Arrays = {name: getattr(curves, name) for name in ("returns", "lengths", "truncated")}
        if curves.final_q is not None:
            arrays[FINAL_TABLE] = curves.final_q
        if curves.checkpoint_q is not None:
            for place, episode in enumerate(curves.checkpoints):
                arrays[f"checkpoint_q.{episode}"] = curves.checkpoint_q[:, place]
        return {kept.key: arrays[kept.key] for kept in self.arrays if kept.key in arrays}


_RETURN = {"long_name": "undiscounted return"}
_LENGTH = {"long_name": "episode length", "units": "steps"}
_TRUNCATED = {"long_name": "episode met max_steps"}
_TABLE = ("state", "action")


def contents_of(keep: str, block: int | None = None, tables: bool = False, checkpoints: Sequence[int] = ()) -> Contents:
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

    Returns
    -------
    Contents

    Examples
    --------
    >>> [kept.key for kept in contents_of("curves", checkpoints=[10, 100]).arrays]
    ['returns', 'lengths', 'truncated', 'checkpoint_q.10', 'checkpoint_q.100']
    """
    if keep == "curves":
        arrays = [
            Kept("returns", "<f8", ("episode",), _RETURN),
            Kept("lengths", "<i4", ("episode",), _LENGTH),
            Kept("truncated", "|b1", ("episode",), _TRUNCATED),
        ]
        if tables:
            arrays.append(Kept(FINAL_TABLE, "<f8", _TABLE, {"long_name": "action value after training"}))
        values = {"long_name": "action value after a checkpoint"}
        for place, episode in enumerate(checkpoints):
            arrays.append(Kept("checkpoint_q", "<f8", _TABLE, values, episode, place))
        return Contents("seed", 1, _HASHED, tuple(arrays), tuple(checkpoints))
    assert block is not None
    summary = (
        Kept("returns", "<f8", ("episode", "statistic"), _RETURN),
        Kept("lengths", "<f8", ("episode", "statistic"), _LENGTH),
        Kept("truncated", "<f8", ("episode",), {"long_name": "share of episodes that met max_steps"}),
    )
    return Contents("block", block, 1, summary, ())


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

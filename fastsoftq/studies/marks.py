"""Marks: what says that a unit is done, with digests of the contents of its arrays.

Digests are of what the arrays contain, not of files, so that a mark is right whoever wrote the chunk and however it was
compressed.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from fastsoftq.studies.kept_arrays import Arrays, Kept

__all__ = ["groups_of", "is_mark", "leaves_of"]

_MARK: dict[str, Any] = {
    "condition": str,
    "identity": str,
    "runs": int,
    "leaves": list,
    "steps": int,
    "seconds": float | int,
    "finished": float | int,
}


def is_mark(data: Mapping[str, Any]) -> bool:
    """Whether it holds what is read of a mark; it may have been written by anybody."""
    tables = data.get("tables", {})
    return (
        all(isinstance(data.get(name), kind) and not isinstance(data[name], bool) for name, kind in _MARK.items())
        and 0 < data["runs"] < 2**63
        and all(0 <= data[name] < 2**63 for name in ("steps", "seconds", "finished"))
        and isinstance(tables, dict)
        and all(isinstance(leaves, list) for leaves in tables.values())
        and all(
            isinstance(leaf, str) and re.fullmatch("[0-9a-f]{64}", leaf)
            for leaf in itertools.chain(data["leaves"], *tables.values())
        )
    )


def groups_of(arrays: Collection[Kept]) -> dict[str, list[Kept]]:
    """Arrays by group."""
    groups: dict[str, list[Kept]] = {}
    for kept in arrays:
        groups.setdefault(kept.group, []).append(kept)
    return groups


def leaves_of(arrays: Arrays, group: Collection[Kept], rows_per_leaf: int) -> list[str]:
    """SHA-256 digests of fixed numbers of rows of the arrays of a group together."""
    leaves = []
    rows = max(len(arrays[kept.key]) for kept in group)
    for start in range(0, rows, rows_per_leaf):
        digest = hashlib.sha256()
        for kept in group:
            digest.update(np.ascontiguousarray(arrays[kept.key][start : start + rows_per_leaf], kept.dtype).data)
        leaves.append(digest.hexdigest())
    return leaves

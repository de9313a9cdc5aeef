"""Every file of the results that follows from the plan alone: metadata and coordinates, as a Zarr group.

They can be written again at any time, and are compared with what they should be, byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.studies.contents import Kept
from fastsoftq.studies.encoding import array_metadata, encoded_plain, group_metadata
from fastsoftq.studies.plan import Plan, Unit

__all__ = ["RESULTS", "chunk_key", "chunk_shape", "derived_files"]

RESULTS = "results.zarr"
_LABELS = 2**20  # labels in a chunk


def chunk_key(unit: Unit, kept: Kept) -> str:
    """The file of a unit's part of an array."""
    return "/".join([RESULTS, kept.name, "c", str(unit.condition), str(unit.chunk), *("0" for _ in kept.dimensions)])


def chunk_shape(plan: Plan, kept: Kept) -> tuple[int, ...]:
    """The shape of a whole chunk of an array."""
    return 1, plan.contents.rows(plan.chunk), *_row_shape(plan, kept)


def derived_files(plan: Plan) -> Iterator[tuple[str, bytes]]:
    """Every file that follows from the plan.

    Parameters
    ----------
    plan : Plan

    Yields
    ------
    (str, bytes)
        Its key, and what it must hold. The group's own metadata, by which readers find the rest, comes last.
    """
    arrays: dict[str, dict[str, Any]] = {}
    for name, (labels, dimension) in _labels(plan).items():
        dtype = "str" if labels.dtype.kind in "UO" else labels.dtype.str
        size = min(_LABELS, len(labels))
        arrays[name] = array_metadata((len(labels),), (size,), dtype, (dimension,), {}, plain=True)
        for chunk, start in enumerate(range(0, len(labels), size)):
            part = labels[start : start + size]
            fill = np.zeros(size - len(part), labels.dtype)
            yield f"{RESULTS}/{name}/c/{chunk}", encoded_plain(np.concatenate([part, fill]))
    row = plan.contents.row
    for kept in plan.contents.arrays:
        shape = (len(plan.conditions), plan.contents.rows(plan.runs), *_row_shape(plan, kept))
        attributes = {**kept.attributes, "coordinates": " ".join(_beside(plan))}
        dimensions = ("condition", row, *kept.dimensions)
        arrays[kept.name] = array_metadata(shape, chunk_shape(plan, kept), kept.dtype, dimensions, attributes)
    for name, metadata in arrays.items():
        yield f"{RESULTS}/{name}/zarr.json", json.dumps(metadata, indent=1, sort_keys=True).encode()
    yield f"{RESULTS}/zarr.json", group_metadata(plan.to_data(), arrays)


def _row_shape(plan: Plan, kept: Kept) -> tuple[int, ...]:
    labels = plan.contents.coordinates(plan.episodes)
    return tuple(len(labels[dimension]) for dimension in kept.dimensions)


def _labels(plan: Plan) -> Mapping[str, tuple[NDArray[Any], str]]:
    """Labels by name, and the dimension each lies along."""
    contents = plan.contents
    labels: dict[str, tuple[NDArray[Any], str]] = {
        "condition": (np.array([c.name for c in plan.conditions]), "condition"),
        "environment": (np.array([c.environment for c in plan.conditions]), "condition"),
        "agent": (np.array([c.agent for c in plan.conditions]), "condition"),
    }
    if contents.row == "seed":
        labels["seed"] = plan.seeds(0, plan.runs).astype("<u8"), "seed"
    else:
        starts = np.arange(0, plan.runs, contents.runs_per_row, dtype="<i8")
        labels["block"] = np.arange(len(starts), dtype="<i8"), "block"
        labels["runs"] = np.minimum(contents.runs_per_row, plan.runs - starts), "block"
    for dimension, values in contents.coordinates(plan.episodes).items():
        labels[dimension] = values, dimension
    return labels


def _beside(plan: Plan) -> list[str]:
    """Labels that do not name a dimension."""
    return [name for name, (_, dimension) in _labels(plan).items() if name != dimension]

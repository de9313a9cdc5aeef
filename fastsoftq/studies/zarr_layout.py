"""Every file of the results that follows from the plan alone: metadata and coordinates, as a Zarr group.

They can be written again at any time, and are compared with what they should be, byte by byte.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.studies.kept_arrays import Kept
from fastsoftq.studies.plan import Plan, Unit
from fastsoftq.studies.plan_file import plan_data
from fastsoftq.studies.summary import STATISTICS
from fastsoftq.studies.zarr_format import (
    DamagedError,
    array_metadata,
    decoded,
    encoded,
    encoded_plain,
    group_metadata,
)

__all__ = ["RESULTS", "chunk_keys", "chunks_of", "derived_files", "read_rows"]

RESULTS = "results.zarr"
_LABELS = 2**20  # labels in a chunk
_BESIDE = ("episodes", "max_steps", "precision", "first_seed", "after")  # labels, where conditions differ in them


def chunk_keys(plan: Plan, unit: Unit, kept: Kept) -> list[str]:
    """The files of a unit's part of an array."""
    return [key for key, _ in _chunks(plan, unit, kept)]


def chunks_of(plan: Plan, unit: Unit, kept: Kept, rows: NDArray[Any]) -> Iterator[tuple[str, bytes]]:
    """A unit's part of an array as files, each with what it must hold.

    Parameters
    ----------
    plan : Plan
    unit : Unit
    kept : Kept
    rows : ndarray, shape [rows, ...]

    Yields
    ------
    (str, bytes)
    """
    for key, part in _chunks(plan, unit, kept):
        values = rows[(slice(None), *part)]
        values = values.reshape(1, len(rows), *([1] if kept.episode else []), *values.shape[1:])
        yield key, encoded(values, kept.dtype, _chunk_shape(plan, kept))


def read_rows(
    plan: Plan, unit: Unit, kept: Kept, rows: int, read: Callable[[str], bytes | None]
) -> tuple[NDArray[Any] | None, list[str]]:
    """The rows of a unit's part of an array, from its files.

    Parameters
    ----------
    plan : Plan
    unit : Unit
    kept : Kept
    rows : int
        Rows that are done.
    read : callable of str -> bytes or None
        The contents of a file, or None where there is none.

    Returns
    -------
    ndarray, shape [rows, ...], or None
        None where a file is missing or damaged.
    list of str
        The files that are.
    """
    chunk = _chunk_shape(plan, kept)
    cell = (plan.contents.rows(plan.chunk), *(plan.cells[dimension] for dimension in kept.dimensions))
    parts: list[tuple[tuple[slice, ...], NDArray[Any]]] = []
    broken = []
    for key, part in _chunks(plan, unit, kept):
        data = read(key)
        try:
            values = decoded(data or b"", kept.dtype, chunk).reshape(cell)
        except DamagedError:
            broken.append(key)
        else:
            parts.append((part, values[(slice(rows), *(slice(place.stop - place.start) for place in part))]))
    if broken:
        return None, broken
    if len(parts) == 1:
        return parts[0][1], []
    whole = np.empty((rows, *plan.row_shape(plan.conditions[unit.condition], kept)), kept.dtype)
    for part, values in parts:
        whole[(slice(None), *part)] = values
    return whole, []


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
    labels = _labels(plan)
    for name, (values, dimension) in labels.items():
        dtype = "str" if values.dtype.kind in "UO" else values.dtype.str
        size = min(_LABELS, len(values))
        arrays[name] = array_metadata((len(values),), (size,), dtype, (dimension,), {}, plain=True)
        for chunk, start in enumerate(range(0, len(values), size)):
            part = values[start : start + size]
            fill = np.zeros(size - len(part), values.dtype)
            yield f"{RESULTS}/{name}/c/{chunk}", encoded_plain(np.concatenate([part, fill]))
    beside = " ".join(name for name, (_, dimension) in labels.items() if name != dimension)
    first, row = (len(plan.conditions), plan.contents.rows(plan.runs)), ("condition", plan.contents.row)
    for kept in plan.contents.arrays:
        checkpoints = (len(plan.contents.checkpoints),) if kept.episode else ()
        shape = (*first, *checkpoints, *(plan.longest[dimension] for dimension in kept.dimensions))
        dimensions = (*row, *(["checkpoint"] if kept.episode else []), *kept.dimensions)
        attributes = {**kept.attributes, "coordinates": beside}
        arrays[kept.name] = array_metadata(shape, _chunk_shape(plan, kept), kept.dtype, dimensions, attributes)
    for name, metadata in arrays.items():
        yield f"{RESULTS}/{name}/zarr.json", json.dumps(metadata, indent=1, sort_keys=True).encode()
    yield f"{RESULTS}/zarr.json", group_metadata(plan_data(plan), arrays)


def _chunks(plan: Plan, unit: Unit, kept: Kept) -> Iterator[tuple[str, tuple[slice, ...]]]:
    """The files of a unit's part of an array, and which part of its rows each holds."""
    shape = plan.row_shape(plan.conditions[unit.condition], kept)
    cell = [plan.cells[dimension] for dimension in kept.dimensions]
    first = [str(unit.condition), str(unit.chunk), *([str(kept.place)] if kept.episode else [])]
    counts = [range(-(-size // step)) for size, step in zip(shape, cell, strict=True)]
    for place in itertools.product(*counts):
        part = (
            slice(index * step, min(size, (index + 1) * step))
            for index, step, size in zip(place, cell, shape, strict=True)
        )
        yield "/".join([RESULTS, kept.name, "c", *first, *map(str, place)]), tuple(part)


def _chunk_shape(plan: Plan, kept: Kept) -> tuple[int, ...]:
    """The shape of a whole chunk of an array, with the dimensions of conditions and checkpoints."""
    cell = [plan.cells[dimension] for dimension in kept.dimensions]
    return 1, plan.contents.rows(plan.chunk), *([1] if kept.episode else []), *cell


def _labels(plan: Plan) -> Mapping[str, tuple[NDArray[Any], str]]:
    """Labels by name, and the dimension each lies along."""
    contents, conditions, record = plan.contents, plan.conditions, plan.record
    labels: dict[str, tuple[NDArray[Any], str]] = {
        "condition": (np.array([c.name for c in conditions]), "condition"),
        "environment": (np.array([c.environment for c in conditions]), "condition"),
        "agent": (np.array([c.agent for c in conditions]), "condition"),
    }
    start = record["seeds"]["start"]
    usual = {**record, "first_seed": start, "after": None}
    for name in _BESIDE:
        own = [getattr(condition, name) for condition in conditions]
        if any(value != usual[name] for value in own):
            texts = name in ("precision", "after")
            values = np.array([value or "" for value in own]) if texts else np.array(own, "<u8")
            labels[name] = values, "condition"
    if contents.row == "seed":
        labels["seed"] = (np.arange(plan.runs, dtype=np.uint64) + np.uint64(start)).astype("<u8"), "seed"
    else:
        starts = np.arange(0, plan.runs, contents.runs_per_row, dtype="<i8")
        labels["block"] = np.arange(len(starts), dtype="<i8"), "block"
        labels["runs"] = np.minimum(contents.runs_per_row, plan.runs - starts), "block"
    first = 0 if plan.format == 1 else 1
    labels["episode"] = np.arange(first, first + plan.longest["episode"], dtype="<i8"), "episode"
    if "statistic" in plan.longest:
        labels["statistic"] = np.array(STATISTICS), "statistic"
    if contents.checkpoints:
        labels["checkpoint"] = np.array(contents.checkpoints, "<i8"), "checkpoint"
    return labels

"""Units that must be whole: their arrays, or an error that names what is damaged and what is not done."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fastsoftq.studies.storing.kept_arrays import Arrays
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.storing.zarr_files import DamagedError

__all__ = ["arrays_of"]


def arrays_of(store: Store, place: int, chunks: Iterable[int], group: str) -> Arrays:
    """One group of the arrays of some chunks of a condition, all of which must be there.

    Parameters
    ----------
    store : Store
    place : int
        Of the condition.
    chunks : iterable of int
    group : str

    Returns
    -------
    Arrays
        Of all rows, in order.

    Raises
    ------
    DamagedError
        Chunks that are missing or damaged; the message names them.
    """
    parts: list[Arrays] = []
    damaged: list[str] = []
    missing: list[list[int]] = []  # first and last run
    for chunk in chunks:
        unit = store.plan.unit(place, chunk)
        found = store.find(unit, [group])
        if found.runs < unit.runs:
            damaged.extend(found.damaged)
            if not found.damaged:
                first, last = unit.first + found.runs, unit.first + unit.runs - 1
                if missing and missing[-1][1] == first - 1:
                    missing[-1][1] = last
                else:
                    missing.append([first, last])
        parts.append(found.arrays)
    if damaged or missing:
        wrong = [f"damaged: {', '.join(damaged)}"] if damaged else []
        spans = ", ".join(f"{first} to {last}" for first, last in missing)
        wrong += [f"not done: runs {spans} of {store.plan.conditions[place].name}"] if missing else []
        raise DamagedError(f"{store.url}: {'; '.join(wrong)}; run it again to repair it")
    if len(parts) == 1:
        return parts[0]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

"""status: how far a folder is, from its marks and claims alone; any shell that sees the folder can ask."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from fastsoftq.studies.progress import Row
from fastsoftq.studies.store import open_store

__all__ = ["Status", "status"]

_RECENT = 300.0  # seconds


class Status(NamedTuple):
    """How far a study is."""

    name: str
    rows: list[Row]
    steps_a_second: float  # of the last five minutes, over everything that writes to the folder; 0 if nothing does
    owners: dict[str, str]  # machine and process, by the chunk it computes; a folder on this machine only

    @property
    def finished(self) -> bool:
        """Whether every chunk has a mark; `verify` says whether they hold."""
        return all(row.done == row.runs for row in self.rows)


def status(url: str | Path) -> Status:
    """Say how far a folder is, without reading its arrays.

    Parameters
    ----------
    url : str or Path

    Returns
    -------
    Status

    Raises
    ------
    FolderError
        No study there.
    """
    store = open_store(url)
    plan = store.plan
    rows = [Row(condition.name, 0, plan.runs, 0) for condition in plan.conditions]
    now = time.time()
    recent, since = 0, now
    for unit, mark in store.marked():
        row = rows[unit.condition]
        rows[unit.condition] = row._replace(
            done=row.done + min(mark["runs"], unit.runs), steps=row.steps + mark["steps"]
        )
        if abs(now - mark["finished"]) < _RECENT:  # a machine whose clock is ahead is no news
            recent += mark["steps"]
            since = min(since, mark["finished"] - mark["seconds"])
    owners = {name: owner for name, owner in store.claims.owners().items() if name != "plan"}
    finished = all(row.done == row.runs for row in rows)
    return Status(plan.record["name"], rows, 0.0 if finished or now <= since else recent / (now - since), owners)

"""In which settings two folders differ, as a table: it stands before all that is compared."""

from __future__ import annotations

from collections.abc import Sequence

from fastsoftq.report.findings import Table
from fastsoftq.report.folder import FolderContents, ReportedAgent
from fastsoftq.report.rounding import setting_text

__all__ = ["settings_table"]

_OF_RUNS = ("seeds", "episodes", "max_steps", "precision")
_OF_MACHINES = ("fastsoftq", "commit", "cpu", "python", "threads")


def settings_table(
    a: FolderContents,
    b: FolderContents,
    pairs: Sequence[tuple[ReportedAgent, ReportedAgent]],
    names: tuple[str, str],
) -> tuple[Table | None, bool]:
    """Tabulate in which settings two folders, and the agents that are compared, differ.

    Parameters
    ----------
    a, b : FolderContents
    pairs : sequence of (ReportedAgent, ReportedAgent)
        What is compared.
    names : (str, str)
        What to call the folders.

    Returns
    -------
    Table or None
        None where they differ in nothing. Agents that differ in the same way share a row.
    bool
        Whether they differ in what is run, rather than only in the machine and the version that ran it.

    Examples
    --------
    >>> from pathlib import Path
    >>> one, other = (FolderContents(Path(), "cliff", "Cliff", {"episodes": n}) for n in (100, 200))
    >>> table, deciding = settings_table(one, other, [], ("before", "after"))
    >>> table.rows, deciding
    ([['', 'episodes', '100', '200']], True)
    """
    rows = [
        ["", name.replace("_", " "), _text(a.run.get(name)), _text(b.run.get(name))]
        for name in (*_OF_RUNS, *_OF_MACHINES)
        if a.run.get(name) != b.run.get(name)
    ]
    deciding = any(row[1].replace(" ", "_") in _OF_RUNS for row in rows)
    for ours, theirs in dict.fromkeys((one.world, other.world) for one, other in pairs):
        if ours != theirs and ours and theirs:
            rows.append(["", "environment called", ours, theirs])
        made = [contents.run.get("environments", {}).get(world) for contents, world in ((a, ours), (b, theirs))]
        if None not in made and made[0] != made[1]:
            rows.append([ours, "environment", _world(made[0]), _world(made[1])])
            deciding = True
    unlike: dict[tuple[str, str, str], list[str]] = {}
    for one, other in pairs:
        for difference in one.unlike(other):
            unlike.setdefault(difference, []).append(one.label)
    rows += [[_agents(labels), *difference] for difference, labels in unlike.items()]
    header = ["agent", "setting", *names]
    table = Table(header, rows, title="In what they were run differently", prose=True) if rows else None
    return table, deciding or bool(unlike)


def _agents(labels: Sequence[str]) -> str:
    different = list(dict.fromkeys(labels))
    return different[0] if len(different) == 1 else f"{different[0]} and {len(different) - 1} others"


def _text(value: object) -> str:
    return setting_text(value) if isinstance(value, int | float | str) else "not recorded"


def _world(record: dict[str, object]) -> str:
    """What tells a world that was made in another way."""
    return f"{record.get('states')} states, {record.get('actions')} actions, {str(record.get('sha256', ''))[:8]}"

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
) -> Table | None:
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
        None where they differ in nothing that can change a number. Agents that differ in the same way share a row.

    Examples
    --------
    >>> from pathlib import Path
    >>> one, other = (FolderContents(Path(), "cliff", "Cliff", {"episodes": n}) for n in (100, 200))
    >>> settings_table(one, other, [], ("before", "after")).rows
    [['', 'episodes', '100', '200']]
    """
    rows = [
        ["", name.replace("_", " "), _text(a.run.get(name)), _text(b.run.get(name))]
        for name in (*_OF_RUNS, *_OF_MACHINES)
        if a.run.get(name) != b.run.get(name) and (name in _OF_RUNS or None not in (a.run.get(name), b.run.get(name)))
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
    if not (deciding or unlike):
        return None
    return Table(["agent", "setting", *names], rows, title="In what they differ", prose=True)


def _agents(labels: Sequence[str]) -> str:
    different = list(dict.fromkeys(labels))
    return different[0] if len(different) == 1 else f"{different[0]} and {len(different) - 1} others"


def _text(value: object) -> str:
    return setting_text(value) if isinstance(value, int | float | str) else "not recorded"


def _world(record: dict[str, object]) -> str:
    """What tells a world that was made in another way."""
    return f"{record.get('states')} states, {record.get('actions')} actions, {str(record.get('sha256', ''))[:8]}"

"""Result folders found and read, those of experiments and those of studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from fastsoftq.report.experiment import FINDINGS, read_experiment
from fastsoftq.report.folder import Results
from fastsoftq.report.study import STUDY, read_study

__all__ = ["read_results"]


def read_results(directory: str | Path, agents: Iterable[type] = ()) -> list[Results]:
    """Read a folder that `reproduce` or `run` wrote, and those folders in it that they wrote too.

    Parameters
    ----------
    directory : str or Path
    agents : iterable of type
        As for `open_results`.

    Returns
    -------
    list of Results
        The folder's own first, then by name; at least one.

    Raises
    ------
    ValueError
        No such folder, or no results in it; or results with a file missing, or not as it was written.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise ValueError(f"directory is '{directory}'; it must be a folder of results, and there is no such folder")
    found = list(_found(directory, list(agents)))
    if not found:
        raise ValueError(
            f"directory is '{directory}'; it must be a folder of results, and neither it nor a folder in it has a "
            f"{FINDINGS} or a {STUDY}"
        )
    return found


def _found(directory: Path, agents: Iterable[type]) -> Iterator[Results]:
    for folder in (directory, *sorted(path for path in directory.iterdir() if path.is_dir())):
        if (folder / FINDINGS).is_file():
            yield read_experiment(folder)
        elif (folder / STUDY).is_file():
            yield read_study(folder, agents)

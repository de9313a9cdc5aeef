"""Result folders, found and read: those of experiments and those of studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from fastsoftq.report.experiment_folder import FINDINGS, experiment_contents
from fastsoftq.report.folder import FolderContents
from fastsoftq.report.study_folder import STUDY, study_contents

__all__ = ["read_results"]


def read_results(directory: str | Path, agents: Iterable[type] = ()) -> list[FolderContents]:
    """Read a folder that `reproduce` or `run` wrote, and the folders in it that they wrote too.

    A folder with the findings of an experiment is read as that, though the experiment's study lies beside them.

    Parameters
    ----------
    directory : str or Path
    agents : iterable of type
        As for `open_results`.

    Returns
    -------
    list of FolderContents
        The folder's own first, then by name; at least one.

    Raises
    ------
    ValueError
        No such folder, or no results in it; or results with a file missing, or not as it was written.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, run
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)}
    >>> world = {"cliff": fsq.cliff_walking()}
    >>> study = Study(name="small", episodes=5, seeds=8, max_steps=50, environments=world, agents=agents)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run(study, folder)
    ...     [agent.label for agent in read_results(folder)[0].agents]
    ['hard', 'soft']
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


def _found(directory: Path, agents: Iterable[type]) -> Iterator[FolderContents]:
    for folder in (directory, *sorted(path for path in directory.iterdir() if path.is_dir())):
        if (folder / FINDINGS).is_file():
            yield experiment_contents(folder)
        elif (folder / STUDY).is_file():
            yield study_contents(folder, agents)

"""Result folders, found and read: those of experiments, as `reproduce` writes them, and those of studies."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents.schedules import SCHEDULES
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import FolderContents, Picture, ReportedAgent, Runs
from fastsoftq.report.rounding import schedule_text
from fastsoftq.report.study_folder import STUDY, study_contents
from fastsoftq.report.sweep.swept_study import Asked
from fastsoftq.system.provenance import checked_provenance

__all__ = ["experiment_contents", "read_results"]

_FINDINGS = "findings.json"
_COPY = "results.zarr/zarr.json"  # which has the plan too
_RUN, _CURVES, _SUMMARY = "run.json", "curves.npz", "summary.csv"


def read_results(
    directory: str | Path,
    agents: Iterable[type] = (),
    asked: Asked = Asked(),  # noqa: B008
) -> list[FolderContents]:
    """Read a folder that `reproduce` or `run` wrote, and the folders in it that they wrote too.

    A folder with the findings of an experiment is read as that, though the experiment's study lies beside them.

    Parameters
    ----------
    directory : str or Path
    agents : iterable of type
        As for `open_results`.
    asked : Asked
        How the results of studies are to be read.

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
    found = list(_found(directory, list(agents), asked))
    if not found:
        raise ValueError(
            f"directory is '{directory}'; it must be a folder of results, and neither it nor a folder in it has a "
            f"{_FINDINGS} or a {STUDY}"
        )
    return found


def _found(directory: Path, agents: Iterable[type], asked: Asked) -> Iterator[FolderContents]:
    for folder in (directory, *sorted(path for path in directory.iterdir() if path.is_dir())):
        if (folder / _FINDINGS).is_file():
            yield experiment_contents(folder)
        elif (folder / STUDY).is_file() or (folder / _COPY).is_file():
            yield study_contents(folder, agents, asked)


def experiment_contents(folder: Path) -> FolderContents:
    """Read the folder of an experiment.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    FolderContents

    Raises
    ------
    ValueError
        A file is missing, or is not as it was written.

    Examples
    --------
    >>> import tempfile
    >>> from fastsoftq.report.findings import Findings, write
    >>> table = Table(("agent", "return"), [("soft", "-12.0")])
    >>> found = Findings("Title", table, ["Soft arrives."], [{"return": -12.0}], {}, {}, run={"seeds": 1})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write(found, Path(folder))
    ...     experiment_contents(Path(folder)).sentences
    ['Soft arrives.']
    """
    try:
        words = _checked_words(json.loads(_read(folder, _FINDINGS)))
        run = checked_provenance(json.loads(_read(folder, _RUN)))
        with np.load(io.BytesIO(_read(folder, _CURVES))) as arrays:
            kept = set(arrays.files)
        return FolderContents(
            folder=folder,
            name=words["experiment"],
            heading=words["heading"],
            run=run,
            sentences=words["sentences"],
            table=Table(**{key: words["table"][key] for key in ("header", "rows", "caption")}, title=words["title"]),
            pictures=[Picture(name, text, _picture(folder, name)) for name, text in words["figures"].items()],
            summary=_read(folder, _SUMMARY),
            agents=[
                ReportedAgent(name, agent["label"], agent["colour"], _settings(agent), _Archived(folder, name))
                for name, agent in words["agents"].items()
                if f"{name}_returns" in kept
            ],
        )
    except KeyError as error:
        raise ValueError(f"'{folder}' holds results that cannot be read: there is no {error}") from error
    except (OSError, EOFError, ValueError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        raise ValueError(f"'{folder}' holds results that cannot be read: {error}") from error


# What findings.json holds: a type, a list of one form, a mapping of texts to one form (under "*") or of these names.
_NUMBER = int | float
_FORM = {
    "experiment": str,
    "heading": str,
    "title": str,
    "sentences": [str],
    "table": {"header": [str], "rows": [[str]], "caption": str},
    "figures": {"*": str},
    "agents": {"*": {"label": str, "colour": str, "settings": {"*": str | _NUMBER}}},
}


def _checked_words(words: Any) -> dict[str, Any]:
    """Check the form of findings.json, which anybody may have written."""
    _check_form("it", words, _FORM)
    for row in words["table"]["rows"]:
        if len(row) != len(words["table"]["header"]):
            raise ValueError(f"a row of its table has {len(row)} entries")
    for agent in words["agents"].values():
        if not re.fullmatch(r"#[0-9a-f]{6}", agent["colour"]):  # it becomes part of the page
            raise ValueError(f"a colour is {agent['colour']!r}")
    return dict(words)


def _settings(agent: Mapping[str, Any]) -> dict[str, str | float]:
    """An agent's settings; schedules of older folders, which are written in Python there, as labels write them."""
    return {name: _schedule(value) if isinstance(value, str) else value for name, value in agent["settings"].items()}


def _schedule(text: str) -> str:
    name, _, rest = text.partition("(")
    kind = next((each for each in SCHEDULES if each.__name__ == name), None)
    numbers = rest.removesuffix(")").split(",")
    if kind is None or len(numbers) != len(kind._fields):
        return text
    try:
        return schedule_text(dict(zip(kind._fields, map(float, numbers), strict=True)))
    except ValueError:
        return text


def _check_form(name: str, data: Any, form: Any) -> None:
    if isinstance(form, list):
        if not isinstance(data, list):
            raise TypeError(f"{name} is no list")
        for entry in data:
            _check_form(f"an entry of {name}", entry, form[0])
    elif isinstance(form, dict):
        if not isinstance(data, dict):
            raise TypeError(f"{name} is no table")
        for key in data if "*" in form else form:
            _check_form(str(key), data[key], form.get("*", form.get(key)))
    elif not isinstance(data, form) or isinstance(data, bool):
        raise TypeError(f"{name} is {data!r}")


def _read(folder: Path, name: str) -> bytes:
    """Read a file of the folder; a link is refused, since it may lead anywhere."""
    path = folder / name
    if path.is_symlink():
        raise ValueError(f"{name} is a link")
    return path.read_bytes()


def _picture(folder: Path, name: str) -> bytes:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"a figure is called {name!r}")
    svg = _read(folder, f"{name}.svg")
    if not svg.lstrip().startswith((b"<?xml", b"<svg")):
        raise ValueError(f"{name}.svg is no picture")
    return svg


class _Archived(NamedTuple):
    """Reads an agent's runs from `curves.npz`."""

    folder: Path
    name: str

    def __call__(self) -> Runs:
        try:
            with np.load(io.BytesIO(_read(self.folder, _CURVES))) as arrays:
                return self._learning(arrays)
        except KeyError as error:
            raise ValueError(f"'{self.folder}' holds results that cannot be read: {error}") from error
        except (OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"'{self.folder}' holds results that cannot be read: {error}") from error

    def _learning(self, arrays: Mapping[str, NDArray[Any]]) -> Runs:
        def array(key: str, kinds: str, shape: tuple[int, ...]) -> NDArray[Any]:
            found = arrays[key]
            if found.dtype.kind not in kinds or found.shape != shape:
                raise ValueError(f"{key} has shape {found.shape} and dtype {found.dtype}")
            return found

        def exact(kind: str) -> NDArray[np.float64] | None:
            key = f"{self.name}_{kind}_exact"
            return array(key, "f", shape[1:]) if key in arrays else None

        def bounds(kind: str) -> tuple[float, float] | None:
            if f"{kind}_bounds" not in arrays:
                return None
            low, high = array(f"{kind}_bounds", "if", (2,)).tolist()
            return low, high

        shape = arrays[f"{self.name}_returns"].shape
        if len(shape) != 2:
            raise ValueError(f"{self.name}_returns has shape {shape}")
        grid = next((key for key in (f"{self.name}_steps", "steps") if key in arrays), None)
        steps = None if grid is None else array(grid, "iu", shape[1:])
        taken = None
        if steps is not None:
            key = f"{self.name}_steps_taken"
            taken = array(key, "iu", shape[:1]) if key in arrays else np.full(shape[0], steps[-1])
        return Runs(
            array(f"{self.name}_returns", "f", shape),
            array(f"{self.name}_lengths", "iuf", shape),
            array(f"{self.name}_truncated", "bf", shape),
            array("seeds", "iu", shape[:1]),
            exact("returns"),
            exact("lengths"),
            bounds("returns"),
            bounds("lengths"),
            steps,
            taken,
        )

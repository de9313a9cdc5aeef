"""What several commands take: counts, paths, parts, folders of results."""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from fastsoftq.cli.errors import BadInputError

__all__ = [
    "Chunks",
    "Dask",
    "Device",
    "Modules",
    "Part",
    "Results",
    "StudyFile",
    "check_file",
    "check_folder",
    "check_place",
    "count",
    "import_modules",
    "number",
    "part_of",
    "path",
]

_DEVICES = {"cpu": "The processor.", "cuda": "All GPUs of this machine.", "cuda:0": "The first of them."}


def _devices(incomplete: str) -> list[tuple[str, str]]:
    return [(name, what) for name, what in _DEVICES.items() if name.startswith(incomplete)]


def _modules(incomplete: str) -> list[str]:
    """Modules and packages of the current folder."""
    here = Path.cwd()
    found = [path.stem for path in here.glob("*.py")] + [path.parent.name for path in here.glob("*/__init__.py")]
    return sorted(name for name in found if name.isidentifier() and name.startswith(incomplete))


Results = Annotated[str, typer.Argument(metavar="DIR", help="A folder of results, or a URL that fsspec knows.")]
Part = Annotated[str, typer.Option(help="Only this part, such as 3/40: one task of an array of jobs.")]
Dask = Annotated[str | None, typer.Option(help='A Dask scheduler, such as tcp://host:8786, or "local".')]
Device = Annotated[
    str | None,
    typer.Option(
        help="Where to train: cpu, cuda (all GPUs), cuda:0, ...; `fastsoftq devices` lists what there is. Results do "
        "not depend on it. The processor if not given.",
        autocompletion=_devices,
        metavar="NAME",
        show_default=False,
    ),
]
Modules = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        help="A module with agents or worlds of your own, to be imported first; a study names them as my_module:Mine, "
        "results that hold them show them as data without it.",
        autocompletion=_modules,
        metavar="MODULE",
        show_default=False,
    ),
]


def import_modules(modules: list[str] | None) -> list[str]:
    """Import what was asked for by name, from the current folder too, as `python -m` does; the names."""
    names = modules or []
    if names:
        sys.path.append(str(Path.cwd()))
    for name in names:
        try:
            importlib.import_module(name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it does when it is imported, ending the process included
            path = name.endswith(".py") or "/" in name
            advice = "; it must be a module's name, without .py or a path" if path else ""
            raise BadInputError(
                f"--import is {name!r}{advice}; it cannot be imported: {type(error).__name__}: {error}"
            ) from None
    return names


def path(text: str | Path) -> Path:
    """A path of this machine."""
    if not str(text).strip():
        raise typer.BadParameter("it is empty; it must be a path")
    if "://" in str(text):
        raise typer.BadParameter(f"{text!r} is a URL; it must be a path")
    return Path(text)


def count(text: str) -> Any:
    """An option that takes an integer."""
    return typer.Option(help=text, parser=_integer, metavar="N")


def number(text: str) -> Any:
    """An option that takes a number."""
    return typer.Option(help=text, parser=_number, metavar="X")


def _integer(text: str | int) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an integer") from None


def _number(text: str | float) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None


Chunks = Annotated[int | None, count("Runs in a chunk of a new folder.")]
StudyFile = Annotated[Path, typer.Argument(parser=path, metavar="STUDY.toml", help="A study.")]


def part_of(text: str) -> tuple[int, int]:
    """A part such as 3/40."""
    numbers = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if numbers is None:
        raise BadInputError(f"--part is {text!r}; it must be like 3/40")
    index, parts = int(numbers[1]), int(numbers[2])
    if not 1 <= index <= parts:
        raise BadInputError(f"part is {text}; it must be from 1/{max(parts, 1)} to {max(parts, 1)}/{max(parts, 1)}")
    return index, parts


def check_file(file: Path, name: str = "out") -> None:
    """Make sure, before any work, that a file can be put there."""
    if file.is_dir():
        raise BadInputError(f"{name} is '{file}'; it is a folder, and must be a file")
    if not file.parent.is_dir():
        raise BadInputError(f"{name} is '{file}'; there is no folder '{file.parent}'")
    check_folder(file.parent, name)


def check_folder(folder: Path, name: str = "out") -> None:
    """Make sure, before any work, that files can be written there; nothing is made, which others might begin to use."""
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if _is_there(place))
        if not there.is_dir():
            raise BadInputError(f"{name} is '{folder}'; it is not a folder, nor can it be one")
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise BadInputError(f"{name} is '{folder}'; files cannot be written there: {error.strerror}") from error


def check_place(out: str) -> None:
    """Make sure, before any work, that results can be written there, if it is a folder of this machine."""
    from fastsoftq.studies.storing.storage import local_path

    if out.strip() and (folder := local_path(out)) is not None:
        check_folder(folder)


def _is_there(place: Path) -> bool:
    """Whether there is anything; a link to nothing is."""
    try:
        place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True

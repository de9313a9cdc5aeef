"""The command export."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastsoftq.cli.errors import BadInputError, bad_input
from fastsoftq.cli.options import Results, check_folder, path
from fastsoftq.system.interruption import prompt
from fastsoftq.system.streams import counted, say

if TYPE_CHECKING:
    from fastsoftq.studies.results import Results as StudyResults

__all__ = ["export_results"]


def export_results(
    folder: Results,
    to: Annotated[str, typer.Option(help="csv, parquet, npz or netcdf.", metavar="FORMAT")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file; runs.FORMAT or episodes.FORMAT in DIR if not given.",
            parser=path,
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    episodes: Annotated[
        bool, typer.Option("--episodes", help="A row for each condition, seed and episode, not only each seed.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Only conditions that have this, such as agent=soft or step_size=0.5; any of several of one name.",
            metavar="NAME=VALUE",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a study's results to one file that other programs read."""
    from fastsoftq.cli.progress import progress
    from fastsoftq.studies import open_results
    from fastsoftq.studies.exporting.exporting import FORMATS, check_target, export
    from fastsoftq.studies.storing.storage import local_path

    with bad_input():
        results = open_results(folder)
        if to not in FORMATS:
            check_target(".", to)
        if out is None:
            here = local_path(folder)
            if here is None:
                raise BadInputError(f"{folder} is no folder of this machine; say with --out where the file goes")
            rows = "episodes" if episodes or results.keep == "summary" else "runs"
            out = here / f"{rows}{FORMATS[to][0]}"
        check_target(out, to)
        check_folder(out.parent)
        results = _selected(results, select or [])
        _hear_of_ctrl_c_alone(to)
        with prompt(), progress(str(out), "rows") as watch:
            count = export(results, out, to, episodes=episodes, watch=watch)
    say(f"Export: {out}, {counted(count, 'row')} of {counted(len(results.conditions), 'condition')}")


def _hear_of_ctrl_c_alone(to: str) -> None:
    """Take back the handler of Ctrl-C that Polars puts in the place of Python's: in the midst of Parquet it panics."""
    if to == "parquet":
        with contextlib.suppress(ImportError):
            import polars  # noqa: F401

            signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))


def _selected(results: StudyResults, entries: list[str]) -> StudyResults:
    """The conditions that the entries NAME=VALUE ask for."""
    wanted: dict[str, list[Any]] = {}
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not (name and equals):
            raise BadInputError(f"--select is {entry!r}; it must be like step_size=0.5")
        column = results.coordinates.get(name, ())
        wanted.setdefault(name, []).append(_value(text, column))
    return results.select(wanted) if wanted else results


def _value(text: str, column: tuple[Any, ...]) -> Any:
    """What is meant by a text, among what there is: the text itself, a truth, a number, or nothing."""
    if text in column:
        return text
    plain = {"true": True, "false": False, "none": None, "": None}
    if text.lower() in plain:
        return plain[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text

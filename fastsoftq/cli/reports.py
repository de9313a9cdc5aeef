"""The command report."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from fastsoftq.cli.errors import BadInputError, bad_input
from fastsoftq.cli.options import check_file, path
from fastsoftq.system.streams import say

__all__ = ["report"]


def report(
    folder: Annotated[
        Path, typer.Argument(parser=path, metavar="DIR", help="A folder of results.", show_default=False)
    ],
    other: Annotated[
        Path | None,
        typer.Argument(parser=path, metavar="OTHER", help="Another, to compare with it.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file; report.html in DIR, or comparison.html for two folders, if not given.",
            parser=path,
            metavar="FILE",
        ),
    ] = None,
    modules: Annotated[
        list[str] | None,
        typer.Option(
            "--import",
            help="A module with agents of your own, to be imported first; without it they are shown as data.",
            metavar="MODULE",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a report of results as one HTML file that needs nothing else, or of two folders compared."""
    _import(modules or [])
    if out is not None:
        check_file(out)

    from fastsoftq.report.page import write_report

    with bad_input():
        written = write_report(folder, other, out)
    say(f"Report: {written}")


def _import(modules: list[str]) -> None:
    """Import what was asked for by name, from the current folder too, as `python -m` does."""
    if modules:
        sys.path.append(str(Path.cwd()))
    for name in modules:
        try:
            importlib.import_module(name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it does when it is imported, ending the process included
            raise BadInputError(
                f"--import is {name!r}; it cannot be imported: {type(error).__name__}: {error}"
            ) from None

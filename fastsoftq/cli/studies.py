"""The commands run, status and verify, for `cli.py` to offer. Exit status as `cli.py` has it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fastsoftq.system.streams import say, shown

__all__ = ["run_study", "show_status", "verify_folder"]

_FAILED, _BAD_INPUT, _INTERRUPTED = 1, 2, 130

Folder = Annotated[str, typer.Argument(metavar="DIR", help="A folder of results, or a URL that fsspec knows.")]


def run_study(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="A study.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="Where results go: a folder, or a URL that fsspec knows.")],
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads, or local Dask workers; all cores if not given.")
    ] = None,
    part: Annotated[str, typer.Option(help="Only this part, such as 3/40: one task of an array of jobs.")] = "1/1",
    chunk: Annotated[int | None, typer.Option(min=1, help="Runs in a chunk of a new folder.")] = None,
    dask: Annotated[str | None, typer.Option(help='A Dask scheduler, such as tcp://host:8786, or "local".')] = None,
) -> None:
    """Run a study, or take it up where it stopped."""
    from fastsoftq.studies.progress import LiveTable, PlainLines, clock
    from fastsoftq.studies.running import run
    from fastsoftq.studies.toml import read_study

    watch = LiveTable() if sys.stdout.isatty() else PlainLines(say)
    again = shlex.join(["fastsoftq", *sys.argv[1:]])
    with _errors_told(f"What was done stays done; go on with: {again}"):
        numbers = re.fullmatch(r"(\d+)/(\d+)", part)
        if numbers is None:
            raise ValueError(f"--part is {part!r}; it must be like 3/40")
        try:
            parsed = read_study(study)
            source = study.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ValueError(f"study is {str(study)!r}; it cannot be read: {error.strerror}") from None
        try:
            outcome = run(
                parsed,
                out,
                threads=threads,
                dask=dask,
                part=(int(numbers[1]), int(numbers[2])),
                chunk=chunk,
                source=source,
                watch=watch,
            )
        except KeyboardInterrupt:
            watch.close()
            say(f"Stopped. The chunks in hand were dropped, all others are kept; go on with: {again}")
            raise typer.Exit(_INTERRUPTED) from None
        finally:
            watch.close()
    for name in outcome.damaged:
        say(f"damaged, and written anew: {name}")
    speed = outcome.steps / outcome.seconds / 1e6
    say(
        f"{outcome.computed} chunks computed, {outcome.kept} found whole, in {clock(outcome.seconds)}: "
        f"{outcome.steps:,} steps, {speed:,.1f} M a second"
    )


def show_status(folder: Folder) -> None:
    """Show how far a study is."""
    from fastsoftq.studies.status import status

    with _errors_told():
        found = status(folder)
    from rich.console import Console

    from fastsoftq.studies.progress import line, table

    if sys.stdout.isatty():
        Console().print(table(f"{found.name} in {folder}", found.rows, found.steps_a_second))
    else:
        for row in found.rows:
            say(f"{row.name}: {row.done:,} of {row.runs:,} runs, {row.steps:,} steps")
        say(line(found.rows, found.steps_a_second))
    for name, owner in found.owners.items():
        condition, chunk = name.split(".")
        say(f"{found.rows[int(condition)].name}, chunk {chunk}: being computed by {owner}")
    if not found.finished and not found.owners:
        say("unfinished, and no run on this file system is at it")


def verify_folder(
    folder: Folder,
    threads: Annotated[int | None, typer.Option(min=1, help="All cores if not given.")] = None,
) -> None:
    """Check every bit of a study's results, and print the digest of their contents."""
    from fastsoftq.studies.verify import verify

    with _errors_told():
        found = verify(folder, threads=threads)
    for name in found.damaged:
        say(f"damaged: {name}")
    for name in found.missing:
        say(f"missing: {name}")
    if found.digest is None:
        raise typer.Exit(_FAILED)
    say(found.digest)


@contextmanager
def _errors_told(comfort: str = "") -> Iterator[None]:
    """Errors that a user can do something about, as one line; any other is a fault and shows where."""
    try:
        yield
    except (ValueError, TypeError, ImportError) as error:
        print(f"fastsoftq: {shown(str(error))}", file=sys.stderr)
        raise typer.Exit(_BAD_INPUT) from None
    except OSError as error:
        print(f"fastsoftq: {shown(str(error))}{'. ' if comfort else ''}{comfort}", file=sys.stderr)
        raise typer.Exit(_FAILED) from None

"""The commands run, status, verify and report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastsoftq.cli.decisions import decision_lines
from fastsoftq.cli.errors import FAILED, BadInputError, bad_input, resumable
from fastsoftq.cli.options import (
    Chunks,
    Dask,
    Device,
    Modules,
    Part,
    Results,
    StudyFile,
    check_file,
    check_place,
    count,
    import_modules,
    part_of,
    path,
)
from fastsoftq.system.interruption import prompt
from fastsoftq.system.streams import in_a_line, say

if TYPE_CHECKING:
    from fastsoftq.studies import Study

__all__ = [
    "PATIENCE",
    "check_device",
    "report",
    "run_study",
    "run_to_folder",
    "show_status",
    "verify_folder",
    "write_report_of",
]

PATIENCE = 5.0  # seconds


def run_study(
    study: StudyFile,
    out: Annotated[str, typer.Option(metavar="DIR", help="Where results go: a folder, or a URL that fsspec knows.")],
    threads: Annotated[
        int | None,
        count("Threads, or local Dask workers; as many as processors may be used if not given."),
    ] = None,
    part: Part = "1/1",
    chunk: Chunks = None,
    dask: Dask = None,
    device: Device = None,
    modules: Modules = None,
) -> None:
    """Run a study, or take it up where it stopped."""
    from fastsoftq.studies import read_study

    numbers = part_of(part)
    names = import_modules(modules)
    with bad_input():
        try:
            parsed = read_study(study, names)
            source = study.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise BadInputError(f"study is {str(study)!r}; it cannot be read: {error.strerror}") from None
    check_device(parsed, device, dask)
    check_place(out)
    run_to_folder(parsed, out, threads=threads, dask=dask, part=numbers, chunk=chunk, source=source, device=device)
    write_report_of(out)


def check_device(study: Study, device: str | None, dask: str | None = None) -> None:
    """Make sure, before any work, that a study can be trained where it is to be."""
    from fastsoftq.engine.gpu.driver import GpuError
    from fastsoftq.studies.running import study_device

    with bad_input():
        try:
            study_device(device, study, dask)
        except GpuError as error:
            raise BadInputError(str(error)) from error


def write_report_of(out: str) -> None:
    """Write the report of a study's folder on this machine, if it is finished, and say where it is."""
    from fastsoftq.studies.inspect import status
    from fastsoftq.studies.storing.storage import local_path

    folder = local_path(out)
    if folder is None or not status(out).finished:  # a store far away; other parts are still to come
        return

    from fastsoftq.report.page import write_report

    try:
        with bad_input():
            say(f"Report: {write_report(folder)}")
    except BadInputError as error:
        say(f"No report: {error}")


def run_to_folder(study: Any, out: str | Path, *, prefix: str = "", **options: Any) -> None:
    """Run a study, and show how far it is.

    Parameters
    ----------
    study : Study
    out : str or Path
    prefix : str
        Of each line that is printed.
    **options
        As for `fastsoftq.studies.run`.
    """
    from fastsoftq.cli.live import clock, live, millions
    from fastsoftq.studies.running import run
    from fastsoftq.studies.watching import Tally

    tally = Tally()
    # A chunk that is being written is finished; one whose training is still being compiled is not waited for.
    with resumable(), bad_input(), prompt(PATIENCE), live(f"{study.name} in {out}", tally, prefix=prefix):
        outcome = run(study, out, watch=tally, **options)
    for name in outcome.damaged:
        say(f"{prefix}damaged, and written anew: {name}")
    say(
        f"{prefix}{outcome.new_runs:,} of {outcome.new_runs + outcome.old_runs:,} runs computed, "
        f"{outcome.old_runs:,} found whole, in {clock(outcome.seconds)}: "
        f"{outcome.steps:,} steps, {millions(outcome.steps / outcome.seconds)} a second"
    )
    for text in () if outcome.decision is None else decision_lines(outcome.decision):
        say(f"{prefix}{text}")


def show_status(folder: Results) -> None:
    """Show how far a study is."""
    from fastsoftq.studies.inspect import status

    with bad_input():
        found = status(folder)
    from rich.console import Console

    from fastsoftq.cli.live import line, table

    if sys.stdout.isatty():
        Console().print(table(f"{found.name} in {folder}", found.rows, found.steps_a_second))
    else:
        for row in found.rows:
            say(f"{in_a_line(row.name)}: {row.done:,} of {row.runs:,} runs, {row.steps:,} steps")
        say(line(found.rows, found.steps_a_second))
    for name, owner in found.owners.items():
        condition, chunk = name.split(".")
        say(f"{in_a_line(found.rows[int(condition)].name)}, chunk {chunk}: being computed by {owner}")
    for text in () if found.decision is None else decision_lines(found.decision):
        say(f"as noted by the last run: {text}")
    if not found.finished and not found.owners:
        say("unfinished, and no run on this file system is at it")


def verify_folder(
    folder: Results,
    threads: Annotated[int | None, count("As many as processors may be used if not given.")] = None,
) -> None:
    """Check every bit of a study's results, and print the digest of their contents."""
    from fastsoftq.studies.inspect import verify

    with bad_input():
        found = verify(folder, threads=threads)
    for name in found.damaged:
        say(f"damaged: {name}")
    for name in found.missing:
        say(f"missing: {name}")
    if found.digest is None:
        raise typer.Exit(FAILED)
    say(found.digest)


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
    modules: Modules = None,
    measures: Annotated[
        list[str] | None,
        typer.Option(
            "--measure",
            help="By what conditions are compared, the first before all: last:100, area, steps_to:-20, regret, "
            "worst:0.05 and others; as the study says if not given.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="What they are compared with: an agent, an algorithm or a condition; hard Q-learning, at its best, if "
            "nobody says.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    latex: Annotated[
        Path | None,
        typer.Option(help="A file for the main table as LaTeX.", parser=path, metavar="FILE", show_default=False),
    ] = None,
    notebook: Annotated[
        bool, typer.Option("--notebook", help="Write a notebook beside the report that finds its numbers again.")
    ] = False,
) -> None:
    """Write a report of results as one HTML file that needs nothing else, or of two folders compared."""
    import_modules(modules)
    if against is not None and not against.strip():
        raise BadInputError("--against is empty; it must be an agent, an algorithm or a condition")
    with bad_input():
        _check_measures(measures or [])
    if out is not None:
        check_file(out)
    elif folder.is_dir():
        check_file(folder / "report.html")
    if latex is not None:
        check_file(latex, "latex")

    from fastsoftq.cli.progress import progress
    from fastsoftq.report.page import write_report

    with bad_input(), progress(f"reading {folder}", "conditions") as watch:
        written = write_report(
            folder,
            other,
            out,
            measures=measures or (),
            against=against,
            latex=latex,
            notebook=notebook,
            watch=watch,
        )
    say(f"Report: {written}")


def _check_measures(names: list[str]) -> None:
    """Refuse a measure that is asked for twice, however it is written: each widens all intervals of the report."""
    if not names:
        return
    from fastsoftq.measures import measure  # which brings SciPy

    known: dict[str, str] = {}
    for name in names:
        found = measure(name).name
        if found in known:
            raise BadInputError(f"--measure is {name!r}, as {known[found]!r} before it; each may be given once")
        known[found] = name

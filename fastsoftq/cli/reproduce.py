"""The command reproduce: the document's experiments, each run as a study and then analysed."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fastsoftq.cli.errors import bad_input, resumable
from fastsoftq.cli.options import Dask, Device, Part, check_folder, count, part_of, path
from fastsoftq.cli.studies import check_device, run_to_folder
from fastsoftq.experiments import DEFAULT, EXPERIMENTS, Settings, chosen
from fastsoftq.system.interruption import prompt
from fastsoftq.system.streams import say

if TYPE_CHECKING:
    from fastsoftq.report.findings import Findings
    from fastsoftq.studies import Results, Study

__all__ = ["reproduce", "show"]


def _experiments(incomplete: str) -> list[tuple[str, str]]:
    known = {**{name: experiment.summary for name, experiment in EXPERIMENTS.items()}, "all": "All of them"}
    return [(name, summary) for name, summary in known.items() if name.startswith(incomplete)]


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help=f"Experiments, or 'all'; `fastsoftq list` shows them; {DEFAULT} if not given.",
            autocompletion=_experiments,
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        count(f"Runs of each agent. {Settings.seeds} if not given, 200 of the shelf, and 30 where networks learn."),
    ] = None,
    episodes: Annotated[
        int, count("Episodes of each run; networks learn for steps, in proportion to it.")
    ] = Settings.episodes,
    max_steps: Annotated[int, count("The most steps an episode may take.")] = Settings.max_steps,
    out: Annotated[
        Path,
        typer.Option(
            help=f"Where results go; experiments other than {DEFAULT} each get a folder there.",
            parser=path,
            metavar="DIR",
        ),
    ] = Path("results"),
    threads: Annotated[
        int | None, count("Threads; results do not depend on it. As many as processors may be used if not given.")
    ] = None,
    part: Part = "1/1",
    dask: Dask = None,
    device: Device = None,
) -> None:
    """Reproduce the document's experiments: train, draw, and print what was found beside the exact answers.

    What is done stays done: the same command goes on where it stopped, and more seeds add to what is there.
    """
    from fastsoftq.studies.storing.storage import LocalStorage
    from fastsoftq.studies.storing.store import check_fits

    numbers = part_of(part)
    with bad_input():
        own = device if dask is None else None  # else the workers'
        asked = {
            name: Settings(EXPERIMENTS[name].seeds if seeds is None else seeds, episodes, max_steps, threads, own)
            for name in chosen(names or [])
        }
        for name, settings in asked.items():
            EXPERIMENTS[name].check_memory(settings)
    folders = {name: out if name == DEFAULT else out / name for name in asked}
    for folder in folders.values():
        check_folder(folder)
    with bad_input():
        studies = {name: EXPERIMENTS[name].study(settings) for name, settings in asked.items()}
        # Networks learn on the processor. Alone they are refused another device; beside tables these have it.
        deep = {name for name, study in studies.items() if study is not None and study.steps is not None}
        devices = {name: None if name in deep and len(deep) < len(asked) else device for name in asked}
        asked = {name: replace(settings, device=devices[name] and settings.device) for name, settings in asked.items()}
        for name, study in studies.items():
            if study is not None:
                check_device(study, devices[name], dask)
                check_fits(study, folders[name], beside=True)

    for folder in {out, *folders.values()}:
        LocalStorage(folder).sweep()  # of what a run that was killed had not put in place
    written = [
        _reproduce(name, studies[name], asked[name], folder, numbers, dask, devices[name], prefix=f"{name}: ")
        for name, folder in folders.items()
    ]
    if not any(written):
        return

    from fastsoftq.report.page import write_report

    with bad_input():
        say(f"Report: {write_report(out)}")


def _reproduce(
    name: str,
    study: Study | None,
    settings: Settings,
    folder: Path,
    part: tuple[int, int],
    dask: str | None,
    device: str | None,
    prefix: str,
) -> bool:
    """Bring an experiment's folder as far as it goes; whether all of it is there."""
    results: Results | None = None
    if study is not None:
        from fastsoftq.studies import open_results
        from fastsoftq.studies.inspect import status

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # experiments know which reward scales wander, and say so
            run_to_folder(
                study, folder, threads=settings.threads, dask=dask, part=part, device=device, beside=True, prefix=prefix
            )
        missing = [row for row in status(folder).rows if row.done < row.runs]
        if missing:
            left = sum(row.runs - row.done for row in missing)
            say(f"{prefix}{left:,} runs of {len(missing)} conditions are missing; run the other parts, then this again")
            return False
        results = open_results(folder)
    elif part[0] > 1:
        say(f"{prefix}nothing is learned; part 1/{part[1]} sees to it")
        return False

    from fastsoftq.cli.live import Labelled, live
    from fastsoftq.report.findings import write

    counted = Labelled()
    with resumable(), prompt(), live(f"{name}: analysis", counted, prefix=prefix):
        findings = EXPERIMENTS[name].analyse(results, settings, counted)
    folder.mkdir(parents=True, exist_ok=True)
    with resumable():
        files = write(findings, folder, name, EXPERIMENTS[name].summary)
    show(findings)
    say(f"\nWritten to {folder}: {', '.join(file.name for file in files)}")
    return True


def show(findings: Findings) -> None:
    """Print the table and the sentences of an experiment's findings to standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a pipe or a file has no width to keep to
    grid = Table(title=findings.title, caption=findings.table.caption, box=box.SIMPLE_HEAD, title_justify="left")
    grid.caption_justify = "left"
    for i, heading in enumerate(findings.table.header):
        grid.add_column(heading, justify="left" if i == 0 else "right", overflow="fold")
    for row in findings.table.rows:
        grid.add_row(*row)
    console.print(grid, markup=False)
    for sentence in findings.sentences:
        console.print(sentence, markup=False)

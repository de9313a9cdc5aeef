"""The command tune: hyperparameters that Optuna chooses, and what was chosen compared on other seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fastsoftq.cli.decisions import selection_lines
from fastsoftq.cli.errors import BadInputError, bad_input, resumable
from fastsoftq.cli.options import Chunks, Device, Modules, check_place, count, import_modules, path
from fastsoftq.cli.studies import PATIENCE, check_device, write_report_of
from fastsoftq.system.interruption import prompt
from fastsoftq.system.streams import counted, say

__all__ = ["tune_study"]


def tune_study(
    study: Annotated[
        Path,  # a bracket that is not escaped would be taken for markup
        typer.Argument(parser=path, metavar="STUDY.toml", help=r"A study with a table \[tune.agents.NAME]."),
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="Where results go: a folder, or a URL that fsspec knows.")],
    trials: Annotated[int, count("Trials for each environment and agent that is tuned.")],
    sampler: Annotated[str, typer.Option(help="tpe, random or cmaes.")] = "tpe",
    pruner: Annotated[str, typer.Option(help="halving, median or none.")] = "halving",
    seed: Annotated[int, count("Of the sampler.")] = 0,
    at_once: Annotated[int, count("Trials that are asked for together, and do not know of each other.")] = 4,
    threads: Annotated[int | None, count("Threads; as many as processors may be used if not given.")] = None,
    chunk: Chunks = None,
    part: Annotated[str | None, typer.Option(hidden=True)] = None,
    dask: Annotated[str | None, typer.Option(hidden=True)] = None,
    device: Device = None,
    modules: Modules = None,
) -> None:
    """Choose hyperparameters on more and more seeds, and compare the best on others; or go on where that stopped."""
    from fastsoftq.cli.live import clock, live
    from fastsoftq.studies.tuning.tuning import tune
    from fastsoftq.studies.tuning.tuning_file import read_tuning
    from fastsoftq.studies.watching import Tally

    for name, given in (("part", part), ("dask", dask)):
        if given is not None:
            raise BadInputError(
                f"--{name} is {given!r}; tune cannot be shared out, as what is tried next follows from what was tried; "
                "use --threads on one machine, and run with --part or --dask for a study of settings that are known"
            )
    names = import_modules(modules)
    with bad_input():
        try:
            asked = read_tuning(study, names)
            source = study.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise BadInputError(f"study is {str(study)!r}; it cannot be read: {error.strerror}") from None
    check_device(asked.study, device)
    check_place(out)
    tally = Tally()
    with resumable(), bad_input(), prompt(PATIENCE), live(f"{asked.study.name} in {out}", tally):
        found = tune(
            asked.study,
            asked.space,
            out,
            trials=trials,
            sampler=sampler,
            pruner=pruner,
            rungs=asked.rungs,
            seed=seed,
            at_once=at_once,
            threads=threads,
            chunk=chunk,
            source=source,
            watch=tally,
            device=device,
        )
    for name in found.damaged:
        say(f"damaged, and written anew: {name}")
    pruned = sum(trial.pruned for trial in found.trials)
    say(
        f"{counted(len(found.trials), 'trial')}, {pruned:,} given up early; {counted(found.computed, 'chunk')} "
        f"computed, in {clock(found.seconds)}: {found.steps:,} steps"
    )
    for line in selection_lines(found.selected):
        say(line)
    write_report_of(out)

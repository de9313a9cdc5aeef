"""The command `fastsoftq`: arguments are read and refused here; what is done is imported only when it is."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import fastsoftq
from fastsoftq.cli.studies import run_study, show_status, verify_folder
from fastsoftq.experiments import DEFAULT, EXPERIMENTS, Settings, chosen
from fastsoftq.studies.encoding import DamagedError
from fastsoftq.system.interruption import STATUS, interruptible, leave, prompt
from fastsoftq.system.memory import TooLargeError
from fastsoftq.system.streams import give_up_stdout, say, shown

__all__ = ["app", "main"]

app = typer.Typer(
    name="fastsoftq",
    help="Hard or soft? Tabular soft Q-learning beside standard Q-learning.",
    pretty_exceptions_enable=False,
)


# What typer raises for a command line that cannot be read. The name of this class is not among those it exports.
UsageError: Any = typer.BadParameter.__base__


class BadInputError(Exception):
    """What was asked for cannot be done; the message is the one line that says why."""


def main() -> NoReturn:
    """Run the command: exit status 0, 2 for bad input (one line on standard error), 1 for a failure, 130 for Ctrl-C."""
    warnings.formatwarning = lambda message, *_, **__: f"fastsoftq: {message}\n"
    try:
        with interruptible():
            status = app(prog_name="fastsoftq", standalone_mode=False) or 0
    except KeyboardInterrupt:
        status = STATUS
    except UsageError as error:
        status = _refuse(error.format_message(), error.exit_code)
    except (BadInputError, TooLargeError) as error:
        status = _refuse(str(error), 2)
    except (OSError, MemoryError, DamagedError) as error:
        status = _refuse(str(error) or "not enough memory", 1)
    try:
        sys.stdout.flush()
    except OSError as error:
        give_up_stdout()
        status = _refuse(f"standard output cannot be written: {error.strerror}", 1)
    if status == STATUS:
        leave()
    sys.exit(status)


def _refuse(message: str, status: int) -> int:
    print("fastsoftq:", shown(" ".join(message.split())), file=sys.stderr)
    return status


@app.callback(invoke_without_command=True)
def _begin(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        say(f"fastsoftq {fastsoftq.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def _experiments(incomplete: str) -> list[tuple[str, str]]:
    known = {**{name: experiment.summary for name, experiment in EXPERIMENTS.items()}, "all": "All of them"}
    return [(name, summary) for name, summary in known.items() if name.startswith(incomplete)]


def _count(text: str) -> Any:
    """An option that takes an integer."""
    return typer.Option(help=text, parser=_integer, metavar="N")


def _integer(text: str | int) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an integer") from None


def _path(text: str | Path) -> Path:
    if not str(text).strip():
        raise typer.BadParameter("it is empty; it must be a path")
    return Path(text)


@app.command()
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
    seeds: Annotated[int, _count("Runs of each agent.")] = Settings.seeds,
    episodes: Annotated[int, _count("Episodes of each run.")] = Settings.episodes,
    max_steps: Annotated[int, _count("The most steps an episode may take.")] = Settings.max_steps,
    out: Annotated[
        Path,
        typer.Option(
            help=f"Where results go; experiments other than {DEFAULT} each get a folder there.",
            parser=_path,
            metavar="DIR",
        ),
    ] = Path("results"),
    threads: Annotated[int | None, _count("Threads; results do not depend on it. All cores if not given.")] = None,
) -> None:
    """Reproduce the document's experiments: train, draw, and print what was found beside the exact answers."""
    try:
        settings = Settings(seeds, episodes, max_steps, threads)
        asked = chosen(names or [])
        for name in asked:
            EXPERIMENTS[name].check_memory(settings)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    folders = {name: out if name == DEFAULT else out / name for name in asked}
    for folder in folders.values():
        _check_writable(folder)

    from fastsoftq.cli.bars import progress_bars
    from fastsoftq.report.findings import show, write

    for name, folder in folders.items():
        with prompt(), progress_bars() as watch:
            findings = EXPERIMENTS[name].run(settings, watch)
        folder.mkdir(parents=True, exist_ok=True)
        written = write(findings, folder, name, EXPERIMENTS[name].summary)
        show(findings)
        say(f"\nWritten to {folder}: {', '.join(path.name for path in written)}")

    from fastsoftq.report.page import write_report

    say(f"Report: {write_report(out)}")


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(parser=_path, metavar="DIR", help="A folder of results.", show_default=False)
    ],
    other: Annotated[
        Path | None,
        typer.Argument(parser=_path, metavar="OTHER", help="Another, to compare with it.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The file; report.html in DIR, or comparison.html for two folders, if not given.",
            parser=_path,
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
        _check_file(out)

    from fastsoftq.report.page import write_report

    try:
        written = write_report(folder, other, out)
    except DamagedError:
        raise
    except ValueError as error:
        raise BadInputError(str(error)) from error
    say(f"Report: {written}")


@app.command("list")
def list_() -> None:
    """List the experiments that `reproduce` knows, with a line each."""
    width = max(map(len, EXPERIMENTS))
    for name, experiment in EXPERIMENTS.items():
        say(f"{name:{width}}  {experiment.summary}")


@app.command("run")
@functools.wraps(run_study)
def run(*arguments: Any, **options: Any) -> None:
    run_study(*arguments, **options)
    out = Path(options["out"])
    if not out.is_dir():  # a store far away
        return

    from fastsoftq.report.page import write_report
    from fastsoftq.studies.status import status

    if not status(out).finished:  # other parts are still to come
        return
    try:
        say(f"Report: {write_report(out)}")
    except DamagedError:
        raise
    except ValueError as error:
        say(f"No report: {error}")


app.command("status")(show_status)
app.command("verify")(verify_folder)


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


def _check_file(path: Path) -> None:
    """Make sure, before any work, that a file can be put there."""
    if path.is_dir():
        raise BadInputError(f"out is '{path}'; it is a folder, and must be a file")
    if not path.parent.is_dir():
        raise BadInputError(f"out is '{path}'; there is no folder '{path.parent}'")
    _check_writable(path.parent)


def _check_writable(folder: Path) -> None:
    """Make sure, before any work, that files can be written there; leave nothing behind."""
    missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise BadInputError(f"out is '{folder}'; it is not a folder, nor can it be one") from None
    except OSError as error:
        raise BadInputError(f"out is '{folder}'; files cannot be written there: {error.strerror}") from error
    finally:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()

"""The command `fastsoftq`: its subcommands, and how it ends. What is done is imported only when it is."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, NoReturn

import typer

import fastsoftq
from fastsoftq.cli.devices import list_devices
from fastsoftq.cli.errors import FAILED, refuse, status_of
from fastsoftq.cli.export import export_results
from fastsoftq.cli.list_worlds import list_worlds
from fastsoftq.cli.plan_study import plan_study
from fastsoftq.cli.reproduce import reproduce
from fastsoftq.cli.studies import report, run_study, show_status, verify_folder
from fastsoftq.cli.tune import tune_study
from fastsoftq.experiments import EXPERIMENTS
from fastsoftq.system.interruption import STATUS, interruptible, leave
from fastsoftq.system.streams import give_up_stdout, say

__all__ = ["app", "main"]

app = typer.Typer(
    name="fastsoftq",
    help="Hard or soft? Soft Q-learning beside standard Q-learning, in tables and by networks.",
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    """Run the command: exit status 0, 2 for bad input (one line on standard error), 1 for a failure, 130 for Ctrl-C."""
    warnings.formatwarning = lambda message, *_, **__: f"fastsoftq: {message}\n"
    try:
        with interruptible():
            status = app(prog_name="fastsoftq", standalone_mode=False) or 0
    except (Exception, KeyboardInterrupt) as error:
        status = status_of(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        give_up_stdout()
        status = refuse(f"standard output cannot be written: {error.strerror}", FAILED)
    if status == STATUS:
        leave()
    sys.exit(status)


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


app.command("reproduce")(reproduce)
app.command("report")(report)


@app.command("list")
def list_() -> None:
    """List the experiments that `reproduce` knows, with a line each."""
    width = max(map(len, EXPERIMENTS))
    for name, experiment in EXPERIMENTS.items():
        say(f"{name:{width}}  {experiment.summary}")


app.command("devices")(list_devices)
app.command("worlds")(list_worlds)
app.command("plan")(plan_study)
app.command("run")(run_study)
app.command("tune")(tune_study)
app.command("status")(show_status)
app.command("verify")(verify_folder)
app.command("export")(export_results)

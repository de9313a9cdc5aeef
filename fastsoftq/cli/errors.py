"""What becomes of an error: the one line that is printed, and the exit status."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from fastsoftq.system.interruption import STATUS
from fastsoftq.system.memory import TooLargeError
from fastsoftq.system.streams import say, shown

__all__ = ["BadInputError", "bad_input", "refuse", "resumable", "status_of"]

FAILED, BAD_INPUT = 1, 2

# What typer raises for a command line that cannot be read. The name of this class is not among those it exports.
UsageError: Any = typer.BadParameter.__base__


class BadInputError(Exception):
    """What was asked for cannot be done; the message is the one line that says why."""


class UnfinishedError(Exception):
    """Something failed midway; the message says what, and how to go on."""


def status_of(error: BaseException) -> int:
    """Print an error that a user can do something about, as one line; its exit status.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    int
        2 for bad input, 1 for a failure, 130 for Ctrl-C.

    Raises
    ------
    BaseException
        The error itself, where it is a fault of ours: its traceback shows where.
    """
    if isinstance(error, KeyboardInterrupt):
        return STATUS
    if isinstance(error, UsageError):
        return refuse(error.format_message(), error.exit_code)
    if isinstance(error, BadInputError | TooLargeError | ImportError):  # such as of a NumPy that Numba does not take
        return refuse(str(error), BAD_INPUT)

    from fastsoftq.engine.gpu.driver import GpuError
    from fastsoftq.engine.rule_errors import RuleError
    from fastsoftq.studies.storing.zarr_files import DamagedError

    if isinstance(error, RuleError):  # of an agent of somebody's own, which is compiled when it first trains
        return refuse(str(error), BAD_INPUT)
    if isinstance(error, OSError | MemoryError | GpuError | DamagedError | UnfinishedError):
        return refuse(str(error) or "not enough memory", FAILED)
    raise error


def refuse(message: str, status: int) -> int:
    """Print a message as one line on standard error; the status as it was given."""
    print("fastsoftq:", shown(" ".join(message.split())), file=sys.stderr)
    return status


@contextmanager
def bad_input() -> Iterator[None]:
    """Within, what the package refuses is bad input; results that are damaged are not."""
    from fastsoftq.studies.storing.zarr_files import DamagedError

    try:
        yield
    except DamagedError:
        raise
    except (ValueError, TypeError, ImportError) as error:
        raise BadInputError(str(error)) from error


@contextmanager
def resumable() -> Iterator[None]:
    """Within, what is done stays done: an interruption or a failure tells how to go on."""
    from fastsoftq.engine.gpu.driver import GpuError

    again = shlex.join(["fastsoftq", *sys.argv[1:]])
    try:
        yield
    except KeyboardInterrupt:
        say(f"Stopped. The chunks in hand were dropped, all others are kept; go on with: {again}")
        raise
    except (OSError, GpuError) as error:
        raise UnfinishedError(f"{error}. What was done stays done; go on with: {again}") from error

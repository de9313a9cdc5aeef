"""Files written whole or not at all: at any moment a name stands for the old contents or the new."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

__all__ = ["atomic_file", "atomic_write"]


def atomic_write(path: str | os.PathLike[str], data: bytes, temporary: Path | None = None, mode: int = 0o666) -> None:
    """Write a file, or replace it, in one step; its data are flushed to the disk.

    Parameters
    ----------
    path : path-like
        Its name; its folder must exist.
    data : bytes
    temporary : Path, optional
        Where to write it before it takes its name, on the same file system; a name of its own in the same folder if not
        given.
    mode : int
        Its permissions, before the umask.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full. The old file is untouched, and nothing is left beside it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     atomic_write(f"{folder}/findings.json", b"{}")
    ...     print(os.listdir(folder))
    ['findings.json']
    """
    target = Path(path)
    partial = temporary or _beside(target)
    with _put_in_place(partial, target):
        handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Within, a file is written under another name; it takes its own, in one step, once all of it is on the disk.

    Parameters
    ----------
    path : path-like
        Its name; its folder must exist.

    Yields
    ------
    Path
        Where to write it. Nothing is there yet.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full. As after any other error, or an interruption, the old file is
        untouched, and nothing is left beside it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(f"{folder}/runs.csv") as partial:
    ...         _ = partial.write_text("seed,return")
    ...     print(os.listdir(folder))
    ['runs.csv']
    """
    target = Path(path)
    partial = _beside(target)
    with _put_in_place(partial, target):
        yield partial
        handle = os.open(partial, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _put_in_place(partial: Path, target: Path) -> Iterator[None]:
    """Within, a file is made; it takes its name after, or is removed if that fails."""
    try:
        yield
        os.replace(partial, target)  # noqa: PTH105 - tests let each call here fail
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)  # noqa: PTH108
        raise
    _flush_folder(target.parent)


def _beside(target: Path) -> Path:
    """A name of its own in the same folder, which says who writes there: a killed process leaves it."""
    return target.with_name(f".{target.name}+{socket.gethostname()}+{os.getpid()}.{secrets.token_hex(4)}.partial")


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a loss of power, where folders can be flushed."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Files written whole or not at all: at any moment a name stands for the old contents or the new."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path

__all__ = ["atomic_write"]


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
    writer = f"{socket.gethostname()}+{os.getpid()}"  # identifies what a killed process leaves
    partial = temporary or target.with_name(f".{target.name}+{writer}.{secrets.token_hex(4)}.partial")
    try:
        handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(partial, target)  # noqa: PTH105 - tests let each call here fail
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)  # noqa: PTH108
        raise
    _flush_folder(target.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a loss of power, where folders can be flushed."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

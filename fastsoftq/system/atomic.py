"""Files that appear whole or not at all: whatever happens meanwhile, a name stands for the old contents or the new."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path

__all__ = ["atomic_write"]


def atomic_write(path: str | os.PathLike[str], data: bytes, temporary: Path | None = None) -> None:
    """Put a file in place, whole and flushed to the disk, in place of what was there.

    Parameters
    ----------
    path : path-like
        Its name; its folder must exist.
    data : bytes
    temporary : Path, optional
        Where to write it before it takes its name, on the same file system; a name of its own in the same folder if not
        given.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full. What was there is there still, and nothing beside it.
    """
    target = Path(path)
    writer = f"{socket.gethostname()}+{os.getpid()}"  # so that what a killed process leaves is known as such
    partial = temporary or target.with_name(f".{target.name}+{writer}.{secrets.token_hex(4)}.partial")
    try:
        handle = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
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

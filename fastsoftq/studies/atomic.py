"""Files that appear whole or not at all: whatever happens meanwhile, a name stands for the old contents or the new."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_write"]


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only once all of it is on disk.

    Parameters
    ----------
    path : path-like
        The name it will have; its folder must exist.

    Yields
    ------
    binary file
        A temporary one in the same folder. On any exception it is removed, and `path` stays as it was.

    Raises
    ------
    OSError
        The folder cannot be written, or the disk is full.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise

"""Files of compiled code, loaded only if they are intact and nobody else can have written them.

A file begins with the checksum of what follows. A disk that cannot be written costs a compilation, no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import warnings
from functools import cache
from pathlib import Path

from fastsoftq.kernels.trust import is_own, why_not_trusted
from fastsoftq.system.atomic import atomic_write

__all__ = ["cache_directory", "read", "write"]

_CHECKSUM = hashlib.sha256().digest_size
# Everybody may read, only the user may write, whatever the umask.
_FOLDER, _FILE = 0o755, 0o644


@cache
def cache_directory() -> Path:
    """Where compiled code is kept: `$FASTSOFTQ_CACHE_DIR`, or the user's cache directory; it need not exist.

    Examples
    --------
    >>> cache_directory().is_absolute()
    True
    """
    chosen = os.environ.get("FASTSOFTQ_CACHE_DIR")
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()  # noqa: PTH111  # which leaves a home that nobody knows
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("fastsoftq", appauthor=False))
    except RuntimeError:  # a user without a home, as in some containers
        return Path(os.devnull, "fastsoftq")  # where nothing can be kept


def _others_are_trusted() -> bool:
    return os.environ.get("FASTSOFTQ_TRUST_CACHE") == "1"


@cache
def _is_trusted(folder: Path) -> bool:
    """Whether code may be loaded from an existing folder; warn once if not."""
    reason = None if _others_are_trusted() else why_not_trusted(folder)
    if reason is not None:
        warnings.warn(
            f"compiled code in {folder} is not used, and everything is compiled anew: {reason}. Whoever can write "
            "there can run code as you; take another folder (FASTSOFTQ_CACHE_DIR), or set FASTSOFTQ_TRUST_CACHE=1",
            UserWarning,
            stacklevel=2,
        )
    return reason is None


def read(path: Path) -> bytes | None:
    """Return the contents of a file; None if it is missing, damaged or not trusted.

    Examples
    --------
    >>> read(Path("missing.jit")) is None
    True
    """
    try:
        if not _is_trusted(path.parent):
            return None
        with path.open("rb") as file:
            stored = file.read() if _others_are_trusted() or is_own(file.fileno()) else b""
    except OSError:
        return None
    checksum, data = stored[:_CHECKSUM], stored[_CHECKSUM:]
    return data if hashlib.sha256(data).digest() == checksum else None


def write(path: Path, data: bytes) -> None:
    """Write a file with its checksum, and make its folders, if possible.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "loop.jit"), b"machine code")
    ...     read(Path(folder, "loop.jit"))
    b'machine code'
    """
    with contextlib.suppress(OSError):
        for folder in (*reversed(path.parent.parents), path.parent):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(_FOLDER)
        if _is_trusted(path.parent):
            atomic_write(path, hashlib.sha256(data).digest() + data, mode=_FILE)

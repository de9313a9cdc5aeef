"""Where the bytes of a study lie: a folder on this machine, or an object store. Nothing here knows what they mean.

A file appears whole or not at all. Locally it is written under a temporary name, flushed to the disk and renamed; an
object store does as much by itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import tempfile
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from fastsoftq.system.atomic import atomic_write

__all__ = ["LocalStorage", "RemoteStorage", "Storage", "file_system_time", "is_dead", "local_path", "open_storage"]

_TEMPORARY = "tmp"
_WRITTEN = re.compile(r"(?P<host>.+)\.(?P<process>\d+)\.\d+")  # as `write` names what it has not put in place yet
_PARTIAL = re.compile(r"\..+\+(?P<host>[^+]+)\+(?P<process>\d+)\.[0-9a-f]{8}\.partial")  # as `atomic_write` does
_DAY = 86400.0
_numbers = count()


class LocalStorage:
    """A folder of a file system.

    Parameters
    ----------
    root : Path
        Made on the first write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)

    def read(self, key: str) -> bytes | None:
        """The contents of a file, or None where there is none."""
        try:
            return (self.root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, data: bytes) -> None:
        """Put a file in place, whole and flushed to the disk, in place of what was there.

        Raises
        ------
        OSError
            What was there is there still.
        """
        target = self.root / key
        temporary = self.root / _TEMPORARY / f"{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        for folder in (target.parent, temporary.parent):
            folder.mkdir(parents=True, exist_ok=True)
        atomic_write(target, data, temporary)

    def names(self, key: str) -> list[str]:
        """What lies directly below a key; nothing where there is none."""
        try:
            return os.listdir(self.root / key)  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []

    def sweep(self) -> None:
        """Remove temporary files that no running process will rename, those beside the results included."""
        written = [(self.root / _TEMPORARY / name, _WRITTEN.fullmatch(name)) for name in self.names(_TEMPORARY)]
        written += [(self.root / name, found) for name in self.names("") if (found := _PARTIAL.fullmatch(name))]
        for path, writer in written:
            with contextlib.suppress(OSError):
                dead = writer is not None and is_dead(writer["host"], writer["process"])
                if dead or file_system_time(path.parent) - path.stat().st_mtime > _DAY:
                    path.unlink()


class RemoteStorage:
    """An object store, or anything else that fsspec reaches.

    Parameters
    ----------
    url : str
        Such as "s3://bucket/study" or "gs://bucket/study"; credentials and endpoints are fsspec's business.

    Raises
    ------
    ImportError
        Where fsspec, or what it needs for this kind of URL, is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def __getstate__(self) -> str:
        return self.url

    def __setstate__(self, url: str) -> None:
        self.url = url

    @property
    def _files(self) -> Any:
        from fsspec.core import url_to_fs

        return url_to_fs(self.url)[0]  # fsspec keeps one instance for each process and kind

    def _path(self, key: str) -> str:
        return f"{self.url}/{key}"

    def read(self, key: str) -> bytes | None:
        """The contents of a file, or None where there is none."""
        try:
            return bytes(self._files.cat_file(self._path(key)))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, data: bytes) -> None:
        """Put an object, whole, in place of what was there."""
        self._files.pipe_file(self._path(key), data)

    def names(self, key: str) -> list[str]:
        """What lies directly below a key; nothing where there is none."""
        files = self._files
        files.invalidate_cache()
        try:
            return [PurePosixPath(path).name for path in files.ls(self._path(key), detail=False)]
        except (FileNotFoundError, NotADirectoryError):
            return []


Storage: TypeAlias = LocalStorage | RemoteStorage


def open_storage(url: str | Path) -> Storage:
    """The storage at a path or a URL.

    Parameters
    ----------
    url : str or Path
        A path, or a URL that fsspec knows.

    Returns
    -------
    LocalStorage or RemoteStorage

    Raises
    ------
    ValueError
        Nothing, which would be the current folder; a file, or something below one; a kind of URL that fsspec does not
        know.
    ImportError
        A URL, and fsspec is not installed.
    """
    text = str(url)
    if not text.strip():
        raise ValueError(f"the folder of results is {text!r}; it must be a path or a URL")
    path = local_path(text)
    if path is None:
        try:
            import fsspec
        except ImportError as error:
            raise ImportError(f"{text} needs fsspec: pip install 'fastsoftq[remote]'") from error
        for kind in text.partition("://")[0].split("::"):  # one may lie within another
            if kind not in fsspec.available_protocols():
                raise ValueError(f"the folder of results is {text!r}; fsspec knows no URLs that begin with '{kind}://'")
        return RemoteStorage(text)
    root = path.absolute()
    there = next(place for place in (root, *root.parents) if place.exists())
    if not there.is_dir():
        raise ValueError(f"the folder of results is {text!r}; {there} is not a folder")
    return LocalStorage(root)


def local_path(url: str | Path) -> Path | None:
    """Where a path, or a URL of this machine, leads to; None for a store far away.

    Examples
    --------
    >>> local_path("file:///data/small").as_posix(), local_path("s3://bucket/small")
    ('/data/small', None)
    """
    text = str(url).removeprefix("file://")
    return None if "://" in text else Path(text)


def file_system_time(folder: Path) -> float:
    """The time by the clock that files in a folder are stamped with, which need not be this machine's.

    Raises
    ------
    OSError
        No file can be made there.
    """
    with tempfile.TemporaryFile(dir=folder) as fresh:
        return os.fstat(fresh.fileno()).st_mtime


def is_dead(host: str, process: str) -> bool:
    """Whether a process is known to have ended: it ran on this machine and does no longer."""
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:  # it runs, as another user
        return False
    try:  # one that nobody has taken note of yet still has its number
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False

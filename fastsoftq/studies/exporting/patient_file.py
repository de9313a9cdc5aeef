"""A file for HDF5, which crashes the process where a write fails: it is told of none, and whoever wrote asks for it."""

from __future__ import annotations

import io
from pathlib import Path

__all__ = ["PatientFile"]


class PatientFile:
    """A new file that takes all that is written; what the disk did not take is kept in memory until it is closed.

    Parameters
    ----------
    path : Path
        Nothing is there yet.

    Raises
    ------
    OSError
        No file can be made there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = PatientFile(Path(folder, "all"))
    ...     file.write(b"text"), file.seek(1), file.read(2)
    ...     file.check()
    ...     file.close()
    (4, 1, b'ex')
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("x+b", buffering=0)
        self._failed: OSError | None = None
        self._kept: list[tuple[int, bytes]] = []  # in the order of writing: where, and what
        self._size = self._place = 0

    def check(self) -> None:
        """Tell of the first write that failed, if any has.

        Raises
        ------
        OSError
        """
        if self._failed is not None:
            raise self._failed

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as files do."""
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        return self._place

    def tell(self) -> int:
        """The place."""
        return self._place

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Read as much as fits, or is there."""
        into, start = memoryview(buffer).cast("B"), self._place
        into = into[: max(self._size - start, 0)]
        into[:] = bytes(len(into))
        self._file.seek(start)
        done = 0
        while done < len(into) and (more := self._file.readinto(into[done:])):
            done += more
        for offset, data in self._kept:
            low, high = max(offset, start), min(offset + len(data), start + len(into))
            if low < high:
                into[low - start : high - start] = data[low - offset : high - offset]
        self._place += len(into)
        return len(into)

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all that follow."""
        rest = self._size - self._place
        into = bytearray(max(rest if size < 0 else min(size, rest), 0))
        self.readinto(into)
        return bytes(into)

    def write(self, data: bytes | memoryview) -> int:
        """Write bytes; all are taken."""
        whole = memoryview(data).cast("B")
        try:
            self.check()
            self._file.seek(self._place)
            rest = whole
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._failed = error
            self._kept.append((self._place, bytes(whole)))
        self._place += len(whole)
        self._size = max(self._size, self._place)
        return len(whole)

    def truncate(self, size: int | None = None) -> int:
        """Make it so long."""
        self._size = self._place if size is None else size
        try:
            self.check()
            self._file.truncate(self._size)
        except OSError as error:
            self._failed = error
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Close it; what was kept in memory is dropped."""
        self._kept.clear()
        self._file.close()

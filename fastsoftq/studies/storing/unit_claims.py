"""Who is computing what: several runs on one folder share its chunks instead of doing them twice.

A claim is a file that only one process can make. It ends when its owner removes it, when its owner is known to have
ended, or when it has not been touched for a minute, by the file system's clock or by the watch of who waits for it: the
clocks of two machines are never compared, and a time that lies ahead is no reason to wait for it. Nothing correct rests
on a claim: two processes that compute the same chunk write the same contents. Object stores have no claims.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

from fastsoftq.studies.storing.storage import LocalStorage, Storage, file_system_time, is_dead

__all__ = ["LEASE", "Claims"]

LEASE = 60.0  # seconds without a touch, and a claim has ended
_TOUCH = 10.0
_BLANK = 2.0  # an owner writes its name, a line, at once: a claim without one is a dead process's

# When each claim of this process was last touched, by process (a fork inherits this, not the claims) and path.
_held: dict[tuple[int, str], float] = {}
# What was last seen of the claims of others, by path: which file, touched when, whose, and since when it has been so.
_seen: dict[str, tuple[tuple[int, int, str], float]] = {}
_lock = threading.Lock()


class Claims:
    """The claims on what is in a folder.

    Parameters
    ----------
    storage : Storage
        Claims lie below `claims/`.
    """

    def __init__(self, storage: Storage) -> None:
        self._folder = storage.root / "claims" if isinstance(storage, LocalStorage) else None

    def take(self, name: str) -> bool:
        """Claim something; False where another has it.

        Raises
        ------
        OSError
            The claim cannot be written.
        """
        if self._folder is None:
            return True
        path = self._folder / name
        with _lock:
            if self._made(name):
                return True
            if not self._has_ended(name):
                return False
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - tests let each call here fail
            return self._made(name)

    def touch(self, name: str) -> None:
        """Say that a claim is still meant; cheap enough to be called often."""
        if self._folder is None:
            return
        now, key = time.monotonic(), self._key(name)
        if now - _held.get(key, now) > _TOUCH:
            _held[key] = now
            with contextlib.suppress(OSError):
                os.utime(self._folder / name)

    def release(self, name: str) -> None:
        """Give a claim up; one that cannot be removed has ended all the same."""
        if self._folder is None:
            return
        with _lock, contextlib.suppress(OSError):
            if _held.pop(self._key(name), None) is not None:
                os.unlink(self._folder / name)  # noqa: PTH108

    def owners(self) -> dict[str, str]:
        """Who holds what now: the machine and process, by the name claimed."""
        found = {}
        for path in sorted(self._folder.glob("*")) if self._folder is not None else ():
            with contextlib.suppress(OSError):
                if not self._has_ended(path.name):
                    found[path.name] = path.read_text(encoding="utf-8", errors="replace").rstrip()
        return found

    def _key(self, name: str) -> tuple[int, str]:
        return os.getpid(), f"{self._folder}/{name}"

    def _made(self, name: str) -> bool:
        assert self._folder is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(self._folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        try:
            os.write(handle, f"{socket.gethostname()} {os.getpid()}\n".encode())
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(self._folder / name)  # noqa: PTH108
            raise
        finally:
            os.close(handle)
        _held[self._key(name)] = time.monotonic()
        _seen.pop(f"{self._folder}/{name}", None)
        return True

    def _has_ended(self, name: str) -> bool:
        assert self._folder is not None
        path = self._folder / name
        try:
            status = path.stat()
            owner = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return True
        host, _, process = owner.removesuffix("\n").partition(" ")
        if not owner.endswith("\n"):
            return self._is_unchanged(path, status, owner, _BLANK)
        if process == str(os.getpid()) and host == socket.gethostname():
            return self._key(name) not in _held
        return is_dead(host, process) or self._is_unchanged(path, status, owner, LEASE)

    def _is_unchanged(self, path: Path, status: os.stat_result, owner: str, lease: float) -> bool:
        """Whether a file has been as it is for so long."""
        now, this = time.monotonic(), (status.st_ino, status.st_mtime_ns, owner)
        before, since = _seen.get(str(path), (None, now))
        if before != this:
            since = now
        _seen[str(path)] = this, since
        if now - since > lease:
            return True
        if time.time() - status.st_mtime <= lease:  # not old by this machine's clock: not worth asking
            return False
        with contextlib.suppress(OSError):
            return file_system_time(path.parent) - status.st_mtime > lease
        return False

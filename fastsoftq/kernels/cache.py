"""Compiled code on disk: one file for each (function, argument types, machine, sources), found by its name alone.

Numba's own cache keeps an index beside the code and watches one source file. It would serve a rule that has been edited
since (rules are compiled into loops of other files), can give a process another's code when several start cold at once,
and raises on a file cut short. Here the name of a file is a digest of everything its contents depend on, the contents
carry their own checksum, and files appear whole or not at all; whatever is not as it should be is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import secrets
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core.caching import CompileResultCacheImpl, _Cache

from fastsoftq.kernels.sources import COMPILED_TOGETHER, compiled_now, sources, sources_of
from fastsoftq.kernels.trust import is_own, why_not_trusted

__all__ = ["SourceCache", "cache_directory"]

_CHECKSUM = hashlib.sha256().digest_size
# For all to read and nobody else to write, whatever the user's umask lets others do.
_FOLDER, _FILE = 0o755, 0o644


@cache
def cache_directory() -> Path:
    """Where compiled code is kept: `$FASTSOFTQ_CACHE_DIR`, or the user's cache directory."""
    chosen = os.environ.get("FASTSOFTQ_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("fastsoftq", appauthor=False))


def _others_are_trusted() -> bool:
    return os.environ.get("FASTSOFTQ_TRUST_CACHE") == "1"


@cache
def _is_trusted(folder: Path) -> bool:
    """Whether code may be loaded from a folder that exists; where not, say so once."""
    reason = None if _others_are_trusted() else why_not_trusted(folder)
    if reason is not None:
        warnings.warn(
            f"compiled code in {folder} is not used, and everything is compiled anew: {reason}. Whoever can write "
            "there can run code as you; take another folder (FASTSOFTQ_CACHE_DIR), or set FASTSOFTQ_TRUST_CACHE=1",
            UserWarning,
            stacklevel=2,
        )
    return reason is None


def _read(path: Path) -> bytes | None:
    """What a file of the cache holds; None where there is none, or none to be trusted."""
    try:
        if not _is_trusted(path.parent):
            return None
        with path.open("rb") as file:
            return file.read() if _others_are_trusted() or is_own(file.fileno()) else None
    except OSError:
        return None


def _write(path: Path, data: bytes) -> None:
    """Put a file in place, whole or not at all; a disk that cannot be written costs a compilation, no more."""
    with contextlib.suppress(OSError):
        for folder in (*reversed(path.parent.parents), path.parent):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(_FOLDER)
        if not _is_trusted(path.parent):
            return
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
        try:
            with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE), "wb") as file:  # noqa: PTH123
                file.write(data)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _package_digest() -> str:
    digest = hashlib.sha256()
    for folder in COMPILED_TOGETHER:
        for path in sorted(folder.glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


_OF_THE_PACKAGE = _package_digest()


def _classes(t: Any) -> Iterator[type]:
    """The named tuples anywhere in a Numba type."""
    if isinstance(t, types.BaseNamedTuple):
        yield t.instance_class
    for part in getattr(t, "types", ()):
        yield from _classes(part)


@contextlib.contextmanager
def _without_looking_for_blas() -> Iterator[None]:
    """Let Numba register what it knows without importing scipy.linalg, half of a process's first call (0.2 s).

    Numba imports it only to see that it is there, as it is; a function that needs it looks for it again.
    """
    from numba.np import linalg

    look = linalg.ensure_blas
    if "numba.np.arraymath" not in sys.modules:
        linalg.ensure_blas = lambda: None
    try:
        yield
    finally:
        linalg.ensure_blas = look
        if "numba.np.arraymath" in sys.modules:
            sys.modules["numba.np.arraymath"].ensure_blas = look  # type: ignore[attr-defined]


class SourceCache(_Cache):
    """The cache of one function, with the interface that Numba's dispatcher asks for."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._sources = set(sources(function))
        self._impl = CompileResultCacheImpl.__new__(CompileResultCacheImpl)  # its codec; its locators are not needed
        self._enabled = True

    @property
    def cache_path(self) -> str:
        """The folder the files are in."""
        return str(cache_directory())

    def enable(self) -> None:
        """Use the disk."""
        self._enabled = True

    def disable(self) -> None:
        """Do not use the disk."""
        self._enabled = False

    def flush(self) -> None:
        """Forget nothing: a file is never out of date, its name says what it was compiled from."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for `sig`, or None where there is none that is whole."""
        with _without_looking_for_blas():
            target_context.refresh()  # what unpickling, or compiling, refers to must be registered first
        path = self._path(sig, target_context.codegen())
        if path is None:
            return None
        stored = _read(path)
        if stored is None:
            return None
        checksum, payload = stored[:_CHECKSUM], stored[_CHECKSUM:]
        if hashlib.sha256(payload).digest() != checksum:
            return None
        return self._impl.rebuild(target_context, pickle.loads(payload))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code, where there is room; a disk that cannot be written costs a compilation, no more."""
        path = self._path(sig, data.codegen)
        if path is None or data.library.has_dynamic_globals or any(not lifted.can_cache for lifted in data.lifted):
            return
        payload = numba.core.serialize.dumps(self._impl.reduce(data))
        _write(path, hashlib.sha256(payload).digest() + payload)

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        arguments = getattr(sig, "args", sig)
        classes = [c for t in arguments for c in _classes(t)]
        for c in classes:
            compiled_now(c)
        if not self._enabled or any(c.__module__ == "__main__" or "<locals>" in c.__qualname__ for c in classes):
            return None  # another script's __main__, or another call of a function, may make another of the same name
        found = self._sources.union(*map(sources_of, classes))
        if any(source.kind == "text" for source in found):
            return None  # another process cannot know that it has the same
        key = (
            (self._function.__module__, self._function.__qualname__),
            str(arguments),
            [(c.__module__, c.__qualname__) for c in classes],
            sorted(found),
            _OF_THE_PACKAGE,
            codegen.magic_tuple(),
            (numba.__version__, sys.version_info[:2]),
        )
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
        return cache_directory() / f"{self._function.__name__}-{name}.jit"

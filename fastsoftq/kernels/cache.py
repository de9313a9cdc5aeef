"""Compiled code on disk: one file for each (function, argument types, machine, sources), found by its name alone.

Numba's own cache keeps an index beside the code and watches one source file. It would serve a rule that has been edited
since (rules are compiled into loops of other files), can give a process another's code when several start cold at once,
and raises on a file cut short. Here the name of a file is a digest of everything its contents depend on, the contents
carry their own checksum, and files appear whole or not at all; whatever is not as it should be is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.caching import CompileResultCacheImpl, _Cache

__all__ = ["SourceCache", "cache_directory", "depends_on"]

_PACKAGE = Path(__file__).parents[1]
_COMPILED_TOGETHER = [
    _PACKAGE / name for name in ("kernels", "mdp", "agents", "engine")
]  # whatever can be inlined into a compiled loop
_NO_FILE = ""  # the digest of a source that is not a file: a notebook's cell, an interactive prompt
_CHECKSUM = hashlib.sha256().digest_size

_digests_of: dict[type, set[str]] = {}


def depends_on(cls: type, *things: Any) -> None:
    """Say that code compiled for `cls` (an agent, say) also depends on `things`: its rules, and what those name.

    Their files are read now, as they are imported: by the time that code is compiled they may have been edited.
    """
    digests = _digests_of.setdefault(cls, set())
    for thing in (cls, *things):
        digests.update(_digest(source) for source in _sources(thing))


@cache
def cache_directory() -> Path:
    """Where compiled code is kept: `$FASTSOFTQ_CACHE_DIR`, or the user's cache directory."""
    chosen = os.environ.get("FASTSOFTQ_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("fastsoftq", appauthor=False))


def _package_digest() -> str:
    digest = hashlib.sha256()
    for folder in _COMPILED_TOGETHER:
        for path in sorted(folder.glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


_OF_THE_PACKAGE = _package_digest()


def _sources(thing: Any) -> Iterator[Path | str]:
    """What code for a function or a class is compiled from, but for the package: files, and constants by name."""
    waiting, seen = [thing], set()
    while waiting:
        thing = waiting.pop()
        thing = getattr(thing, "py_func", thing)  # what Numba compiles
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, FunctionType):
            file: str | None = thing.__code__.co_filename
        elif isinstance(thing, ModuleType | type):
            file = getattr(sys.modules.get(getattr(thing, "__module__", thing.__name__)), "__file__", None)
        else:
            file = None
            if isinstance(thing, bool | int | float | complex | str | np.generic):
                yield repr(thing)
        if file is not None and Path(file).parent not in _COMPILED_TOGETHER:
            yield Path(file)
            if isinstance(thing, FunctionType):
                named = inspect.getclosurevars(thing)
                waiting += [*named.globals.values(), *named.nonlocals.values()]


def _digest(source: Path | str) -> str:
    if isinstance(source, str):
        return source
    try:
        return hashlib.sha256(source.read_bytes()).hexdigest()
    except OSError:
        return _NO_FILE


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
        self._digests = {_digest(source) for source in _sources(function)}
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
        try:
            stored = path.read_bytes()
        except OSError:
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
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(payload).digest() + payload)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink()
                raise

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        arguments = getattr(sig, "args", sig)
        classes = [c for t in arguments for c in _classes(t)]
        if not self._enabled or any(c.__module__ == "__main__" for c in classes):
            return None  # another script's __main__ may hold another class of the same name
        for c in classes:
            if c not in _digests_of:
                depends_on(c)
        digests = self._digests.union(*[_digests_of[c] for c in classes])
        if _NO_FILE in digests:
            return None
        key = (
            (self._function.__module__, self._function.__qualname__),
            str(arguments),
            [(c.__module__, c.__qualname__) for c in classes],
            sorted(digests),
            _OF_THE_PACKAGE,
            codegen.magic_tuple(),
            (numba.__version__, sys.version_info[:2]),
        )
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
        return cache_directory() / f"{self._function.__name__}-{name}.jit"

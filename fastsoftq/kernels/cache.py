"""Compiled code on disk, found by its name: a digest of (function, argument types, machine, sources).

Numba's own cache watches one source file. It would serve stale code after a rule is edited (rules are compiled into
loops of other files), can mix up processes that start cold at once, and raises on a truncated file. Here the name
covers all that the code depends on (`sources.py`), and Numba's settings, so no file is stale; a damaged one
(`compiled_files.py`) is compiled again.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core.caching import CompileResultCacheImpl, _Cache

from fastsoftq.kernels import compiled_files
from fastsoftq.kernels.sources import COMPILED_TOGETHER, Source, closed_over, compiled_now, sources, sources_of

__all__ = ["SourceCache", "classes_in", "name_of"]


def _package_digest() -> str:
    digest = hashlib.sha256()
    for folder in COMPILED_TOGETHER:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


_OF_THE_PACKAGE = _package_digest()
# By which Numba makes other code of the same source, slower or with checks: who sets one asks for that, nobody else.
_NUMBAS_SETTINGS = ("BOUNDSCHECK", "DEBUGINFO_DEFAULT", "LOOP_VECTORIZE", "OPT", "SLP_VECTORIZE")


def classes_in(arguments: Iterable[Any]) -> Iterator[type]:
    """The classes of named tuples anywhere in Numba's types.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> list(classes_in([numba.typeof(1.0), numba.typeof(fsq.LinearDecay(0.9, 0.1, 0.01))]))
    [<class 'fastsoftq.agents.schedules.LinearDecay'>]
    """
    for t in arguments:
        if isinstance(t, types.BaseNamedTuple):
            yield t.instance_class
        yield from classes_in(getattr(t, "types", ()))


def name_of(
    function: Callable[..., Any], own: Collection[Source], arguments: tuple[Any, ...], machine: tuple[Any, ...]
) -> str | None:
    """What compiled code is called on the disk.

    Parameters
    ----------
    function : function
    own : collection of Source
        What it depends on, whatever its arguments are.
    arguments : tuple of Numba types
        Their classes' sources count too.
    machine : tuple
        What it is compiled for.

    Returns
    -------
    str or None
        None where another process could not know that it has the same code.
    """
    classes = list(classes_in(arguments))
    for c in classes:
        compiled_now(c)
    if any(c.__module__ == "__main__" or "<locals>" in c.__qualname__ for c in classes):
        return None  # another script's __main__, or another call of a function, may make another of the same name
    found = set(own).union(*map(sources_of, classes))
    if any(source.kind == "text" for source in found):
        return None
    key = (
        (function.__module__, function.__qualname__),
        str(arguments),
        [(c.__module__, c.__qualname__) for c in classes],
        sorted(found),
        closed_over(function, *classes),
        _OF_THE_PACKAGE,
        machine,
        (numba.__version__, sys.version_info[:2]),
        [(setting, str(getattr(numba.config, setting, None))) for setting in _NUMBAS_SETTINGS],
    )
    return f"{function.__name__}-{hashlib.sha256(repr(key).encode()).hexdigest()[:32]}"


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
        return str(compiled_files.cache_directory())

    def enable(self) -> None:
        """Use the disk."""
        self._enabled = True

    def disable(self) -> None:
        """Do not use the disk."""
        self._enabled = False

    def flush(self) -> None:
        """Do nothing: a file is never stale, since its name says what it was compiled from."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for `sig`, or None if no intact file holds it."""
        path = self._path(sig, target_context.codegen())
        if path is None:
            return None
        data = compiled_files.read(path)
        return None if data is None else self._impl.rebuild(target_context, pickle.loads(data))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write compiled code to the disk, if possible."""
        path = self._path(sig, data.codegen)
        if path is None or data.library.has_dynamic_globals or any(not lifted.can_cache for lifted in data.lifted):
            return
        compiled_files.write(path, numba.core.serialize.dumps(self._impl.reduce(data)))

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        arguments = tuple(getattr(sig, "args", sig))
        name = name_of(self._function, self._sources, arguments, codegen.magic_tuple()) if self._enabled else None
        return None if name is None else compiled_files.cache_directory() / f"{name}.jit"

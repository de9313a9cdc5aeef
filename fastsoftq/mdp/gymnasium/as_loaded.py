"""Whether a class of Gymnasium's was changed after it was loaded."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["as_loaded"]

_TRUSTED = {"fastsoftq", "gymnasium"}


def as_loaded(env: Any, names: Iterable[str]) -> bool:
    """Tell whether methods of an environment, and the functions they call, are as its class's file defines them.

    The names that methods call are looked up in the environment, its class, the bases and the module, so that replaced
    functions are found. Other libraries are trusted.

    Parameters
    ----------
    env : gymnasium.Env
        Of a class of Gymnasium's or of this package.
    names : iterable of str
        Methods; missing ones are ignored.

    Returns
    -------
    bool

    Examples
    --------
    >>> import gymnasium
    >>> env = gymnasium.make("CliffWalking-v1").unwrapped
    >>> as_loaded(env, ["step"])
    True
    >>> env.step = lambda action: (0, 0.0, True, False, {})
    >>> as_loaded(env, ["step"])
    False
    """
    kind = type(env)
    by_hand = [name for name, value in vars(env).items() if callable(value) and callable(getattr(kind, name, None))]
    if by_hand:
        return False
    left, seen = [(name, None) for name in names], set()
    while left:
        name, scope = left.pop()
        for owner, value in _called(kind, name, scope):
            if not _of_its_file(owner, name, value):
                return False
            if id(value) not in seen and value.__module__.partition(".")[0] in _TRUSTED:
                seen.add(id(value))
                left.extend((inner, value.__globals__) for inner in _names(value.__code__))
    return True


def _called(kind: type, name: str, scope: dict[str, Any] | None) -> Iterator[tuple[type | None, Any]]:
    """What a name may call, with the class that it belongs to, or None for a function of the module."""
    for owner in kind.__mro__[:-1]:
        value = vars(owner).get(name)
        if isinstance(value, property):
            yield from ((owner, part) for part in (value.fget, value.fset) if part is not None)
        elif isinstance(value, staticmethod | classmethod):
            yield owner, value.__func__
        elif (callable(value) or hasattr(value, "__get__")) and not isinstance(value, type):
            yield owner, value
    value = (scope or {}).get(name)
    if callable(value) and not isinstance(value, type | ModuleType | BuiltinFunctionType | np.ufunc):
        yield None, value


def _of_its_file(owner: type | None, name: str, value: Any) -> bool:
    if not isinstance(value, FunctionType):
        return False
    module = value.__module__ if owner is None else owner.__module__
    if owner is None and module.partition(".")[0] not in {"numpy", *_TRUSTED, *sys.stdlib_module_names}:
        return False
    qualified = name if owner is None else f"{owner.__qualname__}.{name}"
    return value.__qualname__ == qualified and value.__code__.co_filename == _file(module)


@functools.cache
def _file(module: str) -> str | None:
    """The file that the functions of a module name, even where only compiled code is installed."""
    try:
        code: CodeType = sys.modules[module].__spec__.loader.get_code(module)  # type: ignore[union-attr]
    except (AttributeError, ImportError, KeyError):
        return None
    return code.co_filename


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)

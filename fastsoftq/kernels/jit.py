"""The one place that calls `numba.njit`: which flags, and why.

nogil
    Threads train side by side over kernels that hold no Python object: 1.9 to 2.06 times on two cores, where Numba's
    own `parallel=True` gives 1.6 to 1.8 and costs 1.5 s of compiling.
error_model="numpy"
    No test for division by zero, which would branch in every division.
forceinline
    A rule that is not inlined into its loop spills its vectors: 31 against 278 million soft steps a second.
fastmath is never set: it bought nothing, and would cost the same bits on every machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba.extending import overload

from fastsoftq.kernels.cache import SourceCache

__all__ = ["by_type", "compiled", "inlined"]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a loop, on its first call, and keep the machine code on disk (`cache.py` says where)."""
    dispatcher = numba.njit(nogil=True, error_model="numpy")(function)
    dispatcher._cache = SourceCache(function)
    return dispatcher


def by_type(choose: Callable[..., Any]) -> Any:
    """Make a function whose code is chosen by the types of its arguments, when what calls it is compiled.

    Parameters
    ----------
    choose : function
        Given the arguments' Numba types, returns the implementation.

    Returns
    -------
    function
        To be called from compiled code, where it is inlined, and from Python.
    """

    @functools.wraps(choose)
    def chosen(*arguments: Any) -> Any:
        return from_python(*arguments)

    def call(*arguments: Any) -> Any:
        return chosen(*arguments)

    overload(chosen, jit_options={"forceinline": True}, strict=False)(choose)
    call.__module__, call.__qualname__ = choose.__module__, choose.__qualname__  # the disk cache tells them apart so
    from_python = compiled(call)
    return chosen


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function into whatever calls it; from Python it can be called too."""
    dispatcher = numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
    dispatcher._cache = SourceCache(function)
    return dispatcher

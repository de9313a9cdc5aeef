"""The one place that calls Numba's compiler: which flags, and why.

nogil
    Threads train side by side over kernels that hold no Python object: 1.9 to 2.06 times on two cores, where Numba's
    own `parallel=True` gives 1.6 to 1.8 and costs 1.5 s of compiling.
error_model="numpy"
    No test for division by zero, which would branch in every division.
forceinline
    A rule that is not inlined into its loop spills its vectors: 31 against 278 million soft steps a second.
fastmath is never set: it brings no speed, and bits would differ between machines.

Functions made here can be called from compiled code and from Python. Their signatures declare the checks of arguments
(`arguments.py`).
"""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numba
from numba.core.ccallback import CFunc
from numba.core.extending import _Intrinsic
from numba.core.registry import CPUDispatcher
from numba.extending import overload

from fastsoftq.kernels.arguments import Arguments
from fastsoftq.kernels.cache import SourceCache
from fastsoftq.kernels.pipelines import AtOnce, IntoCallers, Plain, Thrifty

__all__ = [
    "INTO_CALLERS",
    "Apart",
    "apart",
    "by_type",
    "compiled",
    "emit_call",
    "inlined",
    "operation",
    "passing_on",
    "register_functions",
    "without_collector",
]

if numba.config.DISABLE_JIT:
    raise ImportError(
        f"NUMBA_DISABLE_JIT is {numba.config.DISABLE_JIT}; it must not be set, for the loops and kernels of fastsoftq "
        "run compiled only. A compiled function of your own runs as Python by its py_func, and calls kernels from there"
    )

# The options of what is compiled into its callers only.
INTO_CALLERS = {"forceinline": True, "pipeline_class": IntoCallers}


def register_functions(target_context: Any) -> None:
    """Have Numba know all its functions, as it must before it loads or compiles anything, without scipy.linalg.

    Numba imports that only to check that it exists, which is half of a first call (0.2 s); a function that needs it
    checks again.

    Examples
    --------
    >>> from numba.core.registry import cpu_target
    >>> register_functions(cpu_target.target_context)
    """
    from numba.np import linalg

    look = linalg.ensure_blas
    if "numba.np.arraymath" not in sys.modules:
        linalg.ensure_blas = lambda: None
    try:
        target_context.refresh()
    finally:
        linalg.ensure_blas = look
        if "numba.np.arraymath" in sys.modules:
            sys.modules["numba.np.arraymath"].ensure_blas = look  # type: ignore[attr-defined]


class _Cache(SourceCache):
    """The cache on disk of one function; Numba asks it before it compiles anything."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        register_functions(target_context)
        return super().load_overload(sig, target_context)


def compiled(
    function: Callable[..., Any], *, plainly: bool = False, at_once: bool = False, allocates: bool = True
) -> Any:
    """Compile a loop, on its first call, and keep the machine code on disk (`compiled_files.py` says where).

    Parameters
    ----------
    function : function
    plainly : bool
        Optimise it little, which takes four fifths of the time: for long loops that spend theirs in what is compiled
        apart (`apart`).
    at_once : bool
        Optimise it when all that it calls is compiled into it, not before too: it is compiled sooner, but some loops
        over numbers lose a twentieth of their speed.
    allocates : bool
        Whether arrays may come into being in it; a loop in which none do need not count who refers to them, and some
        take a seventh less time.

    Examples
    --------
    >>> @compiled
    ... def harmonic(n):
    ...     total = 0.0
    ...     for i in range(1, n + 1):
    ...         total += 1.0 / i
    ...     return total
    >>> harmonic(2)
    1.5
    """
    pipeline = Plain if plainly else AtOnce if at_once else Thrifty
    options: dict[str, Any] = {"pipeline_class": pipeline, "no_cfunc_wrapper": True}
    if not allocates:
        options["_nrt"] = False
    dispatcher = numba.njit(nogil=True, error_model="numpy", **options)(function)
    dispatcher._cache = _Cache(function)
    return dispatcher


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Within, the garbage collector is off: it would traverse Numba's lasting objects again and again.

    An agent's first compilation takes 1.4 s instead of 1.65, and 0.08 s less as it does not traverse them afterwards.

    Examples
    --------
    >>> import gc
    >>> with without_collector():
    ...     gc.isenabled()
    False
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if not gc.get_freeze_count():  # nobody's objects but these are let go again
                gc.freeze()
                gc.unfreeze()  # what was made counts as old, and is not gone through as soon as there is more
            gc.enable()


class Apart(CFunc):
    """A function compiled by itself, once a machine, which loops call at its entry (`addresses.call_at`).

    A loop that has large functions compiled into it has them optimised again, once for each loop.
    """

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        super().__init__(function, (signature.args, signature.return_type), {}, {"error_model": "numpy"}, AtOnce)
        self._cache = _Cache(function)
        self.__doc__, self.__module__ = function.__doc__, function.__module__

    @functools.cached_property
    def entry(self) -> int:
        """Where its machine code is, for as long as the process lives; it is compiled, or loaded, when first asked.

        Not that of the C function that `ctypes` calls, which passes arguments on: that takes longer than small work.
        """
        made = self._compiled()
        return int(made._library.get_pointer_to_function(made._wrapper_name.removeprefix("cfunc.")))

    @property
    def ctypes(self) -> Any:
        """The function as Python calls it."""
        self._compiled()
        return super().ctypes

    def _compiled(self) -> Any:
        made: Any = self
        if made._wrapper_address is None:
            with without_collector():
                made.compile()
        return made


def apart(signature: Any) -> Callable[[Callable[..., Any]], Apart]:
    """Compile a function of numbers apart from its callers, when its address is first asked for; kept on disk.

    It must not raise: its callers would not hear of it.

    Examples
    --------
    >>> from numba import types
    >>> @apart(types.int64(types.int64))
    ... def doubled(x):
    ...     return 2 * x
    >>> doubled.ctypes(21)
    42
    """

    def compiled_apart(function: Callable[..., Any]) -> Apart:
        return Apart(function, signature)

    return compiled_apart


class _Inlined(CPUDispatcher):
    """A function compiled into its callers, and for Python."""

    def __init__(self, function: Callable[..., Any], *_: Any, **__: Any) -> None:
        super().__init__(function, {}, {"nopython": True, "nogil": True, "error_model": "numpy"})
        self._cache = _Cache(function)
        self._arguments = Arguments(function)
        self._into_callers = numba.njit(error_model="numpy", **INTO_CALLERS)(function)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return super().__call__(*self._arguments.checked(given, named))

    def get_call_template(self, args: Any, kws: Any) -> Any:
        self._arguments.check_types(args, kws)
        return self._into_callers.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        return self._into_callers.get_overload(sig)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function into its callers; Python can call it too.

    Parameters
    ----------
    function : function
        Arguments annotated with a kind (`number_kinds.py`, `row_kinds.py`) are checked, others are not.

    Examples
    --------
    >>> @inlined
    ... def halved(x):
    ...     return 0.5 * x
    >>> halved(3.0)
    1.5
    """
    return _Inlined(function)


def by_type(choose: Callable[..., Any]) -> Any:
    """Make a function whose code is chosen by the types of its arguments, when its caller is compiled.

    Parameters
    ----------
    choose : function
        Given the arguments' Numba types, returns the implementation.

    Returns
    -------
    function
        To be called from compiled code, where it is inlined, and from Python.

    Examples
    --------
    >>> from numba import types
    >>> @by_type
    ... def size(x):
    ...     if isinstance(x, types.Array):
    ...         return lambda x: x.size
    ...     return lambda x: 1
    >>> import numpy as np
    >>> size(np.eye(2)), size(3.0)
    (4, 1)
    """
    arguments = Arguments(choose)

    @functools.wraps(choose)
    def chosen(*given: Any, **named: Any) -> Any:
        return from_python(*arguments.checked(given, named))

    @functools.wraps(choose)
    def implementation(*given: Any, **named: Any) -> Any:
        arguments.check_types(given, named)
        return choose(*given, **named)

    overload(chosen, jit_options=INTO_CALLERS, strict=False)(implementation)
    from_python = passing_on(chosen, choose, len(arguments.signature.parameters))
    return chosen


class _Operation(_Intrinsic):  # type: ignore[misc] # final, but not callable from Python
    """An intrinsic that can be called from Python too."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self.from_python(*self.arguments.checked(given, named))


def operation(define: Callable[..., Any]) -> Any:
    """Make an intrinsic: `define(typing, *types)` returns a signature and an emitter of LLVM's instructions.

    Examples
    --------
    >>> @operation
    ... def negated(typing, x):
    ...     return x(x), lambda context, builder, sig, args: builder.fneg(args[0])
    >>> negated(1.5)
    -1.5
    """
    arguments = Arguments(define, hidden=1)

    @functools.wraps(define)
    def checked(typing: Any, *given: Any, **named: Any) -> Any:
        arguments.check_types(given, named)
        return define(typing, *given, **named)

    result = _Operation(define.__name__, checked)
    result._register()
    result.arguments, result.__signature__ = arguments, arguments.signature
    result.from_python = passing_on(result, define, len(arguments.signature.parameters))
    return result


def passing_on(function: Any, written: Callable[..., Any], count: int) -> Any:
    """Make a wrapper through which Python calls a function for compiled code.

    Parameters
    ----------
    function : function
    written : function
        Where its text lies: its names are the wrapper's.
    count : int
        How many arguments it takes.

    Returns
    -------
    function

    Examples
    --------
    >>> @inlined
    ... def halved(x):
    ...     return 0.5 * x
    >>> passing_on(halved, halved.py_func, 1)(3.0)
    1.5
    """
    # Arguments are passed one by one: Numba warns of a tuple that begins with a function.
    calls: dict[int, Callable[..., Any]] = {
        1: lambda a: function(a),
        2: lambda a, b: function(a, b),
        3: lambda a, b, c: function(a, b, c),
        4: lambda a, b, c, d: function(a, b, c, d),
    }
    call = calls.get(count, lambda *arguments: function(*arguments))
    # The disk cache tells them apart by these.
    call.__module__, call.__name__, call.__qualname__ = written.__module__, written.__name__, written.__qualname__
    return compiled(call)


def emit_call(context: Any, builder: Any, function: Any, signature: Any, args: tuple[Any, ...]) -> Any:
    """Within an intrinsic, call a function by the signature that its `get_call_type` gave."""
    implementation = context.get_function(function, signature)
    context.add_linking_libs(getattr(implementation, "libs", ()))
    return implementation(builder, args)

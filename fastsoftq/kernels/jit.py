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
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.extending import overload

from fastsoftq.kernels.cache import SourceCache

__all__ = ["INTO_CALLERS", "by_type", "compiled", "emit_call", "inlined"]


class _Ingredients(JITCodeLibrary):
    """Code that is linked into its callers as it is: they optimise it, and nobody runs it by itself."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


class _IntoCallers(Compiler):
    """Numba's compiler up to LLVM's input: optimised code, machine code and wrappers nobody calls take longer.

    An agent's first compilation takes 1.6 s instead of 2.5.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        flags = self.state.flags
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        self.state.library = _Ingredients(self.state.targetctx.codegen(), "into callers")

    def _compile_core(self) -> Any:
        result = super()._compile_core()
        # Numba knows code by its entry point. This one is never entered: any built-in of its own will do.
        name = object().__sizeof__
        result.target_context.insert_user_function(name, result.fndesc, [result.library])
        return result._replace(entry_point=name)


# The options of what is compiled into its callers only.
INTO_CALLERS = {"forceinline": True, "pipeline_class": _IntoCallers}


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

    overload(chosen, jit_options=INTO_CALLERS, strict=False)(choose)
    call.__module__, call.__qualname__ = choose.__module__, choose.__qualname__  # the disk cache tells them apart so
    from_python = compiled(call)
    return chosen


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function into whatever calls it; from Python it can be called too."""
    from_python = compiled(function)
    from_compiled = numba.njit(error_model="numpy", **INTO_CALLERS)(function)
    from_python.get_call_template = from_compiled.get_call_template
    from_python.get_overload = from_compiled.get_overload
    return from_python


def emit_call(context: Any, builder: Any, function: Any, signature: Any, args: tuple[Any, ...]) -> Any:
    """From within an intrinsic, call what `function.get_call_type` gave that signature."""
    implementation = context.get_function(function, signature)
    context.add_linking_libs(getattr(implementation, "libs", ()))
    return implementation(builder, args)

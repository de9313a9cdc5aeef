"""Numba's compiler without what our functions have no need of: a loop is made of a hundred, most of a few lines.

Numba takes every function through the same thirty passes. Most of them find nothing to do in a small function, and yet
go through all of it, and then through all again to know when its variables live and die. Here a pass is left out of a
function that has nothing of what the pass is for, so that whatever may be written can be written here too.
"""

from __future__ import annotations

import dis
import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numba import literal_unroll, literally, types
from numba.core import config, debuginfo, interpreter, ir, rewrites, typed_passes, untyped_passes
from numba.core.compiler import Compiler, Flags, compile_result
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.imputils import impl_ret_borrowed
from numba.core.lowering import Lower
from numba.stencils.stencil import StencilFunc

from fastsoftq.kernels.libraries import Ingredients, OptimisedWhole, Plainly

__all__ = ["AtOnce", "IntoCallers", "Plain", "Thrifty"]


_FROM_OUTSIDE = (ir.Global, ir.FreeVar)


def _statements(state: Any) -> Iterator[Any]:
    for block in state.func_ir.blocks.values():
        yield from block.body


def _values(state: Any) -> Iterator[Any]:
    """What is assigned to a variable, anywhere in a function."""
    return (statement.value for statement in _statements(state) if isinstance(statement, ir.Assign))


def _has(state: Any, *kinds: type) -> bool:
    return any(isinstance(statement, kinds) for statement in _statements(state))


def _does(state: Any, *operations: str) -> bool:
    return any(isinstance(value, ir.Expr) and value.op in operations for value in _values(state))


def _names(state: Any, *things: Any) -> bool:
    """Whether a function names one of these, of its module or of one that it imports."""
    names = {thing.__name__ for thing in things}
    return any(
        value.op == "getattr" and value.attr in names
        if isinstance(value, ir.Expr)
        else isinstance(value, _FROM_OUTSIDE) and any(value.value is thing for thing in things)
        for value in _values(state)
    )


def _branches(state: Any) -> bool:
    return len(state.func_ir.blocks) > 1


def _has_closures(state: Any) -> bool:
    """Whether it has functions within, comprehensions that become arrays, or what else Numba writes out in place."""
    return (
        _does(state, "make_function")
        or _names(state, functools.reduce, np.array)
        or any(isinstance(value.value, StencilFunc) for value in _values(state) if isinstance(value, _FROM_OUTSIDE))
    )


def _assigns_again(state: Any) -> bool:
    names = [statement.target.name for statement in _statements(state) if isinstance(statement, ir.Assign)]
    return _branches(state) or len(set(names)) < len(names)


def _others_rewrite(kind: str) -> bool:
    """Whether some other package has Numba rewrite something."""
    return any(not rule.__module__.startswith("numba.") for rule in rewrites.rewrite_registry.rewrites[kind])


def _is_rewritten(state: Any) -> bool:
    """Whether it has what is rewritten where constants are in it."""
    return (
        _has(state, ir.SetItem, ir.Raise, ir.TryRaise)
        or _does(state, "getitem")
        or _names(state, print)
        or _others_rewrite("before-inference")
    )


def _has_array_expressions(state: Any) -> bool:
    """Whether it makes arrays, which one loop may fill, or has items that are found by a string."""
    typemap = state.typemap
    return (
        any(isinstance(t, types.StringLiteral | types.List) for t in typemap.values())
        or any(
            isinstance(typemap.get(statement.target.name), types.Array)
            and isinstance(statement.value, ir.Expr)
            and statement.value.op in ("unary", "binop", "inplace_binop", "call")
            for statement in _statements(state)
            if isinstance(statement, ir.Assign)
        )
        or _others_rewrite("after-inference")
    )


def _shown_or_generates(state: Any) -> bool:
    return bool(state.func_id.is_generator or config.DUMP_IR or config.DEBUG)


# Which functions a pass has something to do in.
_NEEDED: dict[type, Callable[[Any], bool]] = {
    untyped_passes.IRProcessing: _shown_or_generates,
    untyped_passes.WithLifting: lambda state: _has(state, ir.EnterWith),
    untyped_passes.InlineClosureLikes: _has_closures,
    untyped_passes.DeadBranchPrune: _branches,
    untyped_passes.GenericRewrites: _is_rewritten,
    untyped_passes.RewriteDynamicRaises: lambda state: _has(state, ir.Raise, ir.TryRaise),
    untyped_passes.MakeFunctionToJitFunction: lambda state: _does(state, "make_function"),
    untyped_passes.FindLiterallyCalls: lambda state: _names(state, literally),
    untyped_passes.LiteralUnroll: lambda state: _names(state, literal_unroll),
    untyped_passes.ReconstructSSA: lambda state: _assigns_again(state) or _shown_or_generates(state),
    typed_passes.PreLowerStripPhis: lambda state: _does(state, "phi") or _shown_or_generates(state),
    typed_passes.NopythonRewrites: _has_array_expressions,
    typed_passes.DumpParforDiagnostics: lambda state: state.flags.auto_parallel.enabled,
}


class _Passes(PassManager):
    def _runPass(self, index: int, pss: Any, internal_state: Any) -> None:  # noqa: N802 # Numba's name
        needed = _NEEDED.get(type(pss))
        if needed is None or needed(internal_state):
            super()._runPass(index, pss, internal_state)


class _Lower(Lower):
    """From Numba's instructions to LLVM's; of what is passed around, only that is touched which holds references."""

    def init(self) -> None:
        super().init()
        self._counted: dict[types.Type, bool] = {}
        self.context.get_abi_sizeof = functools.partial(_size, self.context.get_abi_sizeof)

    def _holds_references(self, t: types.Type) -> bool:
        known = self._counted.get(t)
        if known is None:
            model = self.context.data_model_manager[t]
            known = self._counted[t] = bool(self.context.enable_nrt and model.contains_nrt_meminfo())
        return known

    def _count(self, one_more_or_less: Callable[..., None], t: types.Type, value: Any) -> None:
        """Count each reference within a value; Numba would take all of it to pieces."""
        if not self._holds_references(t):
            return
        model = self.context.data_model_manager[t]
        if model.has_nrt_meminfo():
            one_more_or_less(self.builder, t, value)
            return
        for member, part in model.traverse(self.builder):
            if self._holds_references(member):
                self._count(one_more_or_less, member, part(value))

    def incref(self, typ: types.Type, val: Any) -> None:
        if self.context.enable_nrt:
            self._count(self.context.nrt.incref, typ, val)

    def decref(self, typ: types.Type, val: Any) -> None:
        if self.context.enable_nrt:
            with debuginfo.suspend_emission(self.builder):
                self._count(self.context.nrt.decref, typ, val)

    def delvar(self, name: str) -> None:
        if self._holds_references(self.typeof(name)):
            super().delvar(name)


_sizes: dict[str, int] = {}


def _size(measure: Callable[[Any], int], t: Any) -> int:
    """The bytes of a type of LLVM's: Numba asks for those of every variable, and LLVM reads a module to tell them."""
    size = _sizes.get(str(t))
    if size is None:
        size = _sizes[str(t)] = measure(t)
    return size


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(typed_passes.NativeLowering):
    _name = "fastsoftq_lowering"

    @property
    def lowering_class(self) -> type:
        return _Lower


class _Flags(Flags):
    """Numba's options of a compilation, compared as they were set: Numba asks for all forty at each overloaded call."""

    def __hash__(self) -> int:
        return hash(frozenset(self._values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Flags) and self._values == other._values


class _Remembering:
    """Numba's knowledge of types, asked once what an operation on numbers or arrays yields, not wherever it is written.

    It tries a dozen templates before it comes to that of adding two integers.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._known: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        """The signature by which a function is called."""
        if kws or not _is_plain(func, args):
            return self._context.resolve_function_type(func, args, kws)
        question = (func, *args)
        found = self._known.get(question)
        if found is None:
            found = self._known[question] = self._context.resolve_function_type(func, args, kws)
        return found


def _is_plain(func: Any, args: tuple[types.Type, ...]) -> bool:
    """Whether a function is one of Python's operators, of numbers alone, or finds an item of an array."""
    if func is operator.getitem:
        return isinstance(args[0], types.Array) and isinstance(args[1], _OF_NUMBERS)
    if not isinstance(func, types.Function) or not all(isinstance(t, _OF_NUMBERS) for t in args):
        return False
    return func.typing_key in (bool, range) or getattr(func.typing_key, "__module__", "") == operator.add.__module__


_OF_NUMBERS = (types.Number, types.Boolean)
_remembering = functools.cache(_Remembering)


@register_pass(mutates_CFG=True, analysis_only=False)
class _Translation(untyped_passes.TranslateByteCode):
    """From Python's instructions to Numba's; what these become is gone over again only where it may be rewritten."""

    _name = "fastsoftq_translation"

    def run_pass(self, state: Any) -> bool:
        does = set(state.func_id.code.co_code[::2])
        unneeded = [name for name, what_for in _PEEPHOLES.items() if not does & what_for]
        left_out = {name: getattr(interpreter, name) for name in unneeded if hasattr(interpreter, name)}
        try:
            for name in left_out:
                setattr(interpreter, name, _as_it_is)
            return bool(super().run_pass(state))
        finally:
            for name, rewrite in left_out.items():
                setattr(interpreter, name, rewrite)


def _as_it_is(function: Any) -> Any:
    return function


# What Numba looks for in every function, and the instructions of Python without which it is not there.
_PEEPHOLES = {
    "peep_hole_delete_with_exit": {op for name, op in dis.opmap.items() if "WITH" in name or name == "LOAD_SPECIAL"},
    "peep_hole_fuse_dict_add_updates": {op for name, op in dis.opmap.items() if "DICT" in name},
}


@register_pass(mutates_CFG=True, analysis_only=False)
class _Typing(typed_passes.NopythonTypeInference):
    _name = "fastsoftq_typing"

    def run_pass(self, state: Any) -> bool:
        context = state.typingctx
        state.typingctx = _remembering(context)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


class Thrifty(Compiler):
    """Numba's compiler, which goes over a function only as often as there is need to."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.state.flags = _Flags(self.state.flags)

    def define_pipelines(self) -> list[PassManager]:
        """Numba's passes, of which those are left out that have nothing to do."""
        return [self._thrifty(manager) for manager in super().define_pipelines()]

    def _thrifty(self, manager: PassManager) -> PassManager:
        passes = _Passes(manager.pipeline_name)
        for which, what in manager.passes:
            passes.add_pass(_OWN.get(which, which), what)
        passes.finalize()
        return passes


class IntoCallers(Thrifty):
    """Numba's compiler, stopped at LLVM's input: callees need no optimisation, machine code or wrappers of their own.

    An agent's first compilation takes 1.6 s instead of 2.5.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        flags = self.state.flags
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        self.state.library = Ingredients(self.state.targetctx.codegen(), "into callers")

    def _compile_core(self) -> Any:
        yields = _only_yields(self.state.func_id.func)
        if yields is not None:
            result = self._written_in_place(yields)
            if result is not None:
                return result
        result = super()._compile_core()
        # Numba knows code by its entry point. This one is never entered: any built-in of its own will do.
        name = object().__sizeof__
        result.target_context.insert_user_function(name, result.fndesc, result.library.parts)
        return result._replace(entry_point=name)

    def _written_in_place(self, yields: tuple[str, Any]) -> Any:
        """What stands for a call, if what the function yields is of a type that may stand there, or else None."""
        which, what = yields
        context, args = self.state.targetctx, tuple(self.state.args)
        t = args[what] if which == "argument" else _CONSTANTS.get(type(what))
        if t is None or isinstance(t, types.Literal | types.Omitted):
            return None

        def emit(context: Any, builder: Any, _: Any, given: Any) -> Any:
            if which == "argument":
                return impl_ret_borrowed(context, builder, t, given[what])
            return context.get_dummy_value() if what is None else context.get_constant(t, what)

        # What Numba keeps for calls from Python, of which there are none, must be a built-in, and another each time.
        name, signature = object().__sizeof__, t(*args)
        context.insert_func_defn([(emit, name, signature.args)])
        return compile_result(
            typing_context=self.state.typingctx,
            target_context=context,
            entry_point=name,
            signature=signature,
            objectmode=False,
            library=self.state.library,
            metadata=self.state.metadata,
        )


_CONSTANTS = {type(None): types.none, bool: types.boolean, int: types.intp, float: types.float64}


def _only_yields(function: Any) -> tuple[str, Any] | None:
    """The constant or the argument that a function yields, if it does nothing else."""
    code = function.__code__
    if len(code.co_code) > _MOST_BYTES_TO_YIELD:
        return None
    does = [what for what in dis.get_instructions(code) if what.opname not in _DO_NOTHING]
    first = does[0]
    if first.opname == "RETURN_CONST" or (first.opname in ("LOAD_CONST", "LOAD_SMALL_INT") and _returns(does)):
        return "constant", first.argval
    if first.opname == "LOAD_DEREF" and _returns(does):
        return "constant", function.__closure__[code.co_freevars.index(first.argval)].cell_contents
    if first.opname in ("LOAD_FAST", "LOAD_FAST_BORROW") and _returns(does):
        return "argument", code.co_varnames.index(first.argval)
    return None


_DO_NOTHING = ("RESUME", "COPY_FREE_VARS", "NOT_TAKEN", "NOP", "CACHE")
_MOST_BYTES_TO_YIELD = 32


def _returns(does: list[Any]) -> bool:
    return len(does) == 2 and does[1].opname == "RETURN_VALUE"


_OWN = {
    untyped_passes.TranslateByteCode: _Translation,
    typed_passes.NopythonTypeInference: _Typing,
    typed_passes.NativeLowering: _Lowering,
}


class AtOnce(Thrifty):
    """Numba's compiler, which optimises what is compiled when all of it is there, not each function before."""

    library: type[OptimisedWhole] = OptimisedWhole

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.state.library = self.library(self.state.targetctx.codegen(), self.library.__name__)
        self.state.library.enable_object_caching()


class Plain(AtOnce):
    """Numba's compiler, in a hurry."""

    library = Plainly

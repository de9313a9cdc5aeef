"""A function that Numba compiles for the CPU, as PTX for a GPU: the same instructions of LLVM, another back end.

Neither a CUDA compiler nor a GPU is needed: llvmlite carries the back end, and a driver assembles PTX. LLVM rounds
every addition, multiplication and division by itself (`.rn`), and fuses two only where that is asked for: results have
the bits of the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numba
from llvmlite import binding as llvm
from numba.core.codegen import CodeLibrary

from fastsoftq.engine.gpu.numbers_in_registers import kept_in_registers
from fastsoftq.kernels.jit import INTO_CALLERS, register_functions

__all__ = ["assembly"]

_TRIPLE = "nvptx64-nvidia-cuda"
_LAYOUT = "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"
_COUNTING = re.compile(r"^(declare[^\n]*@NRT_[^\n]*|define[^\n]*@NRT_\w+\(.*?^\})\n", re.MULTILINE | re.DOTALL)


def _libraries(library: CodeLibrary, seen: dict[CodeLibrary, None]) -> Iterator[CodeLibrary]:
    """A library and all that it links, innermost first, but for Numba's counting of references."""
    if library in seen or "nrt" in library.name.lower():
        return
    seen[library] = None
    for other in library._linking_libraries:
        yield from _libraries(other, seen)
    yield library


def _linked(library: CodeLibrary) -> Any:
    parts = [llvm.parse_bitcode(part._final_module.as_bitcode()) for part in _libraries(library, {})]
    whole = parts.pop()
    for part in reversed(parts):  # callers first: LLVM links such functions only where one is called
        for function in part.functions:
            if not function.is_declaration:
                function.linkage = "linkonce_odr"
        whole.link_in(part)
    return whole


def _for_gpus(text: str) -> str:
    """LLVM's text of a module, without what is said of the CPU; references are not counted there."""
    text = re.sub(r'target triple = ".*"', f'target triple = "{_TRIPLE}"', text)
    text = re.sub(r'target datalayout = ".*"', f'target datalayout = "{_LAYOUT}"', text)
    text = _COUNTING.sub("", text)
    if "@NRT_" in text:
        text += "".join(f"define internal void @NRT_{does}ref(ptr %p) {{ ret void }}\n" for does in ("inc", "dec"))
    return re.sub(r'"(target-cpu|target-features|probe-stack)"="[^"]*"', "", text)


def assembly(
    function: Callable[..., Any], signature: tuple[Any, ...], capability: tuple[int, int]
) -> tuple[str, list[str]]:
    """Compile a function as a kernel.

    Parameters
    ----------
    function : function
        Returns nothing.
    signature : tuple of Numba types
        Of its arguments.
    capability : (int, int)
        The compute capability of the GPU.

    Returns
    -------
    (str, list of str)
        PTX with an entry point of the function's name, and LLVM's types of its parameters: the arguments' parts, in
        order.
    """
    dispatcher = numba.njit(error_model="numpy", **INTO_CALLERS)(function)
    register_functions(dispatcher.targetctx)
    dispatcher.compile(signature)
    result = dispatcher.overloads[signature]
    whole = _linked(result.library)
    name = result.fndesc.mangled_name
    parameters = [str(argument.type) for argument in whole.get_function(name).arguments][2:]
    text = _for_gpus(str(whole))
    entry = function.__name__
    named = ", ".join(f"{t} %k{i}" for i, t in enumerate(parameters))
    text += f"""
define ptx_kernel void @{entry}({named}) {{
  %result = alloca ptr
  %error = alloca ptr
  %status = call i32 @"{name}"(ptr %result, ptr %error, {named})
  ret void
}}
"""
    return _emitted(text, entry, capability), parameters


def _emitted(text: str, entry: str, capability: tuple[int, int]) -> str:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(text)
    module.verify()
    for function in module.functions:
        if not function.is_declaration and function.name != entry:
            function.linkage = "internal"
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = "internal"  # the back end then gives it a name that PTX allows
    machine = llvm.Target.from_triple(_TRIPLE).create_target_machine(cpu="sm_{}{}".format(*capability), opt=3)
    # A thread works on numbers, not on vectors, and its loop is long enough.
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.slp_vectorization = options.loop_vectorization = options.loop_unrolling = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    kept = llvm.parse_assembly(kept_in_registers(str(module), entry))
    kept.verify()
    return str(machine.emit_assembly(kept))

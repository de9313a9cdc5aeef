"""What a GPU has and a processor has not, in terms that Numba compiles: which thread this is, memory a block shares."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.jit import inlined

__all__ = ["SHARED", "block", "shared", "shared_read_back", "thread", "threads_in_block", "wait_for_the_block"]

SHARED = "shared_memory"
"""The name of the room that a block's threads share; its size is told at the launch."""

_SHARED_SPACE = 3  # the number of that kind of memory in NVPTX
_I32 = ir.IntType(32)


def _register(name: str) -> Any:
    """An intrinsic that reads one of a thread's special registers."""

    @intrinsic
    def read(typing):
        def emit(context, builder, sig, args):
            function = ir.FunctionType(_I32, [])
            read = cgutils.get_or_insert_function(builder.module, function, f"llvm.nvvm.read.ptx.sreg.{name}.x")
            return builder.zext(builder.call(read, []), ir.IntType(64))

        return types.intp(), emit

    return read


thread, block, threads_in_block = _register("tid"), _register("ctaid"), _register("ntid")


@intrinsic
def _barrier(typing):
    def emit(context, builder, sig, args):
        barrier = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.nvvm.barrier0"
        )
        builder.call(barrier, [])
        return context.get_dummy_value()

    return types.void(), emit


@inlined
def wait_for_the_block():
    """Go on when all threads of the block have come here."""
    _barrier()


@intrinsic
def shared(typing):
    """Where the memory that the block shares begins."""

    def emit(context, builder, sig, args):
        return builder.addrspacecast(_memory(builder), _NUMBERS)

    return types.CPointer(types.float64)(), emit


@intrinsic
def shared_read_back(typing):
    """The same, written there and read back; whatever lies there must have been of no use.

    An assembler that knows how the address is made would make it anew in every step, from a register that is slow to
    read.
    """

    def emit(context, builder, sig, args):
        memory = _memory(builder)
        room = builder.bitcast(memory, _I32.as_pointer(_SHARED_SPACE))
        builder.store_atomic(builder.ptrtoint(memory, _I32), room, "monotonic", 4)
        address = builder.load_atomic(room, "monotonic", 4)
        return builder.addrspacecast(builder.inttoptr(address, ir.DoubleType().as_pointer(_SHARED_SPACE)), _NUMBERS)

    return types.CPointer(types.float64)(), emit


_NUMBERS = ir.DoubleType().as_pointer()


def _memory(builder: Any) -> Any:
    memory = builder.module.globals.get(SHARED)
    if memory is None:
        memory = ir.GlobalVariable(builder.module, ir.ArrayType(ir.DoubleType(), 0), SHARED, _SHARED_SPACE)
        memory.linkage, memory.align = "external", 16
    return memory

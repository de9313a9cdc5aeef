"""The kernel: what every thread of a GPU runs, in terms that Numba compiles and LLVM's NVPTX back end understands."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.engine.gpu.one_thread import Threads, copy_records, train_in_thread

__all__ = ["SHARED", "kernel"]

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


_thread, _block, _threads_in_block = _register("tid"), _register("ctaid"), _register("ntid")


@intrinsic
def _wait_for_the_block(typing):
    """Go on when all threads of the block have come here."""

    def emit(context, builder, sig, args):
        barrier = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.nvvm.barrier0"
        )
        builder.call(barrier, [])
        return context.get_dummy_value()

    return types.void(), emit


@intrinsic
def _shared(typing):
    """Where the memory that the block shares begins."""

    def emit(context, builder, sig, args):
        memory = builder.module.globals.get(SHARED)
        if memory is None:
            memory = ir.GlobalVariable(builder.module, ir.ArrayType(ir.DoubleType(), 0), SHARED, _SHARED_SPACE)
            memory.linkage, memory.align = "external", 16
        return builder.addrspacecast(memory, ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(), emit


def kernel(agent, mdp, lockstep, place, row, like, work, out):
    """Train runs until none is left, as many at a time as there are threads."""
    threads = Threads(_block(), _thread(), _threads_in_block(), _shared())
    copy_records(place, threads, mdp)
    _wait_for_the_block()
    train_in_thread(place, threads, agent, mdp, lockstep, row, like, work, out)

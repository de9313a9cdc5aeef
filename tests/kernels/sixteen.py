"""Room for the numbers of sixteen lanes, from which tests make vectors and into which they put them."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.vectors import LANES, llvm_type

__all__ = ["stack"]


@intrinsic
def stack(typing, dtype):
    """Sixteen zeros on the stack."""
    t = dtype.dtype

    def emit(context, builder, sig, args):
        with builder.goto_entry_block():
            room = builder.alloca(ir.ArrayType(llvm_type(t), LANES))
            room.align = 64
        memory = builder.bitcast(room, llvm_type(t).as_pointer())
        cgutils.memset(builder, memory, ir.Constant(ir.IntType(64), LANES * t.bitwidth // 8), 0)
        return memory

    return types.CPointer(t)(dtype), emit

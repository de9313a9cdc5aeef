"""Look-up in a table of sixteen integers, within registers where the machine can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, errors

from fastsoftq.kernels.jit import operation
from fastsoftq.kernels.number_kinds import SixteenIntegers, UpTo15
from fastsoftq.kernels.vectors import LANES, Vec, lane_order

__all__ = ["lookup"]

_I32 = ir.IntType(32)


@operation
def lookup(typing, table: SixteenIntegers, index: UpTo15):
    """`table[index]` for a constant table of 16 int32 and indices 0 to 15.

    One in-register permutation where the machine has it (AVX-512, or two halves with AVX2), memory elsewhere.

    Parameters
    ----------
    table : tuple of 16 int32
    index : int, or a vector of int32

    Returns
    -------
    int32, or a vector of them

    Examples
    --------
    >>> lookup(tuple(range(0, 32, 2)), 5)
    10
    """
    if not isinstance(index, Vec):
        return table.dtype(table, index), _emit_lookup_of_one
    if index.dtype != types.int32:
        raise errors.TypingError(f"lookup: index is {index}; a vector of indices must be of int32 (see `convert`)")
    return index(table, index), _emit_lookup_of_sixteen


def _emit_lookup_of_one(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index = args
    at = [ir.Constant(ir.IntType(64), 0), context.cast(builder, index, sig.args[1], types.intp)]
    return builder.load(builder.gep(cgutils.alloca_once_value(builder, table), at))


def _emit_lookup_of_sixteen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index = args
    values = ir.Constant(ir.VectorType(_I32, 16), ir.Undefined)
    for k in range(16):
        values = builder.insert_element(values, builder.extract_value(table, k), ir.Constant(_I32, k))

    def permuted(name: str, values: Any, index: Any) -> Any:
        function = ir.FunctionType(values.type, [values.type, index.type])
        return builder.call(
            cgutils.get_or_insert_function(builder.module, function, f"llvm.x86.{name}"), [values, index]
        )

    def part(v: Any, lanes: Iterable[int]) -> Any:
        return builder.shuffle_vector(v, v, lane_order(lanes))

    features = context.codegen()._tm_features
    if "+avx512f" in features:
        return permuted("avx512.permvar.si.512", values, index)
    if "+avx2" in features:
        halves = (range(8), range(8, 16))
        found = [[permuted("avx2.permd", part(values, t), part(index, i)) for i in halves] for t in halves]
        low, high = (builder.shuffle_vector(x, y, lane_order(range(16))) for x, y in found)
        return builder.select(builder.icmp_unsigned("<", index, ir.Constant(index.type, [8] * 16)), low, high)
    memory, out = cgutils.alloca_once_value(builder, table), values
    for k in range(LANES):
        lane = ir.Constant(_I32, k)
        at = builder.zext(builder.extract_element(index, lane), ir.IntType(64))
        out = builder.insert_element(out, builder.load(builder.gep(memory, [ir.Constant(ir.IntType(64), 0), at])), lane)
    return out

"""Look-up in a table of sixteen integers, within registers where the machine can."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, errors

from fastsoftq.kernels.jit import operation
from fastsoftq.kernels.number_kinds import SixteenIntegers, UpTo15
from fastsoftq.kernels.vectors import Vec, concatenated, in_all_lanes, lane_order

__all__ = ["lookup"]

_SIZE = 16  # of a table
_I32, _I64 = ir.IntType(32), ir.IntType(64)


@operation
def lookup(typing, table: SixteenIntegers, index: UpTo15):
    """`table[index]` for a table of 16 int32 and indices 0 to 15.

    A constant table is one in-register permutation for a vector where the machine has it (AVX-512, or two halves with
    AVX2), constant memory elsewhere. A table that is not known when compiling is halved by each bit of the index.

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
    return index(table, index), _emit_lookup_of_many


def _constants(table: Any) -> list[int] | None:
    """The numbers of a table that is known when compiling: Numba puts a constant tuple together entry by entry."""
    numbers: dict[int, int] = {}
    while isinstance(table, ir.instructions.InsertValue):
        entry = table.operands[1]
        if not isinstance(entry, ir.Constant):
            return None
        numbers.setdefault(table.indices[0], entry.constant)
        table = table.operands[0]
    return [numbers[k] for k in range(_SIZE)] if len(numbers) == _SIZE else None


def _read_only(builder: Any, numbers: list[int]) -> Any:
    """A table in constant memory: on the stack it would be written again in every step."""
    t = ir.ArrayType(_I32, _SIZE)
    return cgutils.global_constant(builder, ".lookup", ir.Constant(t, numbers))


def _halved(builder: Any, entries: list[Any], index: Any) -> Any:
    """One of `entries`, numbers or vectors, by the bits of the index."""
    while len(entries) > 1:
        odd = builder.trunc(index, _with_element(index.type, ir.IntType(1)))
        entries = [builder.select(odd, y, x) for x, y in zip(entries[::2], entries[1::2], strict=True)]
        index = builder.lshr(index, _all(index.type, 1))
    return entries[0]


def _with_element(t: ir.Type, element: ir.Type) -> ir.Type:
    return ir.VectorType(element, t.count) if isinstance(t, ir.VectorType) else element


def _all(t: ir.Type, n: int) -> ir.Constant:
    return ir.Constant(t, [n] * t.count if isinstance(t, ir.VectorType) else n)


def _emit_lookup_of_one(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index = args
    index = context.cast(builder, index, sig.args[1], types.intp)
    numbers = _constants(table)
    if numbers is None:
        return _halved(builder, [builder.extract_value(table, k) for k in range(_SIZE)], index)
    return builder.load(builder.gep(_read_only(builder, numbers), [ir.Constant(_I64, 0), index]))


def _emit_lookup_of_many(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index = args
    numbers, features = _constants(table), context.codegen()._tm_features
    if numbers is None:
        width = index.type.count
        entries = [builder.extract_value(table, k) for k in range(_SIZE)]
        return _halved(builder, [in_all_lanes(builder, entry, width) for entry in entries], index)
    if "+avx512f" in features:
        return _permuted(builder, "avx512.permvar.si.512", [numbers], index)
    if "+avx2" in features:
        return _permuted(builder, "avx2.permd", [numbers[:8], numbers[8:]], index)
    memory, found = _read_only(builder, numbers), ir.Constant(index.type, ir.Undefined)
    for k in range(index.type.count):
        lane = ir.Constant(_I32, k)
        at = builder.zext(builder.extract_element(index, lane), _I64)
        entry = builder.load(builder.gep(memory, [ir.Constant(_I64, 0), at]))
        found = builder.insert_element(found, entry, lane)
    return found


def _permuted(builder: Any, name: str, tables: list[list[int]], index: Any) -> Any:
    """Entries by a permutation of whole registers, each as wide as a part of the table; the index is cut to size."""
    size, width = len(tables[0]), index.type.count
    register = ir.VectorType(_I32, size)
    permute = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(register, [register, register]), f"llvm.x86.{name}"
    )
    parts = []
    for start in range(0, width, size):
        lanes = [min(k, width - 1) for k in range(start, start + size)]  # the last again, where there are too few
        part = builder.shuffle_vector(index, index, lane_order(lanes))
        found = [builder.call(permute, [ir.Constant(register, numbers), part]) for numbers in tables]
        if len(found) == 2:
            found = [builder.select(builder.icmp_unsigned("<", part, _all(register, size)), *found)]
        parts += found
    return concatenated(builder, parts, width)

"""Look-up in a table of sixteen integers, within registers where the machine can."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, errors

from fastsoftq.kernels.constants import known, read_only
from fastsoftq.kernels.jit import operation
from fastsoftq.kernels.number_kinds import SixteenIntegers, UpTo15
from fastsoftq.kernels.targets import here
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
    index : int, or a vector of int32 or int64

    Returns
    -------
    int32, or a vector like `index`

    Examples
    --------
    >>> lookup(tuple(range(0, 32, 2)), 5)
    10
    """
    if not isinstance(index, Vec):
        return table.dtype(table, index), _emit_lookup_of_one
    if index.dtype not in (types.int32, types.int64):
        raise errors.TypingError(f"lookup: index is {index}; a vector must be of int32 or int64 (see `convert`)")
    return index(table, index), _emit_lookup_of_many


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
    numbers = known(table, _SIZE)
    if numbers is None:
        return _halved(builder, [builder.extract_value(table, k) for k in range(_SIZE)], index)
    return _entry(builder, numbers, index)


def _entry(builder: Any, numbers: list[int], index: Any) -> Any:
    """One of the constants `numbers`, by an index of 64 bits."""
    return builder.load(builder.gep(read_only(builder, numbers), [ir.Constant(_I64, 0), index]))


def _emit_lookup_of_many(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, index = args
    numbers, lanes, width = known(table, _SIZE), here().lanes, index.type.count
    if numbers is not None and lanes == 8 and index.type.element == _I64:
        return _permuted_wide(builder, numbers, index)
    if index.type.element == _I64:
        narrow = builder.trunc(index, ir.VectorType(_I32, width))
        found = _emit_lookup_of_many(context, builder, sig, (table, narrow))
        return builder.sext(found, index.type)
    if numbers is None:
        entries = [builder.extract_value(table, k) for k in range(_SIZE)]
        return _halved(builder, [in_all_lanes(builder, entry, width) for entry in entries], index)
    if width > 1 and lanes == 16:
        return _permuted(builder, "avx512.permvar.si.512", [numbers], index)
    if width > 1 and lanes == 8:
        return _permuted(builder, "avx2.permd", [numbers[:8], numbers[8:]], index)
    found = ir.Constant(index.type, ir.Undefined)
    for k in range(width):
        lane = ir.Constant(_I32, k)
        entry = _entry(builder, numbers, builder.zext(builder.extract_element(index, lane), _I64))
        found = builder.insert_element(found, entry, lane)
    return found


def _parts(builder: Any, index: Any, size: int) -> list[Any]:
    """A vector cut into vectors of `size`; the last number again, where there are too few."""
    last = index.type.count - 1
    starts = range(0, index.type.count, size)
    return [
        builder.shuffle_vector(index, index, lane_order(min(start + k, last) for k in range(size))) for start in starts
    ]


def _permute(builder: Any, name: str, numbers: list[int], index: Any) -> Any:
    function = ir.FunctionType(index.type, [index.type, index.type])
    permute = cgutils.get_or_insert_function(builder.module, function, f"llvm.x86.{name}")
    return builder.call(permute, [ir.Constant(index.type, numbers), index])


def _permuted(builder: Any, name: str, tables: list[list[int]], index: Any) -> Any:
    """Entries by a permutation of whole registers, each as wide as a part of the table."""
    size, found = len(tables[0]), []
    for part in _parts(builder, index, size):
        entries = [_permute(builder, name, numbers, part) for numbers in tables]
        if len(entries) == 2:
            entries = [builder.select(builder.icmp_unsigned("<", part, _all(part.type, size)), *entries)]
        found += entries
    return concatenated(builder, found, index.type.count)


def _permuted_wide(builder: Any, numbers: list[int], index: Any) -> Any:
    """The same for indices of 64 bits: the upper half of each entry found is meaningless, and is made its sign."""
    halves, found = ir.VectorType(_I32, 8), []
    for part in _parts(builder, index, 4):
        eights = builder.bitcast(part, halves)
        entries = [
            builder.bitcast(_permute(builder, "avx2.permd", half, eights), part.type)
            for half in (numbers[:8], numbers[8:])
        ]
        found.append(builder.select(builder.icmp_signed("<", part, _all(part.type, 8)), *entries))
    entries = builder.and_(concatenated(builder, found, index.type.count), _all(index.type, 2**32 - 1))
    if min(numbers) < 0:
        sign = _all(index.type, 2**31)
        entries = builder.sub(builder.xor(entries, sign), sign)
    return entries

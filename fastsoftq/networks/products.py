"""The product of two matrices in one block of float32, tile by tile in registers; all that networks do is made of it.

Rows of B run along vectors, so that every number of C is one chain of fused multiply-adds over the inner index, in
order: whatever the tile, the width of a vector or the machine, its bits are the same. A tile takes up most of the
processor's registers (`kernels/targets.py`) and reads each number of A and B once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.addresses import floats_at
from fastsoftq.kernels.jit import apart
from fastsoftq.kernels.targets import here
from fastsoftq.kernels.vectors import in_all_lanes

__all__ = [
    "ADDED",
    "BIAS",
    "BIASES",
    "MASKED",
    "NOTHING",
    "PLAIN",
    "RECTIFIED",
    "UNIT",
    "gathered_product",
    "product",
]

NOTHING, BIAS, ADDED, BIASES = 0, 1, 2, 3
"""What sums start from: 0, the row at `e`, what is in C, or for each row the number at `e`."""
PLAIN, RECTIFIED, MASKED = 0, 1, 2
"""What becomes of a sum: nothing; 0 where it is negative; 0 where E is not positive."""
UNIT = 8
"""Columns come in so many."""

_I64, _F32 = ir.IntType(64), ir.FloatType()
_MANY_ROWS = 8  # of a tile; more would take more registers for their addresses than there are
_UNIT_ROWS = 12  # of a tile of one unit, whose numbers of A are each multiplied once
_FEW_ROWS = 4
_SUMS = 8  # as many as a processor that starts two a cycle needs, if each takes four


def _int(n: int) -> ir.Constant:
    return ir.Constant(_I64, n)


class _Operands:
    """What one call of `product` multiplies, as LLVM's values."""

    def __init__(self, gathered: bool, args: Any) -> None:
        self.gathered = gathered
        (self.memory, self.begins, self.ends, self.a, self.a_row, self.a_step, self.b, self.b_row, self.depth, self.c,
         self.c_row, self.e, self.e_row, self.rows, self.columns) = args  # fmt: skip


def _register() -> int:
    """The units of a register, or of what takes the place of one."""
    return max(1, here().register_bytes // 4 // UNIT)


def _panels() -> dict[int, int]:
    """The widths of tiles in units, whole registers or a single unit, and the most rows of each."""
    target, register = here(), _register()
    most = max(1, math.isqrt(target.accumulators) * target.register_bytes // 4 // (register * UNIT))
    found = {}
    for units in {1, *(register * n for n in range(1, most + 1))}:
        registers = -(-units * UNIT * 4 // target.register_bytes)
        found[units] = min(_UNIT_ROWS if units == 1 else _MANY_ROWS, max(1, target.accumulators // registers))
    return found


def _whole_registers(builder: Any, units: Any, most: int) -> Any:
    """Units up to `most`, in whole registers, which may reach into the padding of a row; a last one alone is itself."""
    register = _register()
    whole = builder.mul(builder.sdiv(builder.add(units, _int(register - 1)), _int(register)), _int(register))
    some = builder.select(builder.icmp_signed("<", whole, _int(most)), whole, _int(most))
    return builder.select(builder.icmp_signed("==", units, _int(1)), units, some)


def _parts(units: int) -> list[int]:
    """The vectors that make up a row of a tile."""
    whole, rest = divmod(units, _register())
    return [_register() * UNIT] * whole + [rest * UNIT] * (rest > 0)


def _emit_tile(builder: Any, o: _Operands, rows: int, units: int, i: Any, j: Any) -> None:
    """`rows` rows of C from row i on, of `units` units from column j on."""
    parts = _parts(units)
    starts = [sum(parts[:n]) for n in range(len(parts))]
    kinds = [ir.VectorType(_F32, part) for part in parts]

    def at(base: Any, n: int) -> Any:
        return builder.bitcast(builder.gep(base, [_int(starts[n])]), kinds[n].as_pointer())

    def pointer(*terms: Any) -> Any:
        total = terms[0]
        for term in terms[1:]:
            total = builder.add(total, term)
        return builder.gep(o.memory, [total])

    def read(base: Any) -> list[Any]:
        return [builder.load(at(base, n), align=32) for n in range(len(parts))]

    def is_(value: Any, which: int) -> Any:
        return builder.icmp_signed("==", value, _int(which))

    cs = [pointer(o.c, builder.mul(builder.add(i, _int(r)), o.c_row), j) for r in range(rows)]
    zeros = [ir.Constant(kind, [0.0] * part) for kind, part in zip(kinds, parts, strict=True)]
    bias = read(pointer(o.e, j))
    fresh = [builder.select(is_(o.begins, BIAS), x, zero) for x, zero in zip(bias, zeros, strict=True)] * rows

    def added() -> list[Any]:
        return [x for c in cs for x in read(c)]

    def biases() -> list[Any]:
        each = pointer(o.e, i)
        numbers = [builder.load(builder.gep(each, [_int(r)])) for r in range(rows)]
        return [in_all_lanes(builder, x, part) for x in numbers for part in parts]

    first = fresh
    for which, begin in ((ADDED, added), (BIASES, biases)):
        before, otherwise = builder.block, first
        with builder.if_then(is_(o.begins, which), likely=False):
            found, there = begin(), builder.block
        first = []
        for x, y in zip(otherwise, found, strict=True):
            first.append(builder.phi(x.type))
            first[-1].add_incoming(x, before)
            first[-1].add_incoming(y, there)

    a = pointer(o.a) if o.gathered else pointer(o.a, builder.mul(i, o.a_row))
    if o.gathered:
        words = _I64.as_pointer()
        starts_of_rows = builder.gep(builder.inttoptr(o.a_row, words), [i])
        steps = [builder.load(builder.gep(starts_of_rows, [_int(r)])) for r in range(rows)]
        rows_of_a = [builder.gep(a, [step]) for step in steps]
        walk = builder.inttoptr(o.a_step, words)
    else:
        steps = [builder.mul(o.a_row, _int(r)) for r in range(rows)]
        walk = a
    entry = builder.block
    loop, done = builder.append_basic_block("tile"), builder.append_basic_block("tiled")
    b = pointer(o.b, j)
    end = builder.gep(
        b, [builder.mul(o.depth, o.b_row)]
    )  # of which LLVM can tell no count, to unroll what fits as it is
    builder.branch(loop)
    builder.position_at_end(loop)
    pa, pb = builder.phi(walk.type), builder.phi(b.type)
    sums = [builder.phi(kind) for _ in range(rows) for kind in kinds]
    bs = read(pb)
    new: list[Any] = []
    column = builder.load(pa) if o.gathered else None
    for r in range(rows):
        x = builder.load(builder.gep(rows_of_a[r], [column]) if o.gathered else builder.gep(pa, [steps[r]]))
        for n, (kind, part) in enumerate(zip(kinds, parts, strict=True)):
            name = f"llvm.fma.v{part}f32"
            fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
            new.append(builder.call(fma, [in_all_lanes(builder, x, part), bs[n], sums[len(new)]]))
    pa_next, pb_next = builder.gep(pa, [_int(1) if o.gathered else o.a_step]), builder.gep(pb, [o.b_row])
    builder.cbranch(builder.icmp_unsigned("!=", pb_next, end), loop, done)
    for phi, x, y in [(pa, walk, pa_next), (pb, b, pb_next), *zip(sums, first, new, strict=True)]:
        phi.add_incoming(x, entry)
        phi.add_incoming(y, loop)
    builder.position_at_end(done)

    with builder.if_else(is_(o.ends, MASKED)) as (masked, whole):
        with masked:
            for r in range(rows):
                e = read(pointer(o.e, builder.mul(builder.add(i, _int(r)), o.e_row), j))
                for n, zero in enumerate(zeros):
                    passes = builder.fcmp_unordered(">", e[n], zero)  # NaN passes
                    x = builder.select(passes, new[r * len(parts) + n], zero)
                    builder.store(x, at(cs[r], n), align=32)
        with whole:
            least = builder.select(is_(o.ends, RECTIFIED), ir.Constant(_F32, 0.0), ir.Constant(_F32, float("-inf")))
            for r in range(rows):
                for n, part in enumerate(parts):
                    floor, x = in_all_lanes(builder, least, part), new[r * len(parts) + n]
                    x = builder.select(builder.fcmp_ordered(">", floor, x), floor, x)  # NaN stays
                    builder.store(x, at(cs[r], n), align=32)


def _emit_panel(builder: Any, o: _Operands, units: int, most: int, j: Any) -> None:
    """All rows of C, of `units` units from column j on.

    The last rows are a whole tile too, which overlaps the one before: it writes the same numbers again.
    """
    heights = sorted({most, min(most, _FEW_ROWS), 1}, reverse=True)
    done = cgutils.alloca_once_value(builder, _int(0))
    again, out = builder.append_basic_block("rows"), builder.append_basic_block("out")
    builder.branch(again)
    builder.position_at_end(again)
    i = builder.load(done)
    left = builder.sub(o.rows, i)
    overlaps = builder.icmp_signed("!=", o.begins, _int(ADDED))
    overlaps = builder.and_(overlaps, builder.icmp_signed("!=", o.c, o.e))  # what masks is written over
    for height, less in zip(heights, (*heights[1:], 0), strict=True):
        here_, else_ = builder.append_basic_block(f"by{height}"), builder.append_basic_block("less")
        fits = builder.icmp_signed(">=", left, _int(height))
        may = builder.and_(overlaps, builder.icmp_signed(">=", o.rows, _int(height)))
        may = builder.or_(fits, builder.and_(may, builder.icmp_signed(">", left, _int(less))))
        builder.cbranch(may if height > 1 else cgutils.true_bit, here_, else_)
        builder.position_at_end(here_)
        start = builder.select(fits, i, builder.sub(o.rows, _int(height)))
        _emit_tile(builder, o, height, units, start, j)
        end = builder.add(start, _int(height))
        builder.store(end, done)
        builder.cbranch(builder.icmp_signed("<", end, o.rows), again, out)
        builder.position_at_end(else_)
    builder.branch(out)
    builder.position_at_end(out)


def _emit_columns(builder: Any, o: _Operands, widest: Any, emit: dict[int, Callable[[Any], None]]) -> None:
    """All columns of C, in panels: `widest` tells how many units of those left to take, `emit` how."""
    column = cgutils.alloca_once_value(builder, _int(0))
    again, end = builder.append_basic_block("columns"), builder.append_basic_block("panel_done")
    out = builder.append_basic_block("columns_done")
    builder.branch(again)
    builder.position_at_end(again)
    j = builder.load(column)
    units = widest(builder.sdiv(builder.sub(o.columns, j), _int(UNIT)))
    builder.store(builder.add(j, builder.mul(units, _int(UNIT))), column)
    switch = builder.switch(units, end)
    for width, emit_panel in emit.items():
        block = builder.append_basic_block(f"panel{width}")
        switch.add_case(_int(width), block)
        builder.position_at_end(block)
        emit_panel(j)
        builder.branch(end)
    builder.position_at_end(end)
    builder.cbranch(builder.icmp_signed("<", builder.load(column), o.columns), again, out)
    builder.position_at_end(out)


def _emit_many_rows(builder: Any, o: _Operands) -> None:
    panels = _panels()
    most = max(panels)

    def widest(left: Any) -> Any:
        """The widest panel, unless a narrow one would be left over: then two of about one width."""
        half = builder.sdiv(builder.add(left, _int(1)), _int(2))
        balances = builder.icmp_signed("<=", left, _int(most + 2 * _register()))
        balances = builder.and_(balances, builder.icmp_signed(">", left, _int(most)))
        return _whole_registers(builder, builder.select(balances, half, left), most)

    def panel(units: int, rows: int) -> Callable[[Any], None]:
        return lambda j: _emit_panel(builder, o, units, rows, j)

    _emit_columns(builder, o, widest, {units: panel(units, rows) for units, rows in panels.items()})


def _emit_few_rows(builder: Any, o: _Operands) -> None:
    """A row at a time, in so many sums side by side that none waits for the one before."""
    register = _register()
    most = _SUMS * register

    def widest(left: Any) -> Any:
        return _whole_registers(builder, left, most)

    def panel(units: int) -> Callable[[Any], None]:
        def emit(j: Any) -> None:
            with cgutils.for_range(builder, o.rows, intp=_I64) as loop:
                _emit_tile(builder, o, 1, units, loop.index, j)

        return emit

    _emit_columns(builder, o, widest, {units: panel(units) for units in {1, *range(register, most + 1, register)}})


def _emit_product(builder: Any, o: _Operands) -> None:
    with builder.if_else(builder.icmp_signed("<", o.rows, _int(_FEW_ROWS))) as (few, many):
        with few:
            _emit_few_rows(builder, o)
        with many:
            _emit_many_rows(builder, o)


def _multiply(gathered: bool) -> Any:
    def multiply(typing, memory, begins, ends, a, a_row, a_step, b, b_row, depth, c, c_row, e, e_row, rows, columns):
        def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            _emit_product(builder, _Operands(gathered, args))
            return context.get_dummy_value()

        return types.void(types.CPointer(types.float32), *[types.int64] * 14), emit

    return intrinsic(multiply)


_multiply_even, _multiply_gathered = _multiply(gathered=False), _multiply(gathered=True)
_SIGNATURE = types.void(*[types.int64] * 15)


@apart(_SIGNATURE)
def product(memory, begins, ends, a, a_row, a_step, b, b_row, depth, c, c_row, e, e_row, rows, columns):
    """C = ends(begins + A B), for `rows` >= 1 rows, `columns` columns (whole units), and `depth` >= 1 terms of a sum.

    Row i and column j of C are at `c + i*c_row + j` in memory, likewise B and E; those of A are at
    `a + i*a_row + j*a_step`. Rows of B, C and E begin at multiples of a unit; of more than one unit, they are
    padded to whole lines, and the padding of C is computed like the rest.

    Examples
    --------
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory = aligned_floats(64)
    >>> memory[0], memory[1], memory[16], memory[24] = 2.0, 3.0, 0.5, -1.0  # A = [[2, 3]], B = [[0.5], [-1]]
    >>> product.ctypes(memory.ctypes.data, NOTHING, PLAIN, 0, 16, 1, 16, 8, 2, 32, 8, 0, 0, 1, 8)
    >>> memory[32]
    np.float32(-2.0)
    """
    _multiply_even(
        floats_at(memory), begins, ends, a, a_row, a_step, b, b_row, depth, c, c_row, e, e_row, rows, columns
    )


@apart(_SIGNATURE)
def gathered_product(memory, begins, ends, a, a_rows, a_steps, b, b_row, depth, c, c_row, e, e_row, rows, columns):
    """The product where row i and column j of A are at `a + a_rows[i] + a_steps[j]`: addresses of tables of int64.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory, rows, steps = aligned_floats(64), np.array([3]), np.array([0, 7])
    >>> memory[3], memory[10], memory[16], memory[24] = 2.0, 3.0, 0.5, -1.0
    >>> tables = rows.ctypes.data, steps.ctypes.data
    >>> gathered_product.ctypes(memory.ctypes.data, NOTHING, PLAIN, 0, *tables, 16, 8, 2, 32, 8, 0, 0, 1, 8)
    >>> memory[32]
    np.float32(-2.0)
    """
    _multiply_gathered(
        floats_at(memory), begins, ends, a, a_rows, a_steps, b, b_row, depth, c, c_row, e, e_row, rows, columns
    )

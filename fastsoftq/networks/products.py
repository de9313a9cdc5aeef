"""The product of two matrices in one block of float32, tile by tile in registers; all that networks do is made of it.

Rows of B run along vectors, so that every number of C is one chain of fused multiply-adds over the inner index, in
order: whatever the tile, the width of a vector or the machine, its bits are the same. A tile takes up most of the
processor's registers (`kernels/targets.py`) and reads each number of A and B once.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.addresses import floats_at
from fastsoftq.kernels.jit import apart
from fastsoftq.kernels.targets import here
from fastsoftq.kernels.vectors import in_all_lanes

__all__ = ["ADDED", "BIAS", "MASKED", "NOTHING", "PLAIN", "RECTIFIED", "UNIT", "product"]

NOTHING, BIAS, ADDED = 0, 1, 2
"""What sums start from: 0, the row at `e`, or what is in C."""
PLAIN, RECTIFIED, MASKED = 0, 1, 2
"""What becomes of a sum: nothing; 0 where it is negative; 0 where E is not positive."""
UNIT = 8
"""Columns come in so many."""

_I64, _F32 = ir.IntType(64), ir.FloatType()
_MANY_ROWS = 8  # of a tile; more would take more registers for their addresses than there are
_FEW_ROWS = 4


def _int(n: int) -> ir.Constant:
    return ir.Constant(_I64, n)


class _Operands:
    """What one call of `product` multiplies, as LLVM's values."""

    def __init__(self, args: Any) -> None:
        (self.memory, self.begins, self.ends, self.a, self.a_row, self.a_step, self.b, self.b_row, self.depth, self.c,
         self.c_row, self.e, self.e_row, self.rows, self.columns) = args  # fmt: skip


def _panels() -> dict[int, int]:
    """The widths of tiles in units, and the most rows of each."""
    target = here()
    register = target.register_bytes // 4
    most = 3 * max(register, UNIT) // UNIT
    found = {}
    for units in range(1, most + 1):
        registers = -(-units * UNIT // register)
        found[units] = min(_MANY_ROWS, max(1, target.accumulators // registers))
    return found


def _parts(units: int) -> list[int]:
    """The vectors that make up a row of a tile."""
    register = max(UNIT, here().register_bytes // 4)
    whole, rest = divmod(units * UNIT, register)
    return [register] * whole + [rest] * (rest > 0)


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

    def choose(flag: Any, x: list[Any], y: list[Any]) -> list[Any]:
        return [builder.select(flag, v, w) for v, w in zip(x, y, strict=True)]

    def is_(value: Any, which: int) -> Any:
        return builder.icmp_signed("==", value, _int(which))

    cs = [pointer(o.c, builder.mul(builder.add(i, _int(r)), o.c_row), j) for r in range(rows)]
    zeros = [ir.Constant(kind, [0.0] * part) for kind, part in zip(kinds, parts, strict=True)]
    has_bias, adds = is_(o.begins, BIAS), is_(o.begins, ADDED)
    bias = pointer(o.e, j)
    first = []
    for r in range(rows):
        before = read(builder.select(has_bias, bias, cs[r]))
        first += choose(builder.or_(has_bias, adds), before, zeros)

    a = pointer(o.a, builder.mul(i, o.a_row))
    steps = [builder.mul(o.a_row, _int(r)) for r in range(rows)]
    entry = builder.block
    loop, done = builder.append_basic_block("tile"), builder.append_basic_block("tiled")
    b = pointer(o.b, j)
    builder.branch(loop)
    builder.position_at_end(loop)
    p, pa, pb = builder.phi(_I64), builder.phi(a.type), builder.phi(b.type)
    sums = [builder.phi(kind) for _ in range(rows) for kind in kinds]
    bs = read(pb)
    new = []
    for r in range(rows):
        x = builder.load(builder.gep(pa, [steps[r]]))
        for n, (kind, part) in enumerate(zip(kinds, parts, strict=True)):
            name = f"llvm.fma.v{part}f32"
            fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
            new.append(builder.call(fma, [in_all_lanes(builder, x, part), bs[n], sums[len(new)]]))
    p_next = builder.add(p, _int(1))
    pa_next, pb_next = builder.gep(pa, [o.a_step]), builder.gep(pb, [o.b_row])
    builder.cbranch(builder.icmp_signed("<", p_next, o.depth), loop, done)
    for phi, x, y in [(p, _int(0), p_next), (pa, a, pa_next), (pb, b, pb_next), *zip(sums, first, new, strict=True)]:
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


def _emit_product(builder: Any, o: _Operands) -> None:
    panels = _panels()
    most = max(panels)
    column = cgutils.alloca_once_value(builder, _int(0))
    again, out = builder.append_basic_block("columns"), builder.append_basic_block("end")
    builder.branch(again)
    builder.position_at_end(again)
    j = builder.load(column)
    left = builder.sdiv(builder.sub(o.columns, j), _int(UNIT))
    # The widest panel, unless a narrow one would be left over: two of about one width then.
    halves = builder.sdiv(builder.add(left, _int(1)), _int(2))
    balanced = builder.select(builder.icmp_signed("<=", left, _int(most + 2)), halves, _int(most))
    units = builder.select(builder.icmp_signed("<=", left, _int(most)), left, balanced)
    builder.store(builder.add(j, builder.mul(units, _int(UNIT))), column)
    end = builder.append_basic_block("panel_done")
    switch = builder.switch(units, end)
    for width, rows in panels.items():
        block = builder.append_basic_block(f"panel{width}")
        switch.add_case(_int(width), block)
        builder.position_at_end(block)
        _emit_panel(builder, o, width, rows, j)
        builder.branch(end)
    builder.position_at_end(end)
    builder.cbranch(builder.icmp_signed("<", builder.load(column), o.columns), again, out)
    builder.position_at_end(out)


@intrinsic
def _multiplied(typing, memory, begins, ends, a, a_row, a_step, b, b_row, depth, c, c_row, e, e_row, rows, columns):
    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _emit_product(builder, _Operands(args))
        return context.get_dummy_value()

    return types.void(types.CPointer(types.float32), *[types.int64] * 14), emit


@apart(types.void(*[types.int64] * 15))
def product(memory, begins, ends, a, a_row, a_step, b, b_row, depth, c, c_row, e, e_row, rows, columns):
    """C = ends(begins + A B), for `rows` >= 1 rows, `columns` columns (whole units), and `depth` >= 1 terms of a sum.

    Row i and column j of C are at `c + i*c_row + j` in memory, likewise B and E; those of A are at
    `a + i*a_row + j*a_step`. Rows of B, C and E begin at multiples of a unit.
    """
    _multiplied(floats_at(memory), begins, ends, a, a_row, a_step, b, b_row, depth, c, c_row, e, e_row, rows, columns)

"""The product of two matrices for as many seeds side by side as a vector has lanes.

Number `o` of lane `l` is at `memory[o*lanes + l]`.
Small networks fill no vector with their units: sixteen units of AVX-512 leave one, and half of a tile. Here a vector
holds one number of all seeds, and nothing is padded or turned. Each number is the same chain as in `products.py`.
"""

from __future__ import annotations

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
from fastsoftq.networks.products import ADDED, BIAS, MASKED, RECTIFIED

__all__ = ["lane_product", "lanes_here"]

_I64, _F32 = ir.IntType(64), ir.FloatType()
_SUMS = 8  # as many as a processor that starts two a cycle needs, if each takes four


def lanes_here() -> int:
    """How many float32s a vector of this processor holds.

    Examples
    --------
    >>> lanes_here() in (4, 8, 16)
    True
    """
    return here().register_bytes // 4


def _int(n: int) -> ir.Constant:
    return ir.Constant(_I64, n)


class _Operands:
    """What one call multiplies, as LLVM's values."""

    def __init__(self, args: Any) -> None:
        (self.memory, self.begins, self.ends, self.a, self.a_row, self.a_step, self.b, self.b_row, self.b_step,
         self.depth, self.c, self.c_row, self.e, self.e_row, self.rows, self.columns) = args  # fmt: skip
        self.lanes = lanes_here()
        self.kind = ir.VectorType(_F32, self.lanes)


def _emit_tile(builder: Any, o: _Operands, rows: int, columns: int, i: Any, j: Any) -> None:
    """`rows` rows of C from row i on, of `columns` columns from column j on."""
    zero = ir.Constant(o.kind, [0.0] * o.lanes)
    fma = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(o.kind, [o.kind] * 3), f"llvm.fma.v{o.lanes}f32"
    )

    def place(number: Any) -> Any:
        at = builder.gep(o.memory, [builder.mul(number, _int(o.lanes))])
        return builder.bitcast(at, o.kind.as_pointer())

    def read(number: Any) -> Any:
        return builder.load(place(number), align=4 * o.lanes)

    def along(start: Any, step: Any, count: int) -> list[Any]:
        return [builder.add(start, builder.mul(step, _int(k))) for k in range(count)]

    def is_(value: Any, which: int) -> Any:
        return builder.icmp_signed("==", value, _int(which))

    ones = [builder.add(j, _int(k)) for k in range(columns)]
    cs = [builder.add(row, one) for row in along(builder.add(o.c, builder.mul(i, o.c_row)), o.c_row, rows)
          for one in ones]  # fmt: skip
    fresh = [builder.select(is_(o.begins, BIAS), read(builder.add(o.e, one)), zero) for one in ones] * rows
    before = builder.block
    with builder.if_then(is_(o.begins, ADDED), likely=False):
        found = [read(c) for c in cs]
        added = builder.block
    first = []
    for x, y in zip(fresh, found, strict=True):
        first.append(builder.phi(o.kind))
        first[-1].add_incoming(x, before)
        first[-1].add_incoming(y, added)

    a_places = [place(n) for n in along(builder.add(o.a, builder.mul(i, o.a_row)), o.a_row, rows)]
    b_places = [place(n) for n in along(builder.add(o.b, builder.mul(j, o.b_step)), o.b_step, columns)]
    end = builder.mul(o.depth, o.b_row)  # of which LLVM can tell no count, to unroll what fits as it is
    entry = builder.block
    loop, done = builder.append_basic_block("tile"), builder.append_basic_block("tiled")
    builder.branch(loop)
    builder.position_at_end(loop)
    at_a, at_b = builder.phi(_I64), builder.phi(_I64)
    sums = [builder.phi(o.kind) for _ in cs]
    bs = [builder.load(builder.gep(b, [at_b]), align=4 * o.lanes) for b in b_places]
    new: list[Any] = []
    for a in a_places:
        x = builder.load(builder.gep(a, [at_a]), align=4 * o.lanes)
        new += [builder.call(fma, [x, b, sums[len(new) + n]]) for n, b in enumerate(bs)]
    a_next, b_next = builder.add(at_a, o.a_step), builder.add(at_b, o.b_row)
    builder.cbranch(builder.icmp_signed("!=", b_next, end), loop, done)
    starts = [(at_a, _int(0), a_next), (at_b, _int(0), b_next)]
    for phi, x, y in [*starts, *zip(sums, first, new, strict=True)]:
        phi.add_incoming(x, entry)
        phi.add_incoming(y, loop)
    builder.position_at_end(done)

    with builder.if_else(is_(o.ends, MASKED)) as (masked, whole):
        with masked:
            rows_of_e = along(builder.add(o.e, builder.mul(i, o.e_row)), o.e_row, rows)
            es = [builder.add(row, one) for row in rows_of_e for one in ones]
            for x, c, e in zip(new, cs, es, strict=True):
                passes = builder.fcmp_unordered(">", read(e), zero)  # NaN passes
                builder.store(builder.select(passes, x, zero), place(c), align=4 * o.lanes)
        with whole:
            least = builder.select(is_(o.ends, RECTIFIED), ir.Constant(_F32, 0.0), ir.Constant(_F32, float("-inf")))
            floor = in_all_lanes(builder, least, o.lanes)
            for x, c in zip(new, cs, strict=True):
                x = builder.select(builder.fcmp_ordered(">", floor, x), floor, x)  # NaN stays
                builder.store(x, place(c), align=4 * o.lanes)


def _emit_steps(builder: Any, end: Any, sizes: list[int], emit: Callable[[int, Any], None]) -> None:
    """Cover 0..end - 1 by steps, the largest of `sizes` that fits each time."""
    done = cgutils.alloca_once_value(builder, _int(0))
    for size in sizes:
        again, step, out = (builder.append_basic_block(f"{name}{size}") for name in ("again", "step", "out"))
        builder.branch(again)
        builder.position_at_end(again)
        at = builder.load(done)
        builder.cbranch(builder.icmp_signed("<=", builder.add(at, _int(size)), end), step, out)
        builder.position_at_end(step)
        emit(size, at)
        builder.store(builder.add(at, _int(size)), done)
        builder.branch(again)
        builder.position_at_end(out)


@intrinsic
def _multiply_lanes(
    typing, memory, begins, ends, a, a_row, a_step, b, b_row, b_step, depth, c, c_row, e, e_row, rows, columns
):
    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        o = _Operands(args)
        high = 4 if here().accumulators >= 24 else 2
        # Rows by fours or twos, the rest one by one, in so many sums side by side that none waits for the one before.
        with builder.if_else(builder.icmp_signed(">=", o.rows, _int(high))) as (many, few):
            with many:
                _emit_steps(
                    builder, o.columns, [4, 2, 1],
                    lambda width, j: _emit_steps(
                        builder, o.rows, [high, 1], lambda height, i: _emit_tile(builder, o, height, width, i, j)
                    ),
                )  # fmt: skip
            with few:
                _emit_steps(
                    builder, o.columns, [_SUMS, 4, 2, 1],
                    lambda width, j: _emit_steps(
                        builder, o.rows, [1], lambda height, i: _emit_tile(builder, o, height, width, i, j)
                    ),
                )  # fmt: skip
        return context.get_dummy_value()

    return types.void(types.CPointer(types.float32), *[types.int64] * 15), emit


@apart(types.void(*[types.int64] * 16))
def lane_product(memory, begins, ends, a, a_row, a_step, b, b_row, b_step, depth, c, c_row, e, e_row, rows, columns):
    """C = ends(begins + A B) in every lane, for `rows`, `columns` and `depth` >= 1.

    Row i and column j of C are at the number `c + i*c_row + j`, likewise E; those of A are at
    `a + i*a_row + j*a_step`, those of B at `b + i*b_row + j*b_step`.

    Examples
    --------
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.products import NOTHING, PLAIN
    >>> lanes = lanes_here()
    >>> memory = aligned_floats(5 * lanes).reshape(5, lanes)
    >>> memory[:4, 1] = 2.0, 3.0, 0.5, -1.0  # A = [[2, 3]] and B = [[0.5], [-1]] in lane 1
    >>> lane_product.ctypes(memory.ctypes.data, NOTHING, PLAIN, 0, 2, 1, 2, 1, 1, 2, 4, 1, 0, 0, 1, 1)
    >>> memory[4, :2].tolist()
    [0.0, -2.0]
    """
    _multiply_lanes(
        floats_at(memory), begins, ends, a, a_row, a_step, b, b_row, b_step, depth, c, c_row, e, e_row, rows, columns
    )

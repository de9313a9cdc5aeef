"""How many fused multiply-adds a core does at most: chains of them that stay in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

CHAINS = (8, 12, 16, 24)  # enough that none waits for the one before; how many fit depends on the registers


def loops(width: int) -> dict[int, Any]:
    """For each number of chains of vectors of `width` float32s: a compiled function of turns, factor and term."""

    def loop(chains: int) -> Any:
        turn = _turns(width, chains)
        return njit(lambda turns, factor, term: turn(turns, factor, term))

    return {chains: loop(chains) for chains in CHAINS}


def _turns(width: int, chains: int) -> Any:
    """So many turns of x = x*factor + term in each chain, and their sum."""

    @intrinsic
    def turn(typing, turns, factor, term):
        return types.float32(types.int64, types.float32, types.float32), lambda context, builder, sig, args: _emit(
            builder, *args, width, chains
        )

    return turn


def _emit(builder: Any, turns: Any, factor: Any, term: Any, width: int, chains: int) -> Any:
    number, whole = ir.FloatType(), ir.IntType(64)
    vector = ir.VectorType(number, width)
    kind = ir.FunctionType(vector, [vector] * 3)
    fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{width}f32")

    def spread(x: Any) -> Any:
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), x, whole(0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width))

    factors, terms = spread(factor), spread(term)
    firsts = [builder.fmul(terms, ir.Constant(vector, [float(n + 1)] * width)) for n in range(chains)]
    before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
    builder.branch(loop)
    builder.position_at_end(loop)
    done, *xs = builder.phi(whole), *(builder.phi(vector) for _ in range(chains))
    new = [builder.call(fma, [x, factors, terms]) for x in xs]
    more = builder.add(done, whole(1))
    builder.cbranch(builder.icmp_signed("<", more, turns), loop, after)
    for phi, first, then in zip([done, *xs], [whole(0), *firsts], [more, *new], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(then, loop)
    builder.position_at_end(after)
    result = number(0.0)  # of all, so that none is left out as idle
    for x in new:
        for n in range(width):
            result = builder.fadd(result, builder.extract_element(x, whole(n)))
    return result

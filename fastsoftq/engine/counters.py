"""Counters and flags that threads share."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["add_after_all_else", "add_atomically", "read_anew"]


def _adding(ordering: str) -> Any:
    def emit(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [args[1]]), args[2], ordering)

    return emit


@intrinsic
def add_atomically(typing, counters, place, number):
    """Return `counters[place]` and add a number to it, atomically: no two threads get the same."""
    return types.intp(counters, types.intp, types.intp), _adding("monotonic")


@intrinsic
def add_after_all_else(typing, counters, place, number):
    """The same, seen by others only after all that this thread has written before."""
    return types.intp(counters, types.intp, types.intp), _adding("release")


@intrinsic
def read_anew(typing, flags):
    """`flags[0]` as it is in memory now, where another processor may have changed it."""

    def emit(context, builder, sig, args):
        data = context.make_array(flags)(context, builder, args[0]).data
        flag = builder.load_atomic(data, "monotonic", 1)
        return builder.icmp_unsigned("!=", flag, ir.Constant(flag.type, 0))

    return types.boolean(flags), emit

"""How many runs go in lockstep, and how many of them to a vector: a type that code depends on, and no value."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox

__all__ = ["Lockstep", "LockstepType", "lane_count", "lane_width"]


class Lockstep(NamedTuple):
    """The shape of the lanes; from compiled code ask `lane_count` and `lane_width`, which are constants there.

    Examples
    --------
    >>> from numba import typeof
    >>> typeof(Lockstep(lanes=64, width=16))
    Lockstep(64, 16)
    """

    lanes: int  # at most 64
    width: int  # of a vector, a power of two that divides `lanes`
    ahead: int = 0  # what is fetched ahead: nothing, the rows that lanes go on to (1), and the records there too (2)


class LockstepType(types.Type):
    """The type of one `Lockstep`."""

    def __init__(self, lanes: int, width: int, ahead: int = 0) -> None:
        self.lanes, self.width, self.ahead = lanes, width, ahead
        super().__init__(f"Lockstep({lanes}, {width}{f', {ahead}' if ahead else ''})")


@typeof_impl.register(Lockstep)
def _typeof(value: Lockstep, context: Any) -> LockstepType:
    return LockstepType(*value)


@register_model(LockstepType)
class _LockstepModel(models.StructModel):
    """Nothing is passed: all is in the type."""

    def __init__(self, manager: Any, fe_type: LockstepType) -> None:
        super().__init__(manager, fe_type, [])


@unbox(LockstepType)
def _unbox(t: LockstepType, value: Any, c: Any) -> NativeValue:
    return NativeValue(c.context.get_constant_undef(t))


@intrinsic
def lane_count(typing, lockstep):
    """The number of lanes."""
    return types.intp(lockstep), lambda c, builder, sig, args: c.get_constant(types.intp, lockstep.lanes)


@intrinsic
def lane_width(typing, lockstep):
    """The number of lanes in a vector."""
    return types.intp(lockstep), lambda c, builder, sig, args: c.get_constant(types.intp, lockstep.width)

"""Room for the numbers of a vector's lanes, from which tests make vectors and into which they put them."""

from numba.extending import intrinsic

from fastsoftq.engine.lane_memory import LaneArray, lane_array
from fastsoftq.engine.lockstep import LockstepType

__all__ = ["stack"]


@intrinsic(prefer_literal=True)
def stack(typing, dtype, width):
    """Zeros on the stack, one for each of `width` lanes (a constant)."""
    t = LaneArray(dtype.dtype, width.literal_value)

    def emit(context, builder, sig, args):
        return lane_array(builder, t.dtype, LockstepType(t.width, t.width))

    return t(dtype, width), emit

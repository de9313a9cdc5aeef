"""What each kind of processor has: how many lanes a vector takes, and how they are best worked on.

The only place that knows. The number of lanes is part of a vector's type, and tells the rest, so that one process can
compile for any of them; results have the same bits.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from llvmlite import binding
from numba.core.registry import cpu_target

__all__ = ["TARGETS", "Target", "here", "target_of"]


class Target(NamedTuple):
    """A kind of processor.

    Examples
    --------
    >>> TARGETS[16].index_bits, TARGETS[8].index_bits
    (32, 64)
    """

    lanes: int  # numbers in a vector
    register_bytes: int  # what one instruction works on; exponentials are taken so many at a time
    index_bits: int  # of integers beside float64: where masks are as wide as what they mask, no mask changes its width
    accumulators: int  # registers that hold the sums of a tile of a product; the rest hold what is multiplied
    reads_again: bool  # a row that has changed is read again; or the change is put into the row in registers


_TARGETS = (
    Target(lanes=16, register_bytes=64, index_bits=32, accumulators=24, reads_again=False),  # AVX-512: masks are bits
    Target(lanes=8, register_bytes=32, index_bits=64, accumulators=12, reads_again=True),  # AVX2
    Target(lanes=4, register_bytes=16, index_bits=64, accumulators=24, reads_again=True),  # NEON, SSE2
    Target(lanes=1, register_bytes=8, index_bits=32, accumulators=1, reads_again=False),  # a thread of a GPU
)
TARGETS = {target.lanes: target for target in _TARGETS}
"""By the number of lanes in a vector."""


# Asked of LLVM itself: names of processors imply features, and some processors prefer narrower vectors than they have.
_SUM = """
define void @sum(ptr %x) {
  %v = load <16 x i32>, ptr %x
  %w = add <16 x i32> %v, %v
  store <16 x i32> %w, ptr %x
  ret void
}
"""


@functools.cache
def here() -> Target:
    """The target that Numba compiles for in this process.

    Examples
    --------
    >>> here().lanes in TARGETS
    True
    """
    code = cpu_target.target_context.codegen()._tm.emit_assembly(binding.parse_assembly(_SUM))
    if "zmm" in code:
        return TARGETS[16]
    return TARGETS[8 if "ymm" in code else 4]


def target_of(lanes: int) -> Target:
    """The target of vectors of so many lanes: where registers have 64 bytes, eight are no vector of AVX2.

    Examples
    --------
    >>> target_of(16) == TARGETS[16], target_of(8).lanes
    (True, 8)
    """
    return TARGETS[16]._replace(lanes=8) if lanes == 8 and here().lanes == 16 else TARGETS[lanes]

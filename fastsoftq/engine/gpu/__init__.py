"""Training on a GPU: the lane loop, one lane a thread, with the same bits.

`ptx` shows the kernel, without a GPU. What kernels are made of is loaded when one is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastsoftq.engine.gpu.kernels_on_disk import ptx

__all__ = ["ptx"]


def __getattr__(name: str) -> Any:
    if name == "ptx":
        from fastsoftq.engine.gpu.kernels_on_disk import ptx

        return ptx
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

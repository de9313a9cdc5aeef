"""Training on a GPU: the lane loop, one lane a thread, with the same bits.

`ptx` shows the kernel, without a GPU.
"""

from fastsoftq.engine.gpu.kernels_on_disk import ptx

__all__ = ["ptx"]

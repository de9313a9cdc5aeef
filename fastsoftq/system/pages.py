"""Pages of new memory, which the system makes when they are first written to: asked for ahead."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["have_pages_made"]

_POPULATE_WRITE = 23  # of madvise, since Linux 5.14; what lies in the pages stays as it is
_advise = ctypes.CDLL(None).madvise if sys.platform == "linux" else None


def have_pages_made(array: NDArray[Any]) -> None:
    """Have the pages of an array's memory made, by those of several threads that ask, at the same time.

    What the array holds does not change. Where the system does not know how, nothing happens.

    Examples
    --------
    >>> numbers = np.zeros(100_000)
    >>> have_pages_made(numbers)
    """
    if _advise is None or array.size == 0:
        return
    low, high = np.lib.array_utils.byte_bounds(array)
    low, high = -(-low // mmap.PAGESIZE) * mmap.PAGESIZE, high // mmap.PAGESIZE * mmap.PAGESIZE
    if low < high:
        _advise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), ctypes.c_int(_POPULATE_WRITE))

"""Writing by libraries that Ctrl-C must not reach: in a thread of their own, while the main thread hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["aside"]

T = TypeVar("T")


def aside(write: Callable[[Iterator[T]], object], items: Iterator[T]) -> None:
    """Have items written in a thread; once this one is interrupted, the next item is an error there.

    Parameters
    ----------
    write : callable
        Takes the items, and is left when they raise.
    items : iterator

    Examples
    --------
    >>> aside(lambda items: print(*items), iter("abc"))
    a b c
    """
    left = threading.Event()

    def until_left() -> Iterator[T]:
        for item in items:
            if left.is_set():
                raise InterruptedError
            yield item

    with ThreadPoolExecutor(1, thread_name_prefix="fastsoftq-export") as pool:
        written = pool.submit(write, until_left())
        try:
            written.result()
        finally:
            left.set()

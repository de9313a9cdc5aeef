"""Progress of an analysis that takes a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from fastsoftq.engine.threads import Progress
from fastsoftq.experiments import Watch

__all__ = ["watched"]

T = TypeVar("T")


def watched(label: str, items: Sequence[T], watch: Watch) -> Iterator[T]:
    """Go through some items, while `watch` is told how many are done.

    Parameters
    ----------
    label : str
    items : sequence
    watch : callable
        Called with the label and a `Progress`, whose runs are the items.

    Yields
    ------
    item

    Examples
    --------
    >>> list(watched("fits", "ab", lambda label, progress: print(label, progress.runs, "of", progress.of_runs)))
    fits 0 of 2
    fits 1 of 2
    fits 2 of 2
    ['a', 'b']
    """
    for done, item in enumerate(items):
        watch(label, Progress(done, len(items), 0))
        yield item
    watch(label, Progress(len(items), len(items), 0))

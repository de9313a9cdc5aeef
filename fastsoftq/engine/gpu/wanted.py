"""What is wanted of runs on a GPU: their whole curves, fetched while they are made, or statistics of blocks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.block_statistics import BlockStatistics
from fastsoftq.engine.gpu.driver import Gpu
from fastsoftq.engine.gpu.fetching import Fetching, Target
from fastsoftq.engine.gpu.reachable import Reachable
from fastsoftq.engine.gpu.summarising import Summarising, statistics_bytes
from fastsoftq.engine.records import Output

__all__ = ["Coming", "ComingCurves", "Statistics", "Wanted", "WholeCurves"]


class Coming(Protocol):
    """Results of a batch on their way."""

    @property
    def is_over(self) -> bool: ...  # noqa: D102

    def begin(self, on_card: Any) -> None: ...  # noqa: D102 # where they will be, before the kernel is launched

    def queue(self) -> None: ...  # noqa: D102 # more work for the card, behind the kernel that trains

    def look(self, done: NDArray[np.int64], over: bool) -> None: ...  # noqa: D102 # runs of each piece that are done

    def close(self, stop: bool = False) -> None: ...  # noqa: D102

    def give_back(self) -> None: ...  # noqa: D102


class Wanted(Protocol):
    """What is wanted of some runs, and where it goes."""

    least: str
    """What is taken together at least."""

    @property
    def episodes(self) -> int: ...  # noqa: D102

    @property
    def n_tables(self) -> int: ...  # noqa: D102

    @property
    def kept(self) -> NDArray[np.int64] | None: ...  # noqa: D102 # as in `Output`

    def part(self, some: slice) -> Wanted: ...  # noqa: D102 # of some runs

    def share(self, parts: int) -> list[int]: ...  # noqa: D102 # where equal parts end, for several cards

    def cut(self, first: int, run_bytes: int, room: int) -> int: ...  # noqa: D102 # the end of those that have room

    def coming(self, gpu: Gpu, piece: int, part: Reachable, initial_q: NDArray[np.float64]) -> Coming: ...  # noqa: D102 # `piece`: how many runs the kernel counts together


@dataclass(frozen=True)
class WholeCurves:
    """Curves, and tables where they are kept.

    Parameters
    ----------
    out : Output
        Filled in place.
    """

    out: Output
    least = "a run"

    @property
    def episodes(self) -> int:
        """Of each run."""
        return int(self.out.returns.shape[1])

    @property
    def n_tables(self) -> int:
        """Kept of each run."""
        return int(self.out.tables.shape[1])

    @property
    def kept(self) -> NDArray[np.int64] | None:
        """After which episodes, as in `Output`."""
        kept: NDArray[np.int64] | None = self.out.kept
        return kept

    def part(self, some: slice) -> WholeCurves:
        """Some runs'."""
        returns, lengths, truncated, kept, tables = self.out
        return WholeCurves(Output(returns[some], lengths[some], truncated[some], kept, tables[some]))

    def share(self, parts: int) -> list[int]:
        """Where equal parts end."""
        return [int(end) for end in np.linspace(0, len(self.out.returns), parts + 1)[1:]]

    def cut(self, first: int, run_bytes: int, room: int) -> int:
        """The end of as many runs as there is room for."""
        return min(len(self.out.returns), first + max(0, room) // run_bytes)

    def coming(self, gpu: Gpu, piece: int, part: Reachable, initial_q: NDArray[np.float64]) -> ComingCurves:
        """Fetch them."""
        return ComingCurves(gpu, self.out, piece, part, initial_q)


class ComingCurves:
    """Curves, and tables, that are fetched while the kernel runs."""

    def __init__(self, gpu: Gpu, out: Output, piece: int, part: Reachable, initial_q: NDArray[np.float64]) -> None:
        def put_tables(first: int, rows: NDArray[Any]) -> None:
            target = out.tables[first : first + len(rows)]
            begun = initial_q if len(initial_q) == 1 else initial_q[first : first + len(rows)]
            target[...] = begun[:, None]  # states that cannot be reached stay as they began
            target[:, :, part.states] = rows

        targets = [Target(out.returns), Target(out.lengths), Target(out.truncated.view(np.uint8))]
        if len(out.tables):
            targets.append(Target(out.tables, put_tables))
        self._fetching = Fetching(gpu, targets, piece)

    @property
    def is_over(self) -> bool:
        """Whether all is fetched, or something went wrong."""
        return self._fetching.is_over

    def begin(self, on_card: Any) -> None:
        """Say where they will be."""
        sources = [on_card.returns, on_card.lengths, on_card.truncated, on_card.tables]
        self._fetching.begin([source for source in sources if source.size])

    def queue(self) -> None:
        """Queue nothing: pieces are fetched when they are done."""

    def look(self, done: NDArray[np.int64], over: bool) -> None:
        """Say how many runs of each piece are done."""
        self._fetching.done(done)

    def close(self, stop: bool = False) -> None:
        """Wait for what is under way; with `stop`, leave the rest."""
        self._fetching.close(stop)

    def give_back(self) -> None:
        """Give nothing back: what is fetched belongs to the batch."""


@dataclass(frozen=True)
class Statistics:
    """Moments and quantiles of blocks of runs.

    Parameters
    ----------
    of_blocks : BlockStatistics
        Filled in place.
    """

    of_blocks: BlockStatistics
    least = "a block of runs"
    n_tables, kept = 0, None

    @property
    def episodes(self) -> int:
        """Of each run."""
        return int(self.of_blocks.truncated.shape[1])

    def part(self, some: slice) -> Statistics:
        """Some blocks'."""
        return Statistics(self.of_blocks.of(some))

    def share(self, parts: int) -> list[int]:
        """Where parts of about as many runs end, each of whole blocks."""
        starts = self.of_blocks.starts
        wanted = np.linspace(0, starts[-1], parts + 1)[1:]
        return [int(end) for end in starts[np.searchsorted(starts, wanted)]]

    def cut(self, first: int, run_bytes: int, room: int) -> int:
        """The end of as many blocks as there is room for."""
        starts = self.of_blocks.starts
        at = int(np.searchsorted(starts, first))
        taken = run_bytes * (starts[at:] - first) + statistics_bytes(self.episodes) * np.arange(len(starts) - at)
        return int(starts[at + np.searchsorted(taken, max(0, room), "right") - 1])

    def coming(self, gpu: Gpu, piece: int, part: Reachable, initial_q: NDArray[np.float64]) -> Summarising:
        """Summarise them on the card, and fetch that."""
        return Summarising(gpu, self.of_blocks)

"""What is wanted of runs on a GPU: their whole curves, fetched while they are made, or statistics of blocks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.block_statistics import BlockStatistics, statistics_bytes
from fastsoftq.engine.gpu.driver import Gpu
from fastsoftq.engine.gpu.fetching import Fetched, Fetching, into
from fastsoftq.engine.gpu.reachable import Reachable
from fastsoftq.engine.gpu.summarising import Summarising
from fastsoftq.engine.records import Output

__all__ = ["Coming", "Made", "Statistics", "Wanted", "WholeCurves"]


class Made(NamedTuple):
    """A batch of runs, as far as its results go."""

    gpu: Gpu
    out: Any  # `Output`, of arrays in the card's memory
    piece: int  # runs that the kernel counts together
    part: Reachable
    initial_q: NDArray[np.float64]


class Coming(Protocol):
    """Results of a batch on their way."""

    @property
    def is_over(self) -> bool: ...  # noqa: D102

    def queue(self) -> None: ...  # noqa: D102 # more work for the card, behind the kernel that trains

    def look(self, done: NDArray[np.int64], over: bool) -> None: ...  # noqa: D102 # runs of each piece that are done

    def close(self, stop: bool = False) -> None: ...  # noqa: D102

    def give_back(self) -> None: ...  # noqa: D102 # the card's memory, when nothing works on it


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

    def coming(self, made: Made) -> Coming: ...  # noqa: D102


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

    def coming(self, made: Made) -> Fetching:
        """Fetch them."""
        out, on_card = self.out, made.out

        def put_tables(first: int, rows: NDArray[Any]) -> None:
            target, begun = out.tables[first : first + len(rows)], made.initial_q
            begun = begun if len(begun) == 1 else begun[first : first + len(rows)]
            target[...] = begun[:, None]  # states that cannot be reached stay as they began
            target[:, :, made.part.states] = rows

        fetched = [
            Fetched(on_card.returns, into(out.returns)),
            Fetched(on_card.lengths, into(out.lengths)),
            Fetched(on_card.truncated, into(out.truncated.view(np.uint8))),
        ]
        if len(out.tables):
            fetched.append(Fetched(on_card.tables, put_tables))
        return Fetching(made.gpu, fetched, made.piece)


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

    def coming(self, made: Made) -> Summarising:
        """Summarise them on the card, and fetch that."""
        return Summarising(made.gpu, made.out, self.of_blocks)

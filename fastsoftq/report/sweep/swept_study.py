"""What a report knows of a sweep besides its agents: the coordinates of conditions, and how results are to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from fastsoftq.attainable_returns import EpisodeBounds, ReturnSpan
from fastsoftq.comparing import Axis
from fastsoftq.exact_curves import ExactCurves
from fastsoftq.report.sweep.condition_labels import Value, agent_names

__all__ = ["Asked", "SweptStudy"]


class Asked(NamedTuple):
    """How a reader asks for results to be read.

    Parameters
    ----------
    measures : sequence of str
        By which conditions are compared, the main one first; as the study says if there are none.
    against : str or None
        What others are compared with; as the study says if it is None.

    Examples
    --------
    >>> Asked(("area",)).against is None
    True
    """

    measures: Sequence[str] = ()
    against: str | None = None


@dataclass(frozen=True, eq=False)
class SweptStudy:
    """The conditions of a study as data; entry i of each column belongs to agent i of its folder.

    Attributes
    ----------
    coordinates : mapping of str to tuple
        As `Results.coordinates`.
    swept : tuple of str
        The columns that take several values within a table of the study.
    exact : callable
        From the place of a condition to its `ExactCurves`, or to None where they are not known.
    measures : tuple of str
        By which conditions are compared; the first is the main one.
    against : str or None
        What others are compared with.
    select : (int, int) or None
        How many of the first seeds tune, and how many of the next test.
    span : callable
        From the place of a condition to the `ReturnSpan` of its world, or to None where it is not known.
    bounds : callable
        From the place of a condition to what one of its episodes can have, or to None where it is not known.
    runs, columns : tuple of int
        Seeds of each condition, and episodes or points; empty where all have those of the study.
    axis : Axis
        What columns of curves stand for: episodes, or points of the steps.
    """

    coordinates: Mapping[str, tuple[Value, ...]]
    swept: tuple[str, ...]
    exact: Callable[[int], ExactCurves | None]
    measures: tuple[str, ...] = ("last:100",)
    against: str | None = None
    select: tuple[int, int] | None = None
    span: Callable[[int], ReturnSpan | None] = lambda place: None
    bounds: Callable[[int], EpisodeBounds | None] = lambda place: None
    runs: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    axis: Axis = Axis.EPISODES

    @cached_property
    def tables(self) -> list[str]:
        """What each condition's agent is called without its hyperparameters: those of a sweep share it."""
        return agent_names(self.coordinates)

    def parameters(self, table: str) -> list[str]:
        """The hyperparameters and settings that are swept within the agents of one name."""
        places = [place for place, other in enumerate(self.tables) if other == table]
        names = [name for name in self.swept if name != "agent" and not name.startswith("environment")]
        return [name for name in names if len({_identity(self.coordinates[name][place]) for place in places}) > 1]


def _identity(value: Value) -> tuple[bool, Value]:
    return isinstance(value, bool), value

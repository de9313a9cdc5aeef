"""Tidy tables of results: a row for each condition and seed, or for each condition, seed and episode (or point).

A table is made in blocks of some runs of a condition, so that it need never be in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.comparing import Axis
from fastsoftq.measures import Measure, measure
from fastsoftq.studies.origins import Value
from fastsoftq.studies.summary import LEVELS, EpisodeSummary
from fastsoftq.studies.sweep import label_of

if TYPE_CHECKING:
    from fastsoftq.studies.results import Results

__all__ = ["Block", "Tidy", "kind_of", "texts"]

_ROWS = 2**18  # of a block, about


class Block(NamedTuple):
    """Some rows of a table: those of some runs of a condition, or of its episodes where it is kept as a summary."""

    place: int  # the condition's, among the results'
    first: int  # the first run, counted from the condition's
    data: Mapping[str, NDArray[Any]]  # by column, [runs], [runs, episodes] or [episodes]; or points

    @property
    def shape(self) -> tuple[int, ...]:
        """Of each column."""
        return next(iter(self.data.values())).shape

    @property
    def size(self) -> int:
        """Its rows."""
        return next(iter(self.data.values())).size


@dataclass(frozen=True)
class Tidy:
    """A table of results.

    Parameters
    ----------
    results : Results
    episodes : bool
        A row for each episode, too, or for each point of deep agents. Of summaries there are only such rows.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, open_results, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> folder = tempfile.mkdtemp()
    >>> outcome = run(study, folder)
    >>> table = Tidy(open_results(folder), episodes=True)
    >>> table.rows, table.dimensions, [block.shape for block in table.blocks()]
    (50, ('seed', 'episode'), [(10, 5)])
    """

    results: Results
    episodes: bool = False

    @cached_property
    def coordinates(self) -> Mapping[str, tuple[Value, ...]]:
        """The columns that hold for a condition, with an entry for each."""
        return {**self.results.coordinates, "condition": tuple(self.results.conditions)}

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those of a condition's rows: seed, seed and episode, or episode; point instead, of deep agents."""
        unit = self.results.axis.unit
        if self.results.keep == "summary":
            return (unit,)
        return ("seed", unit) if self.episodes else ("seed",)

    @cached_property
    def runs(self) -> list[int]:
        """The runs of each condition."""
        return [self.results.runs(name) for name in self.results.conditions]

    @cached_property
    def lengths(self) -> list[int]:
        """The episodes, or points, of each condition."""
        return [self.results.condition(name).columns for name in self.results.conditions]

    @property
    def rows(self) -> int:
        """Of all conditions."""
        if self.dimensions == ("seed",):
            return sum(self.runs)
        each = [1] * len(self.runs) if self.results.keep == "summary" else self.runs
        return sum(runs * episodes for runs, episodes in zip(each, self.lengths, strict=True))

    @cached_property
    def columns(self) -> dict[str, np.dtype[Any]]:
        """The columns that differ from row to row, those of `dimensions` first."""
        number, whole, truth, seed = (np.dtype(kind) for kind in (np.float64, np.int64, np.bool_, np.uint64))
        deep, unit = self.results.axis is Axis.POINTS, self.results.axis.unit
        points = {unit: whole, **({"steps": whole} if deep else {})}
        if self.results.keep == "summary":
            lost = {"diverged": whole} if deep else {}
            return {**points, "runs": whole, **dict.fromkeys(_summary_columns(), number), **lost}
        if self.episodes:
            if deep:
                means = dict.fromkeys(("return", "length", "truncated"), number)
                return {"seed": seed, **points, **means, "episodes": whole}
            return {"seed": seed, **points, "return": number, "length": np.dtype(np.int32), "truncated": truth}
        columns: dict[str, np.dtype[Any]] = {"seed": seed}
        columns |= {f"{of}_{over}": number for over in ("last", "area") for of in ("return", "length", "truncated")}
        columns["steps"] = whole
        if deep:
            columns |= {"episodes": whole, "diverged": truth, "diverged_at": whole}
        for found in self._measures:
            columns[found.name] = number
            if found.is_time:
                columns[f"{found.name} censored"] = truth
        return columns

    def blocks(self) -> Iterator[Block]:
        """The table, some rows of a condition at a time.

        Yields
        ------
        Block
            Its columns are all but those of `dimensions`, which `labels` gives.

        Raises
        ------
        DamagedError
            Chunks that are missing or damaged.
        """
        results = self.results
        for place, name in enumerate(results.conditions):
            if results.keep == "summary":
                yield Block(place, 0, _summarised(results, name))
                continue
            first = 0
            for curves in results.pieces(name, max(1, _ROWS // self.lengths[place])):
                yield Block(place, first, self._by_episode(curves) if self.episodes else self._by_run(curves))
                first += curves.n_seeds

    def labels(self, block: Block) -> dict[str, NDArray[Any]]:
        """The seeds and episodes of a block's rows, of the shape that broadcasts to its columns'."""
        condition = self.results.condition(self.results.conditions[block.place])
        labels: dict[str, NDArray[Any]] = {}
        unit = self.results.axis.unit
        if "seed" in self.dimensions:
            start = np.uint64((condition.first_seed or 0) + block.first)
            seeds = np.arange(block.shape[0], dtype=np.uint64) + start
            labels["seed"] = seeds[:, None] if self.episodes else seeds
        if unit in self.dimensions:
            labels[unit] = np.arange(1, block.shape[-1] + 1)
            if condition.grid is not None:
                labels["steps"] = condition.grid
        return labels

    @cached_property
    def _measures(self) -> list[Measure]:
        """The study's measures that can be told of a run by itself."""
        asked = [measure(name, self.results.axis) for name in self.results.measures]
        known = {measure("last", self.results.axis).name, "area"}
        return [found for found in asked if not (found.needs_planning or found.comparison_only or found.name in known)]

    def _by_episode(self, curves: Any) -> dict[str, NDArray[Any]]:
        data = {"return": curves.returns, "length": curves.lengths, "truncated": curves.truncated}
        return {**data, "episodes": curves.episodes} if "episodes" in self.columns else data

    def _by_run(self, curves: Any) -> dict[str, NDArray[Any]]:
        axis = self.results.axis
        data: dict[str, NDArray[Any]] = {}
        for over, some in (("last", slice(-axis.last, None)), ("area", slice(None))):
            for name, rows in (("return", curves.returns), ("length", curves.lengths), ("truncated", curves.truncated)):
                data[f"{name}_{over}"] = rows[:, some].mean(axis=1, dtype=np.float64)
        data["steps"] = axis.steps_taken(curves)
        if axis is Axis.POINTS:
            data |= {"episodes": curves.episodes[:, -1], "diverged": curves.diverged, "diverged_at": curves.diverged_at}
        for found in self._measures:
            nothing = np.full(curves.n_seeds, np.nan), np.zeros(curves.n_seeds, bool)
            try:
                measured = found.values(curves)
            except ValueError:  # it asks for more episodes than the condition has
                values, censored = nothing
            else:
                values, censored = measured.values, nothing[1] if measured.censored is None else measured.censored
            data[found.name] = values
            if found.is_time:
                data[f"{found.name} censored"] = censored
        return data


def kind_of(values: Sequence[Value]) -> str:
    """What a column holds.

    Parameters
    ----------
    values : sequence of Value

    Returns
    -------
    {"truth", "integer", "number", "text"}
        Of mixed values "text".

    Examples
    --------
    >>> kind_of([1, None]), kind_of([0.5, 1]), kind_of([True, None]), kind_of([0.5, "often"])
    ('integer', 'number', 'truth', 'text')
    """
    there = [value for value in values if value is not None]
    truths = [isinstance(value, bool) for value in there]
    if there and all(truths):
        return "truth"
    if any(truths) or any(isinstance(value, str) for value in there):
        return "text"
    whole = there and all(isinstance(value, int) and -(2**63) <= value < 2**63 for value in there)
    return "integer" if whole else "number"


def texts(values: Sequence[Value]) -> list[str | None]:
    """The values of a column as texts.

    Examples
    --------
    >>> texts([0.5, "often", None])
    ['0.5', 'often', None]
    """
    return [value if value is None or isinstance(value, str) else label_of(value) for value in values]


def _summary_columns() -> list[str]:
    statistics = ["mean", "variance", "skewness", *(f"quantile_{level:g}" for level in LEVELS)]
    return [f"{of}_{statistic}" for of in ("return", "length") for statistic in statistics] + ["truncated"]


def _summarised(results: Results, name: str) -> dict[str, NDArray[Any]]:
    found: list[EpisodeSummary] = [*results.summaries(name).values()]
    rows = [row for one in found for row in (one.mean, one.variance, one.skewness, *one.quantiles)]
    truncated = results.truncated(name)
    columns = dict(zip(_summary_columns(), [*rows, truncated], strict=True))
    lost = {} if results.axis is Axis.EPISODES else {"diverged": results.diverged(name)}
    return {"runs": np.full(len(truncated), found[0].runs), **columns, **lost}

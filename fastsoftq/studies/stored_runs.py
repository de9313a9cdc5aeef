"""Runs as a study's folder holds them: curves, tables, summaries, and what they took, every bit checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.comparing import Axis
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.storing.kept_arrays import CURVES, PARAMETERS, Arrays
from fastsoftq.studies.storing.store import Store
from fastsoftq.studies.storing.whole_units import arrays_of
from fastsoftq.studies.study_records import agent_from_record
from fastsoftq.studies.summary import EpisodeSummary, merged

__all__ = ["StoredRuns"]

_METRICS = {"return": "returns", "length": "lengths"}  # and the arrays that hold them


class StoredRuns:
    """The runs in a store, by condition.

    Parameters
    ----------
    store : Store
    agents : iterable of type
        As for `open_results`.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, open_results, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> folder = tempfile.mkdtemp()
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> outcome = run(study, folder)
    >>> StoredRuns(outcome.store).runs("cliff/hard")
    10
    """

    def __init__(self, store: Store, agents: Iterable[type] = ()) -> None:
        self._store = store
        self._agents = {name: agent_from_record(record, agents) for name, record in store.plan.record["agents"].items()}
        self._places = {condition.name: place for place, condition in enumerate(store.plan.conditions)}

    @property
    def name(self) -> str:
        """The study's."""
        return str(self._store.plan.record["name"])

    @property
    def conditions(self) -> list[str]:
        """Their names, in the order of the study and of what was added to it."""
        return list(self._places)

    @property
    def record(self) -> dict[str, Any]:
        """The study, its hyperparameters and environments, as plain data."""
        return dict(self._store.plan.record)

    @property
    def provenance(self) -> list[dict[str, Any]]:
        """Versions, commit, processor and time, for each time the folder was made or extended."""
        return [dict(entry) for entry in self._store.plan.provenance]

    @property
    def keep(self) -> str:
        """What is kept: "curves" or "summary"."""
        return str(self._store.plan.record["keep"])

    @property
    def axis(self) -> Axis:
        """What the columns of its curves stand for: episodes, or points on a grid of steps."""
        return self._store.plan.axis

    def runs(self, condition: str) -> int:
        """The runs of a condition, whether they are done or not."""
        return self._store.plan.runs_of(self._place(condition))

    def seconds(self, condition: str) -> float:
        """The seconds, of one core, that the runs of a condition took, as far as they are done."""
        return sum((float(mark["seconds"]) for mark in self._marks(condition)), 0.0)

    def steps(self, condition: str) -> int:
        """The environment steps that the runs of a condition took, as far as they are done."""
        return sum(int(mark["steps"]) for mark in self._marks(condition))

    def agent(self, condition: str) -> Any:
        """The agent of a condition: a NamedTuple, or an `UnknownAgent` where nobody here has imported its class."""
        return self._agents[self.condition(condition).agent]

    def condition(self, name: str) -> Condition:
        """A condition with all that it is run with filled in.

        Raises
        ------
        ValueError
            No such condition.
        """
        return self._store.plan.conditions[self._place(name)]

    def curves(self, condition: str, runs: int | None = None) -> Any:
        """The learning curves of a condition, every bit checked.

        Parameters
        ----------
        condition : str
        runs : int, optional
            Only the first so many; all if not given.

        Returns
        -------
        LearningCurves or DeepCurves
            The latter of a study that counts steps, without `parameters`. Its `agent` is an `UnknownAgent` where nobody
            here has imported its class.

        Raises
        ------
        ValueError
            No such condition, fewer runs, or a study that keeps summaries.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        place = self._place(condition, "curves")
        arrays, runs = self._runs_of(place, runs, CURVES)
        return self._curves(place, arrays, slice(0, runs))

    def pieces(self, condition: str, runs: int) -> Iterator[Any]:
        """The learning curves of a condition, some runs at a time, so that they need not all be in memory.

        Parameters
        ----------
        condition : str
        runs : int
            The most that are given at a time.

        Yields
        ------
        LearningCurves or DeepCurves
            Of runs that follow each other, from the first on.

        Raises
        ------
        ValueError
            No such condition, or a study that keeps summaries.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        runs = checks.count("runs", runs)
        place = self._place(condition, "curves")
        for chunk in range(self._store.plan.chunks_of(place)):
            unit = self._store.plan.unit(place, chunk)
            arrays = arrays_of(self._store, place, [chunk], CURVES)
            for start in range(0, unit.runs, runs):
                some = {key: rows[start : start + runs] for key, rows in arrays.items()}
                first = unit.first + start
                yield self._curves(place, some, slice(first, first + min(runs, unit.runs - start)))

    def tables(self, condition: str, episode: int | None = None, runs: int | None = None) -> NDArray[np.float64]:
        """The action values that each run of a condition had learned, every bit checked.

        Parameters
        ----------
        condition : str
        episode : int, optional
            One of the study's checkpoints; after the last episode if not given.
        runs : int, optional
            Only the first so many; all if not given.

        Returns
        -------
        ndarray of float64, shape [seeds, states, actions]
            Learned from rewards times the agent's `reward_scale`.

        Raises
        ------
        ValueError
            No such condition, fewer runs, or tables that the study does not keep.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        plan = self._store.plan
        place = self._place(condition, "curves")
        if self.axis is Axis.POINTS:
            raise ValueError(f"{condition!r} has no tables; a deep agent's networks are read by `parameters`")
        tables = {kept.episode: kept for kept in plan.kept(plan.conditions[place]) if kept.group != CURVES}
        last = plan.conditions[place].episodes
        if episode is not None:
            episode = checks.count("episode", episode)
        wanted = 0 if episode is None or (episode == last and episode not in tables) else episode
        if wanted not in tables:
            asked = f"episode is {episode}" if episode is not None else "episode is None, the last"
            there = ", ".join(map(str, sorted({known or last or 0 for known in tables})))
            raise ValueError(f"{asked}; of {condition!r} tables are kept after {there or 'no'} episodes")
        arrays, _ = self._runs_of(place, runs, tables[wanted].group)
        values: NDArray[np.float64] = arrays[tables[wanted].key]
        return values

    def parameters(self, condition: str, runs: int | None = None) -> NDArray[np.float32]:
        """The parameters of the network with which each run of a condition ended, every bit checked.

        Parameters
        ----------
        condition : str
        runs : int, optional
            Only the first so many; all if not given.

        Returns
        -------
        ndarray of float32, shape [seeds, parameters]

        Raises
        ------
        ValueError
            No such condition, fewer runs, or a study that does not keep them.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        place = self._place(condition, "curves")
        if PARAMETERS not in (kept.key for kept in self._store.plan.kept(self.condition(condition))):
            raise ValueError(f"of {condition!r} no parameters are kept; a deep study keeps them with parameters=True")
        values: NDArray[np.float32] = self._runs_of(place, runs, PARAMETERS)[0][PARAMETERS]
        return values

    def diverged(self, condition: str) -> NDArray[np.int64]:
        """How many runs of a condition have diverged by each point, whatever is kept.

        Parameters
        ----------
        condition : str

        Returns
        -------
        ndarray of int64, shape [columns]
            0 of tabular agents.

        Raises
        ------
        ValueError
            No such condition.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        place, grid = self._place(condition), self.condition(condition).grid
        if grid is None:
            return np.zeros(self.condition(condition).columns, np.int64)
        rows = arrays_of(self._store, place, range(self._store.plan.chunks_of(place)), CURVES)
        if self.keep == "summary":
            found: NDArray[np.int64] = rows["diverged"].sum(axis=0)
            return found
        at = rows["diverged_at"]
        return np.searchsorted(np.sort(at[at >= 0]), grid, side="right")

    def summary(self, condition: str, metric: str = "return") -> EpisodeSummary:
        """The moments and quantiles of each episode over all runs of a condition, with `keep="summary"`.

        Parameters
        ----------
        condition : str
        metric : {"return", "length"}

        Returns
        -------
        EpisodeSummary

        Raises
        ------
        ValueError
            No such condition or metric, or a study that keeps curves.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        return self.summaries(condition, [checks.choice("metric", metric, _METRICS)])[metric]

    def summaries(self, condition: str, metrics: Sequence[str] = ("return", "length")) -> dict[str, EpisodeSummary]:
        """`summary` by several metrics, which are read at once.

        Parameters
        ----------
        condition : str
        metrics : sequence of {"return", "length"}

        Returns
        -------
        dict of str to EpisodeSummary

        Raises
        ------
        ValueError
            No such condition or metric, or a study that keeps curves.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        names = {metric: _METRICS[checks.choice("metrics", metric, _METRICS)] for metric in metrics}
        plan, place = self._store.plan, self._place(condition, "summary")
        statistics = arrays_of(self._store, place, range(plan.chunks_of(place)), CURVES)
        runs = self._runs_per_row(place)
        return {metric: merged(statistics[name], runs) for metric, name in names.items()}

    def truncated(self, condition: str) -> NDArray[np.float64]:
        """The share of a condition's runs that met `max_steps`, in each episode or point, whatever is kept.

        Parameters
        ----------
        condition : str

        Returns
        -------
        ndarray of float64, shape [episodes]

        Raises
        ------
        ValueError
            No such condition.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        place = self._place(condition)
        rows = arrays_of(self._store, place, range(self._store.plan.chunks_of(place)), CURVES)["truncated"]
        share: NDArray[np.float64] = np.average(rows, axis=0, weights=self._runs_per_row(place))
        return share

    def _place(self, condition: str, keep: str | None = None) -> int:
        if keep not in (None, self.keep):
            raise ValueError(f"the study keeps {self.keep}, not {keep}")
        return self._places[checks.choice("condition", condition, self._places)]

    def _marks(self, condition: str) -> Iterator[Mapping[str, Any]]:
        plan = self._store.plan
        place = self._place(condition)
        marks = (self._store.mark(plan.unit(place, chunk)) for chunk in range(plan.chunks_of(place)))
        return (mark for mark in marks if mark is not None)

    def _runs_of(self, place: int, runs: int | None, group: str) -> tuple[Arrays, int]:
        """The first runs of a condition, of one group of arrays; and how many they are."""
        plan = self._store.plan
        most = plan.runs_of(place)
        runs = most if runs is None else checks.count("runs", runs, most=most)
        arrays = arrays_of(self._store, place, range(-(-runs // plan.chunk)), group)
        return {key: rows[:runs] for key, rows in arrays.items()}, runs

    def _runs_per_row(self, place: int) -> NDArray[np.int64]:
        """The runs of each row of a condition's arrays: 1 of curves."""
        plan = self._store.plan
        block, runs = plan.contents.runs_per_row, plan.runs_of(place)
        return np.minimum(block, runs - np.arange(0, runs, block))

    def _curves(self, place: int, arrays: Arrays, runs: slice) -> Any:
        plan = self._store.plan
        own = plan.conditions[place]
        world = plan.record["environments"][own.environment]
        settings: dict[str, Any] = {
            **arrays,
            "seeds": plan.seeds(own, runs.start, runs.stop - runs.start),
            "agent": self._agents[own.agent],
            "max_steps": own.max_steps,
            "precision": own.precision,
        }
        if own.grid is None:
            return LearningCurves(mdp=world["mdp"], **settings)
        lost = arrays["diverged_at"] >= 0
        return DeepCurves(steps=own.grid, diverged=lost, environment=world["environment"], **settings)

"""Results: what a study's folder holds, as learning curves, summaries or an xarray Dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.attainable_returns import EpisodeBounds, ReturnSpan, episode_bounds, length_bounds, return_span
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.exact_curves import ExactCurves, exact_curves
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.coordinates import Coordinates, coordinates_of, matching, swept_columns
from fastsoftq.studies.exporting.frames import labels, pandas_frame, polars_frame
from fastsoftq.studies.exporting.tidy import Tidy
from fastsoftq.studies.origins import Origins
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.stopping import Stop
from fastsoftq.studies.storing.kept_arrays import CURVES, Arrays
from fastsoftq.studies.storing.store import Store, open_store
from fastsoftq.studies.storing.zarr_files import RESULTS, DamagedError
from fastsoftq.studies.study_records import UnknownAgent, agent_from_record
from fastsoftq.studies.summary import EpisodeSummary, merged
from fastsoftq.studies.toml import origins_of_source
from fastsoftq.studies.worlds import kept_world, world_from_source
from fastsoftq.system.html import html_table

if TYPE_CHECKING:
    import pandas
    import polars
    import xarray

    from fastsoftq.studies.rounds import StudyDecision
    from fastsoftq.studies.selected import Selected

__all__ = ["Results", "open_results"]


class Results:
    """The results of a study. `open_results` makes one.

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
    >>> open_results(folder).conditions
    ['cliff/hard']
    """

    def __init__(self, store: Store, agents: Iterable[type] = ()) -> None:
        self._store = store
        self._agents = {name: agent_from_record(record, agents) for name, record in store.plan.record["agents"].items()}
        self._worlds: dict[str, TabularMDP | None] = {}
        self._places = {condition.name: place for place, condition in enumerate(store.plan.conditions)}

    @cached_property
    def _origins(self) -> Origins:
        plan = self._store.plan
        known = plan.reading.origins
        if all(name in known.environments for name in plan.record["environments"]):
            return known
        return known.over(origins_of_source(plan.source).known(plan.record))

    def _repr_html_(self) -> str:
        rows = [
            (c.name, c.environment, repr(self.agent(c.name)), c.episodes) for c in map(self.condition, self._places)
        ]
        header = ("condition", "environment", "agent", "episodes")
        runs = f"{self._store.plan.runs:,} runs of each condition; {self.keep} kept"
        return html_table(f"Results of {self.name}", rows, header, runs)

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
    def measures(self) -> tuple[str, ...]:
        """By which conditions are compared, as the study says; the first is the main one. Empty if it says nothing."""
        return self._store.plan.reading.measures

    @property
    def against(self) -> str | None:
        """What others are compared with, as the study says: an agent, the table of agents, or a condition."""
        return self._store.plan.reading.against

    @property
    def selection(self) -> Selection | None:
        """On which seeds hyperparameters are chosen, and on which what was chosen is compared, as the study says."""
        return self._store.plan.reading.select

    @property
    def stop(self) -> Stop | None:
        """When there are enough seeds, as the study says."""
        return self._store.plan.reading.stop

    @property
    def origins(self) -> Origins:
        """The tables that environments and agents come from."""
        return self._origins

    @property
    def decision(self) -> StudyDecision | None:
        """What the rounds of a study with `stop` have decided, worked out from the results; None without rounds.

        Raises
        ------
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        from fastsoftq.studies.rounds import decided, noted

        there = noted(self._store.storage)
        if there is None or self.stop is None or there.rounds[-1] > self._store.plan.runs:
            return None
        return decided(self, there.rounds)

    def selected(self, selection: Selection | None = None, measure: str | None = None) -> Selected:
        """Choose the best condition of each agent's table in each environment, and read it on other seeds.

        Parameters
        ----------
        selection : Selection, optional
            On how many of the first seeds is chosen; the study's if not given.
        measure : str, optional
            By which the best is the best; the study's main one if not given, else the mean of the last 100 returns.

        Returns
        -------
        Selected

        Raises
        ------
        ValueError
            No selection, here or in the study; fewer runs than it takes; a study that keeps summaries.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        """
        from fastsoftq.studies.selected import select_conditions

        chosen = selection or self.selection
        if chosen is None:
            raise ValueError("selection is None, and the study has none; it must be like Selection(200, 1000)")
        return select_conditions(self, chosen, measure)

    @cached_property
    def coordinates(self) -> Coordinates:
        """What each condition is: columns by name, with an entry for each condition in their order.

        The columns are `environment`, `agent` (the name of its table, without what a sweep adds), `algorithm`; every
        hyperparameter by its path in the table ("step_size"; "epsilon.start" of a schedule); `environment.PARAMETER`
        as the table of the environment says; and `episodes`, `max_steps`, `precision`, `first_seed` and `after` where
        conditions differ in them. An entry is a number, a truth or a text, or None where a condition has none.
        """
        plan = self._store.plan
        return coordinates_of(plan.record, [plan.conditions[place] for place in self._places.values()], self._origins)

    @cached_property
    def swept(self) -> tuple[str, ...]:
        """The columns of `coordinates` that take more than one value within one table of agents or environments."""
        conditions = [self.condition(name) for name in self._places]
        return swept_columns(self.coordinates, conditions, self._origins)

    @cached_property
    def worlds(self) -> tuple[str, ...]:
        """The name of the environment's table of each condition, without what a sweep adds."""
        return tuple(self._origins.table("environments", self.condition(name).environment) for name in self._places)

    def select(self, wanted: Mapping[str, Any] | None = None, /, **more: Any) -> Results:
        """Only the conditions whose coordinates are these.

        Parameters
        ----------
        wanted : mapping of str to value, optional
            By column of `coordinates`: a value, or a list, tuple, set, range or array of values, any of which will do.
            Numbers are compared as numbers, 1 as 1.0; True and False are none.
        **more
            Likewise, where the name of a column can be written so.

        Returns
        -------
        Results
            Of these conditions.

        Raises
        ------
        TypeError
            `wanted` is no mapping, or a value is nothing that a column holds.
        ValueError
            No such column, a value that no condition has, or nothing that has all that is asked for.

        Examples
        --------
        >>> import tempfile
        >>> import fastsoftq as fsq
        >>> from fastsoftq.studies import Study, open_results, run
        >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=5)}
        >>> study = Study(
        ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents=agents
        ... )
        >>> folder = tempfile.mkdtemp()
        >>> outcome = run(study, folder)
        >>> open_results(folder).select(algorithm="soft_q_learning").conditions
        ['cliff/soft']
        """
        if wanted is not None and not isinstance(wanted, Mapping):
            raise TypeError(f"wanted is {wanted!r}; it must be a mapping of columns to values")
        twice = sorted(set(wanted or {}) & set(more))
        if twice:
            raise ValueError(f"{twice[0]} is given twice")
        names = self.conditions
        chosen = [names[place] for place in matching(self.coordinates, {**(wanted or {}), **more})]
        fewer = copy(self)
        fewer._places = {name: self._places[name] for name in chosen}
        for cached in ("coordinates", "swept", "worlds"):
            fewer.__dict__.pop(cached, None)
        return fewer

    def curves(self, condition: str, runs: int | None = None) -> LearningCurves:
        """The learning curves of a condition, every bit checked.

        Parameters
        ----------
        condition : str
        runs : int, optional
            Only the first so many; all if not given.

        Returns
        -------
        LearningCurves
            Its `agent` is an `UnknownAgent` where nobody here has imported its class.

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

    def pieces(self, condition: str, runs: int) -> Iterator[LearningCurves]:
        """The learning curves of a condition, some runs at a time, so that they need not all be in memory.

        Parameters
        ----------
        condition : str
        runs : int
            The most that are given at a time.

        Yields
        ------
        LearningCurves
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
            arrays = self._arrays(place, [chunk], CURVES)
            for start in range(0, unit.runs, runs):
                some = {key: rows[start : start + runs] for key, rows in arrays.items()}
                first = unit.first + start
                yield self._curves(place, some, slice(first, first + min(runs, unit.runs - start)))

    def runs(self, condition: str) -> int:
        """The runs of a condition, whether they are done or not."""
        return self._store.plan.runs_of(self._place(condition))

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
        metrics = {"return": "returns", "length": "lengths"}
        name = metrics[checks.choice("metric", metric, metrics)]
        plan = self._store.plan
        place = self._place(condition, "summary")
        statistics = self._arrays(place, range(plan.chunks_of(place)), CURVES)[name]
        return merged(statistics, self._runs_per_row(place))

    def truncated(self, condition: str) -> NDArray[np.float64]:
        """The share of a condition's runs that met `max_steps`, in each episode, whatever is kept.

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
        rows = self._arrays(place, range(self._store.plan.chunks_of(place)), CURVES)["truncated"]
        share: NDArray[np.float64] = np.average(rows, axis=0, weights=self._runs_per_row(place))
        return share

    def to_pandas(self, episodes: bool = False) -> pandas.DataFrame:
        """All results as one table for pandas, a row for each condition and seed.

        Parameters
        ----------
        episodes : bool
            A row for each condition, seed and episode instead.

        Returns
        -------
        pandas.DataFrame
            The columns of `coordinates`, then `condition`, `seed`, and `return_last`, `length_last`, `truncated_last`
            (means over the last 100 episodes, or all if there are fewer), `return_area` and its like (over all
            episodes), `steps` (environment steps), and the study's `measures` that no planning is needed for, those
            that are times with a column "NAME censored"; or `episode` (from 1), `return`, `length` and `truncated`. Of
            a study that keeps summaries a row for each condition and episode, with the statistics. What a condition
            does not have is missing.

        Raises
        ------
        ImportError
            Without pandas.
        DamagedError
            Chunks that are missing or damaged; the message names them.
        TooLargeError
            A table that does not fit in memory; `fastsoftq export` writes it to a file.

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
        >>> open_results(folder).to_pandas(episodes=True)[["agent", "step_size", "seed", "episode", "return"]].shape
        (50, 5)
        """
        return pandas_frame(Tidy(self, checks.flag("episodes", episodes)))

    def to_polars(self, episodes: bool = False) -> polars.DataFrame:
        """All results as one table for Polars; arguments, columns and errors as for `to_pandas`.

        Parameters
        ----------
        episodes : bool
            A row for each condition, seed and episode.

        Returns
        -------
        polars.DataFrame

        Raises
        ------
        ImportError
            Without Polars.
        DamagedError, TooLargeError
            As for `to_pandas`.
        """
        return polars_frame(Tidy(self, checks.flag("episodes", episodes)))

    def mdp(self, environment: str) -> TabularMDP | None:
        """A world of the study, for planning.

        Parameters
        ----------
        environment : str
            By its name in the study.

        Returns
        -------
        TabularMDP or None
            Its arrays have the digest that the study's record gives of it; maps are not kept. None where the folder
            does not hold it (one of more than 64 MiB, or of Gymnasium in a folder that an older version made).

        Raises
        ------
        ValueError
            No such environment.
        """
        records = self._store.plan.record["environments"]
        name = checks.choice("environment", environment, records)
        if name not in self._worlds:
            found = kept_world(self._store.storage, records[name])
            if found is None:
                found = world_from_source(self._store.plan.source, name, records[name])
            self._worlds[name] = found
        return self._worlds[name]

    def exact(self, condition: str) -> ExactCurves | None:
        """What the agent of a condition earns in each episode once all is learned.

        Parameters
        ----------
        condition : str

        Returns
        -------
        ExactCurves or None
            As `fastsoftq.exact_curves.exact_curves`; None, too, where the world is not there (see `mdp`). It costs at
            most a tenth of what the condition's runs took, or about a second.

        Raises
        ------
        ValueError
            No such condition.
        """
        own = self.condition(condition)
        assert own.episodes is not None
        assert own.max_steps is not None
        mdp, agent = self.mdp(own.environment), self._agents[own.agent]
        if mdp is None or isinstance(agent, UnknownAgent):
            return None
        return exact_curves(mdp, agent, own.episodes, own.max_steps, steps=self.steps(condition))

    def return_span(self, condition: str) -> ReturnSpan | None:
        """What the best policy and the random one earn in the world of a condition, whatever its agent.

        Parameters
        ----------
        condition : str

        Returns
        -------
        ReturnSpan or None
            As `fastsoftq.attainable_returns.return_span`; None, too, where the world is not there (see `mdp`).

        Raises
        ------
        ValueError
            No such condition.
        """
        own = self.condition(condition)
        assert own.max_steps is not None
        mdp = self.mdp(own.environment)
        return None if mdp is None else return_span(mdp, own.max_steps, steps=self.steps(condition))

    def episode_bounds(self, condition: str) -> EpisodeBounds:
        """The lowest and the highest return, and length, that an episode of a condition can have.

        Parameters
        ----------
        condition : str

        Returns
        -------
        EpisodeBounds
            As `fastsoftq.attainable_returns.episode_bounds`; where the world is not there (see `mdp`), those of returns
            are infinite, and those of lengths 1 and `max_steps`.

        Raises
        ------
        ValueError
            No such condition.
        """
        own = self.condition(condition)
        assert own.max_steps is not None
        mdp = self.mdp(own.environment)
        if mdp is None:
            return EpisodeBounds((-math.inf, math.inf), length_bounds(own.max_steps))
        return episode_bounds(mdp, own.max_steps)

    def to_xarray(self) -> xarray.Dataset:
        """All results as an xarray Dataset that reads them when they are needed.

        Returns
        -------
        xarray.Dataset
            Dimensions condition, seed (or block) and episode, from 1; of tables state, action and checkpoint. Chunks
            that are not done yet read as NaN or 0; `verify` says which they are. A damaged one raises when it is read.
            The columns of `coordinates` are coordinates along condition: numbers and truths as float64, NaN where a
            condition has none; texts as text, "" where it has none.

        Raises
        ------
        ImportError
            Without xarray and zarr.
        DamagedError
            Metadata that is not what `run` writes. Zarr takes from it what to decode with, so that it is not handed on.
        """
        try:
            import xarray
            import zarr  # noqa: F401
        except ImportError as error:
            raise ImportError("to_xarray needs xarray and zarr: pip install 'fastsoftq[xarray]'") from error

        damaged = self._store.damaged_metadata()
        if damaged:
            raise DamagedError(f"{self._store.url}: damaged: {', '.join(damaged)}; run it again to repair it")
        dataset = xarray.open_zarr(f"{self._store.url}/{RESULTS}", chunks=None, zarr_format=3)
        if self._store.plan.format == 1:
            dataset = dataset.assign_coords(episode=dataset.episode + 1)
        if len(self._places) < dataset.sizes["condition"]:
            dataset = dataset.isel(condition=list(self._places.values()))
        columns = {name: ("condition", labels(values)) for name, values in self.coordinates.items()}
        return dataset.assign_coords(columns)

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
        arrays = self._arrays(place, range(-(-runs // plan.chunk)), group)
        return {key: rows[:runs] for key, rows in arrays.items()}, runs

    def _runs_per_row(self, place: int) -> NDArray[np.int64]:
        """The runs of each row of a condition's arrays: 1 of curves."""
        plan = self._store.plan
        block, runs = plan.contents.runs_per_row, plan.runs_of(place)
        return np.minimum(block, runs - np.arange(0, runs, block))

    def _curves(self, place: int, arrays: Arrays, runs: slice) -> LearningCurves:
        plan = self._store.plan
        own = plan.conditions[place]
        assert own.max_steps is not None
        assert own.precision is not None
        return LearningCurves(
            returns=arrays["returns"],
            lengths=arrays["lengths"],
            truncated=arrays["truncated"],
            seeds=plan.seeds(own, runs.start, runs.stop - runs.start),
            agent=self._agents[own.agent],
            mdp=plan.record["environments"][own.environment]["mdp"],
            max_steps=own.max_steps,
            precision=own.precision,
        )

    def _arrays(self, place: int, chunks: Iterable[int], group: str) -> Arrays:
        parts: list[Arrays] = []
        damaged: list[str] = []
        missing: list[str] = []
        for chunk in chunks:
            unit = self._store.plan.unit(place, chunk)
            found = self._store.find(unit, [group])
            if found.runs < unit.runs:
                damaged.extend(found.damaged)
                if not found.damaged:
                    missing.append(f"{unit.first + found.runs} to {unit.first + unit.runs - 1}")
            parts.append(found.arrays)
        if damaged or missing:
            wrong = [f"damaged: {', '.join(damaged)}"] if damaged else []
            wrong += [f"not done: runs {', '.join(missing)}"] if missing else []
            raise DamagedError(f"{self._store.url}: {'; '.join(wrong)}; run it again to repair it")
        if len(parts) == 1:
            return parts[0]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def open_results(url: str | Path, agents: Iterable[type] = ()) -> Results:
    """Open the results in a folder.

    Nothing that lies there is imported or called, whoever wrote it.

    Parameters
    ----------
    url : str or Path
        A folder, or a URL that fsspec knows.
    agents : iterable of type
        Agents of your own, besides those that have been imported. They are recognised by module and name, or by the
        name of the class where the module is called otherwise here (a script's `__main__`). Others are given as data.

    Returns
    -------
    Results

    Raises
    ------
    FolderError
        No study there.
    TypeError
        `agents` includes what is not an agent.

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
    >>> open_results(folder).curves("cliff/hard").returns.shape
    (10, 5)
    """
    return Results(open_store(url), agents)

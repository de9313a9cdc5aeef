"""Results: what a study's folder holds, as learning curves, summaries or an xarray Dataset."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fastsoftq import checks
from fastsoftq.comparing import Axis
from fastsoftq.studies.exporting.frames import labels, pandas_frame, polars_frame
from fastsoftq.studies.exporting.tidy import Tidy
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.stopping import Stop
from fastsoftq.studies.storing.store import open_store
from fastsoftq.studies.storing.zarr_files import RESULTS, DamagedError
from fastsoftq.studies.swept_conditions import SweptConditions
from fastsoftq.system.html import html_table
from fastsoftq.system.streams import counted

if TYPE_CHECKING:
    import pandas
    import polars
    import xarray

    from fastsoftq.studies.rounds import StudyDecision
    from fastsoftq.studies.selected import Selected

__all__ = ["Results", "open_results"]


class Results(SweptConditions):
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

    def __repr__(self) -> str:
        conditions = counted(len(self.conditions), "condition")
        return f"<Results of {self.name!r}: {conditions}, {self._store.plan.runs:,} runs of each, {self.keep} kept>"

    def _repr_html_(self) -> str:
        rows = [
            (c.name, c.environment, repr(self.agent(c.name)), c.steps or c.episodes)
            for c in map(self.condition, self._places)
        ]
        header = ("condition", "environment", "agent", "episodes" if self.axis is Axis.EPISODES else "steps")
        runs = f"{self._store.plan.runs:,} runs of each condition; {self.keep} kept"
        return html_table(f"Results of {self.name}", rows, header, runs)

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

    def to_pandas(self, episodes: bool = False) -> pandas.DataFrame:
        """All results as one table for pandas, a row for each condition and seed.

        Parameters
        ----------
        episodes : bool
            A row for each condition, seed and episode instead, or point.

        Returns
        -------
        pandas.DataFrame
            The columns of `coordinates`, then `condition`, `seed`, and `return_last`, `length_last`, `truncated_last`
            (means over the last 100 episodes, or all if there are fewer), `return_area` and its like (over all
            episodes), `steps` (environment steps), and the study's `measures` that no planning is needed for, those
            that are times with a column "NAME censored"; or `episode` (from 1), `return`, `length` and `truncated`. Of
            a study that keeps summaries a row for each condition and episode, with the statistics. What a condition
            does not have is missing. Of deep agents there are points instead of episodes, the last 10 of which are
            meant: `episodes` (how many there were), `diverged` and `diverged_at` for each run, or `point` (from 1),
            `steps` and `episodes` so far.

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

    def to_xarray(self) -> xarray.Dataset:
        """All results as an xarray Dataset that reads them when they are needed.

        Returns
        -------
        xarray.Dataset
            Dimensions condition, seed (or block) and episode, from 1; of tables state, action and checkpoint. Of deep
            agents point instead, with the coordinate `steps`, and parameter. Chunks
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

"""Results: what a study's folder holds, as learning curves, summaries or an xarray Dataset."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fastsoftq import checks
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.studies.contents import Arrays
from fastsoftq.studies.encoding import DamagedError
from fastsoftq.studies.layout import RESULTS
from fastsoftq.studies.store import Store, open_store
from fastsoftq.studies.study import agent_from_record
from fastsoftq.studies.summary import EpisodeSummary, merged

if TYPE_CHECKING:
    import xarray

__all__ = ["Results", "open_results"]


class Results:
    """The results of a study. `open_results` makes one.

    Parameters
    ----------
    store : Store
    agents : iterable of type
        As for `open_results`.
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
        """Their names, "environment/agent"."""
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
        plan = self._store.plan
        place = self._place(condition, "curves")
        runs = plan.runs if runs is None else checks.count("runs", runs, most=plan.runs)
        arrays = self._arrays(place, -(-runs // plan.chunk))
        own = plan.conditions[place]
        return LearningCurves(
            returns=arrays["returns"][:runs],
            lengths=arrays["lengths"][:runs],
            truncated=arrays["truncated"][:runs],
            seeds=plan.seeds(0, runs),
            agent=self._agents[own.agent],
            mdp=plan.record["environments"][own.environment]["mdp"],
            max_steps=plan.record["max_steps"],
            precision=plan.record["precision"],
        )

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
        metrics = {"return": "returns", "length": "lengths", "returns": "returns", "lengths": "lengths"}
        name = metrics[checks.choice("metric", metric, metrics)]
        plan = self._store.plan
        statistics = self._arrays(self._place(condition, "summary"), plan.chunks)[name]
        block = plan.contents.runs_per_row
        return merged(statistics, np.minimum(block, plan.runs - np.arange(0, plan.runs, block)))

    def to_xarray(self) -> xarray.Dataset:
        """All results as an xarray Dataset that reads them when they are needed.

        Returns
        -------
        xarray.Dataset
            Dimensions condition, seed (or block) and episode. Chunks that are not done yet read as zeros; `verify`
            says which they are. A damaged one raises when it is read.

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
        return xarray.open_zarr(f"{self._store.url}/{RESULTS}", chunks=None, zarr_format=3)

    def _place(self, condition: str, keep: str) -> int:
        if self.keep != keep:
            raise ValueError(f"the study keeps {self.keep}, not {keep}")
        return self._places[checks.choice("condition", condition, self._places)]

    def _arrays(self, place: int, chunks: int) -> Arrays:
        parts: list[Arrays] = []
        damaged: list[str] = []
        missing: list[str] = []
        for chunk in range(chunks):
            unit = self._store.plan.unit(place, chunk)
            found = self._store.find(unit)
            if found.runs < unit.runs:
                damaged.extend(found.damaged)
                if not found.damaged:
                    missing.append(f"{unit.first} to {unit.first + unit.runs - 1}")
            parts.append(found.arrays)
        if damaged or missing:
            wrong = [f"damaged: {', '.join(damaged)}"] if damaged else []
            wrong += [f"not done: runs {', '.join(missing)}"] if missing else []
            raise DamagedError(f"{self._store.url}: {'; '.join(wrong)}; run it again to repair it")
        return {
            kept.name: np.concatenate([part[kept.name] for part in parts]) for kept in self._store.plan.contents.arrays
        }


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
    """
    return Results(open_store(url), agents)

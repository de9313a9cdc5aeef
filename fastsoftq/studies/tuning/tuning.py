"""Tuning: hyperparameters that Optuna chooses, tried on more and more seeds, all in one folder.

A trial is a condition with a number of seeds of its own, which grows from rung to rung until the pruner gives it up.
The best of each environment is then compared on seeds that nothing was chosen by.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastsoftq import checks
from fastsoftq.mdp.ends import warn_of_endless_starts
from fastsoftq.reward_scales import warn_below_critical
from fastsoftq.studies.measured_runs import main_measure, measured
from fastsoftq.studies.results import Results
from fastsoftq.studies.running import study_device
from fastsoftq.studies.selected import Selected, bests, select_conditions
from fastsoftq.studies.study import Study
from fastsoftq.studies.tuning.spaces import Space
from fastsoftq.studies.tuning.trials import Search
from fastsoftq.studies.tuning.tuning_folder import TuningFolder
from fastsoftq.studies.tuning.tuning_settings import TuningSettings
from fastsoftq.studies.watching import Tally, Watch

__all__ = ["Tried", "Tuned", "tune"]


@dataclass(frozen=True)
class Tried:
    """One trial.

    Attributes
    ----------
    number : int
        From 0, of its environment and table.
    environment, table, condition : str
    values : mapping of str to Value
        The hyperparameters that were chosen, by path.
    seeds : int
        On how many it was tried.
    value : float
        What the measure was estimated at on them.
    pruned : bool
        Whether it was given up before the last rung.
    """

    number: int
    environment: str
    table: str
    condition: str
    values: Mapping[str, Any]
    seeds: int
    value: float
    pruned: bool


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a tuning has found.

    Attributes
    ----------
    selected : Selected
        The best of each environment and table, on the seeds they were chosen by and on others.
    trials : tuple of Tried
    computed : int
        Units that were computed just now.
    steps : int
        Environment steps taken just now.
    seconds : float
    damaged : tuple of str
        Files found damaged and written anew.
    """

    selected: Selected
    trials: tuple[Tried, ...]
    computed: int
    steps: int
    seconds: float
    damaged: tuple[str, ...]


def tune(
    study: Study,
    space: Mapping[str, Space],
    out: str | Path,
    *,
    trials: int,
    sampler: str = "tpe",
    pruner: str = "halving",
    rungs: Sequence[int] | None = None,
    seed: int = 0,
    at_once: int = 4,
    threads: int | None = None,
    chunk: int | None = None,
    source: str | None = None,
    watch: Watch | None = None,
    device: str | None = None,
) -> Tuned:
    """Choose hyperparameters, one search for each environment and agent, or go on where that stopped.

    Trials are tried on the first seeds, those that do well on more of them, up to `study.select.tune`. Then the best of
    each is run on all seeds, and compared on those that come after. The study's other agents take part as they are.
    What is in the folder is kept: the same call goes on after an interruption, and with more `trials` adds to them.

    Parameters
    ----------
    study : Study
        With `select`, and `keep="curves"`. The agents that are tuned are run only as they are tried.
    space : mapping of str to mapping
        By the name of an agent, what of its hyperparameters may be tried: `Range`, `Choices` or a list, by path.
    out : str or Path
        The folder, or a URL that fsspec knows.
    trials : int
        For each environment and agent.
    sampler : {"tpe", "random", "cmaes"}
        Optuna's tree-structured Parzen estimator, random search, or CMA-ES.
    pruner : {"halving", "median", "none"}
        Optuna's asynchronous successive halving, which lets one of three go on, or the median rule.
    rungs : sequence of int, optional
        On how many seeds trials are looked at, ascending; the last is `study.select.tune`. A ninth, a third and all of
        those if not given, or all at once without a pruner.
    seed : int
        Of the sampler: the same seed tries the same, whatever the number of threads.
    at_once : int
        Trials that are asked for together, for the sake of many threads: they do not know of each other.
    threads : int, optional
        As many as processors may be used if not given.
    chunk, source, watch, device
        As for `run`.

    Returns
    -------
    Tuned

    Raises
    ------
    TypeError, ValueError
        An argument that does not fit; the message names it.
    ImportError
        Without Optuna.
    FolderError
        The folder holds something else, or another tuning.
    GpuError
        As `run`.
    OSError
        Something could not be read or written. What was done stays done.

    Warns
    -----
    UserWarning
        As `train`, of what is not tuned.

    Notes
    -----
    Samplers and pruners are those of Optuna (Akiba et al., KDD 2019). Successive halving is that of Li et al. (A system
    for massively parallel hyperparameter tuning, MLSys 2020).

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Selection, Study, tune
    >>> study = Study(
    ...     name="tuned",
    ...     episodes=20,
    ...     select=Selection(tune=18, test=20),
    ...     environments={"cliff": fsq.cliff_walking()},
    ...     agents={"hard": fsq.QLearning(step_size=0.5, discount=0.95)},
    ... )
    >>> found = tune(study, {"hard": {"step_size": [0.1, 0.9]}}, tempfile.mkdtemp(), trials=4)
    >>> found.selected.choices[0].condition
    'cliff/hard[step_size=0.9]'
    """
    start = time.perf_counter()
    settings = TuningSettings(study, space, trials, sampler, pruner, rungs, seed, at_once)
    place = study_device(device, study)
    steps = len(study.seeds) * study.episodes * study.max_steps
    for mdp in study.environments.values():
        warn_of_endless_starts(mdp)
        for name in set(study.agents) - set(settings.space):
            warn_below_critical(mdp, study.agents[name], steps)
    folder = TuningFolder(settings, out, checks.threads(threads), chunk, source, watch or Tally(), place)
    folder.fill(folder.untuned)
    tried = _tried(settings, folder)
    results = Results(folder.store)
    measure = main_measure(study.measures, study.axis)
    chosen = [choice.condition for choice in bests(results, settings.selection.tune, measure)]
    for name in chosen:
        folder.seeds[folder.place(name)] = None
    folder.fill(chosen)
    selected = select_conditions(Results(folder.store), settings.selection)
    seconds = time.perf_counter() - start
    return Tuned(selected, tuple(tried), folder.computed, folder.steps, seconds, tuple(folder.damaged))


@dataclass
class _Live:
    """A trial that is tried."""

    number: int
    environment: str
    table: str
    condition: str
    values: Mapping[str, Any]
    search: Search

    def ended(self, seeds: int, value: float, pruned: bool) -> Tried:
        return Tried(self.number, self.environment, self.table, self.condition, self.values, seeds, value, pruned)


def _tried(settings: TuningSettings, folder: TuningFolder) -> list[Tried]:
    """Try all trials, a few at a time, each as far as it goes."""
    measure = main_measure(settings.study.measures, settings.study.axis)
    searches = {
        (environment, table): Search(
            of_agent,
            settings.sampler,
            settings.pruner,
            seed=settings.seed,
            name=f"{environment}/{table}",
            higher_is_better=measure.higher_is_better,
        )
        for environment in settings.study.environments
        for table, of_agent in settings.space.items()
    }
    rungs = settings.sizes
    tried: list[Tried] = []
    for first in range(0, settings.trials, settings.at_once):
        live = []
        for (environment, table), search in searches.items():
            for _ in range(min(settings.at_once, settings.trials - first)):
                number, values = search.ask()
                live.append(_Live(number, environment, table, folder.ask(environment, table, values), values, search))
        folder.check_asked({trial.condition for trial in live})
        for rung, runs in enumerate(rungs):
            folder.raise_to((trial.condition for trial in live), runs)
            folder.fill(trial.condition for trial in live)
            results = Results(folder.store)
            worth = [measure.point_estimate(measured(results, trial.condition, measure, runs)) for trial in live]
            if runs == rungs[-1]:
                for trial, value in zip(live, worth, strict=True):
                    trial.search.end(trial.number, value)
                    tried.append(trial.ended(runs, value, False))
                break
            for trial, value in zip(live, worth, strict=True):
                trial.search.report(trial.number, rung, value)
            going = [trial.search.goes_on(trial.number) for trial in live]
            tried += [
                trial.ended(runs, value, True)
                for trial, value, goes in zip(live, worth, going, strict=True)
                if not goes
            ]
            live = [trial for trial, goes in zip(live, going, strict=True) if goes]
            if not live:
                break
    return sorted(tried, key=lambda trial: trial.number)

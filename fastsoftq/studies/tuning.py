"""Tuning: hyperparameters that Optuna chooses, tried on more and more seeds, all in one folder.

A trial is a condition with a number of seeds of its own, which grows from rung to rung until the pruner gives it up. The
best of each environment is then compared on seeds that nothing was chosen by.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastsoftq import checks
from fastsoftq.mdp.ends import warn_of_endless_starts
from fastsoftq.studies.conditions import Condition, product_of
from fastsoftq.studies.measured_runs import estimated, main_measure, measured
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.plan import FolderError
from fastsoftq.studies.results import Results
from fastsoftq.studies.running import Tally, Watch, filled, threads_of
from fastsoftq.studies.selected import Selected, bests, select_conditions
from fastsoftq.studies.spaces import Space, changed, checked_space
from fastsoftq.studies.store import Store, create, open_store
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import agent_from_record, canonical, sealed, unsealed
from fastsoftq.studies.sweep import label_of
from fastsoftq.studies.trials import PRUNERS, SAMPLERS, Search, optuna_version

__all__ = ["TUNING", "Tried", "Tuned", "rungs_of", "tune"]

TUNING = "tuning.json"


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
) -> Tuned:
    """Choose hyperparameters, one search for each environment and agent, or go on where that stopped.

    Trials are tried on the first seeds, those that do well on more of them, up to `study.select.tune`. Then the best of
    each is run on all seeds, and compared on those that come after. The other agents of the study take part as they are.
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
    chunk, source, watch
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
    OSError
        Something could not be read or written. What was done stays done.

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
    settings = _Settings.checked(study, space, trials, sampler, pruner, rungs, seed, at_once)
    for mdp in study.environments.values():
        warn_of_endless_starts(mdp)
    folder = _Folder(settings, out, checks.threads(threads), chunk, source, watch or Tally())
    folder.fill(folder.untuned)
    tried = _tried(settings, folder)
    results = Results(folder.store)
    measure = main_measure(study.measures)
    chosen = [choice.condition for choice in bests(results, settings.selection.tune, measure)]
    for name in chosen:
        folder.seeds[folder.place(name)] = None
    folder.fill(chosen)
    selected = select_conditions(Results(folder.store), settings.selection)
    seconds = time.perf_counter() - start
    return Tuned(selected, tuple(tried), folder.computed, folder.steps, seconds, tuple(folder.damaged))


def rungs_of(tune: int, pruner: str, rungs: Sequence[int] | None = None) -> tuple[int, ...]:
    """On how many seeds trials are looked at.

    Raises
    ------
    ValueError
        They do not ascend, or do not end with all seeds that tune.

    Examples
    --------
    >>> rungs_of(450, "halving"), rungs_of(450, "none")
    ((50, 150, 450), (450,))
    """
    if rungs is None:
        return (tune,) if pruner == "none" else tuple(sorted({max(1, tune // 9), max(1, tune // 3), tune}))
    try:
        given = tuple(checks.count(f"rungs[{place}]", size) for place, size in enumerate(rungs))
    except TypeError as error:
        raise TypeError(f"rungs is {rungs!r}; it must be a sequence of integers: {error}") from None
    if not given or given[-1] != tune or any(later <= earlier for earlier, later in itertools.pairwise(given)):
        raise ValueError(f"rungs is {list(given)}; it must ascend, and end with select.tune, {tune}")
    return given


@dataclass(frozen=True)
class _Settings:
    """What a tuning depends on."""

    study: Study
    space: Mapping[str, Space]
    trials: int
    sampler: str
    pruner: str
    rungs: tuple[int, ...]
    seed: int
    at_once: int

    @classmethod
    def checked(
        cls,
        study: Any,
        space: Any,
        trials: Any,
        sampler: Any,
        pruner: Any,
        rungs: Any,
        seed: Any,
        at_once: Any,
    ) -> _Settings:
        if not isinstance(study, Study):
            raise TypeError(f"study is {study!r}; it must be a Study")
        if study.select is None:
            raise ValueError(
                "select is None; it must say how many seeds tune and how many test, as Selection(200, 1000)"
            )
        if study.keep != "curves":
            raise ValueError(f"keep is {study.keep!r}; to be tuned it must be 'curves'")
        if study.stop is not None:
            raise ValueError(f"stop is {study.stop}; a study that is tuned has as many seeds as select says")
        if set(study.conditions) != set(product_of(study.environments, study.agents)):
            raise ValueError("conditions are the study's own; a study that is tuned runs every agent everywhere")
        if not isinstance(space, Mapping):
            raise TypeError(f"space is {space!r}; it must be a mapping of agents to hyperparameters")
        if not space:
            raise ValueError("space is empty; there must be an agent to tune")
        found = {}
        for name, of_agent in space.items():
            agent = study.agents[checks.choice("space", name, study.agents)]
            try:
                found[name] = checked_space(agent, of_agent)
            except (TypeError, ValueError) as error:
                raise type(error)(f"space[{name!r}]: {error}") from None
        checks.choice("sampler", sampler, SAMPLERS)
        checks.choice("pruner", pruner, PRUNERS)
        measure = main_measure(study.measures)
        if measure.comparison_only:
            raise ValueError(f"measures[0] is {measure.name!r}; to choose by, it must be a measure of one condition")
        optuna_version()
        return cls(
            study,
            found,
            checks.count("trials", trials),
            sampler,
            pruner,
            rungs_of(study.select.tune, pruner, rungs),
            checks.count("seed", seed, least=0),
            checks.count("at_once", at_once),
        )

    @property
    def selection(self) -> Any:
        """On which seeds what is done."""
        return self.study.select

    @property
    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "space": {name: {path: repr(kind) for path, kind in of.items()} for name, of in self.space.items()},
            **{name: getattr(self, name) for name in ("trials", "sampler", "pruner", "seed", "at_once")},
            "rungs": list(self.rungs),
            "measure": main_measure(self.study.measures).name,
            "optuna": optuna_version(),
        }


@dataclass
class _Folder:
    """The folder of a tuning: the conditions so far, and how many seeds each is to have."""

    settings: _Settings
    out: str | Path
    threads: int
    chunk: int | None
    source: str | None
    watch: Watch
    computed: int = 0
    steps: int = 0
    damaged: list[str] = field(default_factory=list)
    agents: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    seeds: dict[tuple[str, str], int | None] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)  # conditions that lay there
    unasked: set[str] = field(default_factory=set)  # those of them that are trials which have not been asked for yet
    _store: Store | None = None

    def __post_init__(self) -> None:
        study, settings = self.settings.study, self.settings
        origins = study.origins
        candidates = [origins.table("agents", name) for name in study.agents]
        for name, agent in study.agents.items():
            if name in settings.space:
                continue
            self.agents[name], self.tables[name] = agent, origins.table("agents", name)
            swept = candidates.count(self.tables[name]) > 1
            for environment in study.environments:
                self.seeds[environment, name] = settings.selection.tune if swept else None
        self.untuned = [f"{environment}/{name}" for environment, name in self.seeds]
        self._take_up()

    def _take_up(self) -> None:
        """Learn what lies there, and refuse what another tuning has left."""
        try:
            store = open_store(self.out)
        except FolderError:
            return
        noted = unsealed(store.storage.read(TUNING)) or {}
        asked = self.settings.record
        for name, value in noted.items():
            if name == "trials" and asked["trials"] < value:
                raise FolderError(f"{self.out} holds {value} trials; trials is {asked['trials']}, and must be no fewer")
            if name not in ("trials", "optuna") and asked.get(name) != value:
                raise FolderError(
                    f"{self.out} holds another tuning: {name} is {value!r} there and {asked.get(name)!r} here. Take "
                    "another folder"
                )
        plan = store.plan
        own = [type(agent) for agent in self.settings.study.agents.values()]
        for condition in plan.conditions:
            name, place = condition.agent, (condition.environment, condition.agent)
            if name not in self.agents:
                self.agents[name] = agent_from_record(plan.record["agents"][name], own)
                self.tables[name] = plan.reading.origins.table("agents", name)
            self.there.add(condition.name)
            if place not in self.seeds:
                self.unasked.add(condition.name)
            if condition.seeds is None or condition.seeds >= len(self.settings.study.seeds):
                self.seeds[place] = None
            elif self.seeds.get(place, 0) is not None:
                self.seeds[place] = max(condition.seeds, self.seeds.get(place) or 0)

    @property
    def store(self) -> Store:
        """The folder as it is now."""
        assert self._store is not None
        return self._store

    def place(self, name: str) -> tuple[str, str]:
        """The environment and agent of a condition."""
        environment, _, agent = name.partition("/")
        return environment, agent

    def ask(self, environment: str, table: str, values: Mapping[str, Any]) -> str:
        """Add a trial; the name of its condition."""
        label = ",".join(f"{path}={label_of(value)}" for path, value in values.items())
        agent = f"{table}[{label}]"
        self.agents[agent] = changed(self.settings.study.agents[table], values)
        self.tables[agent] = table
        self.seeds.setdefault((environment, agent), self.settings.rungs[0])
        return f"{environment}/{agent}"

    def raise_to(self, names: Iterable[str], runs: int) -> None:
        """Let conditions have so many seeds, at least."""
        for place in map(self.place, names):
            seeds = self.seeds[place]
            self.seeds[place] = None if seeds is None else max(seeds, runs)

    def fill(self, names: Iterable[str]) -> None:
        """See to it that conditions have the seeds that they are to have."""
        study, wanted = self._study(), set(names)
        if not study.agents or not self.seeds:
            return
        store, mended = create(study, self.out, chunk=self.chunk, source=self.source)
        if self._store is None:
            store.storage.write(TUNING, canonical(sealed(self.settings.record)))
        self._store = store
        self.damaged.extend(mended)
        units = [unit for unit in store.plan.units() if store.plan.conditions[unit.condition].name in wanted]
        self.watch.begin(store, units)
        with ExitStack() as stack:
            submit, width = stack.enter_context(threads_of(store, study, self.threads, self.watch))
            outcome = filled(store, units, submit, width, self.watch)
        self.computed += outcome.computed
        self.steps += outcome.steps
        self.damaged.extend(outcome.damaged)

    def _study(self) -> Study:
        template = self.settings.study
        origins = {name: Origin(table) for name, table in self.tables.items() if table != name}
        return replace(
            template,
            agents=self.agents,
            conditions=tuple(Condition(*place, seeds=seeds) for place, seeds in self.seeds.items()),
            origins=Origins(template.origins.environments, origins),
        )


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


def _tried(settings: _Settings, folder: _Folder) -> list[Tried]:
    """Try all trials, a few at a time, each as far as it goes."""
    measure = main_measure(settings.study.measures)
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
    tried: list[Tried] = []
    for first in range(0, settings.trials, settings.at_once):
        live = []
        for (environment, table), search in searches.items():
            for _ in range(min(settings.at_once, settings.trials - first)):
                number, values = search.ask()
                live.append(_Live(number, environment, table, folder.ask(environment, table, values), values, search))
        _check_prefix(folder, {trial.condition for trial in live})
        for rung, runs in enumerate(settings.rungs):
            folder.raise_to((trial.condition for trial in live), runs)
            folder.fill(trial.condition for trial in live)
            results = Results(folder.store)
            worth = [estimated(measure, measured(results, trial.condition, measure, runs)) for trial in live]
            if runs == settings.rungs[-1]:
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


def _check_prefix(folder: _Folder, asked: set[str]) -> None:
    """Refuse a folder with trials that are not asked for: those of another version, or of something else.

    Trials come in the same order always, so that there is no new one before all that lie there have been asked for.
    """
    folder.unasked -= asked
    if folder.unasked and asked - folder.there:
        raise FolderError(
            f"{folder.out} holds {min(folder.unasked)!r}, which is no trial that Optuna {optuna_version()} asks for here. "
            "Go on with the version that asked for it, or take another folder"
        )

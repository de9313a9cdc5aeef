"""The folder of a tuning: the conditions that it has by now, and on how many seeds each of them is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.filling import filled, threads_of
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.plan import FolderError
from fastsoftq.studies.storing.store import Store, create, open_store
from fastsoftq.studies.study_records import agent_from_record, canonical, sealed, unsealed
from fastsoftq.studies.sweep import label_of
from fastsoftq.studies.tuning.spaces import changed
from fastsoftq.studies.tuning.trials import optuna_version
from fastsoftq.studies.tuning.tuning_settings import TuningSettings
from fastsoftq.studies.watching import Watch
from fastsoftq.system.provenance import provenance

__all__ = ["TuningFolder"]

_NOTED = "tuning.json"


@dataclass
class TuningFolder:
    """The folder of a tuning: the conditions so far, and how many seeds each is to have."""

    settings: TuningSettings
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
    _provenance: Mapping[str, Any] = field(default_factory=provenance)
    _made: dict[tuple[str, str], int | None] = field(default_factory=dict)  # the seeds that the folder was made for

    def __post_init__(self) -> None:
        self._study = self.settings.study
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
        noted = unsealed(store.storage.read(_NOTED)) or {}
        asked = self.settings.record
        for name, value in noted.items():
            if name == "trials" and not (isinstance(value, int) and value <= asked["trials"]):
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
        self.seeds.setdefault((environment, agent), self.settings.sizes[0])
        return f"{environment}/{agent}"

    def check_asked(self, asked: set[str]) -> None:
        """Refuse a folder with trials that are not asked for: those of another version, or of something else.

        Trials come in the same order always, so that there is no new one before all that lie there have been asked for.
        """
        self.unasked -= asked
        if self.unasked and asked - self.there:
            raise FolderError(
                f"{self.out} holds {min(self.unasked)!r}, which is no trial that Optuna {optuna_version()} asks for. "
                "Go on with the version that asked for it, or take another folder"
            )

    def raise_to(self, names: Iterable[str], runs: int) -> None:
        """Let conditions have so many seeds, at least."""
        for place in map(self.place, names):
            seeds = self.seeds[place]
            self.seeds[place] = None if seeds is None else max(seeds, runs)

    def fill(self, names: Iterable[str]) -> None:
        """See to it that conditions have the seeds that they are to have."""
        if not self.seeds:  # all agents are tuned, and none has been tried
            return
        wanted = set(names)
        if self._made != self.seeds:
            self._make()
        study, store = self._study, self.store
        units = [unit for unit in store.plan.units() if store.plan.conditions[unit.condition].name in wanted]
        self.watch.begin(store, units)
        with ExitStack() as stack:
            submit, width = stack.enter_context(threads_of(store, study, self.threads, self.watch))
            outcome = filled(store, units, submit, width, self.watch)
        self.computed += outcome.computed
        self.steps += outcome.steps
        self.damaged.extend(outcome.damaged)

    def _make(self) -> None:
        """Make the folder hold the conditions of now, with as many seeds as they are to have."""
        template = self.settings.study
        origins = {name: Origin(table) for name, table in self.tables.items() if table != name}
        self._study = replace(
            template,
            agents=self.agents,
            conditions=tuple(Condition(*place, seeds=seeds) for place, seeds in self.seeds.items()),
            origins=Origins(template.origins.environments, origins),
        )
        store, mended = create(self._study, self.out, chunk=self.chunk, source=self.source, made_by=self._provenance)
        if self._store is None:
            store.storage.write(_NOTED, canonical(sealed(self.settings.record)))
        self._store = store
        self.damaged.extend(mended)
        self._made = dict(self.seeds)

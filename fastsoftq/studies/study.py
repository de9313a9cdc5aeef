"""A study as frozen data: which agents learn in which environments, from which seeds. Its identity is a stable hash."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from fastsoftq import checks
from fastsoftq.agents.rules import PRECISIONS, check_code
from fastsoftq.comparing import Axis
from fastsoftq.reward_scales import check_reward_scale
from fastsoftq.studies.conditions import (
    SETTINGS,
    Condition,
    check_encodable,
    checked_conditions,
    condition_records,
    conditions_of,
    product_of,
    source_states,
)
from fastsoftq.studies.deep_parts import checked_learner, learner_of
from fastsoftq.studies.deep_worlds import check_training, n_parameters, network_of, tabular_of
from fastsoftq.studies.fitting import (
    check_agent,
    check_condition,
    check_environment,
    check_kept,
    counted,
    environment_record,
)
from fastsoftq.studies.origins import Origins
from fastsoftq.studies.reading import Reading, check_windows, known_measures
from fastsoftq.studies.selection import Selection
from fastsoftq.studies.stopping import Stop
from fastsoftq.studies.study_records import agent_record, canonical, mdp_record

__all__ = ["KEEP", "RESULTS_VERSION", "Study", "mdp_record"]

KEEP = ("curves", "summary")

RESULTS_VERSION = 1
"""Goes up when the same study yields other numbers than before, as the hashes in tests/engine/test_bits.py show."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """Agents that learn in environments, once for each seed.

    `read_study` makes one from a TOML file.

    Parameters
    ----------
    name : str
        What reports call it.
    episodes : int
        Episodes of each run, of tabular agents.
    steps : int
        Instead of that, environment steps of each run, of deep agents.
    points : int
        At how many points of these steps it is told how a run does; 100 if not given.
    seeds : int or range
        A count (seeds 0, 1, ...) or a range with step 1. With `select` as many as it takes, if not given; with `stop`
        those of the first round.
    environments : mapping of str to TabularMDP or ChangingMDP
        By the names that tables and coordinates will show. Networks learn in any environment with rules, and see a
        TabularMDP one-hot.
    agents : mapping of str to NamedTuple
        Likewise: all tabular, or all `Deep`.
    max_steps : int
        The most steps an episode may take: 1000 if not given, and of deep agents as many as each environment says.
    precision : {"double", "mixed"}
        As for `train`.
    keep : {"curves", "summary"}
        Every curve, or of every `block` runs the moments and quantiles of each episode.
    block : int
        Runs that are summarised together, with `keep="summary"`.
    conditions : iterable of Condition, optional
        Which agent learns in which environment, and how; every agent in every environment if not given.
    tables : bool
        Keep the table in which each run ends; of conditions that others start from it is kept in any case. This and
        `checkpoints` need `keep="curves"`.
    checkpoints : sequence of int
        Episodes, ascending from 1, after which each run's table is kept too. One that a condition does not reach is
        not kept of it.
    parameters : bool
        Keep the parameters of the network with which each run of a deep agent ends; it needs `keep="curves"`.
    measures : sequence of str
        By which conditions are compared, such as "last:100" or "steps_to:-20"; the first is the main one. Neither this
        nor what follows is part of the study's identity.
    against : str, optional
        What others are compared with: an agent, the table of a sweep of agents, or a condition.
    select : Selection, optional
        On which seeds hyperparameters are chosen, and on which what was chosen is compared.
    stop : Stop, optional
        Until when seeds are added.
    origins : Origins
        The tables that environments and agents were written in; `read_study` fills it in.

    Raises
    ------
    TypeError
        `seeds` that is no integer or range, `environments` or `agents` that is no mapping, what is not an environment,
        an agent or a Condition.
    ValueError
        An argument out of bounds; no environment, agent or condition; a condition that does not fit; episodes of deep
        agents, steps of tabular ones, or both.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> study = Study(
    ...     name="small",
    ...     episodes=10,
    ...     seeds=100,
    ...     environments={"cliff": fsq.cliff_walking()},
    ...     agents={"hard": fsq.QLearning(step_size=0.8, discount=0.95)},
    ... )
    >>> [condition.name for condition in study.conditions]
    ['cliff/hard']
    """

    name: str
    episodes: int = cast("int", None)
    seeds: range = cast("range", None)
    environments: Mapping[str, Any]
    agents: Mapping[str, Any]
    max_steps: int = cast("int", None)
    precision: str = "double"
    keep: str = "curves"
    block: int = 1024
    conditions: tuple[Condition, ...] = cast("tuple[Condition, ...]", None)
    tables: bool = False
    checkpoints: Sequence[int] = ()
    steps: int | None = None
    points: int | None = None
    parameters: bool = False
    measures: tuple[str, ...] = ()
    against: str | None = None
    select: Selection | None = None
    stop: Stop | None = None
    origins: Origins = field(default_factory=Origins)

    if TYPE_CHECKING:  # what may be given, which is more than what is there afterwards

        def __init__(
            self,
            *,
            name: str,
            episodes: int | None = None,
            steps: int | None = None,
            points: int | None = None,
            seeds: int | range | None = None,
            environments: Mapping[str, Any],
            agents: Mapping[str, Any],
            max_steps: int | None = None,
            precision: str = "double",
            keep: str = "curves",
            block: int = 1024,
            conditions: Iterable[Condition] | None = None,
            tables: bool = False,
            checkpoints: Sequence[int] = (),
            parameters: bool = False,
            measures: Sequence[str] = (),
            against: str | None = None,
            select: Selection | None = None,
            stop: Stop | None = None,
            origins: Origins = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        def fix(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"name is {checks.shown(self.name)}; it must be a string that is not empty")
        check_encodable("name is", self.name)
        for count, value in counted(self.episodes, self.steps, self.points, self.max_steps).items():
            fix(count, value)
        fix("measures", known_measures(self.reading.measures, self.axis))
        seeds: Any = self.seeds
        if seeds is None and self.select is None:
            raise TypeError("seeds is None; it must be a count or a range, or select must say how many there are")
        fix("seeds", _seed_range(self.select.seeds if seeds is None and self.select is not None else seeds))
        self._check_seeds()
        fix("block", checks.count("block", self.block))
        fix("precision", checks.choice("precision", self.precision, PRECISIONS))
        fix("keep", checks.choice("keep", self.keep, KEEP))
        for kept in ("tables", "parameters"):
            fix(kept, checks.flag(kept, getattr(self, kept)))
        for group in ("environments", "agents"):
            fix(group, MappingProxyType(_named(group, getattr(self, group))))
        for name, environment in self.environments.items():
            check_environment(self.axis, f"environments[{name!r}]", environment)
        for name, agent in self.agents.items():
            check_agent(self.axis, f"agents[{name!r}]", agent)
        fix("agents", MappingProxyType({name: checked_learner(agent) for name, agent in self.agents.items()}))
        for agent in self.agents.values():
            check_code(learner_of(agent))
        if self.origins != self.origins.known({"environments": self.environments, "agents": self.agents}):
            raise ValueError(f"origins is {self.origins!r}; it must be of environments and agents that the study has")
        given = product_of(self.environments, self.agents) if self.conditions is None else self.conditions
        fix("conditions", checked_conditions(given, self.environments, self.agents, self.seeds))
        for place, condition in enumerate(self.conditions):
            check_condition(self.axis, f"conditions[{place}]", condition)
            mdp = tabular_of(self.environments[condition.environment])
            if mdp is not None:
                check_reward_scale(mdp, self.agents[condition.agent])
        check_kept(self.axis, {name: getattr(self, name) for name in ("tables", "checkpoints", "parameters")})
        most = max(one.episodes or one.points or self.episodes or self.points or 1 for one in self.conditions)
        check_windows(self.measures, self.axis, most)
        fix("checkpoints", checks.ascending_counts("checkpoints", self.checkpoints, most=most))
        for name in ("tables", "checkpoints", "parameters"):
            if getattr(self, name) and self.keep != "curves":
                raise ValueError(f"{name} is {getattr(self, name)!r}; it needs keep='curves'")
        if self.axis is Axis.POINTS:
            self._check_trainings()
        self._check_transfers()
        if self.against is not None:
            self._check_against(self.against)

    def _check_seeds(self) -> None:
        """Refuse fewer seeds than `select` takes, or more than `stop` allows."""
        if self.select is not None and len(self.seeds) < self.select.seeds:
            raise ValueError(
                f"seeds is {len(self.seeds)}; it must be at least {self.select.seeds}, since select takes "
                f"{self.select.tune} to tune and {self.select.test} to test"
            )
        if self.stop is not None and len(self.seeds) > self.stop.most:
            raise ValueError(f"stop.most is {self.stop.most}; it must be at least the seeds, {len(self.seeds)}")

    def _check_against(self, against: str) -> None:
        """Refuse a name of nothing that conditions could be compared with."""
        tables = [self.origins.table("agents", name) for name in self.agents]
        if against not in {*tables, *self.agents, *(condition.name for condition in self.conditions)}:
            checks.choice("against", against, dict.fromkeys(tables))

    def _check_trainings(self) -> None:
        """Refuse deep agents that cannot be trained for so many steps; the message names what is wrong."""
        for condition in self.resolved:
            try:
                check_training(condition, self.environments[condition.environment], self.agents[condition.agent])
            except (TypeError, ValueError) as error:
                raise type(error)(f"{error}; so it is in {condition.name!r}") from error

    def _check_transfers(self) -> None:
        """Refuse a condition that goes on from tables, or a network, which do not fit its environment."""
        by_name = {condition.name: condition for condition in self.conditions}
        for place, condition in enumerate(self.conditions):
            if condition.after is not None:
                if self.keep != "curves":
                    raise ValueError(f"conditions[{place}].after is {condition.after!r}; it needs keep='curves'")
                try:
                    self._check_transfer(by_name[condition.after], condition)
                except ValueError as error:
                    what = "tables do" if self.axis is Axis.EPISODES else "network does"
                    raise ValueError(
                        f"conditions[{place}].after is {condition.after!r}, whose {what} not fit: {error}"
                    ) from None

    def _check_transfer(self, source: Condition, condition: Condition) -> None:
        worlds = self.environments[source.environment], self.environments[condition.environment]
        if self.axis is Axis.EPISODES:
            source_states(*worlds)
            return
        agents = self.agents[source.agent], self.agents[condition.agent]
        there, here = (network_of(*each) for each in zip(agents, worlds, strict=True))
        for what, one, other in zip(("", "observations of shape ", "actions: "), there, here, strict=True):
            if one != other:
                raise ValueError(f"it is of {what}{one}, and here it is {what}{other}")

    @cached_property
    def record(self) -> dict[str, Any]:
        """All that the results depend on, as plain data; what a study does not use is left out."""
        counts = {"episodes": self.episodes, "steps": self.steps, "points": self.points}
        record: dict[str, Any] = {
            "results": RESULTS_VERSION,
            "name": self.name,
            **{name: count for name, count in counts.items() if count is not None},
            "max_steps": self.max_steps,
            "precision": self.precision,
            "keep": self.keep,
            "block": self.block if self.keep == "summary" else None,
            "seeds": {"start": self.seeds.start, "count": len(self.seeds)},
            "environments": {name: environment_record(self.axis, of) for name, of in self.environments.items()},
            "agents": {name: agent_record(agent) for name, agent in self.agents.items()},
        }
        settings = {name: record[name] for name in SETTINGS if name in record}
        settings |= {"first_seed": self.seeds.start, "seeds": len(self.seeds)}
        conditions = condition_records(self.conditions, settings)
        if conditions != condition_records(product_of(self.environments, self.agents), settings):
            record["conditions"] = conditions
        if self.tables:
            record["tables"] = True
        if self.checkpoints:
            record["checkpoints"] = list(self.checkpoints)
        if self.axis is Axis.POINTS:
            sources = {condition.after for condition in self.conditions}
            kept = [c for c in self.conditions if self.parameters or c.name in sources]
            sizes = {c.name: n_parameters(self.agents[c.agent], self.environments[c.environment]) for c in kept}
            record |= {"parameters": sizes} if sizes else {}
        return record

    @property
    def axis(self) -> Axis:
        """What the columns of its curves stand for: episodes, or points on a grid of steps."""
        return Axis.EPISODES if self.steps is None else Axis.POINTS

    @property
    def reading(self) -> Reading:
        """How the results are read, on which they do not depend."""
        return Reading(self.measures, self.against, self.select, self.stop, self.origins)

    @property
    def resolved(self) -> tuple[Condition, ...]:
        """The conditions with all that they are run with filled in."""
        resolved = conditions_of(self.record)
        return tuple(resolved[condition.name] for condition in self.conditions)

    @property
    def identity(self) -> str:
        """The study's hash, 64 hex digits: equal for equal studies, on any machine and in any order of their parts."""
        record = {name: value for name, value in self.record.items() if (name, value) != ("results", 1)}  # as it was
        return hashlib.sha256(canonical(record)).hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        given = {known.name: getattr(self, known.name) for known in fields(self)}
        plain: dict[str, Any] = {
            name: dict(value) if isinstance(value, MappingProxyType) else value for name, value in given.items()
        }
        return partial(Study, **plain), ()


def _seed_range(seeds: Any) -> range:
    chosen = seeds if isinstance(seeds, range) else range(checks.count("seeds", seeds, most=sys.maxsize))
    many = chosen.stop - chosen.start
    if chosen.step != 1 or chosen.start < 0 or chosen.stop > 2**64 or not 0 < many <= sys.maxsize:
        allowed = f"a count or a range with step 1 within 0..2**64, not empty and of at most {sys.maxsize}"
        raise ValueError(f"seeds is {checks.shown(seeds)}; it must be {allowed}")
    return chosen


def _named(field: str, given: Any) -> dict[str, Any]:
    """A mapping of environments or agents as a dict, its names checked."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{field} is {checks.shown(given)}; it must be a mapping of names to {field}")
    if not given:
        raise ValueError(f"{field} is empty; a study needs at least one")
    for name in given:
        if not isinstance(name, str) or not name or "/" in name:
            raise ValueError(f"{field} includes the name {name!r}; it must be a string that is not empty, without '/'")
        check_encodable(f"{field} includes the name", name)
    return dict(given)

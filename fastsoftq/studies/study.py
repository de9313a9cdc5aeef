"""A study as frozen data: which agents learn in which environments, from which seeds. Its identity is a stable hash."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from fastsoftq import checks
from fastsoftq.agents import LEARNERS, Frozen, LinearDecay, PowerDecay
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import check_code, follows_rules, known_agents
from fastsoftq.kernels.sources import code_of
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.reward_scales import check_reward_scale

__all__ = [
    "KEEP",
    "PRECISIONS",
    "RESULTS_VERSION",
    "Condition",
    "Study",
    "UnknownAgent",
    "agent_from_record",
    "canonical",
]

PRECISIONS = ("double", "mixed")
KEEP = ("curves", "summary")

RESULTS_VERSION = 1
"""Goes up when the same study yields other numbers than before, as the hashes in tests/engine/test_bits.py show."""

_OF_RECORDS = {"kind", "code"}  # what a record of an agent holds beside its hyperparameters

# What a record calls the types that come with the package; any other goes by its module and name.
_TYPES: dict[str, type] = {**LEARNERS, "linear_decay": LinearDecay, "power_decay": PowerDecay}


def canonical(data: Any) -> bytes:
    """Plain data as JSON bytes that are the same on every machine and in every order of insertion."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True)
class Condition:
    """One agent in one environment."""

    environment: str
    agent: str

    @property
    def name(self) -> str:
        """As tables and coordinates call it."""
        return f"{self.environment}/{self.agent}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """Every agent in every environment, once for each seed.

    `read_study` makes one from a TOML file.

    Parameters
    ----------
    name : str
        What reports call it.
    episodes : int
        Episodes of each run.
    seeds : int or range
        A count (seeds 0, 1, ...) or a range with step 1.
    environments : mapping of str to TabularMDP
        By the names that tables and coordinates will show.
    agents : mapping of str to NamedTuple
        Likewise.
    max_steps : int
        The most steps an episode may take.
    precision : {"double", "mixed"}
        As for `train`.
    keep : {"curves", "summary"}
        Every curve, or of every `block` runs the moments and quantiles of each episode.
    block : int
        Runs that are summarised together, with `keep="summary"`.

    Raises
    ------
    TypeError
        An argument of the wrong kind.
    ValueError
        An argument out of bounds; no environment or no agent.

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
    episodes: int
    seeds: range
    environments: Mapping[str, TabularMDP]
    agents: Mapping[str, Any]
    max_steps: int = 1000
    precision: str = "double"
    keep: str = "curves"
    block: int = 1024

    def __post_init__(self) -> None:
        def fix(field: str, value: Any) -> None:
            object.__setattr__(self, field, value)

        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"name is {self.name!r}; it must be a string that is not empty")
        _check_text("name is", self.name)
        fix("episodes", checks.count("episodes", self.episodes))
        fix("max_steps", checks.count("max_steps", self.max_steps))
        fix("seeds", _seed_range(self.seeds))
        fix("block", checks.count("block", self.block))
        fix("precision", checks.choice("precision", self.precision, PRECISIONS))
        fix("keep", checks.choice("keep", self.keep, KEEP))
        for field in ("environments", "agents"):
            given = getattr(self, field)
            if not isinstance(given, Mapping):
                raise TypeError(f"{field} is {given!r}; it must be a mapping of names to {field}")
            named = dict(given)
            if not named:
                raise ValueError(f"{field} is empty; a study needs at least one")
            for name in named:
                if not isinstance(name, str) or not name or "/" in name:
                    raise ValueError(f"{field} includes the name {name!r}; it must be a string without '/'")
                _check_text(f"{field} includes the name", name)
            fix(field, MappingProxyType(named))
        for name, mdp in self.environments.items():
            if not isinstance(mdp, TabularMDP):
                raise TypeError(f"environments[{name!r}] is {mdp!r}; it must be a TabularMDP, such as cliff_walking()")
        for name, agent in self.agents.items():
            reserved = sorted(_OF_RECORDS.intersection(getattr(agent, "_fields", ())))
            if reserved:
                raise ValueError(f"agents[{name!r}] has a hyperparameter {reserved[0]!r}; records use that name")
        fix("agents", MappingProxyType({name: checked(agent) for name, agent in self.agents.items()}))
        for agent in self.agents.values():
            check_code(agent)
            for mdp in self.environments.values():
                check_reward_scale(mdp, agent)

    @property
    def conditions(self) -> list[Condition]:
        """Every environment with every agent."""
        return [Condition(environment, agent) for environment in self.environments for agent in self.agents]

    @cached_property
    def record(self) -> dict[str, Any]:
        """All that the results depend on, as plain data."""
        return {
            "results": RESULTS_VERSION,
            "name": self.name,
            "episodes": self.episodes,
            "max_steps": self.max_steps,
            "precision": self.precision,
            "keep": self.keep,
            "block": self.block if self.keep == "summary" else None,
            "seeds": {"start": self.seeds.start, "count": len(self.seeds)},
            "environments": {name: _mdp_record(mdp) for name, mdp in self.environments.items()},
            "agents": {name: _agent_record(agent) for name, agent in self.agents.items()},
        }

    @property
    def identity(self) -> str:
        """The study's hash, 64 hex digits: equal for equal studies, on any machine and in any order of their parts."""
        record = {name: value for name, value in self.record.items() if (name, value) != ("results", 1)}  # as it was
        return hashlib.sha256(canonical(record)).hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain = {name: dict(value) if isinstance(value, MappingProxyType) else value for name, value in fields.items()}
        return _restored, (plain,)


def _restored(fields: dict[str, Any]) -> Study:
    return Study(**fields)


def _seed_range(seeds: Any) -> range:
    chosen = seeds if isinstance(seeds, range) else range(checks.count("seeds", seeds, most=sys.maxsize))
    if chosen.step != 1 or chosen.start < 0 or not chosen or chosen.stop > 2**64:
        raise ValueError(f"seeds is {seeds!r}; it must be a count or a range with step 1 within 0..2**64, not empty")
    return chosen


def _mdp_record(mdp: TabularMDP) -> dict[str, Any]:
    digest = hashlib.sha256()
    for array in (mdp.next_state, mdp.reward, mdp.terminated, mdp.probability, mdp.start):
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
    return {"mdp": mdp.name, "states": mdp.n_states, "actions": mdp.n_actions, "sha256": digest.hexdigest()}


def _check_text(what: str, text: str) -> None:
    """Refuse what cannot be written to a file, before anything is computed that bears its name."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} {text!r}; it must be text that UTF-8 can encode") from None


def _kind_of(agent: type) -> str:
    known = [name for name, kind in _TYPES.items() if kind is agent]
    return known[0] if known else f"{agent.__module__}:{agent.__qualname__}"


def _agent_record(agent: Any) -> Any:
    if not hasattr(agent, "_fields"):
        return agent
    fields = {name: _agent_record(value) for name, value in agent._asdict().items()}
    code = code_of(type(agent), listed=type(agent) in (*_TYPES.values(), Frozen))
    return {"kind": _kind_of(type(agent)), **fields, **({"code": code} if code else {})}


@dataclass(frozen=True)
class UnknownAgent:
    """An agent as a record describes it, where nobody has imported its class.

    Attributes
    ----------
    kind : str
        The name of the class, "module:name".
    hyperparameters : mapping
    """

    kind: str
    hyperparameters: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(f'{name}={value!r}' for name, value in self.hyperparameters.items())})"


def agent_from_record(record: Mapping[str, Any], agents: Iterable[type] = ()) -> Any:
    """The agent that a study's record describes.

    A record may come from anybody, so that nothing is imported for it: its kind is looked for among the agents of the
    package and those that have been imported already.

    Parameters
    ----------
    record : mapping
        An entry of `Study.record["agents"]`.
    agents : iterable of type
        Agents that are looked at first, by the name of the class where the module is another one.

    Returns
    -------
    NamedTuple or UnknownAgent
        The latter where no such agent has been imported, or where it has not these hyperparameters.

    Raises
    ------
    TypeError
        `agents` includes what is not an agent.

    Examples
    --------
    >>> agent_from_record({"kind": "q_learning", "step_size": 0.8, "discount": 0.95, "epsilon": 0.1, "reward_scale": 1})
    QLearning(step_size=0.8, discount=0.95, epsilon=0.1, reward_scale=1.0)
    >>> agent_from_record({"kind": "their_module:Theirs", "step_size": 0.8})
    their_module:Theirs(step_size=0.8)
    """
    own = list(agents)
    for agent in own:
        if not follows_rules(agent):
            raise TypeError(f"agents includes {agent!r}; it must be a NamedTuple class with the rules of an agent")
    kinds = {**{_kind_of(agent): agent for agent in known_agents()}, **_TYPES}
    try:
        elsewhere = [kind for kind in _kinds_in(record) if ":" in kind]
        kinds |= {kind: agent for kind in elsewhere for agent in own if kind.endswith(f":{agent.__qualname__}")}
        kinds |= {_kind_of(agent): agent for agent in own}
        made = checked(_made(record, kinds))
        if follows_rules(type(made)):
            return made
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    hyperparameters = {name: value for name, value in record.items() if name not in _OF_RECORDS}
    return UnknownAgent(str(record.get("kind")), hyperparameters)


def _kinds_in(record: Any) -> Iterable[str]:
    if isinstance(record, Mapping):
        yield str(record.get("kind"))
        for value in record.values():
            yield from _kinds_in(value)


def _made(record: Any, kinds: Mapping[str, type]) -> Any:
    if not isinstance(record, Mapping):
        return record
    fields = {name: _made(value, kinds) for name, value in record.items() if name not in _OF_RECORDS}
    return kinds[record["kind"]](**fields)

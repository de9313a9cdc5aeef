"""Records: a study and its agents as plain data that may come from anybody, sealed, made again, and compared."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastsoftq.agents import LEARNERS, WRAPPERS, Frozen, LinearDecay, PowerDecay
from fastsoftq.agents.rules import follows_rules, known_agents
from fastsoftq.kernels.sources import code_of
from fastsoftq.mdp.changing import ChangingMDP, EpisodicMDP
from fastsoftq.studies.conditions import COUNTED, conditions_of
from fastsoftq.studies.deep_parts import KINDS_OF_PARTS, checked_learner, learner_of

__all__ = [
    "RESERVED",
    "UnknownAgent",
    "agent_from_record",
    "agent_record",
    "canonical",
    "difference_of",
    "is_mark",
    "mdp_record",
    "phase_records",
    "sealed",
    "unsealed",
]


def canonical(data: Any) -> bytes:
    """Plain data as JSON bytes that are the same on every machine and in every order of insertion."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with a checksum of itself."""
    return {**data, "sha256": hashlib.sha256(canonical(data)).hexdigest()}


def unsealed(data: bytes | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was sealed, plain or as canonical JSON; None if this is anything else, by so much as a bit."""
    try:
        parsed = json.loads(data) if isinstance(data, bytes) else dict(data or {})
        if isinstance(data, bytes) and canonical(parsed) != data:
            return None
        checksum = parsed.pop("sha256", None)
        return parsed if checksum == hashlib.sha256(canonical(parsed)).hexdigest() else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


RESERVED = {"kind", "code"}  # what a record of an agent holds beside its hyperparameters

# What a record calls the types that come with the package; any other goes by its module and name.
_TYPES: dict[str, type] = {**LEARNERS, "linear_decay": LinearDecay, "power_decay": PowerDecay, **KINDS_OF_PARTS}
_TYPES |= {kind: wrapper for kind, wrapper in WRAPPERS.items() if wrapper is not Frozen}  # its record has another name


def _kind_of(agent: type) -> str:
    known = [name for name, kind in _TYPES.items() if kind is agent]
    return known[0] if known else f"{agent.__module__}:{agent.__qualname__}"


def agent_record(agent: Any) -> Any:
    """An agent, or a hyperparameter of one, as plain data: its kind, hyperparameters and, if its own, its code.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent_record(fsq.LinearDecay(start=0.9, stop=0.1, decrease=0.001))
    {'kind': 'linear_decay', 'start': 0.9, 'stop': 0.1, 'decrease': 0.001}
    """
    if not hasattr(agent, "_fields"):
        return [*agent] if isinstance(agent, tuple) else agent
    fields = {name: agent_record(value) for name, value in agent._asdict().items()}
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
        made = checked_learner(_made(record, kinds))
        if follows_rules(type(learner_of(made))):
            return made
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass
    hyperparameters = {name: value for name, value in record.items() if name not in RESERVED}
    return UnknownAgent(str(record.get("kind")), hyperparameters)


def _kinds_in(record: Any) -> Iterable[str]:
    if isinstance(record, Mapping):
        yield str(record.get("kind"))
        for value in record.values():
            yield from _kinds_in(value)


def _made(record: Any, kinds: Mapping[str, type]) -> Any:
    if not isinstance(record, Mapping):
        return tuple(record) if isinstance(record, list) else record
    fields = {name: _made(value, kinds) for name, value in record.items() if name not in RESERVED}
    return kinds[record["kind"]](**fields)


_ELSEWHERE = (
    "More seeds, agents, environments or conditions can be added to what is there; anything else needs another folder"
)
_UNUSED = {"tables": False, "checkpoints": []}  # what a record that does not mention them means


def difference_of(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """The first difference between a folder's record and a study's that no extension can bridge."""
    if here.get("results", 1) != wanted["results"]:  # 1 was not written down
        return (
            f"they are of results version {here.get('results', 1)} and this version of fastsoftq makes "
            f"{wanted['results']}, other numbers from the same study. Go on with the version that made them, which "
            "their provenance names, or take another folder"
        )
    for name in ("name", *COUNTED, "precision", "keep", "block", *_UNUSED):
        there, asked = (record.get(name, _UNUSED.get(name)) for record in (here, wanted))
        if there != asked:
            return f"{name} is {there!r} there and {asked!r} here. {_ELSEWHERE}"
    if here["seeds"]["start"] != wanted["seeds"]["start"]:
        return f"seeds start at {here['seeds']['start']} there and at {wanted['seeds']['start']} here. {_ELSEWHERE}"
    if here["seeds"]["count"] > wanted["seeds"]["count"]:
        return f"it has {here['seeds']['count']} seeds, and {wanted['seeds']['count']} are asked for here. {_ELSEWHERE}"
    for group in ("environments", "agents"):
        for name, record in here[group].items():
            if name not in wanted[group]:
                return f"{group}.{name} is there and not here. {_ELSEWHERE}"
            if record != wanted[group][name]:
                return f"{group}.{name} {_changes(record, wanted[group][name])}"
    conditions, there = conditions_of(wanted), conditions_of(here)
    for name, condition in there.items():
        if name not in conditions:
            return f"condition {name!r} is there and not here. {_ELSEWHERE}"
        asked = conditions[name]
        if (condition.seeds or 0) > (asked.seeds or 0):
            return f"condition {name!r} has {condition.seeds} seeds there and {asked.seeds} here. {_ELSEWHERE}"
        if condition != replace(asked, seeds=condition.seeds):
            return f"condition {name!r} {_changes(vars(condition), vars(asked))}"
    here_kept, wanted_kept = (record.get("parameters", {}) for record in (here, wanted))
    for name in there:
        if (name in here_kept) != (name in wanted_kept):
            kept_there = "kept there and not" if name in here_kept else "not kept there and asked for"
            return f"the parameters of condition {name!r} are {kept_there} here. {_ELSEWHERE}"
    if not wanted.get("tables") and "steps" not in wanted:
        kept = {condition.after for condition in there.values()}
        for name, condition in conditions.items():
            if condition.after in there and condition.after not in kept:
                return f"{name!r} starts from tables of {condition.after!r} that are not kept there. {_ELSEWHERE}"
    return None


def _changes(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = [name for name in {**here, **wanted} if here.get(name) != wanted.get(name)]
    names = [name for name in names if name not in ("sha256", "phases")]  # which tell people nothing
    changes = [f"{name} {here.get(name)!r} there and {wanted.get(name)!r} here" for name in names if name != "code"]
    if changes or "code" not in names:
        return f"has {'; '.join(changes or ['other outcomes there'])}. {_ELSEWHERE}"
    then, now = here.get("code"), wanted.get("code", {})
    if then is None:
        return (
            "is an agent of your own, whose code was not written down when these results were made, so that it cannot "
            "be told whether they are this code's. Take another folder"
        )
    edited = [name for name in sorted({**then, **now}) if then.get(name) != now.get(name)]
    return (
        f"has other code there: what differs is {', '.join(edited)}. Put it back as it was to go on in this folder, or "
        "take another folder for the code as it is now"
    )


# What is read of a mark, which says that a unit of a study is done.
_MARK: dict[str, Any] = {
    "condition": str,
    "identity": str,
    "runs": int,
    "leaves": list,
    "steps": int,
    "seconds": float | int,
    "finished": float | int,
}


def is_mark(data: Mapping[str, Any]) -> bool:
    """Whether it holds what is read of a mark; it may have been written by anybody."""
    tables = data.get("tables", {})
    return (
        all(isinstance(data.get(name), kind) and not isinstance(data[name], bool) for name, kind in _MARK.items())
        and 0 < data["runs"] < 2**63
        and all(0 <= data[name] < 2**63 for name in ("steps", "seconds", "finished"))
        and isinstance(tables, dict)
        and all(isinstance(leaves, list) for leaves in tables.values())
        and all(
            isinstance(leaf, str) and re.fullmatch("[0-9a-f]{64}", leaf)
            for leaf in itertools.chain(data["leaves"], *tables.values())
        )
    )


def mdp_record(mdp: EpisodicMDP) -> dict[str, Any]:
    """A world as a study's record has it: its name, its size and the digest of its arrays; of one that changes, when.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp_record(fsq.cliff_walking())["states"]
    48
    """
    size = {"mdp": mdp.name, "states": mdp.n_states, "actions": mdp.n_actions}
    if isinstance(mdp, ChangingMDP):
        begins, phases = list(mdp.begins), [mdp_record(phase) for phase in mdp.phases]
        whole = hashlib.sha256(canonical([begins, [phase["sha256"] for phase in phases]])).hexdigest()
        return {**size, "begins": begins, "sha256": whole, "phases": phases}
    digest = hashlib.sha256()
    for array in (mdp.next_state, mdp.reward, mdp.terminated, mdp.probability, mdp.start):
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
    return {**size, "sha256": digest.hexdigest()}


def phase_records(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The records of the phases of a world that changes; of any other, its own.

    Parameters
    ----------
    record : mapping
        As `mdp_record` makes them; it may come from anybody.

    Returns
    -------
    list of mapping

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> world = fsq.ChangingMDP({0: fsq.cliff_walking(), 100: fsq.cliff_walking(slippery=True)})
    >>> [phase["mdp"] for phase in phase_records(mdp_record(world))]
    ['cliff_walking', 'cliff_walking_slippery']
    """
    phases = record.get("phases", [record])
    return [phase for phase in phases if isinstance(phase, Mapping)] if isinstance(phases, list) else []

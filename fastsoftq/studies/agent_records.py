"""Agents as plain data, and agents again from data that may come from anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastsoftq.agents import LEARNERS, Frozen, LinearDecay, PowerDecay
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import follows_rules, known_agents
from fastsoftq.kernels.sources import code_of

__all__ = ["RESERVED", "UnknownAgent", "agent_from_record", "agent_record"]

RESERVED = {"kind", "code"}  # what a record of an agent holds beside its hyperparameters

# What a record calls the types that come with the package; any other goes by its module and name.
_TYPES: dict[str, type] = {**LEARNERS, "linear_decay": LinearDecay, "power_decay": PowerDecay}


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
        return agent
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
        made = checked(_made(record, kinds))
        if follows_rules(type(made)):
            return made
    except (KeyError, TypeError, ValueError, RecursionError):
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
        return record
    fields = {name: _made(value, kinds) for name, value in record.items() if name not in RESERVED}
    return kinds[record["kind"]](**fields)

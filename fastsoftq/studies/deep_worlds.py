"""What a study knows of an environment that networks learn in: its record, and the table of it where it has one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.deep.deep_training import DeepTraining, checked_world
from fastsoftq.environments.environment_rules import describe, environment_name
from fastsoftq.environments.observed import Coordinates, OneHot, Picture
from fastsoftq.kernels.sources import code_of
from fastsoftq.mdp.changing import EpisodicMDP
from fastsoftq.mdp.tables import Alias, Tables
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.networks.architectures import checked_architecture
from fastsoftq.networks.layer_plan import plan_of
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.deep_parts import runs_at_once
from fastsoftq.studies.study_records import mdp_record

__all__ = [
    "bytes_at_work",
    "check_training",
    "deep_world_record",
    "n_parameters",
    "network_of",
    "seen_table",
    "table_records",
    "tabular_of",
]


def check_training(condition: Condition, environment: Any, agent: Any) -> None:
    """Refuse, before any work, a deep agent that cannot be trained so.

    Parameters
    ----------
    condition : Condition
        With all that it is run with filled in.
    environment : TabularMDP or NamedTuple
    agent : Deep

    Raises
    ------
    TypeError, ValueError
        As `train`.
    """
    DeepTraining.checked(
        environment, agent, 1, condition.steps, condition.max_steps, condition.points or 1, condition.precision
    )


def bytes_at_work(condition: Condition, environment: Any, agent: Any) -> int:
    """What a thread takes while it trains a deep agent, besides its curves.

    Parameters
    ----------
    condition : Condition
        With all that it is run with filled in.
    environment : TabularMDP or NamedTuple
    agent : Deep

    Returns
    -------
    int

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.deep.learner import Deep
    >>> one = Condition("map", "hard", steps=1000, points=1)
    >>> bytes_at_work(one, fsq.from_map("S.G"), Deep(fsq.QLearning(0.8, 0.95))) > 100_000
    True
    """
    training = DeepTraining.checked(environment, agent, runs_at_once(agent), condition.steps, points=1, threads=1)
    return training.bytes_at_work


def network_of(agent: Any, environment: Any) -> tuple[Any, ...]:
    """What must be the same where one network goes on from another: its shape, what it is given and what it yields.

    Parameters
    ----------
    agent : Deep
    environment : TabularMDP or NamedTuple

    Returns
    -------
    tuple
        The architecture, the shape of an observation, and the number of actions.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.deep.learner import Deep
    >>> network_of(Deep(fsq.QLearning(0.8, 0.95)), fsq.from_map("S.G"))[1:]
    ((3,), 4)
    """
    known = describe(checked_world(environment))
    return agent.network, tuple(known.shape), known.n_actions


def n_parameters(agent: Any, environment: Any) -> int:
    """How many parameters the network of an agent has in an environment, as they are kept.

    Parameters
    ----------
    agent : Deep
    environment : TabularMDP or NamedTuple

    Returns
    -------
    int

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.deep.learner import Deep
    >>> from fastsoftq.networks.architectures import MLP
    >>> n_parameters(Deep(fsq.QLearning(0.8, 0.95), network=MLP((16,))), fsq.from_map("S.G")) >= (3 + 1) * 16 + 17 * 4
    True
    """
    architecture, shape, n_actions = network_of(agent, environment)
    checked_architecture(architecture, shape, n_actions)
    return int(plan_of(architecture, shape, n_actions, batch=1)[0].parameters)


def tabular_of(environment: Any) -> EpisodicMDP | None:
    """The table of an environment that has one, for planning; None of any other.

    Parameters
    ----------
    environment : TabularMDP, ChangingMDP or NamedTuple

    Returns
    -------
    TabularMDP, ChangingMDP or None
        Of an observed one without its map, and with the chances that it draws by, which are whole multiples of 2**-32
        of a slot's.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.environments import observed
    >>> tabular_of(observed(fsq.cliff_walking(slippery=True), "coordinates"))
    <TabularMDP 'cliff_walking_slippery': 48 states, 4 actions, up to 3 outcomes>
    """
    if isinstance(environment, EpisodicMDP):
        return environment
    if not isinstance(environment, OneHot | Coordinates | Picture):
        return None
    tables: Tables = environment.tables
    shape = (tables.n_states, tables.n_actions, tables.n_outcomes)
    if isinstance(tables.start, Alias):
        start = _probabilities(tables.start)[0]
    else:
        start = np.zeros(tables.n_states)
        start[int(tables.start)] = 1.0
    return TabularMDP(
        next_state=tables.next_state.reshape(shape),
        reward=tables.reward.reshape(shape),
        terminated=tables.terminated.reshape(shape),
        probability=np.ones(shape) if tables.outcome is None else _probabilities(tables.outcome).reshape(shape),
        start=start,
        name=environment.name,
    )


def seen_table(environment: Any) -> EpisodicMDP | None:
    """The table of an environment as networks learn in it, which is that of a deep study's record.

    Parameters
    ----------
    environment : TabularMDP or NamedTuple

    Returns
    -------
    TabularMDP or None
        Of a TabularMDP, too, with the chances that it draws by.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> seen_table(fsq.river_swim()).probability[1, 1].tolist() == fsq.river_swim().probability[1, 1].tolist()
    False
    """
    return tabular_of(checked_world(environment))


def _probabilities(alias: Alias) -> NDArray[np.float64]:
    """The distributions that an alias table draws from, [distributions, K]."""
    low, other = alias.slots & np.uint64(2**32 - 1), (alias.slots >> np.uint64(32)).astype(np.intp)
    own = low / 2.0**32
    weights = own + np.bincount(other, 1.0 - own, len(own))
    found = weights.reshape(-1, alias.size)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def table_records(record: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The records of the tables of a study's environments, of those that have one.

    Parameters
    ----------
    record : mapping
        As `Study.record`; it may come from anybody.

    Returns
    -------
    dict of str to mapping
        As `mdp_record` makes them.

    Examples
    --------
    >>> table_records({"environments": {"pole": {"environment": "cart_pole"}, "cliff": {"mdp": "cliff_walking"}}})
    {'cliff': {'mdp': 'cliff_walking'}}
    """
    found = {name: of.get("table", of) for name, of in record["environments"].items()}
    return {name: of for name, of in found.items() if "mdp" in of}


def deep_world_record(environment: Any) -> dict[str, Any]:
    """An environment as the record of a deep study has it: its kind, its parameters, arrays by their digests, its code.

    Parameters
    ----------
    environment : TabularMDP or NamedTuple
        With the rules of an environment. A TabularMDP is seen one-hot.

    Returns
    -------
    dict
        Equal for equal environments, on any machine.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.environments import cart_pole
    >>> found = deep_world_record(cart_pole())
    >>> found["environment"], found["shape"], found["max_steps"], found["parameters"]["gravity"]
    ('cart_pole', [4], 500, 9.8)
    """
    seen = checked_world(environment)
    known, kind, table = describe(seen), type(seen), tabular_of(seen)
    listed = kind.__module__.startswith("fastsoftq.")
    code = code_of(kind, listed=listed)
    return {
        "environment": environment_name(seen),
        "kind": kind.__name__ if listed else f"{kind.__module__}:{kind.__qualname__}",
        "actions": known.n_actions,
        "shape": list(known.shape),
        "max_steps": known.max_steps,
        "parameters": {field: _plain(f"{kind.__name__}.{field}", getattr(seen, field)) for field in seen._fields},
        **({} if table is None else {"table": mdp_record(table)}),
        **({"code": code} if code else {}),
    }


def _plain(name: str, value: Any) -> Any:
    """A field as plain data that is the same for the same contents, on any machine."""
    if isinstance(value, np.ndarray):
        little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        digest = hashlib.sha256(little.data).hexdigest()
        return {"dtype": little.dtype.str, "shape": list(value.shape), "sha256": digest}
    if hasattr(value, "_asdict"):
        parts = {part: _plain(f"{name}.{part}", of) for part, of in value._asdict().items()}
        return {"kind": type(value).__name__, **parts}
    if isinstance(value, tuple | list):
        return [_plain(f"{name}[{place}]", part) for place, part in enumerate(value)]
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return str(plain)  # which JSON has no number for
    if plain is None or isinstance(plain, bool | int | float | str):
        return plain
    raise TypeError(
        f"{name} is {plain!r}; of an environment a study can keep numbers, texts, arrays and named tuples of these"
    )

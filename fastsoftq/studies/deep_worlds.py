"""What a study knows of an environment that networks learn in: its record, and the table of it where it has one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsoftq.environments import environment_rules
from fastsoftq.kernels.sources import code_of
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.studies.study_records import mdp_record

__all__ = ["deep_world_record", "described", "n_parameters", "table_records", "tabular_of"]


def seen(environment: Any) -> Any:
    """An environment as networks see it: a TabularMDP one-hot, any other as it is.

    Parameters
    ----------
    environment : TabularMDP or NamedTuple

    Returns
    -------
    NamedTuple
    """
    if not isinstance(environment, TabularMDP):
        return environment
    from fastsoftq.environments.observed import observed

    return observed(environment, "one_hot")


def described(environment: Any) -> Any:
    """The number of actions, the shape of an observation and the most steps of an episode.

    Parameters
    ----------
    environment : NamedTuple
        With the rules of an environment.

    Returns
    -------
    fastsoftq.environments.environment_rules.Description

    Raises
    ------
    TypeError
        It has no such rules.
    """
    return vars(environment_rules)["describe"](seen(environment))


def n_parameters(agent: Any, environment: Any) -> int:
    """How many parameters the network of an agent has in an environment.

    Parameters
    ----------
    agent : Deep
    environment : NamedTuple

    Returns
    -------
    int
    """
    from fastsoftq import networks

    n_actions, shape, _ = described(environment)
    network = vars(networks)["network"].network_for(agent.network, tuple(shape), n_actions, 1, agent.optimizer)
    return int(network.parameters)


def tabular_of(environment: Any) -> TabularMDP | None:
    """The table of an environment that has one, for planning; None of any other.

    Parameters
    ----------
    environment : TabularMDP or NamedTuple

    Returns
    -------
    TabularMDP or None
    """
    return environment if isinstance(environment, TabularMDP) else None


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
    >>> table_records({"environments": {"pole": {"environment": "CartPole"}, "cliff": {"mdp": "cliff_walking"}}})
    {'cliff': {'mdp': 'cliff_walking'}}
    """
    found = {name: of.get("table", of) for name, of in record["environments"].items()}
    return {name: of for name, of in found.items() if "mdp" in of}


def deep_world_record(environment: Any) -> dict[str, Any]:
    """An environment as the record of a deep study has it: its kind, its parameters, arrays by their digests, its code.

    Parameters
    ----------
    environment : NamedTuple
        With the rules of an environment.

    Returns
    -------
    dict
    """
    mdp, environment = tabular_of(environment), seen(environment)
    actions, shape, max_steps = described(environment)
    kind = type(environment)
    listed = kind.__module__.startswith("fastsoftq.")
    name = kind.__name__ if listed else f"{kind.__module__}:{kind.__qualname__}"
    code = code_of(kind, listed=listed)
    return {
        "environment": name,
        "actions": actions,
        "shape": list(shape),
        "max_steps": max_steps,
        "parameters": {field: _plain(getattr(environment, field)) for field in environment._fields},
        **({"table": mdp_record(mdp)} if mdp is not None else {}),
        **({"code": code} if code else {}),
    }


def _plain(value: Any) -> Any:
    """A field as plain data that is the same for the same contents, on any machine."""
    if isinstance(value, np.ndarray):
        little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        digest = hashlib.sha256(little.data).hexdigest()
        return {"dtype": little.dtype.str, "shape": list(value.shape), "sha256": digest}
    if hasattr(value, "_asdict"):
        return {"kind": type(value).__name__, **{name: _plain(part) for name, part in value._asdict().items()}}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    plain = value.item() if isinstance(value, np.generic) else value
    finite = not isinstance(plain, float) or math.isfinite(plain)
    return plain if finite and (plain is None or isinstance(plain, bool | int | float | str)) else repr(plain)

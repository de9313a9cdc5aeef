"""References: what each condition of a study is compared with, and the tables that conditions come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fastsoftq.measures.choosing import reference_among
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.deep_parts import algorithm_record
from fastsoftq.studies.origins import Origins

__all__ = ["Pair", "reference_table", "references", "tables_of"]


class Pair(NamedTuple):
    """A condition, and the one in the same environment that it is compared with."""

    condition: str
    reference: str


def tables_of(conditions: Iterable[Condition], origins: Origins) -> dict[tuple[str, str], list[str]]:
    """The names of conditions by their environment and the table of their agent, in the study's order.

    Parameters
    ----------
    conditions : iterable of Condition
    origins : Origins

    Returns
    -------
    dict of (str, str) to list of str

    Examples
    --------
    >>> tables_of([Condition("cliff", "hard"), Condition("cliff", "soft")], Origins())
    {('cliff', 'hard'): ['cliff/hard'], ('cliff', 'soft'): ['cliff/soft']}
    """
    tables: dict[tuple[str, str], list[str]] = {}
    for condition in conditions:
        table = origins.table("agents", condition.agent)
        tables.setdefault((condition.environment, table), []).append(condition.name)
    return tables


def reference_table(agents: Mapping[str, Any], origins: Origins, against: str | None = None) -> str:
    """The table of a study's agents that the others are compared with.

    Parameters
    ----------
    agents : mapping
        The records of a study's agents by name, in the order of their conditions.
    origins : Origins
    against : str, optional
        The name of a table; as for `reference_among` if not given.

    Returns
    -------
    str

    Examples
    --------
    >>> reference_table({"soft": {"kind": "soft_q_learning"}, "plain": {"kind": "q_learning"}}, Origins())
    'plain'
    """
    tables: dict[str, str] = {}
    for name, record in agents.items():
        tables.setdefault(origins.table("agents", name), algorithm_record(record)["kind"])
    return reference_among(tables, against)


def references(
    conditions: Iterable[Condition], agents: Mapping[str, Any], origins: Origins, against: str | None = None
) -> list[Pair]:
    """Every condition with the one that it is compared with.

    Parameters
    ----------
    conditions : iterable of Condition
    agents : mapping
        The records of a study's agents by name.
    origins : Origins
    against : str, optional
        A condition, an agent or a table of agents; as for `reference_table` if not given.

    Returns
    -------
    list of Pair

    Raises
    ------
    ValueError
        An environment with no reference, or with several; or nothing to compare.

    Examples
    --------
    >>> agents = {"hard": {"kind": "q_learning"}, "soft": {"kind": "soft_q_learning"}}
    >>> references([Condition("cliff", "hard"), Condition("cliff", "soft")], agents, Origins())
    [Pair(condition='cliff/soft', reference='cliff/hard')]
    """
    conditions = list(conditions)
    if against in {name for condition in conditions for name in (condition.name, condition.agent)}:
        meant = [condition for condition in conditions if against in (condition.name, condition.agent)]
        said = repr(against)
    else:
        own = {condition.agent: agents[condition.agent] for condition in conditions}  # in the study's order
        table = reference_table(own, origins, against)
        meant = [condition for condition in conditions if origins.table("agents", condition.agent) == table]
        said = repr(table)
    pairs = []
    for world in dict.fromkeys(condition.environment for condition in conditions):
        found = [condition.name for condition in meant if condition.environment == world]
        if len(found) != 1:
            several = f"is {', '.join(map(repr, found[:3]))}{' and more' * (len(found) > 3)}" if found else "is nothing"
            raise ValueError(
                f"against is {said}, which in {world!r} {several}; it must be one condition in each environment: name "
                "one, or choose one of each table with select"
            )
        here = [condition.name for condition in conditions if condition.environment == world]
        pairs += [Pair(name, found[0]) for name in here if name != found[0]]
    if not pairs:
        raise ValueError(f"against is {said}; there is no other condition to be compared with it")
    return pairs

"""What conditions are compared with: what the reader or the study names, or else hard Q-learning, at its best."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastsoftq.measures.choosing import reference_among
from fastsoftq.report.folder import ReportedAgent
from fastsoftq.report.sweep.fair import Chosen
from fastsoftq.report.sweep.measured import MeasuredCondition
from fastsoftq.report.sweep.swept_study import SweptStudy

__all__ = ["Reference", "check_against", "names_of_table", "reference_in"]

_SHOWN = 12  # names in a message


@dataclass(frozen=True, eq=False)
class Reference:
    """A condition that others are compared with.

    Attributes
    ----------
    condition : MeasuredCondition
    table : str
        Its algorithm.
    named : bool
        Whether it is this very condition that was named, rather than its algorithm at its best.
    """

    condition: MeasuredCondition
    table: str
    named: bool


def check_against(against: str, sweep: SweptStudy, agents: Sequence[ReportedAgent]) -> None:
    """Refuse to compare with what is not there.

    Parameters
    ----------
    against : str
        The name of an agent, of its table in the study, of an algorithm, or of a condition, by label too.
    sweep : SweptStudy
    agents : sequence of ReportedAgent

    Raises
    ------
    ValueError
        With the nearest name, and what there is.
    """
    places = range(len(agents))
    if any(against in (*names_of_table(sweep, place), *_names_of_condition(agents[place])) for place in places):
        return
    tables = list(dict.fromkeys(sweep.tables))
    known = [*tables, *dict.fromkeys(agent.label for agent in agents), *(agent.name for agent in agents)]
    near = difflib.get_close_matches(against, known, 1)
    hint = f"did you mean {near[0]!r}? It" if near else "it"
    there = ", ".join(map(repr, tables[:_SHOWN])) + (f" or another of {len(tables)}" if len(tables) > _SHOWN else "")
    raise ValueError(f"against is {against!r}; {hint} must be one of {there}, or a condition")


def names_of_table(sweep: SweptStudy, place: int) -> set[str]:
    """What the algorithm of a condition may be called, by the place of the condition.

    Parameters
    ----------
    sweep : SweptStudy
    place : int

    Returns
    -------
    set of str
    """
    return {sweep.tables[place], *(str(sweep.coordinates[name][place]) for name in ("agent", "algorithm"))}


def _names_of_condition(agent: ReportedAgent) -> set[str]:
    return {agent.name, agent.label, f"{agent.label} in {agent.world}", agent.name.removeprefix(f"{agent.world}/")}


def reference_in(conditions: Sequence[MeasuredCondition], sweep: SweptStudy, chosen: Mapping[str, Chosen]) -> Reference:
    """Find what the conditions of a world are compared with.

    Parameters
    ----------
    conditions : sequence of MeasuredCondition
    sweep : SweptStudy
    chosen : mapping of str to Chosen
        The best of each algorithm.

    Returns
    -------
    Reference
        What `sweep.against` names; where it names nothing that is here, the best of what `reference_among` finds in
        the study, or else in this world.
    """
    if sweep.against is not None:
        for one in conditions:
            if sweep.against in names_of_table(sweep, one.place):
                return Reference(chosen[one.table].condition, one.table, False)
        for one in conditions:
            if sweep.against in _names_of_condition(one.agent):
                return Reference(one, one.table, True)
    agents, algorithms = sweep.coordinates["agent"], sweep.coordinates["algorithm"]
    own = [one.place for one in conditions]
    for places in (range(len(agents)), own):
        wanted = reference_among({str(agents[place]): str(algorithms[place]) for place in places})
        here = [sweep.tables[place] for place in own if agents[place] == wanted]
        if here:
            break
    return Reference(chosen[here[0]].condition, here[0], False)

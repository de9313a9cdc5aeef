"""The plan of a folder as it is written down, and read back from data that may have been written by anybody."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastsoftq import checks
from fastsoftq.agents.rules import PRECISIONS
from fastsoftq.comparing import Axis
from fastsoftq.studies.conditions import Condition, conditions_of
from fastsoftq.studies.fitting import check_condition
from fastsoftq.studies.plan import FORMAT, FolderError, Plan
from fastsoftq.studies.reading import Reading, reading_from_record
from fastsoftq.studies.study import KEEP
from fastsoftq.studies.study_records import sealed, unsealed
from fastsoftq.system.memory import check_memory
from fastsoftq.system.provenance import checked_provenance

__all__ = ["plan_data", "plan_from_data"]

_UNIT_BYTES = 200  # of memory for each unit, where all are listed


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan as plain data with a checksum.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict
    """
    data: dict[str, Any] = {
        "format": plan.format,
        "study": plan.record,
        "conditions": [condition.name for condition in plan.conditions],
        "chunk": plan.chunk,
        "cells": dict(plan.cells),
        "source": plan.source,
        "provenance": list(plan.provenance),
    }
    if reading := plan.reading.record():
        data["reading"] = reading
    if plan.format == 1:
        data["conditions"] = [[condition.environment, condition.agent] for condition in plan.conditions]
        del data["cells"]
    return sealed(data)


def plan_from_data(data: Any) -> Plan | None:
    """The plan again, or None where a bit of it has changed.

    Parameters
    ----------
    data : mapping, or bytes of canonical JSON
        As `plan_data` gave it; it may come from anybody.

    Returns
    -------
    Plan or None

    Raises
    ------
    FolderError
        Written by a later version, or by none.
    """
    data = unsealed(data)
    if data is None:
        return None
    written = data.get("format", 1)
    if written not in (1, FORMAT):
        raise FolderError(f"has format {written!r}; this version of fastsoftq reads formats 1 to {FORMAT}")
    try:
        names = data["conditions"] if written > 1 else [Condition(*names).name for names in data["conditions"]]
        known = conditions_of(data["study"])
        conditions = tuple(known[name] for name in names)
        plan = Plan(
            data["study"],
            conditions,
            data["chunk"],
            data.get("cells", {}),
            data["source"],
            tuple(data["provenance"]),
            written,
            _reading(data),
        )
        if written == 1:
            plan = replace(plan, cells=plan.longest)
        _check(plan)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise FolderError(f"holds a plan that no version of fastsoftq writes ({error!r})") from None
    return plan


def _reading(data: Mapping[str, Any]) -> Reading:
    """How the results are read: nothing is said of it in folders of earlier versions."""
    reading = reading_from_record(data.get("reading", {}))
    if reading.origins != reading.origins.known(data["study"]):
        raise ValueError("origins include what the study has not")
    return reading


def _check(plan: Plan) -> None:
    """Look at all that will be read of a plan, which may have been written by anybody."""
    record = plan.record
    checks.text("name", record["name"])
    checks.count("seeds.count", record["seeds"]["count"], most=sys.maxsize)
    checks.count("seeds.start", record["seeds"]["start"], least=0, most=2**64 - 1)
    if checks.choice("keep", record["keep"], KEEP) == "summary":
        checks.count("block", record["block"])
    if "tables" in record and record["tables"] is not True:
        raise ValueError(f"tables is {record['tables']!r}")
    for condition, parameters in record.get("parameters", {}).items():
        checks.text("parameters", condition)
        checks.count("parameters", parameters)
    least = 1
    for episode in record.get("checkpoints", ()):
        least = checks.count("checkpoints", episode, least=least) + 1
    for world, environment in record["environments"].items():
        checks.text("environment", world)
        if plan.axis is Axis.POINTS:
            checks.text("environment", environment["environment"])
            for count in ("actions", "max_steps"):
                checks.count(count, environment[count])
        for table in (environment,) if plan.axis is Axis.EPISODES else filter(None, (environment.get("table"),)):
            checks.text("mdp", table["mdp"])
            for side in ("states", "actions"):
                checks.count(side, table[side])
    for name, agent in record["agents"].items():
        checks.text("agent", name)
        checks.text("kind", agent["kind"])
        for digest in agent.get("code", {}).values():
            checks.text("code", digest)
    _check_conditions(plan)
    if set(plan.cells) != set(plan.longest):
        raise ValueError(f"cells is {plan.cells!r}")
    for size in plan.cells.values():
        checks.count("cells", size)
    checks.count("chunk", plan.chunk)
    if plan.chunk % plan.contents.grain:
        raise ValueError(f"chunk is {plan.chunk}")
    plan.check_chunk()
    units = sum(map(plan.chunks_of, range(len(plan.conditions))))
    check_memory(f"seeds is {plan.runs}; it", _UNIT_BYTES * units, "take fewer")
    for entry in (*plan.provenance, plan.provenance[-1]):
        checked_provenance(entry)


def _check_conditions(plan: Plan) -> None:
    record = plan.record
    for name in ("episodes",) if plan.axis is Axis.EPISODES else ("steps", "points"):
        checks.count(name, record[name])
    if record["max_steps"] is not None or plan.axis is Axis.EPISODES:
        checks.count("max_steps", record["max_steps"])
    checks.choice("precision", record["precision"], PRECISIONS)
    earlier: dict[str, int] = {}  # with its runs
    for condition in plan.conditions:
        counted = (condition.episodes,) if plan.axis is Axis.EPISODES else (condition.steps, condition.points)
        if None in (*counted, condition.max_steps, condition.precision):  # what there is, it has checked
            raise ValueError(f"conditions includes {condition!r}")
        check_condition(plan.axis, f"conditions[{len(earlier)}]", condition)
        checks.count("first_seed", condition.first_seed, least=0, most=2**64 - plan.runs)
        record["environments"][condition.environment], record["agents"][condition.agent]
        runs = checks.count("seeds", condition.seeds, most=plan.runs)
        if condition.after is not None and (earlier.get(condition.after, 0) < runs or record["keep"] != "curves"):
            raise ValueError(f"after is {condition.after!r}")
        earlier[condition.name] = runs
    if not plan.conditions or len(earlier) < len(plan.conditions):
        raise ValueError(f"conditions is {[condition.name for condition in plan.conditions]!r}")
    plan.identity(plan.conditions[0])

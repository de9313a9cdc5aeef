"""A study's folder, read for a report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fastsoftq.figures.style import agent_colour
from fastsoftq.figures.svg import typeset
from fastsoftq.report.findings import settings_of
from fastsoftq.report.folder import Condition, Learning, Results
from fastsoftq.studies.agent_records import UnknownAgent, agent_from_record
from fastsoftq.studies.results import Results as Study
from fastsoftq.studies.sealed import canonical
from fastsoftq.studies.store import open_store

__all__ = ["STUDY", "read_study"]

STUDY = "study.json"

_MOST = 10_000  # runs of a condition that are read: intervals are narrow enough by then, and all fits into memory
_WINDOW = 100
_UNKNOWN = "#4d4d4d"


def read_study(folder: Path, agents: Iterable[type] = ()) -> Results:
    """Read the folder of a study.

    Parameters
    ----------
    folder : Path
    agents : iterable of type
        As for `open_results`.

    Returns
    -------
    Results
        With the curves of each condition, of its first 10 000 runs where there are more; where only summaries are
        kept, with a table instead.

    Raises
    ------
    ValueError
        Single runs.
    DamagedError
        Results that are missing or damaged.
    """
    store = open_store(folder)
    agents = list(agents)
    study, plan = Study(store, agents), store.plan
    if plan.runs < 2:
        raise ValueError(
            f"'{folder}' holds one run of each condition; a report needs two or more, since its intervals come from "
            "how runs differ"
        )
    marks = [mark for _, mark in store.marked()]
    record = plan.record
    run = {
        **plan.provenance[-1],
        "seeds": plan.runs,
        "episodes": record["episodes"],
        "max_steps": record["max_steps"],
        "precision": record["precision"],
        "environments": record["environments"],
        "agents": {"all": {"seconds": sum(mark["seconds"] for mark in marks)}},
        "steps": sum(mark["steps"] for mark in marks),
    }
    sentences = []
    if plan.runs > _MOST and study.keep == "curves":
        sentences.append(f"Of each condition's {typeset(plan.runs)} runs the first {typeset(_MOST)} are shown.")
    results = Results(folder, study.name, study.name, run, sentences)
    if study.keep == "curves":
        return _with_curves(results, study, agents)
    return _with_table(results, study)


def _with_curves(results: Results, study: Study, agents: Iterable[type]) -> Results:
    conditions = []
    for name in study.conditions:
        world, label = study.condition(name).environment, study.condition(name).agent
        colour, settings = _drawn(study.record["agents"][label], agents)
        load = partial(_load, study, name, min(_MOST, results.run["seeds"]))
        conditions.append(Condition(name, label, colour, settings, load, world))
    return replace(results, conditions=conditions)


def _drawn(record: Any, agents: Iterable[type]) -> tuple[str, dict[str, str | float]]:
    """The colour and the settings of an agent; of one that nobody has imported, what its record tells."""
    agent = agent_from_record(record, agents)
    code = {"code": hashlib.sha256(canonical(record["code"])).hexdigest()[:8]} if "code" in record else {}
    if isinstance(agent, UnknownAgent):
        given = agent.hyperparameters.items()
        plain = {key: value if isinstance(value, int | float) else str(value) for key, value in given}
        return _UNKNOWN, {"algorithm": agent.kind, **plain, **code}
    return agent_colour(agent), {**settings_of(agent), **code}


def _load(study: Study, name: str, runs: int) -> Learning:
    curves = study.curves(name, runs)
    most = float(study.record["max_steps"])
    return Learning(curves.returns, curves.lengths, curves.truncated, curves.seeds, length_bounds=(0.0, most))


def _with_table(results: Results, study: Study) -> Results:
    rows = []
    for name in study.conditions:
        row = [name]
        for metric in ("return", "length"):
            summary = study.summary(name, metric)
            last = slice(-_WINDOW, None)
            half = 1.96 * float(np.mean(summary.standard_error[last]))
            row.append(f"{typeset(float(summary.mean[last].mean()), 2)} ± {typeset(half, 2)}")
        rows.append(row)
    caption = (
        "Summaries of each episode are kept, not runs: ± is the mean half width of the episodes' own 95 % intervals, "
        "no less than that of the mean over them. Curves and comparisons need a study that keeps curves."
    )
    window = min(_WINDOW, results.run["episodes"])
    episodes, runs = (typeset(results.run[name]) for name in ("episodes", "seeds"))
    title = f"Mean over the last {window} of {episodes} episodes, {runs} runs"
    return replace(results, title=title, header=["condition", "return", "length"], rows=rows, caption=caption)

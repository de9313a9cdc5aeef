"""A study's folder, read for a report: through `open_results`, as any program would read it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from fastsoftq.comparing import Axis
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.labels import typeset
from fastsoftq.measures import measure
from fastsoftq.report.findings import settings_of
from fastsoftq.report.folder import EpisodeMoments, FolderContents, Lost, ReportedAgent, Runs, Summaries
from fastsoftq.report.rounding import counted, plain_text, span_text
from fastsoftq.report.sweep.analysis import measures_of
from fastsoftq.report.sweep.condition_labels import condition_labels, world_labels
from fastsoftq.report.sweep.references import check_against
from fastsoftq.report.sweep.swept_study import Asked, SweptStudy
from fastsoftq.studies import Condition, Results, open_results, phase_records

__all__ = ["STUDY", "study_contents"]

STUDY = "study.json"

_MOST = 10_000  # runs of a condition that are read: intervals are narrow enough by then, and all fits into memory
_UNKNOWN = "#4d4d4d"
_FEW = 6  # conditions that are compared each with one; more are a sweep


def study_contents(folder: Path, agents: Iterable[type] = (), asked: Asked = Asked()) -> FolderContents:  # noqa: B008
    """Read the folder of a study.

    Parameters
    ----------
    folder : Path
    agents : iterable of type
        As for `open_results`.
    asked : Asked
        How the results are to be read; what it leaves open the study says.

    Returns
    -------
    FolderContents
        With the curves of each condition, of its first 10 000 runs where there are more; with what summaries tell of
        curves, where only they are kept.

    Raises
    ------
    ValueError
        Single runs; a measure that needs every run, where only summaries are kept.
    DamagedError
        Results that are missing or damaged.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, run
    >>> agents = {"hard": fsq.QLearning(0.8, 0.95), "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)}
    >>> world = {"cliff": fsq.cliff_walking()}
    >>> study = Study(name="small", episodes=5, seeds=8, max_steps=50, environments=world, agents=agents)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run(study, folder)
    ...     study_contents(Path(folder)).run["steps"] > 0
    True
    """
    results = open_results(folder, agents)
    record, names = results.record, results.conditions
    runs = int(record["seeds"]["count"])
    if runs < 2:
        raise ValueError(
            f"'{folder}' holds one run of each condition; a report needs two or more, since its intervals come from "
            "how runs differ"
        )
    conditions = [results.condition(name) for name in names]
    counts = {"seeds": [results.runs(name) for name in names], results.axis.value: [c.columns for c in conditions]}
    if results.axis is Axis.POINTS:
        counts["steps of a run"] = [c.steps or 0 for c in conditions]
    reported = _reported(results)
    run = {
        **results.provenance[-1],
        "seeds": runs,
        **({"episodes": record["episodes"]} if "episodes" in record else _of_steps(record, reported)),
        "max_steps": record["max_steps"],
        "precision": record["precision"],
        "environments": record["environments"],
        "agents": {"all": {"seconds": sum(map(results.seconds, names))}},
        "steps": sum(map(results.steps, names)),
        "unlike": {what: span_text(each) for what, each in counts.items() if len(set(each)) > 1},
    }
    sweep = _sweep(results, asked, reported)
    sentences = [
        f"The world {name} that the folder keeps is damaged, so that its exact answers are left out: run the study "
        "again to mend it."
        for name in _damaged_worlds(folder, results)
    ]
    contents = FolderContents(folder, results.name, results.name, run, sentences, sweep=sweep)
    if results.keep == "summary":
        return replace(contents, summarised=reported)
    shown = f"Of each condition’s {typeset(runs)} runs the first {typeset(_MOST)} are shown."
    return replace(contents, sentences=[*([shown] if runs > _MOST else []), *sentences], agents=reported)


def _of_steps(record: Mapping[str, Any], agents: Sequence[ReportedAgent]) -> dict[str, Any]:
    """What a deep study counts, and how many of all runs diverged."""
    lost, of = (sum(getattr(one.lost, name) for one in agents if one.lost is not None) for name in ("runs", "of"))
    share = f"{typeset(lost)} of {typeset(of)} runs" if lost else "none"
    return {"steps_each": record["steps"], "points": record["points"], "diverged": share}


def _damaged_worlds(folder: Path, results: Results) -> list[str]:
    """The worlds that are there, and cannot be read; from its text the study may have made them anew."""
    records = {name: of.get("table", of) for name, of in results.record["environments"].items()}
    tables = {name: of for name, of in records.items() if "sha256" in of}.items()  # of a deep study some have none
    kept = [
        name for name, of in tables if any((folder / "worlds" / one["sha256"]).is_file() for one in phase_records(of))
    ]
    return [name for name in kept if results.mdp(name) is None]


def _reported(results: Results) -> list[ReportedAgent]:
    """The agents, each in its world; conditions of another number of episodes, or steps, are a world of their own."""
    conditions = [results.condition(name) for name in results.conditions]
    lengths = Counter(c.environment for c in {(c.environment, _length(c)): c for c in conditions}.values())
    unlike = {name for name in _own(conditions[0]) if len({_own(c)[name] for c in conditions}) > 1}
    worlds = [
        f"{world}, {_length(c)}" if lengths[c.environment] > 1 else world
        for world, c in zip(world_labels(results.coordinates), conditions, strict=True)
    ]
    labels = _labels(results, conditions, worlds)
    reported = []
    for c, world, label in zip(conditions, worlds, labels, strict=True):
        settings = _settings(results.agent(c.name), results.record["agents"][c.agent])
        settings |= {name: setting for name, setting in _own(c).items() if name in unlike}
        colour = agent_colour(results.agent(c.name)) if _is_known(results.agent(c.name)) else _UNKNOWN
        load = partial(_load, results, c.name, min(c.seeds or _MOST, _MOST))
        summaries = cache(partial(_summaries, results, c.name)) if results.keep == "summary" else None
        table, lost = results.origins.table("agents", c.agent), _lost(results, c)
        reported.append(ReportedAgent(c.name, label, colour, settings, load, world, summaries, table, lost))
    return reported


def _length(condition: Condition) -> str:
    """How long its runs are, in words."""
    if condition.steps is None:
        return counted(typeset(condition.columns), "episodes")
    steps, points = counted(typeset(condition.steps), "steps"), counted(typeset(condition.columns), "points")
    return f"{steps} at {points}"


def _lost(results: Results, condition: Condition) -> Lost | None:
    """How many runs of a deep agent diverged."""
    if condition.grid is None:
        return None
    by, grid = results.diverged(condition.name), condition.grid
    first, last = (int(grid[np.argmax(by >= least)]) for least in (1, by[-1]))
    return Lost(int(by[-1]), results.runs(condition.name), first, last)


def _labels(results: Results, conditions: Sequence[Condition], worlds: Sequence[str]) -> list[str]:
    """What conditions are called, among those of their world; by its author's name where one has its own."""
    labels = [""] * len(conditions)
    for world in dict.fromkeys(worlds):
        places = [place for place, other in enumerate(worlds) if other == world]
        columns = {name: [values[place] for place in places] for name, values in results.coordinates.items()}
        own = [conditions[place] for place in places]
        names = ["" if c.name == f"{c.environment}/{c.agent}" else c.name for c in own]
        for place, label in zip(places, condition_labels(columns, names), strict=True):
            labels[place] = label
    return labels


def _sweep(results: Results, asked: Asked, agents: Sequence[ReportedAgent]) -> SweptStudy | None:
    """The study as a sweep: where parameters are swept, where there are many conditions, or where somebody says how.

    Of summaries any study is one: its conditions are compared in no other way.
    """
    measures, against = asked.measures or results.measures, asked.against or results.against
    said = measures or against or results.selection or results.keep == "summary"
    if not (results.swept or len(agents) > _FEW or said):
        return None
    selection = results.selection
    sweep = SweptStudy(
        coordinates=results.coordinates,
        swept=results.swept,
        exact=lambda place: results.exact(results.conditions[place]),
        measures=tuple(measures) or ("last",),
        axis=results.axis,
        against=against,
        select=None if selection is None else (selection.tune, selection.test),
        span=lambda place: results.return_span(results.conditions[place]),
        bounds=lambda place: results.episode_bounds(results.conditions[place]),
        runs=tuple(results.runs(name) for name in results.conditions),
        columns=tuple(results.condition(name).columns for name in results.conditions),
    )
    found = measures_of(sweep.measures, max(sweep.columns), sweep.axis)  # refuses what is none
    for name in asked.measures:
        measure(name, sweep.axis).check_fits(max(sweep.columns))
    for one in found:
        if results.keep == "summary" and not one.of_mean_curves:
            raise ValueError(
                f"measure is {one.name!r}; it needs every run, and a study that keeps summaries can be measured by "
                "'last[:N]', 'area', 'length[:N]' or 'regret'"
            )
    if against is not None:
        check_against(against, sweep, agents)
    return replace(sweep, measures=tuple(one.name for one in found))


def _own(condition: Condition) -> dict[str, str | float]:
    """What a condition is run with, besides its agent."""
    counted = {name: getattr(condition, name) for name in ("episodes", "steps", "points")}
    return {
        **{name: count for name, count in counted.items() if count is not None},
        "max_steps": condition.max_steps or 0,
        "precision": condition.precision or "",
        "first_seed": condition.first_seed or 0,
        "starts_from": condition.after or ("zeros" if condition.steps is None else "a new network"),
    }


def _is_known(agent: Any) -> bool:
    """Whether somebody has imported the agent's class; of any other there is only what its record tells."""
    return isinstance(agent, tuple)


def _settings(agent: Any, record: Any) -> dict[str, str | float]:
    """An agent's hyperparameters, and the digest of its code if that is its own."""
    text = json.dumps(record.get("code"), sort_keys=True, separators=(",", ":"))
    code = {"code": hashlib.sha256(text.encode()).hexdigest()[:8]} if "code" in record else {}
    if _is_known(agent):
        return {**settings_of(agent), **code}
    given = agent.hyperparameters.items()
    plain = {key: value if isinstance(value, int | float) else plain_text(value) for key, value in given}
    return {"algorithm": agent.kind, **plain, **code}


def _load(results: Results, name: str, runs: int) -> Runs:
    curves = results.curves(name, runs)
    of, exact = results.episode_bounds(name), results.exact(name)
    kinds = (measure(kind, results.axis) for kind in ("last", "length"))  # of one episode, or of many
    bounds = [kind.bounds(of, curves.returns.shape[1]) for kind in kinds]
    deep = results.axis is Axis.POINTS
    found = Runs(
        curves.returns,
        curves.lengths,
        curves.truncated,
        curves.seeds,
        return_bounds=bounds[0],
        length_bounds=bounds[1],
        steps=curves.steps if deep else None,
        steps_taken=curves.steps_taken if deep else None,
    )
    return found if exact is None else found._replace(exact_returns=exact.returns, exact_lengths=exact.lengths)


def _summaries(results: Results, name: str) -> Summaries:
    returns, lengths = map(_moments, results.summaries(name).values())
    exact, grid = results.exact(name), results.condition(name).grid
    if exact is None:
        return Summaries(returns, lengths, steps=grid)
    return Summaries(returns, lengths, exact.returns, exact.lengths, grid)


def _moments(known: Any) -> EpisodeMoments:
    """What a report needs; runs that all agree do not spread, whatever the rounding of their sum."""
    agree = known.quantiles[0] == known.quantiles[-1]
    spread, skewness = (np.where(agree, 0.0, each) for each in (known.standard_error, known.skewness))
    return EpisodeMoments(known.runs, known.mean, spread, known.quantiles[2:7], skewness)

"""Two result folders compared: which agents are the same, which of them to the last bit, what is told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fastsoftq.report.charts import difference_charts
from fastsoftq.report.comparison_tables import band_footnotes, folders_table
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import FolderContents, ReportedAgent, run_facts
from fastsoftq.report.performance import performance_of
from fastsoftq.report.sections import Group, Part, Section
from fastsoftq.report.verdict import Verdict, verdicts

__all__ = ["MatchedFolders", "comparison_section", "matched_folders"]


Pair = tuple[ReportedAgent, ReportedAgent]


class MatchedFolders(NamedTuple):
    """What two folders hold, and which of their agents are the same."""

    ours: FolderContents
    theirs: FolderContents
    pairs: list[Pair]
    different: list[Pair]  # the pairs whose runs are not the same to the last bit


def matched_folders(
    ours: Sequence[FolderContents], theirs: Sequence[FolderContents], names: tuple[str, str]
) -> list[MatchedFolders]:
    """Match studies and experiments by name; one and one match whatever they are called.

    Parameters
    ----------
    ours, theirs : sequence of FolderContents
        As `read_results` gives them.
    names : (str, str)
        What to call the folders.

    Returns
    -------
    list of MatchedFolders

    Raises
    ------
    ValueError
        No name, or no agent, is in both.

    Examples
    --------
    >>> from pathlib import Path
    >>> contents = FolderContents(Path(), "cliff-walking", "Hard against soft", {}, ["Soft is ahead."])
    >>> (both,) = matched_folders([contents], [contents], ("before", "after"))
    >>> both.pairs  # nobody learned
    []
    """
    by_name = {contents.name: contents for contents in theirs}
    pairs = [(contents, by_name[contents.name]) for contents in ours if contents.name in by_name]
    if not pairs and len(ours) == len(theirs) == 1:
        pairs = [(ours[0], theirs[0])]
    if not pairs:
        held = [", ".join(f"'{contents.name}'" for contents in each) for each in (ours, theirs)]
        raise ValueError(
            f"'{names[0]}' holds {held[0]} and '{names[1]}' {held[1]}; to compare them they need one in common"
        )
    found = [_matching_agents(a.agents, b.agents) for a, b in pairs]
    if not any(found) and all(a.agents and b.agents for a, b in pairs):
        held = [
            "; ".join(dict.fromkeys(agent.label for each in side for agent in each.agents))
            for side in zip(*pairs, strict=True)
        ]
        raise ValueError(
            f"'{names[0]}' and '{names[1]}' have no agent in common, by name or by settings, so nothing in them can be "
            f"compared; '{names[0]}' has: {held[0]}; and '{names[1]}': {held[1]}"
        )
    return [
        MatchedFolders(a, b, own, [pair for pair in own if not _identical(*pair)])
        for (a, b), own in zip(pairs, found, strict=True)
    ]


def _identical(one: ReportedAgent, other: ReportedAgent) -> bool:
    """Whether runs from the same seeds are equal, bit by bit."""
    a, b = one.load(), other.load()
    common, rows_a, rows_b = np.intersect1d(a.seeds, b.seeds, return_indices=True)
    fields = ("returns", "lengths", "truncated")
    return len(common) > 0 and all(np.array_equal(getattr(a, x)[rows_a], getattr(b, x)[rows_b]) for x in fields)


def _matching_agents(ours: Sequence[ReportedAgent], theirs: Sequence[ReportedAgent]) -> list[Pair]:
    """Pair agents of the same world, in our order: by name first, and what is left by algorithm and settings.

    Where each side has one world only, the two count as the same.
    """
    single = all(len({agent.world for agent in side}) == 1 for side in (ours, theirs))

    def same(key: Callable[[ReportedAgent], object], one: ReportedAgent, other: ReportedAgent) -> bool:
        return (single or one.world == other.world) and key(one) == key(other)

    found: dict[ReportedAgent, ReportedAgent] = {}
    for key in (_own_name, lambda agent: dict(agent.settings)):
        for one in (agent for agent in ours if agent not in found):
            free = (agent for agent in theirs if agent not in found.values() and same(key, one, agent))
            found.update((one, other) for other in [next(free, None)] if other is not None)
    return [(one, found[one]) for one in ours if one in found]


def _own_name(agent: ReportedAgent) -> str:
    """An agent's name, without that of its world."""
    return agent.name.removeprefix(f"{agent.world}/")


def _unlike_settings(pairs: Iterable[Pair]) -> list[str]:
    """In which settings the agents of each pair differ: "hard differs in step size: 0.8 against 0.5"."""
    texts = []
    for one, other in pairs:
        told = [f"{name}: {a} against {b}" for name, a, b in one.unlike(other)]
        texts += [f"{one.label} differs in {', '.join(told)}"] if told else []
    return list(dict.fromkeys(texts))


def comparison_section(both: MatchedFolders, names: tuple[str, str], rate: ErrorRate | None = None) -> Section:
    """Compare the agents of two folders that are the same.

    Parameters
    ----------
    both : MatchedFolders
    names : (str, str)
        What to call the folders.
    rate : ErrorRate, optional
        Of the whole report; of this comparison alone if not given.

    Returns
    -------
    Section
        Differences are ours - theirs.

    Examples
    --------
    >>> from pathlib import Path
    >>> contents = FolderContents(Path(), "cliff-walking", "Hard against soft", {}, ["Soft is ahead."])
    >>> both = MatchedFolders(contents, contents, [], [])
    >>> comparison_section(both, ("before", "after")).answer
    'No learning curves are kept by both; the numbers in their tables are the same.'
    """
    a, b = both.ours, both.theirs
    rate = ErrorRate(2 * len(both.different), len(both.different)) if rate is None else rate
    same, found = _compared(both, names, rate)
    told = [verdict.words(brief=i > 0) for i, verdict in enumerate(found)]
    if found:
        apart = [verdict.one.label for verdict in found if verdict.sign or verdict.stretches]
        of = f"of {len(found)} condition{'s' if len(found) > 1 else ''}"
        which = f"told apart in {len(apart)} {of}: {'; '.join(apart)}" if apart else f"not told apart in any {of}"
        told.insert(0, f"{names[0]} and {names[1]} are {which}.")
    if same:
        which = f"All {len(same)} conditions are" if not found else f"{'; '.join(same)}:"
        if len(same) == 1 and not found:
            which = f"{same[0]} is"
        told.append(f"{which} the same in both to the last bit, for all seeds that both have.")
    if a.agents and b.agents:
        told += _alone(a, b, names, both.pairs)
    else:
        equal = "the same" if (a.summary, _rows(a)) == (b.summary, _rows(b)) else "not the same"
        told.append(f"No learning curves are kept by both; the numbers in their tables are {equal}.")
    groups = []
    if found:
        words = (
            f"Mean return in {names[0]} less that in {names[1]}, block by block of episodes, with bands for the whole "
            "curve; where one is clear of 0, they are told apart."
        )
        charts = difference_charts(found, f"{names[0]} less {names[1]}")
        doubts = band_footnotes((v.one.label, v.band.caution) for v in found if v.band)
        groups.append(Group("Differences", words, charts, doubts))
    table = folders_table(found, names) if found else None
    return Section(
        name=f"{a.name.replace('-', ' ')}: {names[0]} against {names[1]}",
        heading=f"{names[0]} against {names[1]}: {a.heading}",
        sentences=(),
        parts=[Part("", told, _run_alike(a, b, both.pairs), table, groups)],
        settings=_runs_table(a, b, names),
    )


def _compared(both: MatchedFolders, names: tuple[str, str], rate: ErrorRate) -> tuple[list[str], list[Verdict]]:
    """The labels of the agents whose runs are the same to the last bit, and the verdicts on the others."""
    same, different = [], []
    several = len({one.world for one, _ in both.pairs}) > 1
    for one, other in both.pairs:
        label = f"{one.label} in {one.world}" if several else one.label
        if (one, other) in both.different:
            there = "that" if one.label == other.label else other.label
            different.append((replace(one, label=label), replace(other, label=f"{there} in {names[1]}")))
        else:
            same.append(label)
    error = rate.of_description
    pairs = [(performance_of(one, error), performance_of(other, error)) for one, other in different]
    return same, verdicts(pairs, rate.of_comparison)


def _rows(contents: FolderContents) -> list[list[str]]:
    return [list(row) for row in contents.table.rows] if contents.table else []


def _alone(a: FolderContents, b: FolderContents, names: tuple[str, str], pairs: Sequence[Pair]) -> list[str]:
    """Name the agents that only one of the folders has, in a sentence for each."""
    sentences = []
    sides = zip(*pairs, strict=True) if pairs else ((), ())
    for name, contents, side in zip(names, (a, b), sides, strict=True):
        several = len({agent.world for agent in contents.agents}) > 1
        odd = [f"{c.label} in {c.world}" if several else c.label for c in contents.agents if c not in side]
        if odd:
            sentences.append(f"Only {name} has {'; '.join(odd)}: not compared.")
    return sentences


def _run_alike(a: FolderContents, b: FolderContents, pairs: Sequence[Pair]) -> str:
    """Say in which settings the runs differ."""
    agents = _unlike_settings(pairs)
    texts, unknown = [], []
    for name in ("seeds", "episodes", "max_steps", "precision", "fastsoftq", "commit", "cpu", "python", "threads"):
        values, what = (a.run.get(name), b.run.get(name)), name.replace("_", " ")
        if values[0] != values[1]:
            if None in values:
                unknown.append(what)
            else:
                texts.append(f"{what} {values[0]} and {values[1]}")
    for ours, theirs in dict.fromkeys((one.world, other.world) for one, other in pairs):
        if ours != theirs and ours and theirs:
            texts.append(f"environments called {ours} and {theirs}")
        made = [contents.run.get("environments", {}).get(world) for contents, world in ((a, ours), (b, theirs))]
        if None not in made and made[0] != made[1]:
            texts.append(f"environment {ours} made in different ways")
    alike = f"They were run alike{' otherwise' if agents else ''}"
    run = f"They were run with {'; '.join(texts)}" if texts else alike
    one_only = f"; {', '.join(unknown)}: recorded in one of them only" if unknown else ""
    return " ".join(f"{text}." for text in (*agents, run + one_only))


def _runs_table(a: FolderContents, b: FolderContents, names: tuple[str, str]) -> Table:
    facts = dict(run_facts(a.run)), dict(run_facts(b.run))
    rows = [[what, *(own.get(what, "") for own in facts)] for what in {**facts[0], **facts[1]}]
    return Table(["", *names], rows, title="How they were run", prose=True)

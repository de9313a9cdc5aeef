"""Two result folders compared: what is the same to the last bit, what is told apart, what was run alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastsoftq.report.charts import difference_charts
from fastsoftq.report.comparison_tables import band_footnotes, folders_table
from fastsoftq.report.error_rate import ErrorRate
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import FolderContents
from fastsoftq.report.matching import MatchedFolders, Pair, unlike_settings
from fastsoftq.report.performance import performance_of
from fastsoftq.report.run_facts import run_facts
from fastsoftq.report.sections import Group, Part, Section
from fastsoftq.report.verdict import Verdict, verdicts

__all__ = ["comparison_section"]


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
    agents = unlike_settings(pairs)
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

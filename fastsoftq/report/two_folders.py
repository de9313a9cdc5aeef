"""Two result folders compared: which agents are the same, which of them to the last bit, what is told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fastsoftq.figures.labels import typeset
from fastsoftq.report.by_moments import MomentDifference, moment_difference, moments_group
from fastsoftq.report.charts import difference_charts
from fastsoftq.report.comparison_tables import band_footnotes, folders_table
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.findings import Table
from fastsoftq.report.folder import FolderContents, ReportedAgent, run_facts
from fastsoftq.report.outline import Group, Part, Section
from fastsoftq.report.performance import performance_of
from fastsoftq.report.settings_of_two import settings_table
from fastsoftq.report.sweep.measured import Watch
from fastsoftq.report.verdict import Verdict, verdicts

__all__ = ["MatchedFolders", "comparison_section", "matched_folders"]


Pair = tuple[ReportedAgent, ReportedAgent]

_SPOKEN = 6  # conditions that sentences name
_DRAWN = 6  # conditions whose differences are drawn


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
    found = [_matching_agents(_all(a), _all(b)) for a, b in pairs]
    if not any(found) and all(_all(a) and _all(b) for a, b in pairs):
        held = [
            _named(list(dict.fromkeys(agent.label for each in side for agent in _all(each))))
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


def _all(contents: FolderContents) -> list[ReportedAgent]:
    """The agents whose runs are kept, and those whose summaries are."""
    return [*contents.agents, *contents.summarised]


def _by_moments(one: ReportedAgent, other: ReportedAgent) -> bool:
    """Whether only moments can be compared."""
    return one.summaries is not None or other.summaries is not None


def _identical(one: ReportedAgent, other: ReportedAgent) -> bool:
    """Whether runs from the same seeds, or all that is known of them, are equal, bit by bit."""
    if one.summaries is not None and other.summaries is not None:
        known = [(s.returns, s.lengths) for s in (one.summaries(), other.summaries())]
        return all(np.array_equal(x, y) for a, b in zip(*known, strict=True) for x, y in zip(a, b, strict=True))
    if _by_moments(one, other):
        return False
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
        taken = set(found.values())
        for one in (agent for agent in ours if agent not in found):
            other = next((agent for agent in theirs if agent not in taken and same(key, one, agent)), None)
            if other is not None:
                found[one] = other
                taken.add(other)
    return [(one, found[one]) for one in ours if one in found]


def _own_name(agent: ReportedAgent) -> str:
    """An agent's name, without that of its world."""
    return agent.name.removeprefix(f"{agent.world}/")


def comparison_section(
    both: MatchedFolders, names: tuple[str, str], rate: ErrorRate | None = None, watch: Watch | None = None
) -> Section:
    """Compare the agents of two folders that are the same.

    Parameters
    ----------
    both : MatchedFolders
    names : (str, str)
        What to call the folders.
    rate : ErrorRate, optional
        Of the whole report; of this comparison alone if not given.
    watch : callable, optional
        Told how many conditions are compared, and of how many.

    Returns
    -------
    Section
        Differences are ours - theirs. Where settings differ, they stand first, and what differs is their doing as well.

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
    same, found, moments = _compared(both, names, rate, watch)
    settings, deciding = settings_table(a, b, both.pairs, names)
    told = _told(same, found, names, deciding) if not moments or found or same else []
    if moments:
        apart = [each.label for each in moments if each.sign]
        which = f": {_named(apart)}" if apart else ""
        told.append(
            f"By moments, unpaired, {typeset(len(apart))} of {typeset(len(moments))} conditions are told apart at the "
            f"end{which}."
        )
    if _all(a) and _all(b):
        told += _alone(a, b, names, both.pairs)
    else:
        equal = "the same" if (a.summary, _rows(a)) == (b.summary, _rows(b)) else "not the same"
        told.append(f"No learning curves are kept by both; the numbers in their tables are {equal}.")
    groups = []
    if settings is not None:
        groups.append(Group("Differences of settings", "", [], tables=[settings]))
    drawn = sorted(found, key=lambda verdict: -_distance(verdict))[:_DRAWN]
    if drawn:
        words = (
            f"Mean return in {names[0]} less that in {names[1]}, block by block, with bands for the whole "
            "curve; where one is clear of 0, they are apart."
        )
        if len(drawn) < len(found):
            words += (
                f" Of {typeset(len(found))} conditions the {_DRAWN} furthest apart at the end are drawn; the others "
                "are compared at the end only."
            )
        charts = difference_charts(drawn, f"{names[0]} less {names[1]}")
        doubts = band_footnotes((v.one.label, v.band.caution) for v in drawn if v.band)
        groups.append(Group("Differences", words, charts, doubts))
    if moments:
        groups.append(moments_group(moments, names))
    table = folders_table(found, names)._replace(sortable=True) if found else None
    alike = "" if settings is not None else "They were run alike."
    reports = f"What each folder holds by itself is in its own report: fastsoftq report {names[0]}, and {names[1]}."
    return Section(
        name=a.name.replace("-", " "),
        heading=a.heading,
        sentences=(),
        parts=[Part("", told, alike, table, groups)],
        settings=_runs_table(a, b, names),
        notes=[reports],
    )


def _distance(verdict: Verdict) -> float:
    """How clearly two are apart: the end of the interval that is nearer to 0, in intervals; negative where not."""
    c = verdict.comparison
    half = (c.high - c.low) / 2.0
    return (abs(c.difference) - half) / half if half > 0.0 and np.isfinite(half) else abs(c.difference)


def _told(same: Sequence[str], found: Sequence[Verdict], names: tuple[str, str], unlike: bool) -> list[str]:
    """What is the same, and what differs; of very many a few are named and the rest counted."""
    told = []
    if found:
        apart = sorted((v for v in found if v.sign or v.stretches), key=lambda verdict: -_distance(verdict))
        of = f"of {typeset(len(found))} condition{'s' if len(found) > 1 else ''}"
        verb = "differ" if unlike else "are told apart"
        if apart:
            which = f"{verb} in {typeset(len(apart))} {of}: {_named([v.one.label for v in apart])}"
        else:
            which = f"{'do not differ' if unlike else 'are not told apart'} in any {of}"
        why = "; they were run with other settings, which may be why" if unlike and apart else ""
        told.append(f"{names[0]} and {names[1]} {which}{why}.")
        rest = sorted((v for v in found if v not in apart), key=lambda verdict: -_distance(verdict))
        told += [verdict.words(brief=i > 0) for i, verdict in enumerate([*apart, *rest][:_SPOKEN])]
    if same:
        which = f"All {typeset(len(same))} conditions are" if not found else f"{_named(same)}:"
        if len(same) == 1 and not found:
            which = f"{same[0]} is"
        told.append(f"{which} the same in both to the last bit, for all seeds that both have.")
    return told


def _named(labels: Sequence[str]) -> str:
    """Labels, of very many the first few and how many others."""
    if len(labels) <= _SPOKEN:
        return "; ".join(labels)
    return f"{'; '.join(labels[:_SPOKEN])} and {typeset(len(labels) - _SPOKEN)} others"


def _compared(
    both: MatchedFolders, names: tuple[str, str], rate: ErrorRate, watch: Watch | None
) -> tuple[list[str], list[Verdict], list[MomentDifference]]:
    """The labels of the agents whose runs are the same to the last bit, and the verdicts on the others.

    Those of which somebody keeps summaries only are compared by moments.
    """
    moments: list[MomentDifference] = []
    same: list[str] = []
    found: list[Verdict] = []
    several = len({one.world for one, _ in both.pairs}) > 1
    different = set(both.different)
    for place, (one, other) in enumerate(both.pairs):
        label = f"{one.label} in {one.world}" if several else one.label
        if (one, other) in different and _by_moments(one, other):
            moments.append(moment_difference(one, other, label, rate.of_comparison))
        elif (one, other) in different:
            there = "that" if one.label == other.label else other.label
            sides = replace(one, label=label), replace(other, label=f"{there} in {names[1]}")
            a, b = (performance_of(side, rate.of_description, banded=False) for side in sides)
            found += verdicts([(a, b)], rate.of_comparison, banded=False)
        else:
            same.append(label)
        if watch is not None:
            watch(place + 1, len(both.pairs))
    drawn = sorted(range(len(found)), key=lambda place: -_distance(found[place]))[:_DRAWN]
    for place in drawn:  # bands take most of the time, and of the others there is no chart
        verdict = found[place]
        (found[place],) = verdicts([(verdict.one, verdict.reference)], rate.of_comparison)
    return same, found, moments


def _rows(contents: FolderContents) -> list[list[str]]:
    return [list(row) for row in contents.table.rows] if contents.table else []


def _alone(a: FolderContents, b: FolderContents, names: tuple[str, str], pairs: Sequence[Pair]) -> list[str]:
    """Name the agents that only one of the folders has, in a sentence for each."""
    sentences = []
    sides = zip(*pairs, strict=True) if pairs else ((), ())
    for name, contents, side in zip(names, (a, b), sides, strict=True):
        several = len({agent.world for agent in _all(contents)}) > 1
        held = set(side)
        odd = [f"{c.label} in {c.world}" if several else c.label for c in _all(contents) if c not in held]
        if odd:
            sentences.append(f"Only {name} has {_named(odd)}: not compared.")
    return sentences


def _runs_table(a: FolderContents, b: FolderContents, names: tuple[str, str]) -> Table:
    facts = dict(run_facts(a.run)), dict(run_facts(b.run))
    rows = [[what, *(own.get(what, "") for own in facts)] for what in {**facts[0], **facts[1]}]
    return Table(["", *names], rows, title="How they were run", prose=True)

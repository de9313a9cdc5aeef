"""Two result folders against each other: what is the same to the last bit, what is told apart, what was run alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fastsoftq.report.charts import difference_charts
from fastsoftq.report.counterparts import Pair, counterparts, unlike_settings
from fastsoftq.report.error_rate import ErrorRate
from fastsoftq.report.folder import Condition, Results
from fastsoftq.report.learned import learned
from fastsoftq.report.rounding import interval_text, p_text, share_text
from fastsoftq.report.sections import Grid, Group, Part, Section, run_facts
from fastsoftq.report.verdict import Verdict, verdicts

__all__ = ["Against", "against", "matched"]


class Against(NamedTuple):
    """Results of two folders, and which of their conditions belong together."""

    ours: Results
    theirs: Results
    pairs: list[Pair]
    different: list[Pair]  # of these, those that are not the same to the last bit


def matched(ours: Sequence[Results], theirs: Sequence[Results], names: tuple[str, str]) -> list[Against]:
    """Match what two folders hold of the same name; of a single one each, whatever it is called.

    Parameters
    ----------
    ours, theirs : sequence of Results
        As `read_results` gives them.
    names : (str, str)
        What to call the folders.

    Returns
    -------
    list of Against

    Raises
    ------
    ValueError
        Nothing to compare: no name is in both, or no agent.
    """
    by_name = {results.name: results for results in theirs}
    pairs = [(results, by_name[results.name]) for results in ours if results.name in by_name]
    if not pairs and len(ours) == len(theirs) == 1:
        pairs = [(ours[0], theirs[0])]
    if not pairs:
        held = [", ".join(f"'{results.name}'" for results in each) for each in (ours, theirs)]
        raise ValueError(
            f"'{names[0]}' holds {held[0]} and '{names[1]}' {held[1]}; to compare them they need one in common"
        )
    found = [counterparts(a.conditions, b.conditions) for a, b in pairs]
    if not any(found) and all(a.conditions and b.conditions for a, b in pairs):
        held = [
            "; ".join(dict.fromkeys(c.label for each in side for c in each.conditions))
            for side in zip(*pairs, strict=True)
        ]
        raise ValueError(
            f"'{names[0]}' and '{names[1]}' have no agent in common, by name or by settings, so nothing in them can be "
            f"compared; '{names[0]}' has: {held[0]}; and '{names[1]}': {held[1]}"
        )
    return [
        Against(a, b, own, [pair for pair in own if not _identical(*pair)])
        for (a, b), own in zip(pairs, found, strict=True)
    ]


def against(both: Against, names: tuple[str, str], rate: ErrorRate | None = None) -> Section:
    """Compare the conditions of two folders that belong together.

    Parameters
    ----------
    both : Against
    names : (str, str)
        What to call the folders.
    rate : ErrorRate, optional
        Of the whole report; of this comparison alone if not given.

    Returns
    -------
    Section
        Differences are ours - theirs.
    """
    a, b, matched = both.ours, both.theirs, both.pairs
    rate = ErrorRate(2 * len(both.different), len(both.different)) if rate is None else rate
    same, different = [], []
    several = len({one.world for one, _ in matched}) > 1
    for one, other in matched:
        here = replace(one, label=f"{one.label} in {one.world}") if several else one
        if (one, other) not in both.different:
            same.append(here)
        else:
            there = "that" if one.label == other.label else other.label
            different.append((here, replace(other, label=f"{there} in {names[1]}")))
    error = rate.of_description
    found = verdicts([(learned(one, error), learned(other, error)) for one, other in different], rate.of_comparison)
    told = [verdict.words(brief=i > 0) for i, verdict in enumerate(found)]
    if found:
        apart = [verdict.one.label for verdict in found if verdict.sign or verdict.stretches]
        of = f"of {len(found)} condition{'s' if len(found) > 1 else ''}"
        which = f"told apart in {len(apart)} {of}: {'; '.join(apart)}" if apart else f"not told apart in any {of}"
        told.insert(0, f"{names[0]} and {names[1]} are {which}.")
    if same:
        which = f"All {len(same)} conditions are" if not different else f"{'; '.join(c.label for c in same)}:"
        if len(same) == 1 and not different:
            which = f"{same[0].label} is"
        told.append(f"{which} the same in both to the last bit, for all seeds that both have.")
    if not (a.conditions and b.conditions):
        equal = "the same" if (a.summary, a.rows) == (b.summary, b.rows) else "not the same"
        told.append(f"No learning curves are kept by both; the numbers in their tables are {equal}.")
    else:
        told += _alone(a, b, names, matched)
    rows = dict(run_facts(a.run, [])), dict(run_facts(b.run, []))
    facts = [[what, *(own.get(what, "") for own in rows)] for what in {**rows[0], **rows[1]}]
    groups = []
    if found:
        words = (
            f"Mean return in {names[0]} less that in {names[1]}, block by block of episodes, with bands for the whole "
            "curve; where one is clear of 0, they are told apart."
        )
        groups.append(Group("Differences", words, difference_charts(found, f"{names[0]} less {names[1]}")))
    return Section(
        name=f"{a.name.replace('-', ' ')}: {names[0]} against {names[1]}",
        heading=f"{names[0]} against {names[1]}: {a.heading}",
        sentences=(),
        parts=[Part("", told, _differing(a, b, matched), _comparisons(found, names) if found else None, groups)],
        settings=Grid("How they were run", ["", *names], facts, prose=True),
    )


def _alone(a: Results, b: Results, names: tuple[str, str], matched: Sequence[Pair]) -> list[str]:
    """Which conditions have no counterpart in the other folder, a sentence for each folder that has some."""
    sentences = []
    for name, held, side in zip(names, (a, b), zip(*matched, strict=True) if matched else ((), ()), strict=True):
        several = len({c.world for c in held.conditions}) > 1
        odd = [f"{c.label} in {c.world}" if several else c.label for c in held.conditions if c not in side]
        if odd:
            sentences.append(f"Only {name} has {'; '.join(odd)}: not compared.")
    return sentences


def _identical(one: Condition, other: Condition) -> bool:
    """Whether runs from the same seeds are equal, bit by bit."""
    a, b = one.load(), other.load()
    common, rows_a, rows_b = np.intersect1d(a.seeds, b.seeds, return_indices=True)
    fields = ("returns", "lengths", "truncated")
    return len(common) > 0 and all(np.array_equal(getattr(a, x)[rows_a], getattr(b, x)[rows_b]) for x in fields)


def _differing(a: Results, b: Results, matched: Sequence[Pair]) -> str:
    """What of the settings differs, as sentences."""
    agents = unlike_settings(matched)
    texts, unknown = [], []
    for name in ("seeds", "episodes", "max_steps", "precision", "fastsoftq", "commit", "cpu", "python", "threads"):
        values, what = (a.run.get(name), b.run.get(name)), name.replace("_", " ")
        if values[0] != values[1]:
            if None in values:
                unknown.append(what)
            else:
                texts.append(f"{what} {values[0]} and {values[1]}")
    for ours, theirs in dict.fromkeys((one.world, other.world) for one, other in matched):
        if ours != theirs and ours and theirs:
            texts.append(f"environments called {ours} and {theirs}")
        made = [held.run.get("environments", {}).get(world) for held, world in ((a, ours), (b, theirs))]
        if None not in made and made[0] != made[1]:
            texts.append(f"environment {ours} made in different ways")
    alike = f"They were run alike{' otherwise' if agents else ''}"
    run = f"They were run with {'; '.join(texts)}" if texts else alike
    one_only = f"; {', '.join(unknown)}: recorded in one of them only" if unknown else ""
    return " ".join(f"{text}." for text in (*agents, run + one_only))


def _comparisons(found: Sequence[Verdict], names: tuple[str, str]) -> Grid:
    rows = []
    for verdict in found:
        c = verdict.comparison
        intervals = [
            interval_text(i.estimate, i.low, i.high) for i in (verdict.one.final_return, verdict.reference.final_return)
        ]
        rows.append(
            [
                verdict.one.label,
                *intervals,
                interval_text(c.difference, c.low, c.high),
                p_text(verdict.p_value),
                share_text(c.probability_of_improvement),
                verdict.apart_from,
            ]
        )
    header = ["agent", *names, "difference", "p (corrected)", "better runs", "apart from episode"]
    window = found[0].one.window
    caption = (
        "[ ]: intervals at the confidence of the report; differences of mean returns; p: corrected for all that this "
        "report compares, told apart at 0.05 or below"
    )
    return Grid(f"Return over the last {window} episodes", header, rows, caption)

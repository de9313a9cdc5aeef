"""Two result folders against each other: what is the same to the last bit, what is told apart, what was run alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fastsoftq.report.charts import difference_charts
from fastsoftq.report.folder import Condition, Results
from fastsoftq.report.learned import Learned, learned
from fastsoftq.report.sections import Grid, Group, Part, Section, run_facts
from fastsoftq.report.verdict import Verdict, answers, interval_text, reference_of, verdicts

__all__ = ["against"]


def against(ours: Sequence[Results], theirs: Sequence[Results], names: tuple[str, str]) -> list[Section]:
    """Compare what two folders hold of the same name; of a single one each, whatever it is called.

    Parameters
    ----------
    ours, theirs : sequence of Results
        As `read_results` gives them.
    names : (str, str)
        What to call the folders.

    Returns
    -------
    list of Section
        One for each pair; differences are ours - theirs.

    Raises
    ------
    ValueError
        Nothing to compare: no name is in both.
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
    return [_pair(a, b, names) for a, b in pairs]


def _pair(a: Results, b: Results, names: tuple[str, str]) -> Section:
    same, different, matched = [], [], _matched(a.conditions, b.conditions)
    for one, other in matched:
        if _identical(one, other):
            same.append(one)
        else:
            there = "that" if one.label == other.label else other.label
            different.append((one, replace(other, label=f"{there} in {names[1]}")))
    cache: dict[int, Learned] = {}
    found = verdicts([(_once(cache, one), _once(cache, other)) for one, other in different])
    told = answers(found)
    if found:
        apart = [verdict.one.label for verdict in found if verdict.sign]
        which = f"in {len(apart)} of {len(found)} conditions: {'; '.join(apart)}" if apart else "nowhere"
        told.insert(0, f"{names[0]} and {names[1]} are told apart {which}.")
    if same:
        which = f"All {len(same)} conditions are" if not different else f"{'; '.join(c.label for c in same)}:"
        told.append(f"{which} the same in both to the last bit, for all seeds that both have.")
    if not matched:
        equal = "the same" if a.summary == b.summary else "not the same"
        told.append(f"No learning curves are kept; the numbers in summary.csv are {equal} in both.")
    rows = dict(run_facts(a.run, [])), dict(run_facts(b.run, []))
    facts = [[what, *(own.get(what, "") for own in rows)] for what in {**rows[0], **rows[1]}]
    groups = []
    if found:
        words = (
            f"Mean return in {names[0]} less that in {names[1]}, with 95 % bands for the whole curve; where one is "
            "clear of 0, they are apart."
        )
        groups.append(Group("Differences", words, difference_charts(found, f"{names[0]} less {names[1]}")))
    return Section(
        name=f"{a.name.replace('-', ' ')}: {names[0]} against {names[1]}",
        heading=f"{names[0]} against {names[1]}: {a.heading}",
        sentences=(),
        parts=[Part("", told, _differing(a, b), _comparisons(found, names) if found else None, groups)],
        settings=Grid("How they were run", ["", *names], facts, prose=True),
    )


def _matched(ours: Sequence[Condition], theirs: Sequence[Condition]) -> list[tuple[Condition, Condition]]:
    """Conditions of the same name; where there are none, all of ours against what theirs are compared with."""
    by_name = {(c.world, c.name): c for c in theirs}
    pairs = [(c, by_name[c.world, c.name]) for c in ours if (c.world, c.name) in by_name]
    return pairs if pairs or not theirs else [(c, reference_of(theirs)) for c in ours]


def _identical(one: Condition, other: Condition) -> bool:
    """Whether runs from the same seeds are equal, bit by bit."""
    a, b = one.load(), other.load()
    common, rows_a, rows_b = np.intersect1d(a.seeds, b.seeds, return_indices=True)
    fields = ("returns", "lengths", "truncated")
    return len(common) > 0 and all(np.array_equal(getattr(a, x)[rows_a], getattr(b, x)[rows_b]) for x in fields)


def _once(cache: dict[int, Learned], condition: Condition) -> Learned:
    if id(condition) not in cache:
        cache[id(condition)] = learned(condition)
    return cache[id(condition)]


def _differing(a: Results, b: Results) -> str:
    """What of the settings differs, as a sentence."""
    names = ("seeds", "episodes", "max_steps", "fastsoftq", "commit", "cpu", "python", "threads")
    texts = [
        f"{name.replace('_', ' ')} {a.run.get(name)} and {b.run.get(name)}"
        for name in names
        if a.run.get(name) != b.run.get(name)
    ]
    return f"They were run with {'; '.join(texts)}." if texts else "They were run alike."


def _comparisons(found: Sequence[Verdict], names: tuple[str, str]) -> Grid:
    rows = []
    for verdict in found:
        c = verdict.comparison
        intervals = [
            interval_text(i.estimate, i.low, i.high) for i in (verdict.one.final_return, verdict.reference.final_return)
        ]
        first = f"{verdict.stretches[0].start}" if verdict.stretches else "never"
        rows.append(
            [
                verdict.one.label,
                *intervals,
                interval_text(c.difference, c.low, c.high),
                f"{verdict.p_value:.2g}",
                f"{c.probability_of_improvement:.1%}",
                first,
            ]
        )
    header = ["agent", *names, "difference", "p (Holm)", "better runs", "apart from episode"]
    window = found[0].one.window
    return Grid(
        f"Return over the last {window} episodes", header, rows, "[ ]: 95 % intervals; differences of mean returns"
    )

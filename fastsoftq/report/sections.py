"""What a report says of a result folder, in the order it says it; how that looks is the template's."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastsoftq.figures.curve import in_doubt
from fastsoftq.figures.svg import typeset
from fastsoftq.report.charts import (
    Drawing,
    difference_charts,
    learning_charts,
    profile_charts,
    spread_chart,
)
from fastsoftq.report.error_rate import ErrorRate
from fastsoftq.report.folder import Condition, Figure, Results
from fastsoftq.report.learned import Learned, learned, setting_text
from fastsoftq.report.rounding import distinct, interval_text, p_text, share_text
from fastsoftq.report.verdict import Verdict, answers, pairing, reference_of, verdicts

__all__ = ["Grid", "Group", "Part", "Section", "error_rate", "run_facts", "section"]


class Grid(NamedTuple):
    """A table of text."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    prose: bool = False  # words rather than numbers, to be broken into lines


class Group(NamedTuple):
    """Charts that belong together, and how to read them."""

    title: str
    words: str
    drawings: Sequence[Drawing]


@dataclass(frozen=True)
class Part:
    """What was learned in one world.

    Attributes
    ----------
    title : str
        Empty where there is one world only.
    answers : sequence of str
        The one that matters most first.
    unlike : str
        In what those differ whom the first answer compares.
    comparisons : Grid or None
    groups : sequence of Group
    """

    title: str
    answers: Sequence[str]
    unlike: str
    comparisons: Grid | None
    groups: Sequence[Group]


@dataclass(frozen=True)
class Section:
    """All that is said of one folder.

    Attributes
    ----------
    name, heading : str
    sentences : sequence of str
    parts : sequence of Part
    figures : sequence of Figure
    table, settings : Grid or None
    facts : sequence of (str, str)
        How it was run.
    command : str
        What repeats it.
    summary : bytes
    notes : sequence of str
        How its statistics are to be read.
    """

    name: str
    heading: str
    sentences: Sequence[str]
    parts: Sequence[Part] = ()
    figures: Sequence[Figure] = ()
    table: Grid | None = None
    settings: Grid | None = None
    facts: Sequence[tuple[str, str]] = ()
    command: str = ""
    summary: bytes = b""
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def answer(self) -> str:
        """What was found, in a sentence."""
        return next((part.answers[0] for part in self.parts if part.answers), next(iter(self.sentences), ""))


def error_rate(results: Results) -> ErrorRate:
    """How much is said of a result folder, and so how seldom each of it may be wrong.

    Parameters
    ----------
    results : Results

    Returns
    -------
    ErrorRate
    """
    return ErrorRate.of(len(group) for group in _worlds(results).values())


def section(results: Results, rate: ErrorRate | None = None) -> Section:
    """Say what there is to say of a result folder.

    Parameters
    ----------
    results : Results
    rate : ErrorRate, optional
        Of the whole report; of this folder alone if not given.

    Returns
    -------
    Section
    """
    rate = error_rate(results) if rate is None else rate
    worlds = _worlds(results)
    all_learned = {
        world: [learned(condition, rate.of_description) for condition in conditions]
        for world, conditions in worlds.items()
    }
    references = {world: _reference(group) for world, group in all_learned.items()}
    pairs = [(one, references[w]) for w, group in all_learned.items() for one in group if one is not references[w]]
    found = verdicts(pairs, rate.of_comparison)
    parts = [
        _part(world if len(worlds) > 1 else "", group, references[world], [v for v in found if v.one in group])
        for world, group in all_learned.items()
    ]
    everything = [one for group in all_learned.values() for one in group]
    bought = pairing(found, rate.of_description)
    return Section(
        name=results.name.replace("-", " "),
        heading=results.heading,
        sentences=results.sentences,
        parts=parts,
        figures=results.figures,
        table=Grid(results.title, results.header, results.rows, results.caption) if results.rows else None,
        settings=_settings(results.conditions),
        facts=run_facts(results.run, everything),
        command=_command(results.run),
        summary=results.summary,
        notes=[bought] if bought else [],
    )


def _worlds(results: Results) -> dict[str, list[Condition]]:
    """The conditions of each world."""
    names = dict.fromkeys(condition.world for condition in results.conditions)
    return {name: [c for c in results.conditions if c.world == name] for name in names}


def _reference(group: Sequence[Learned]) -> Learned:
    reference = reference_of([one.condition for one in group])
    return next(one for one in group if one.condition is reference)


def _part(title: str, group: Sequence[Learned], reference: Learned, found: Sequence[Verdict]) -> Part:
    told = answers(found) or [_alone(group[0])]
    if title:
        told[0] = f"{title}: {told[0]}"
    known = any(one.returns.exact is not None for one in group)
    exact = "; dashed: exact, by planning, once all is learned" if known else ""
    doubt = in_doubt([c for one in group for c in (one.returns, one.lengths)])
    best = max(found, key=lambda v: v.comparison.mean_a, default=None)
    return Part(
        title=title,
        unlike=best.unlike if best else "",
        answers=told,
        comparisons=_comparisons(group, reference, found),
        groups=[
            Group(
                "Learning curves",
                "Lines: mean over seeds, of ever longer blocks of episodes; bands are for the whole mean curve, at the "
                f"confidence of the report{doubt}; dotted: median{exact}. The axis of episodes is logarithmic, and so "
                "is that of values where they span orders of magnitude.",
                learning_charts(group, reference),
            ),
            Group(
                f"Difference to {reference.label}",
                f"Mean return less that of {reference.label}, block by block of episodes, with bands for the whole "
                "curve: where one is clear of 0, they are told apart; the ring marks the first such episode.",
                difference_charts(found, f"Difference to {reference.label}"),
            ),
            Group(
                "Runs",
                f"A run is its mean return over its last {group[0].window} episodes. Bands of profiles hold everywhere "
                "at once. In the distribution, bars of growing thickness hold all runs, nine tenths and the "
                "middle half; the stroke is the median, the ring the mean of the worst 5 %.",
                [*profile_charts(group, reference), spread_chart(group)],
            ),
        ],
    )


def _alone(one: Learned) -> str:
    interval = one.final_return
    text = interval_text(interval.estimate, interval.low, interval.high)
    return f"{one.label} earns {text} an episode over the last {one.window} episodes, {typeset(interval.runs)} seeds."


def _comparisons(group: Sequence[Learned], reference: Learned, found: Sequence[Verdict]) -> Grid:
    of = {id(v.one): v for v in found}
    header = [
        "agent", "return", "exact", f"difference to {reference.label}", "p (corrected)", "effect size", "better runs",
        "apart from episode", "worst 5\N{NO-BREAK SPACE}%", "length", "truncated",
    ]  # fmt: skip
    rows = []
    for one in group:
        verdict = of.get(id(one))
        exact = "" if one.returns.exact is None else distinct(float(one.returns.exact[-1]), 2, 0.0)
        row = [one.label, interval_text(one.final_return.estimate, one.final_return.low, one.final_return.high), exact]
        if verdict is None:
            row += ["", "", "", "", ""]
        else:
            c = verdict.comparison
            row += [
                interval_text(c.difference, c.low, c.high),
                p_text(verdict.p_value),
                typeset(c.effect_size, 2),
                share_text(c.probability_of_improvement),
                verdict.apart_from,
            ]
        row += [
            typeset(one.tail, 1),
            typeset(one.final_length, 2),
            share_text(one.final_truncated),
        ]
        rows.append(row)
    caption = (
        "[ ]: intervals at the confidence of the report; p: permutation test, or the interval where that is the more "
        "cautious, corrected for all that this report compares: told apart at 0.05 or below, where the interval of the "
        "difference is clear of 0; effect size: Hedges’ g; better runs: in how many pairs of runs it beats the "
        "reference; apart from: the first episode at which the band of the difference is clear of 0"
    )
    if not any(row[2] for row in rows):  # no exact values
        header, rows = header[:2] + header[3:], [row[:2] + row[3:] for row in rows]
    return Grid(f"The last {reference.window} of {typeset(reference.n_episodes)} episodes", header, rows, caption)


def _settings(conditions: Sequence[Condition]) -> Grid | None:
    if not conditions:
        return None
    names = list(dict.fromkeys(name for condition in conditions for name in condition.settings))
    labels = [" / ".join(filter(None, (condition.world, condition.label))) for condition in conditions]
    rows = [
        [label, *(setting_text(condition.settings.get(name, "")) for name in names)]
        for label, condition in zip(labels, conditions, strict=True)
    ]
    return Grid("Settings", ["agent", *(name.replace("_", " ") for name in names)], rows)


def run_facts(run: Mapping[str, Any], everything: Sequence[Learned]) -> list[tuple[str, str]]:
    """How a folder's results came to be, as pairs of what and how.

    Parameters
    ----------
    run : mapping
        As `run.json` has it; what is not there is left out.
    everything : sequence of Learned

    Returns
    -------
    list of (str, str)
    """
    steps = run.get("steps") or sum(one.steps for one in everything)
    training = sum(agent.get("seconds", 0.0) for agent in run.get("agents", {}).values())
    versions = run.get("versions", {})
    facts = [
        ("seeds", _whole(run.get("seeds"))),
        ("episodes", _whole(run.get("episodes"))),
        ("steps an episode, at most", _whole(run.get("max_steps"))),
        ("environment steps", _whole(steps or None)),
        ("training", f"{training:,.1f} s" if training else ""),
        ("speed", f"{steps / training / 1e6:,.1f} million steps a second" if training and steps else ""),
        ("all in all", f"{run['seconds']:,.1f} s" if "seconds" in run else ""),
        ("threads", _whole(run.get("threads"))),
        ("processor", f"{run['cpu']}, {run.get('cores')} cores" if "cpu" in run else ""),
        ("system", run.get("platform", "")),
        (
            "fastsoftq",
            " ".join(filter(None, (run.get("fastsoftq"), f"at commit {run['commit']}" if run.get("commit") else ""))),
        ),
        ("versions", ", ".join(f"{k} {v}" for k, v in {"Python": run.get("python"), **versions}.items() if v)),
        ("finished", run.get("time", "")),
    ]
    return [(what, how) for what, how in facts if how]


def _whole(number: int | None) -> str:
    return "" if number is None else typeset(number)


def _command(run: Mapping[str, Any]) -> str:
    """As one types it; what `python -m fastsoftq` calls itself is the command too."""
    words: Iterable[str] = run.get("command", ())
    first, *rest = words or [""]
    return shlex.join(["fastsoftq" if first == "__main__.py" else first, *rest]) if first else ""

"""The tables of a sweep: every condition; algorithms at their best; what choosing flatters; matched settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastsoftq.figures.labels import typeset
from fastsoftq.measures import Measure
from fastsoftq.report.comparison_tables import Footnotes
from fastsoftq.report.findings import Table
from fastsoftq.report.rounding import apart, distinct, p_text, share_text
from fastsoftq.report.sweep.analysis import SweepAnalysis, SweptWorld
from fastsoftq.report.sweep.condition_labels import parameter_name, value_text
from fastsoftq.report.sweep.fair import FairComparison
from fastsoftq.report.sweep.measured import sense
from fastsoftq.statistics import Interval

__all__ = ["bias_table", "fair_table", "main_table", "matched_table"]

_UNKNOWN = "\N{EN DASH}"  # in a cell of which planning knows nothing


def main_table(world: SweptWorld, columns: Sequence[str], analysis: SweepAnalysis) -> Table:
    """Tabulate every condition of a world: its settings, and what it comes to by each measure.

    Parameters
    ----------
    world : SweptWorld
    columns : sequence of str
        The coordinates to show.
    analysis : SweepAnalysis

    Returns
    -------
    Table
    """
    main, notes = analysis.measures[0], Footnotes()
    estimating = [(i, m) for i, m in enumerate(analysis.measures) if not m.comparison_only]
    known = [any(one.exact_values[i] is not None for one in world.conditions) for i, _ in estimating]
    header = ["condition", "algorithm", *map(parameter_name, columns)]
    for (_, m), exact in zip(estimating, known, strict=True):
        header += [heading(m), *([f"exact {short(m)}", f"{short(m)} less exact"] if exact else [])]
    if main.is_mean:
        header.append("among the best")
    lost = any(one.agent.lost is not None and one.agent.lost.runs for one in world.conditions)
    header += ["diverged"] if lost else []
    rows = []
    ends = [world.estimates[place][0] for place in range(len(world.conditions))]
    order = sorted(range(len(ends)), key=lambda place: -sense(main) * _estimate(ends[place]))  # the best first
    for place in order:
        one = world.conditions[place]
        row = [one.label, one.table, *(value_text(one.coordinates[column]) for column in columns)]
        for (i, _), exact in zip(estimating, known, strict=True):
            found, value = world.estimates[place][i], one.exact_values[i]
            row.append(
                _UNKNOWN if found is None else notes.interval(found.estimate, found.low, found.high, found.caution)
            )
            if exact:
                row.append(_UNKNOWN if value is None else distinct(value, 2, 0.0))
                row.append(
                    _UNKNOWN if value is None or found is None else distinct(apart(found.estimate, value), 2, 0.0)
                )
        row += ["yes" if place in world.best else "no"] if main.is_mean else []
        rows.append([*row, *([one.agent.lost.share if one.agent.lost else ""] if lost else [])])
    caption = "[ ]: intervals at the confidence of the report, over all seeds"
    if main.is_mean:
        caption += (
            f"; among the best: cannot be told from the best by {main.title}, all conditions compared together; the "
            "truly best is among them with the confidence of a comparison"
        )
    if any(known):
        caption += "; exact: by planning, once all is learned"
    if any(_UNKNOWN in row for row in rows):
        caption += f"; {_UNKNOWN}: planning does not know it of this agent"
    title = f"All {typeset(len(rows))} conditions" if len(rows) > 1 else "The condition"
    return Table(
        header,
        rows,
        caption,
        title,
        notes.listed(),
        sortable=True,
        filters=["algorithm", *map(parameter_name, columns)],
    )


def _estimate(found: Interval | None) -> float:
    assert found is not None
    return found.estimate


def fair_table(world: SweptWorld, analysis: SweepAnalysis) -> Table:
    """Tabulate each algorithm at its best beside the reference.

    Parameters
    ----------
    world : SweptWorld
    analysis : SweepAnalysis

    Returns
    -------
    Table
    """
    main, notes, reference = analysis.measures[0], Footnotes(), world.reference.condition
    of = {each[0].one.table: each for each in world.comparisons if each[0] is not None}
    several = any(one.settings > 1 for one in world.chosen.values())
    header = ["algorithm at its best" if several else "algorithm", *(["settings"] if several else []), heading(main)]
    by_run = not analysis.by_moments
    if of:
        header += [f"difference of {short(m)}" for m in analysis.measures]
        header += ["p (corrected)", *(["better runs"] if by_run else [])]
    rows = []
    for table, one in world.chosen.items():
        row = [one.condition.label, *([typeset(one.settings)] if several else [])]
        row.append(notes.interval(one.worth.estimate, one.worth.low, one.worth.high, one.worth.caution))
        comparisons = of.get(table)
        if comparisons is None:
            row += [""] * (len(header) - len(row))
        else:
            for each in comparisons:
                row.append(_UNKNOWN if each is None else _difference(each, notes))
            by_main, error = comparisons[0], analysis.rate.of_comparison
            assert by_main is not None
            row.append(p_text(min(1.0, by_main.found.p_value * 0.05 / error)))
            if by_run:
                row.append(share_text(_better(by_main.measure, by_main.found.probability_of_improvement)))
        rows.append(row)
    caption = (
        f"Differences are to {reference.label}; p: corrected for all that this report compares, told apart at 0.05 or "
        "below, where the interval of the difference is clear of 0"
    )
    if several and not by_run:
        caption += "; it is between the best settings of both by the first measure, whichever they are"
    if by_run:
        caption += "; better runs: in how many pairs of runs it beats the reference"
    return Table(header, rows, caption if of else "", f"{main.title[0].upper()}{main.title[1:]}", notes.listed())


def _difference(each: FairComparison, notes: Footnotes) -> str:
    c = each.found
    caution = c.caution.removeprefix("a - b: ")
    first, _, second = caution.removeprefix("a: ").partition("; b: ")
    if first == second:
        caution = first
    elif caution.startswith(("a: ", "b: ")):
        caution += f" (a is {each.one.label}, b is {each.reference.label})"
    return notes.interval(c.difference, c.low, c.high, caution)


def _better(measure: Measure, share: float) -> float:
    return share if measure.higher_is_better else 1.0 - share


def bias_table(world: SweptWorld, analysis: SweepAnalysis) -> Table | None:
    """Tabulate what the chosen settings seemed on the seeds that chose them, and what they are worth on others.

    Parameters
    ----------
    world : SweptWorld
    analysis : SweepAnalysis

    Returns
    -------
    Table or None
        None where nothing was chosen on seeds of its own.
    """
    chosen = [(one, one.flattery) for one in world.chosen.values() if one.flattery is not None]
    if not chosen:
        return None
    notes = Footnotes()
    rows = [
        [
            one.condition.label,
            typeset(one.settings),
            distinct(one.seemed, 2, 0.0),
            distinct(one.worth.estimate, 2, 0.0),
            notes.interval(found.optimism.estimate, found.optimism.low, found.optimism.high, found.optimism.caution),
            distinct(found.expected, 2, 0.0) if math.isfinite(found.expected) else "\N{EN DASH}",
        ]
        for one, found in chosen
    ]
    header = ["chosen", "settings", "on the seeds that chose", "on the others", "too good by", "on average by"]
    caption = (
        f"By {analysis.measures[0].title}. What a setting seems on the seeds that chose it is flattered by luck, the "
        "more so the more settings there are. Too good by: how much better it seemed than on the other seeds, [ ]: "
        "from the interval there; on average by: what such a choice adds, from the seeds that choose alone"
    )
    return Table(header, rows, caption, "What choosing flatters", notes.listed())


def matched_table(world: SweptWorld, analysis: SweepAnalysis) -> Table | None:
    """Tabulate algorithms beside the reference at the same value of a parameter.

    Parameters
    ----------
    world : SweptWorld
    analysis : SweepAnalysis

    Returns
    -------
    Table or None
        None where no parameter is swept in both.
    """
    if not world.matched:
        return None
    notes, error = Footnotes(), analysis.rate.of_comparison
    rows = []
    for each in world.matched:
        rows.append(
            [
                f"{parameter_name(each.parameter, symbol=True)} = {value_text(each.value)}",
                each.comparison.one.label,
                each.comparison.reference.label,
                _difference(each.comparison, notes),
                p_text(min(1.0, each.comparison.found.p_value * 0.05 / error)),
            ]
        )
    header = ["both at", "condition", "against", f"difference of {short(analysis.measures[0])}", "p (corrected)"]
    caption = "Other parameters at their best for that value, chosen as above."
    return Table(header, rows, caption, "Matched settings", notes.listed(), sortable=True)


def heading(measure: Measure) -> str:
    """A measure as the head of a column."""
    return measure.title


def short(measure: Measure) -> str:
    """A measure where its title stands beside it.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> [short(measure(name)) for name in ("last:100", "area", "steps_to:-20", "worst:0.05")]
    ['return', 'area', 'steps to −20', 'worst 5%']
    """
    kind, _, numbers = measure.name.partition(":")
    if kind == "last":
        return "return"
    if kind == "length":
        return "length"
    if kind == "worst":
        return f"worst {value_text(100.0 * float(numbers))}%"
    words = kind.replace("_", " ")
    number = numbers.partition(":")[0].replace("-", "\N{MINUS SIGN}")
    return f"{words} {number}" if number else words

"""What is found in a sweep, in sentences that claim no more than was decided."""

from __future__ import annotations

import math

from fastsoftq.figures.labels import typeset
from fastsoftq.measures import Measure
from fastsoftq.report.rounding import distinct, interval_text
from fastsoftq.report.sweep.analysis import SweepAnalysis, SweptWorld
from fastsoftq.report.sweep.condition_labels import parameter_name, value_text
from fastsoftq.report.sweep.fair import FairComparison
from fastsoftq.report.sweep.measured import MeasuredCondition, sense
from fastsoftq.report.sweep.sensitivity_lines import SensitivityLine

__all__ = ["flattery_words", "plateau_words", "world_answers"]

_NAMED = 4  # conditions that a sentence names


def world_answers(world: SweptWorld, analysis: SweepAnalysis) -> list[str]:
    """Say what was found in a world, what matters most first.

    Parameters
    ----------
    world : SweptWorld
    analysis : SweepAnalysis

    Returns
    -------
    list of str
    """
    main, told = analysis.measures[0], []
    mains = [each[0] for each in world.comparisons if each[0] is not None]
    if mains:
        order = sorted(mains, key=lambda each: -sense(main) * world.chosen[each.one.table].worth.estimate)
        told.append(_comparison_words(order[0], world, analysis, True))
        told += [_comparison_words(each, world, analysis, False) for each in order[1:]]
    else:
        (one,) = world.chosen.values()
        text = interval_text(one.worth.estimate, one.worth.low, one.worth.high)
        of = f", chosen from {typeset(one.settings)} settings," if one.settings > 1 else ""
        told.append(f"{one.condition.label}{of} has {text} {main.unit}: {main.title}.")
    best = _best_words(world, main, any(each.sign for each in mains), analysis.rate.of_comparison)
    return told + ([best] if best else [])


def _comparison_words(each: FairComparison, world: SweptWorld, analysis: SweepAnalysis, whole: bool) -> str:
    c, main = each.found, analysis.measures[0]
    names: tuple[str, ...] = each.one.label, each.reference.label
    seemed = ""
    by = f", by {main.title}" if whole else ""
    chosen = [one.table for one in (each.one, each.reference) if world.chosen[one.table].settings > 1]
    if analysis.by_moments and chosen:  # what is compared is the best of an algorithm, whichever setting that is
        best = [one for one in (each.one, each.reference) if one.table in chosen and not _is_named(one, world)]
        names = tuple(f"{one.table} at its best" if one in best else one.label for one in (each.one, each.reference))
        seemed = f"; in these runs that is {' and '.join(one.label for one in best)}"
    if each.sign:
        first, second = names if each.sign > 0 else names[::-1]
        least, most = sorted((abs(c.low), abs(c.high)))
        text = interval_text(abs(c.difference), least, most)
        how = "" if main.higher_is_better else " fewer" if main.unit != "return" else " less"
        return f"{first} beats {second} by {text}{how}{by}{seemed}."
    text = interval_text(c.difference, c.low, c.high)
    return f"{names[0]} and {names[1]} are not told apart{by}: the difference is {text}{seemed}."


def _is_named(one: MeasuredCondition, world: SweptWorld) -> bool:
    """Whether it is this very condition that others are compared with."""
    return world.reference.named and one is world.reference.condition


def _best_words(world: SweptWorld, main: Measure, told: bool, error: float) -> str:
    """Which conditions may be the best of all; ``told`` is whether any algorithm at its best is told from another."""
    if not main.is_mean or len(world.conditions) < 3:
        return ""
    members = [world.conditions[place] for place in sorted(world.best)]
    if len(members) == 1:
        return f"Of all {typeset(len(world.conditions))} conditions, {members[0].label} is told to be the best."
    if len(members) == len(world.conditions):
        # Of so few seeds even differences of one sign prove nothing, shared out over all others.
        few = 0.5 ** min(one.runs for one in members) > error / (len(members) - 1)
        why = ": to compare so many together takes more seeds" if told or few else ""
        return f"None of the {typeset(len(members))} conditions is told from the best{why}."
    if len(members) <= _NAMED:
        names = f"{'; '.join(one.label for one in members[:-1])} and {members[-1].label}"
    else:
        counts: dict[str, int] = {}
        for one in members:
            counts[one.table] = counts.get(one.table, 0) + 1
        names = ", ".join(f"{typeset(count)} of {table}" for table, count in counts.items())
    return (
        f"{typeset(len(members))} of {typeset(len(world.conditions))} conditions cannot be told from the best: {names}."
    )


def flattery_words(world: SweptWorld) -> str:
    """Say how much it would flatter to choose and to measure on the same seeds, of the algorithm that it helps most.

    Parameters
    ----------
    world : SweptWorld

    Returns
    -------
    str
        Empty where nothing was chosen on seeds of its own, or where they are too few to tell.
    """
    known = [(found.expected, table, one) for table, one in world.chosen.items() if (found := one.flattery)]
    known = [each for each in known if math.isfinite(each[0])]
    if not known:
        return ""
    expected, table, one = max(known, key=lambda each: each[0])
    assert one.flattery is not None
    optimism = one.flattery.optimism
    return (
        f"On the seeds that chose it the best of {typeset(one.settings)} settings of {table} seems too good by "
        f"{interval_text(optimism.estimate, optimism.low, optimism.high)}; such a choice adds "
        f"{distinct(expected, 2, 0.0)} on average."
    )


def plateau_words(line: SensitivityLine, parameter: str, main: Measure) -> str:
    """Say which values of a parameter cannot be told from the best.

    Parameters
    ----------
    line : SensitivityLine
    parameter : str
    main : Measure

    Returns
    -------
    str
        Empty where nothing was decided.
    """
    if not line.plateau:
        return ""
    values, best = [value_text(value) for value in line.values], line.best(main)
    name, inside = parameter_name(parameter), sorted(line.plateau)
    if len(inside) == 1:
        return f"{line.table}: {name} {values[inside[0]]} is told to be the best of {len(values)} values."
    if len(inside) == len(values):
        return f"{line.table}: none of {len(values)} values of {name} is told from the best, {values[best]}."
    runs = [[inside[0]]]
    for place in inside[1:]:
        if place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    spans = [values[run[0]] if len(run) == 1 else f"{values[run[0]]} to {values[run[-1]]}" for run in runs]
    return (
        f"{line.table}: {name} {' and '.join(spans)} cannot be told from the best, {values[best]} "
        f"({len(inside)} of {len(values)} values)."
    )

"""What a study's rounds have decided, and what a tuning has chosen, as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastsoftq.system.streams import in_a_line

__all__ = ["decision_lines", "selection_lines"]

_SHOWN = 12  # pairs


def decision_lines(decision: Any) -> Iterator[str]:
    r"""What the rounds of a study have decided: a line for all, and one for each pair.

    Parameters
    ----------
    decision : StudyDecision

    Yields
    ------
    str

    Examples
    --------
    >>> from fastsoftq.studies.rounds import PairDecision, StudyDecision
    >>> from fastsoftq.studies.stopping import Stop
    >>> pair = PairDecision("cliff/soft", "cliff/hard", True, 1, 9.25, 16.57, 20)
    >>> print(*decision_lines(StudyDecision(Stop(1.0), "last:100", (20, 40), (pair,))), sep="\n")
    answered after 40 seeds: 1 of 1 differences of last:100, at 95%
    cliff/soft is above cliff/hard by 9 to 17, after 20 seeds
    """
    from fastsoftq.figures.labels import typeset
    from fastsoftq.report.rounding import setting_text

    seeds, pairs = decision.rounds[-1], decision.pairs
    answered = sum(pair.answered for pair in pairs)
    state = f"answered after {typeset(seeds)} seeds"
    if not decision.answered:
        state = f"{'the budget is spent' if decision.spent else 'not answered yet'}, after {typeset(seeds)} seeds"
    confidence = setting_text(round(100 * decision.stop.confidence, 6))
    yield (f"{state}: {typeset(answered)} of {typeset(len(pairs))} differences of {decision.measure}, at {confidence}%")
    open_first = sorted(pairs, key=lambda pair: (pair.answered, pair.sign == 0))
    yield from _first_lines(open_first, lambda pair: _pair_line(pair, decision.stop.difference))


def _pair_line(pair: Any, difference: float) -> str:
    from fastsoftq.figures.labels import typeset
    from fastsoftq.report.rounding import interval_text, setting_text

    low, high = interval_text((pair.low + pair.high) / 2.0, pair.low, pair.high).partition("[")[2][:-1].split(", ")
    least = setting_text(difference)
    after = f"after {typeset(pair.seeds)} seeds"
    condition, reference = (in_a_line(name) for name in (pair.condition, pair.reference))
    if not pair.answered:
        return f"{condition} is not told from {reference} {after}: above by {low} to {high}"
    if pair.sign == 0:
        return f"{condition} differs from {reference} by less than {least}, {after}: above by {low} to {high}"
    small = f", less than {least}" if max(abs(pair.low), abs(pair.high)) < difference else ""
    if pair.sign < 0:
        low, high = (text.removeprefix("\N{MINUS SIGN}") for text in (high, low))
    return f"{condition} is {'above' if pair.sign > 0 else 'below'} {reference} by {low} to {high}{small}, {after}"


def selection_lines(selected: Any, level: float = 0.95) -> Iterator[str]:
    """What was chosen on some seeds, how it does on others, and how it compares there.

    Parameters
    ----------
    selected : Selected
    level : float
        Confidence with which all comparisons hold together.

    Yields
    ------
    str
    """
    from fastsoftq.figures.labels import typeset
    from fastsoftq.report.rounding import interval_text, setting_text

    measure, selection = selected.measure, selected.selection
    yield (
        f"{measure.title}, chosen on {typeset(selection.tune)} seeds and compared on others, "
        f"intervals at {setting_text(round(100 * level, 6))}%:"
    )
    for choice in selected:
        test = measure.estimate(choice.test, level)
        line = f"{choice.condition}: {interval_text(test.estimate, test.low, test.high)} on {typeset(test.runs)} seeds"
        if len(choice.candidates) > 1:
            line += f"; the best of {typeset(len(choice.candidates))}"
            if measure.is_mean:
                bias = selected.bias(choice, level).optimism
                shown = interval_text(bias.estimate, bias.low, bias.high)
                line += f", better by {shown} on the seeds that it was chosen by"
        yield in_a_line(line)
    pairs = selected.compare(level=level) if len({choice.table for choice in selected}) > 1 else []

    def line_of(pair: Any) -> str:
        found = pair.comparison
        shown = interval_text(found.difference, found.low, found.high)
        return in_a_line(f"{pair.condition} \N{MINUS SIGN} {pair.reference}: {shown}")

    yield from _first_lines(pairs, line_of)


def _first_lines(pairs: Sequence[Any], line_of: Callable[[Any], str]) -> Iterator[str]:
    """Lines of the first of many pairs, and how many more there are."""
    from fastsoftq.figures.labels import typeset

    yield from map(line_of, pairs[:_SHOWN])
    if len(pairs) > _SHOWN:
        yield f"... and {typeset(len(pairs) - _SHOWN)} more, which the report shows"

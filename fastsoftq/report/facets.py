"""How many conditions are shared out among charts, so that each chart has lines that can be told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from fastsoftq.figures.colour_vision import alike
from fastsoftq.figures.colours import DASHES
from fastsoftq.figures.curve import Curve
from fastsoftq.report.folder import ReportedAgent
from fastsoftq.report.rounding import distinct, setting_text

__all__ = ["Shown", "about", "facets", "titled"]

_SMALL = -4  # the power of ten below which values are written by it
_LINES = 6  # of a chart, besides the reference


class Learned(Protocol):
    """What charts of learning curves need: a `Performance`, or what summaries tell of one."""

    @property
    def agent(self) -> ReportedAgent: ...
    @property
    def returns(self) -> Curve: ...
    @property
    def lengths(self) -> Curve: ...


Shown = TypeVar("Shown", bound=Learned)


def facets(performances: Sequence[Shown], reference: Shown | None = None) -> list[tuple[str, list[Shown]]]:
    """Share agents out among charts of a few lines, all of another colour or dashed otherwise, and the reference.

    Parameters
    ----------
    performances : sequence of Performance
    reference : Performance, optional

    Returns
    -------
    list of (str, list of Performance)
        The settings that the agents of a chart share and others do not, such as "epsilon = 0"; "1 of 3" where there
        are none; empty for a single chart.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.report.folder import ReportedAgent, Runs
    >>> from fastsoftq.report.performance import performance_of
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=6, episodes=9, max_steps=50)
    >>> runs = Runs(curves.returns, curves.lengths, curves.truncated, curves.seeds)
    >>> one = performance_of(ReportedAgent("hard", "hard", "#d55e00", {}, lambda: runs))
    >>> [(title, len(group)) for title, group in facets([one, one], one)]
    [('', 1)]
    """
    groups: list[list[Shown]] = []
    for one in performances:
        if one is not reference:
            room = (group for group in groups if len(group) < _LINES and _alike(one, group) < len(DASHES) - 1)
            group = next(room, [])
            if not group:
                groups.append(group)
            group.append(one)
    everywhere = [reference] if reference is not None else []
    if len(groups) < 2:
        return [("", [*everywhere, *next(iter(groups), [])])]
    common = [set.intersection(*(set(one.agent.settings.items()) for one in group)) for group in groups]
    shared = set.intersection(*common)
    titles = [", ".join(f"{key} = {setting_text(value)}" for key, value in sorted(own - shared)) for own in common]
    if not all(titles) or len(set(titles)) < len(titles):
        titles = [f"{i} of {len(groups)}" for i in range(1, len(groups) + 1)]
    return [(title, [*everywhere, *group]) for title, group in zip(titles, groups, strict=True)]


def _alike(one: Learned, group: Sequence[Learned]) -> int:
    """How many of a group have the same colour, or one that somebody takes for it."""
    return sum(alike(other.agent.colour, one.agent.colour) for other in group)


def titled(what: str, shared: str) -> str:
    """The title of a chart, with what its lines share.

    Examples
    --------
    >>> titled("Return", "epsilon = 0"), titled("Return", "")
    ('Return, epsilon = 0', 'Return')
    """
    return f"{what}, {shared}" if shared else what


def about(value: float) -> str:
    """A value in the words of a chart, roughly: by three digits.

    Examples
    --------
    >>> about(-12.04), about(1234.5), about(0.04721)
    ('−12.0', '1,234', '0.0472')
    """
    place = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 1
    return setting_text(float(f"{value:.3g}")) if place < _SMALL else distinct(value, max(0, 2 - place), 0.0)

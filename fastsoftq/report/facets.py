"""Agents shared out among charts, so that no chart has a colour twice."""

from __future__ import annotations

from collections.abc import Sequence

from fastsoftq.report.performance import Performance
from fastsoftq.report.rounding import setting_text

__all__ = ["facets"]


def facets(
    performances: Sequence[Performance], reference: Performance | None = None
) -> list[tuple[str, list[Performance]]]:
    """Share agents out among charts so that no chart has a colour twice, and each shows the reference.

    Parameters
    ----------
    performances : sequence of Performance
    reference : Performance, optional

    Returns
    -------
    list of (str, list of Performance)
        The settings that the agents of a chart share and others do not, such as "epsilon = 0.0"; empty for a single
        chart.

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
    groups: list[list[Performance]] = []
    for one in performances:
        if one is not reference:
            room = (group for group in groups if all(one.agent.colour != other.agent.colour for other in group))
            group = next(room, [])
            if not group:
                groups.append(group)
            group.append(one)
    common = [set.intersection(*(set(one.agent.settings.items()) for one in group)) for group in groups]
    shared = set.intersection(*common) if common else set()
    titles = [", ".join(f"{key} = {setting_text(value)}" for key, value in sorted(own - shared)) for own in common]
    everywhere = [reference] if reference is not None else []
    if not groups:
        return [("", everywhere)]
    return [(title, [*everywhere, *group]) for title, group in zip(titles, groups, strict=True)]

"""Which agents of two result folders are the same, and in which settings such a pair differs all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fastsoftq.report.folder import FolderContents, ReportedAgent
from fastsoftq.report.rounding import setting_text

__all__ = ["MatchedFolders", "Pair", "matched_folders", "matching_agents", "unlike_settings"]

Pair = tuple[ReportedAgent, ReportedAgent]


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
    found = [matching_agents(a.agents, b.agents) for a, b in pairs]
    if not any(found) and all(a.agents and b.agents for a, b in pairs):
        held = [
            "; ".join(dict.fromkeys(agent.label for each in side for agent in each.agents))
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


def _identical(one: ReportedAgent, other: ReportedAgent) -> bool:
    """Whether runs from the same seeds are equal, bit by bit."""
    a, b = one.load(), other.load()
    common, rows_a, rows_b = np.intersect1d(a.seeds, b.seeds, return_indices=True)
    fields = ("returns", "lengths", "truncated")
    return len(common) > 0 and all(np.array_equal(getattr(a, x)[rows_a], getattr(b, x)[rows_b]) for x in fields)


def matching_agents(ours: Sequence[ReportedAgent], theirs: Sequence[ReportedAgent]) -> list[Pair]:
    """Pair agents of the same world: by name first, and what is left by algorithm and settings.

    Parameters
    ----------
    ours, theirs : sequence of ReportedAgent
        Where each side has one world only, the two count as the same.

    Returns
    -------
    list of (ReportedAgent, ReportedAgent)
        In our order; each agent at most once.

    Examples
    --------
    >>> one, other = (ReportedAgent(name, name, "#000000", {"step_size": 0.8}, None) for name in ("mine", "yours"))
    >>> [(a.name, b.name) for a, b in matching_agents([one], [other])]
    [('mine', 'yours')]
    """
    single = all(len({agent.world for agent in side}) == 1 for side in (ours, theirs))

    def same(key: Callable[[ReportedAgent], object], one: ReportedAgent, other: ReportedAgent) -> bool:
        return (single or one.world == other.world) and key(one) == key(other)

    found: dict[ReportedAgent, ReportedAgent] = {}
    for key in (_own_name, lambda agent: dict(agent.settings)):
        for one in (agent for agent in ours if agent not in found):
            free = (agent for agent in theirs if agent not in found.values() and same(key, one, agent))
            found.update((one, other) for other in [next(free, None)] if other is not None)
    return [(one, found[one]) for one in ours if one in found]


def _own_name(agent: ReportedAgent) -> str:
    """An agent's name, without that of its world."""
    return agent.name.removeprefix(f"{agent.world}/")


def unlike_settings(pairs: Iterable[Pair]) -> list[str]:
    """Say in which settings the agents of each pair differ.

    Parameters
    ----------
    pairs : iterable of (ReportedAgent, ReportedAgent)

    Returns
    -------
    list of str
        Such as "hard differs in step size: 0.8 against 0.5"; each agent once.

    Examples
    --------
    >>> one, other = (ReportedAgent("hard", "hard", "#d55e00", {"step_size": x}, None) for x in (0.8, 0.5))
    >>> unlike_settings([(one, other)])
    ['hard differs in step size: 0.8 against 0.5']
    """
    texts = []
    for one, other in pairs:
        names = [n for n in {**one.settings, **other.settings} if one.settings.get(n) != other.settings.get(n)]
        a, b = ([setting_text(own.settings.get(name, "none")) for name in names] for own in (one, other))
        told = [f"{name.replace('_', ' ')}: {x} against {y}" for name, x, y in zip(names, a, b, strict=True)]
        texts += [f"{one.label} differs in {', '.join(told)}"] if told else []
    return list(dict.fromkeys(texts))

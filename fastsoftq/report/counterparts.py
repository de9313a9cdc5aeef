"""Which conditions of two folders are the same agent, and in what such a pair differs all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fastsoftq.report.folder import Condition
from fastsoftq.report.learned import setting_text

__all__ = ["counterparts", "unlike_settings"]

Pair = tuple[Condition, Condition]


def counterparts(ours: Sequence[Condition], theirs: Sequence[Condition]) -> list[Pair]:
    """Pair conditions of the same world: those of the same name, then those of the same algorithm and settings.

    Parameters
    ----------
    ours, theirs : sequence of Condition
        Where each side has one world only, that is taken for the same, whatever it is called.

    Returns
    -------
    list of (Condition, Condition)
        In our order; each condition at most once.
    """
    single = all(len({condition.world for condition in side}) == 1 for side in (ours, theirs))

    def alike(agent: Callable[[Condition], object], one: Condition, other: Condition) -> bool:
        return (single or one.world == other.world) and agent(one) == agent(other)

    found: dict[Condition, Condition] = {}
    for agent in (_name, lambda condition: dict(condition.settings)):
        for one in (c for c in ours if c not in found):
            free = (c for c in theirs if c not in found.values() and alike(agent, one, c))
            found.update((one, other) for other in [next(free, None)] if other is not None)
    return [(one, found[one]) for one in ours if one in found]


def _name(condition: Condition) -> str:
    """Of the agent, without that of its world."""
    return condition.name.removeprefix(f"{condition.world}/")


def unlike_settings(pairs: Iterable[Pair]) -> list[str]:
    """In which settings the conditions of each pair differ.

    Parameters
    ----------
    pairs : iterable of (Condition, Condition)

    Returns
    -------
    list of str
        Such as "hard differs in step size: 0.8 against 0.5"; each agent once.
    """
    texts = []
    for one, other in pairs:
        names = [n for n in {**one.settings, **other.settings} if one.settings.get(n) != other.settings.get(n)]
        a, b = ([setting_text(own.settings.get(name, "none")) for name in names] for own in (one, other))
        told = [f"{name.replace('_', ' ')}: {x} against {y}" for name, x, y in zip(names, a, b, strict=True)]
        texts += [f"{one.label} differs in {', '.join(told)}"] if told else []
    return list(dict.fromkeys(texts))

"""The deep agents of the experiments: hard, and soft at three temperatures; and how long they learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning
from fastsoftq.experiments import Settings
from fastsoftq.report.decision import sign
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import Comparison

__all__ = ["EXPLORING", "LABELS", "OWN", "POINTS", "TEMPERATURES", "learners", "steps_of", "told_text"]

TEMPERATURES = (0.1, 0.5, 1.0)
POINTS = 100  # of a curve

OWN = {f"soft_{t:g}": f"soft, T = {t:g}" for t in TEMPERATURES}  # acting by its own policy alone
EXPLORING = {f"{name}_epsilon": f"{label}, with ε" for name, label in OWN.items()}  # with hard's epsilon on top
LABELS = {"hard": "hard", **OWN, **EXPLORING}


def learners(step_size: float, discount: float, epsilon: float | LinearDecay) -> dict[str, Any]:
    """The agents whose rules networks are trained by.

    Parameters
    ----------
    step_size, discount : float
    epsilon : float or LinearDecay
        Of the hard agent, and of those soft ones that explore as it does; schedules count steps.

    Returns
    -------
    dict of str to QLearning or SoftQLearning
        By the names in `LABELS`.

    Examples
    --------
    >>> list(learners(1e-3, 0.99, 0.1))[:5]
    ['hard', 'soft_0.1', 'soft_0.5', 'soft_1', 'soft_0.1_epsilon']
    """
    own = {f"soft_{t:g}": SoftQLearning(step_size, discount, temperature=t) for t in TEMPERATURES}
    exploring = {f"{name}_epsilon": agent._replace(epsilon=epsilon) for name, agent in own.items()}
    return {"hard": QLearning(step_size, discount, epsilon), **own, **exploring}


def steps_of(settings: Settings, full: int) -> int:
    """Environment steps of a run: so many where the settings' episodes are as they are if not given.

    Parameters
    ----------
    settings : Settings
    full : int

    Returns
    -------
    int
        In proportion to the episodes asked for, and no fewer than there are points.

    Examples
    --------
    >>> steps_of(Settings(), 250_000), steps_of(Settings(episodes=10), 250_000)
    (250000, 2500)
    """
    return max(POINTS, full * settings.episodes // Settings.episodes)


def told_text(found: Mapping[str, Comparison], more: str, less: str) -> str:
    """Many comparisons with the same reference in few words: by how much, of those that are told apart alone.

    Parameters
    ----------
    found : mapping of str to Comparison
        By the name of the first of each pair.
    more, less : str
        What to say before how much more, or less.

    Returns
    -------
    str
        Such as "more by 3.0 [1.2, 4.8] (a); not told apart: b, c".

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.experiments.certainty import compare_together
    >>> a = np.arange(20.0)
    >>> told_text(compare_together({"b": (a + 25.0, a[::-1]), "c": (a, a[::-1])}), "more by", "less by")
    'more by 25 [19, 31] (b); not told apart: c'
    """
    texts = []
    for name, one in found.items():
        if sign(one):
            ends = sorted((abs(one.low), abs(one.high)))
            texts.append(f"{more if sign(one) > 0 else less} {interval_text(abs(one.difference), *ends)} ({name})")
    apart = [name for name, one in found.items() if not sign(one)]
    return "; ".join([*texts, *([f"not told apart: {', '.join(apart)}"] if apart else [])])

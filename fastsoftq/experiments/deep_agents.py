"""The deep agents of the experiments: hard, and soft at three temperatures; and how long they learn."""

from __future__ import annotations

from typing import Any

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning
from fastsoftq.deep.deep_training import MOST_STEPS
from fastsoftq.experiments import Settings

__all__ = ["EXPLORING", "LABELS", "OWN", "POINTS", "TEMPERATURES", "learners", "steps_of"]

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

    Raises
    ------
    ValueError
        More than a network can learn for.

    Examples
    --------
    >>> steps_of(Settings(), 250_000), steps_of(Settings(episodes=10), 250_000)
    (250000, 2500)
    """
    steps = max(POINTS, full * settings.episodes // Settings.episodes)
    if steps > MOST_STEPS:
        most = MOST_STEPS * Settings.episodes // full
        raise ValueError(f"episodes is {settings.episodes}; with networks it must be at most {most}")
    return steps

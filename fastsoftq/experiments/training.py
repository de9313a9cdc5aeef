"""Training as experiments do it: with the settings' threads, told to whoever watches."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.threads import Progress
from fastsoftq.experiments import Settings, Watch
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.training import train

__all__ = ["watched_train"]


def watched_train(
    mdp: TabularMDP,
    agent: Any,
    label: str,
    settings: Settings,
    watch: Watch,
    *,
    seeds: NDArray[Any] | int | None = None,
    episodes: int | None = None,
    max_steps: int | None = None,
    initial_q: ArrayLike | None = None,
) -> LearningCurves:
    """Train, keeping the tables, while `watch` is told how far it has come.

    Parameters
    ----------
    mdp, agent, initial_q
        As for `train`.
    label : str
        What is being trained, for `watch`.
    settings : Settings
    watch : callable
    seeds, episodes, max_steps
        Instead of those of `settings`.

    Returns
    -------
    LearningCurves
    """
    chosen = settings.seeds if seeds is None else seeds
    watch(label, Progress(0, chosen if isinstance(chosen, int) else len(chosen), 0))
    return train(
        mdp,
        agent,
        chosen,
        episodes or settings.episodes,
        max_steps or settings.max_steps,
        threads=settings.threads,
        initial_q=initial_q,
        keep_q=True,
        progress=lambda progress: watch(label, progress),
    )

"""Fine-tuning in a room that has changed: from scratch, from a hard table, from a soft one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.attainable_returns import length_bounds
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.experiments.certainty import compare_together
from fastsoftq.experiments.document import exact_policy
from fastsoftq.experiments.goals_reached import NEAR_TIES
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.curve import Curve, curve
from fastsoftq.mdp.multi_goal import multi_goal
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.report.decision import ALPHA
from fastsoftq.statistics import Comparison, SampleEfficiency, sample_efficiency

__all__ = [
    "EARLY",
    "GOALS",
    "LABELS",
    "NEAR",
    "REWARD_SCALE",
    "SOURCES",
    "TASKS",
    "TUNERS",
    "WALLS",
    "WINDOW",
    "Started",
    "Tuned",
    "condition_name",
    "fine_tuned",
    "room",
]

SIZE, STEP_SIZE, DISCOUNT, EPSILON, REWARD_SCALE = 21, 0.8, 0.95, 0.1, 5.0
GOALS: dict[str, dict[str, Any]] = {
    "goal 0 closes": {"closed": (0,)},
    "goals 0, 1 close": {"closed": (0, 1)},
    "only goal 3 stays": {"closed": (0, 1, 2)},
}
WALLS: dict[str, dict[str, Any]] = {
    "hallway": {"walls": "hallway"},
    "U-maze": {"walls": "u-maze"},
    "U-maze, goal 0 closes": {"walls": "u-maze", "closed": (0,)},
}
TASKS = GOALS | WALLS
NEAR, WINDOW = 1.5, 10  # learned: an average of 10 episodes takes less than 1.5 times the exact number of steps
EARLY = 20  # the first episodes of fine-tuning

# Both learn from rewards on the same scale, so that either can go on with the table of the other.
TUNERS: dict[str, QLearning | SoftQLearning] = {
    "hard": QLearning(STEP_SIZE, DISCOUNT, EPSILON, reward_scale=REWARD_SCALE),
    "soft": SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=REWARD_SCALE),
}
SOURCES = {"none": "#4d4d4d", **{name: agent_colour(agent) for name, agent in TUNERS.items()}}
LABELS = {"none": "from scratch", "hard": "pretrained hard", "soft": "pretrained soft"}
COMPARISONS = 3 * len(TASKS) * len(TUNERS)  # with a soft table, three for each task and tuner
BANDS = len(GOALS) * len(TUNERS) * len(SOURCES)  # of a figure


class Started(NamedTuple):
    """Fine-tuning from one start, in numbers of each run."""

    steps: NDArray[np.float64]  # [seeds], of all episodes
    early: NDArray[np.float64]  # [seeds], mean length of the first episodes
    near: SampleEfficiency  # steps to the threshold
    drawn: Curve  # of length


class Tuned(NamedTuple):
    """Fine-tuning of one agent in one task, from each start."""

    task: str
    tuner: str
    mdp: TabularMDP
    episodes: int
    bounds: tuple[float, float]  # the fewest and the most steps of all episodes
    exact: float  # expected steps of an episode, once learned
    starts: dict[str, Started]  # by source
    # Of all tasks and both tuners, all together at 95 %:
    over_scratch: Comparison  # steps from scratch, less those from a soft table
    over_hard: Comparison  # steps from a hard table, less those from a soft one
    sooner: Comparison  # steps to the threshold from a hard table, less those from a soft one


def room(**changes: Any) -> TabularMDP:
    """The room with four goals that are nearly equal, as it is or changed.

    Parameters
    ----------
    **changes
        As for `multi_goal`.

    Returns
    -------
    TabularMDP

    Examples
    --------
    >>> room(closed=(0,)).n_states
    441
    """
    return multi_goal(SIZE, goal_rewards=NEAR_TIES, **changes)


def condition_name(task: str, tuner: str, source: str) -> str:
    """What the study calls fine-tuning one agent in one task from one start.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    tuner : str
        One of `TUNERS`.
    source : str
        One of `SOURCES`.

    Returns
    -------
    str

    Examples
    --------
    >>> condition_name("hallway", "soft", "none")
    'hallway: soft, from scratch'
    """
    return f"{task}: {tuner}, {LABELS[source]}"


def fine_tuned(task: str, tuner: str, curves: Callable[[str], LearningCurves]) -> Tuned:
    """Reduce what fine-tuning gave in a changed room, from each start; one condition's curves at a time.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    tuner : str
        One of `TUNERS`.
    curves : callable
        Gives the learning curves of a condition by its name.

    Returns
    -------
    Tuned

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves = fsq.train(room(walls="hallway"), TUNERS["soft"], seeds=2, episodes=3, max_steps=30)
    >>> fine_tuned("hallway", "soft", lambda name: curves).over_hard.difference
    0.0
    """
    mdp = room(**TASKS[task])
    policy = exact_policy(mdp, TUNERS[tuner])
    if tuner == "hard":
        policy = epsilon_mixture(policy, EPSILON)
    exact = evaluate_policy(mdp, policy).expected_length
    starts: dict[str, Started] = {}
    for source in SOURCES:
        loaded = curves(condition_name(task, tuner, source))
        starts[source] = _started(loaded, source, exact)
        episodes, (fewest, most) = loaded.n_episodes, length_bounds(loaded.max_steps)
    near = {source: starts[source].near for source in TUNERS}
    watched = min(found.horizon for found in near.values())
    return Tuned(
        task,
        tuner,
        mdp,
        episodes,
        (episodes * fewest, episodes * most),
        exact,
        starts,
        **compare_together(
            {
                "over_scratch": (starts["none"].steps, starts["soft"].steps),
                "over_hard": (starts["hard"].steps, starts["soft"].steps),
                "sooner": (np.minimum(near["hard"].time, watched), np.minimum(near["soft"].time, watched)),
            },
            COMPARISONS,
            (0.0, episodes * most),
        ),
    )


def _started(curves: LearningCurves, source: str, exact: float) -> Started:
    lengths = curves.lengths.astype(np.float64)
    return Started(
        lengths.sum(axis=1),
        lengths[:, :EARLY].mean(axis=1),
        sample_efficiency(-lengths, -NEAR * exact, lengths, window=min(WINDOW, curves.n_episodes)),
        curve(
            LABELS[source],
            SOURCES[source],
            curves.lengths,
            np.full(curves.n_episodes, exact),
            length_bounds(curves.max_steps),
            ALPHA / BANDS,
        ),
    )

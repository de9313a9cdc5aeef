"""Fine-tuning in a room that has changed: from scratch, from a hard table, from a soft one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.conclusions import together
from fastsoftq.experiments.goals import NEAR_TIES
from fastsoftq.experiments.training import watched_train
from fastsoftq.figures.style import agent_colour
from fastsoftq.mdp.multi_goal import multi_goal
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.statistics import Comparison, SampleEfficiency, sample_efficiency

__all__ = [
    "DISCOUNT",
    "LABELS",
    "NEAR",
    "REWARD_SCALE",
    "SOURCES",
    "TASKS",
    "TUNERS",
    "WINDOW",
    "Tuned",
    "carried_over",
    "fine_tuned",
    "room",
]

SIZE, STEP_SIZE, DISCOUNT, EPSILON, REWARD_SCALE = 21, 0.8, 0.95, 0.1, 5.0
TASKS: dict[str, dict[str, Any]] = {
    "goal 0 closes": {"closed": (0,)},
    "goals 0, 1 close": {"closed": (0, 1)},
    "only goal 3 stays": {"closed": (0, 1, 2)},
    "hallway": {"walls": "hallway"},
    "U-maze": {"walls": "u-maze"},
    "U-maze, goal 0 closes": {"walls": "u-maze", "closed": (0,)},
}
TUNING = 0.3  # episodes of fine-tuning, in those of pretraining
NEAR, WINDOW = 1.5, 10  # learned: an average of 10 episodes takes less than 1.5 times the exact number of steps

# Both learn from rewards on the same scale, so that either can go on with the table of the other.
HARD = QLearning(STEP_SIZE, DISCOUNT, EPSILON, reward_scale=REWARD_SCALE)
SOFT = SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=REWARD_SCALE)
TUNERS = {"hard": HARD, "soft": SOFT}
SOURCES = {"none": "#4d4d4d", "hard": agent_colour(HARD), "soft": agent_colour(SOFT)}
COMPARISONS = 3 * len(TASKS) * len(TUNERS)  # with a soft table, three for each of what follows
LABELS = {"none": "from scratch", "hard": "pretrained hard", "soft": "pretrained soft"}


class Tuned(NamedTuple):
    """What came of fine-tuning one way in one task, from each start."""

    task: str
    tuner: str
    mdp: TabularMDP
    curves: dict[str, LearningCurves]  # by source
    steps: dict[str, NDArray[np.float64]]  # by source: of all episodes [seeds]
    exact: float  # expected steps of an episode, once learned
    near: dict[str, SampleEfficiency]  # by source: steps to the threshold
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
    """
    return multi_goal(SIZE, goal_rewards=NEAR_TIES, **changes)


def carried_over(q: NDArray[np.float64], old: TabularMDP, new: TabularMDP) -> NDArray[np.float64]:
    """Tables learned in one grid world for another with the same cells or fewer, matched by where states lie.

    Parameters
    ----------
    q : ndarray of float64, shape [..., states of old, actions]
    old, new : TabularMDP

    Returns
    -------
    ndarray of float64, shape [..., states of new, actions]
    """
    state_at = {tuple(cell): state for state, cell in enumerate(np.asarray(old.cells).tolist())}
    return q[..., [state_at[tuple(cell)] for cell in np.asarray(new.cells).tolist()], :]


def fine_tuned(
    task: str,
    tuner: str,
    pretrained: dict[str, NDArray[np.float64] | None],
    settings: Settings,
    watch: Watch,
) -> Tuned:
    """Fine-tune in a changed room, from each start.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    tuner : str
        One of `TUNERS`.
    pretrained : dict of str to ndarray of float64, shape [seeds, states, actions], or None
        The tables to start from, by source; None to start from scratch.
    settings : Settings
    watch : callable

    Returns
    -------
    Tuned
    """
    before, mdp = room(), room(**TASKS[task])
    curves = {
        source: watched_train(
            mdp,
            TUNERS[tuner],
            f"{task}: {tuner}, {LABELS[source]}",
            settings,
            watch,
            seeds=settings.seeds + np.arange(settings.seeds),  # other random numbers than in pretraining
            episodes=max(1, round(TUNING * settings.episodes)),
            initial_q=None if q is None else carried_over(q, before, mdp),
        )
        for source, q in pretrained.items()
    }
    steps = {source: c.lengths.sum(axis=1).astype(np.float64) for source, c in curves.items()}
    if tuner == "soft":
        policy = soft_value_iteration(mdp, DISCOUNT, reward_scale=REWARD_SCALE).policy
    else:
        policy = (1.0 - EPSILON) * value_iteration(mdp, DISCOUNT).policy + EPSILON / mdp.n_actions
    exact = evaluate_policy(mdp, policy).expected_length
    near = {source: _to_threshold(c, exact) for source, c in curves.items()}
    watched = min(near[source].horizon for source in TUNERS)
    return Tuned(
        task,
        tuner,
        mdp,
        curves,
        steps,
        exact,
        near,
        **together(
            {
                "over_scratch": (steps["none"], steps["soft"]),
                "over_hard": (steps["hard"], steps["soft"]),
                "sooner": (np.minimum(near["hard"].time, watched), np.minimum(near["soft"].time, watched)),
            },
            among=COMPARISONS,
        ),
    )


def _to_threshold(curves: LearningCurves, exact: float) -> SampleEfficiency:
    lengths = curves.lengths.astype(np.float64)
    return sample_efficiency(-lengths, -NEAR * exact, lengths, window=min(WINDOW, curves.n_episodes))

"""Walls appear around a point mass: networks learn anew, or from what a hard or a soft one learned in the open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.learner import Deep
from fastsoftq.deep.replay import Replay
from fastsoftq.experiments import Settings
from fastsoftq.experiments.certainty import compare_together, interval_columns, interval_of
from fastsoftq.experiments.deep_agents import POINTS, steps_of
from fastsoftq.experiments.deep_results import told_text
from fastsoftq.experiments.fine_tuning import LABELS, SOURCES
from fastsoftq.figures.steps_figure import StepCurve, StepPanel, step_curve
from fastsoftq.networks.architectures import MLP
from fastsoftq.report.decision import ALPHA, sign
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison, SampleEfficiency, sample_efficiency
from fastsoftq.studies import Condition

__all__ = [
    "AGENTS",
    "COLOURS",
    "COMPARISONS",
    "LABELS",
    "RETURNS",
    "WORLDS",
    "Tuned",
    "conditions",
    "deep_agents",
    "found",
    "panels",
    "row",
    "table_row",
    "tuned",
]

WORLDS = {"hallway": "Hallway", "u_maze": "U-maze"}
STEPS = 20_000
OTHER_SEEDS = 1_000_000  # the first of fine-tuning, whatever the number of seeds, so that more can be added
STEP_SIZE, DISCOUNT, EPSILON, REWARD_SCALE = 1e-3, 0.99, 0.1, 0.1  # discount and scale of the authors' published code
ARRIVES, WINDOW = 0.9, 5  # learned: so large a share of episodes arrives, over so many points
RETURNS = (-2500.0, 10.0)  # of an episode: 30 steps of at most 30 + 53, and 10 for a goal

# Both learn from rewards on the same scale, so that either can go on with the network of the other.
AGENTS: dict[str, QLearning | SoftQLearning] = {
    "hard": QLearning(STEP_SIZE, DISCOUNT, EPSILON, reward_scale=REWARD_SCALE),
    "soft": SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=REWARD_SCALE),
}
COLOURS = {name: SOURCES[name] for name in AGENTS}
COMPARISONS = 2 * 2 * len(WORLDS) * len(AGENTS)  # with a soft network: with two others, by two measures


class Tuned(NamedTuple):
    """Fine-tuning of one agent in one world, from one start."""

    world: str
    agent: str
    source: str
    returns: NDArray[np.float64]  # [seeds], means over all points
    arrives: NDArray[np.float64]  # [seeds], likewise
    reach: SampleEfficiency  # steps until enough episodes arrive
    diverged: int
    drawn: StepCurve
    sooner: Comparison | None  # of another start: its steps, less those from a soft network
    better: Comparison | None  # return from a soft network, less that from this start


def deep_agents(steps: int) -> dict[str, Deep]:
    """The networks of the hard and of the soft agent.

    Parameters
    ----------
    steps : int
        Of pretraining.

    Returns
    -------
    dict of str to Deep

    Examples
    --------
    >>> deep_agents(40_000)["soft"].agent.reward_scale
    0.1
    """
    replay = Replay(capacity=20_000, batch=64, start=max(1, steps // 80), every=2)
    return {name: Deep(agent, MLP((64, 64)), replay=replay, target_period=200) for name, agent in AGENTS.items()}


def conditions(settings: Settings, open_world: str) -> list[Condition]:
    """Fine-tuning of each agent in each world from each start, with other random numbers than pretraining.

    Parameters
    ----------
    settings : Settings
    open_world : str
        Where pretraining was, as its conditions begin.

    Returns
    -------
    list of Condition

    Examples
    --------
    >>> conditions(Settings(), "open")[0].name
    'hallway: hard, from scratch'
    """
    return [
        Condition(
            world,
            agent,
            _name(world, agent, source),
            steps=steps_of(settings, STEPS),
            first_seed=OTHER_SEEDS,
            after=f"{open_world}/{source}" if source in AGENTS else None,
        )
        for world in WORLDS
        for agent in AGENTS
        for source in SOURCES
    ]


def _name(world: str, agent: str, source: str) -> str:
    return f"{world}: {agent}, {LABELS[source]}"


def tuned(curves: Callable[[str], DeepCurves], among: int) -> list[Tuned]:
    """Reduce what fine-tuning gave; one condition's curves at a time.

    Parameters
    ----------
    curves : callable
        Gives the curves of a condition by its name.
    among : int
        How many comparisons there are in all.

    Returns
    -------
    list of Tuned
        Of each world and agent from each start.
    """
    answers = []
    for world in WORLDS:
        for agent in AGENTS:
            starts = {source: _reduced(world, agent, source, curves) for source in SOURCES}
            soft = starts["soft"]
            for source, start in starts.items():
                if source != "soft":
                    until = min(soft.reach.horizon, start.reach.horizon)
                    times = np.minimum(start.reach.time, until), np.minimum(soft.reach.time, until)
                    start = start._replace(
                        sooner=compare_together({"": times}, among, (0.0, until))[""],
                        better=compare_together({"": (soft.returns, start.returns)}, among, RETURNS)[""],
                    )
                answers.append(start)
    return answers


def _reduced(world: str, agent: str, source: str, curves: Callable[[str], DeepCurves]) -> Tuned:
    loaded = curves(_name(world, agent, source))
    each = np.broadcast_to(np.diff(loaded.steps, prepend=0), loaded.returns.shape)
    # Until an episode has ended there is none that arrived.
    arrives = np.where(loaded.episodes > 0, 1.0 - loaded.truncated, 0.0)
    error = ALPHA / (len(WORLDS) * len(AGENTS) * len(SOURCES))
    return Tuned(
        world,
        agent,
        source,
        loaded.returns.mean(axis=1),
        arrives.mean(axis=1),
        sample_efficiency(arrives, ARRIVES, each, window=min(WINDOW, POINTS)),
        int(loaded.diverged.sum()),
        step_curve(LABELS[source], SOURCES[source], loaded.steps, loaded.returns, RETURNS, error),
        None,
        None,
    )


def row(one: Tuned) -> dict[str, Any]:
    """The numbers of one start, for `summary.csv`."""
    own: dict[str, Any] = {"world": one.world, "agent": one.agent, "source": one.source, "seeds": len(one.returns)}
    own |= interval_columns("arrives", one.arrives, (0.0, 1.0))
    own |= interval_columns("return", one.returns, RETURNS)
    for name, interval in (("steps_to_threshold", one.reach.restricted_mean), ("reached", one.reach.reached)):
        own |= {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
    for name, comparison in (("soft_saves_steps", one.sooner), ("soft_gains_return", one.better)):
        for column in ("difference", "low", "high", "p_value"):
            key = name if column == "difference" else f"{name}_{column}"
            own[key] = None if comparison is None else getattr(comparison, column)
    return {**own, "diverged": one.diverged}


def table_row(summary: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table, made of one of `row`."""
    return (
        WORLDS[summary["world"]],
        summary["agent"],
        LABELS[summary["source"]],
        "",
        share_text(summary["arrives"]),
        interval_text(*interval_of(summary, "return")),
        interval_text(*interval_of(summary, "steps_to_threshold")),
    )


def panels(answers: list[Tuned]) -> list[list[StepPanel]]:
    """Returns while fine-tuning: a row for each world, a panel for each agent."""
    return [
        [
            StepPanel(
                f"{title}, then {agent}",
                "return of an episode",
                [one.drawn for one in answers if (one.world, one.agent) == (world, agent)],
            )
            for agent in AGENTS
        ]
        for world, title in WORLDS.items()
    ]


def found(answers: list[Tuned]) -> list[str]:
    """What a soft network is worth as a start, in sentences: beside none, and beside a hard one."""
    return [
        _beside("from scratch", "none", answers),
        _beside("from a hard network", "hard", answers),
    ]


def _beside(words: str, source: str, answers: list[Tuned]) -> str:
    others = [one for one in answers if one.source == source]
    sooner = {f"{WORLDS[one.world]}, then {one.agent}": one.sooner for one in others if one.sooner is not None}
    better = {f"{WORLDS[one.world]}, then {one.agent}": one.better for one in others if one.better is not None}
    signs = {sign(comparison) for comparison in sooner.values()} - {0}
    verdict = {(): "is not told to help", (1,): "helps", (-1,): "hinders"}.get(tuple(signs), "helps and hinders")
    return (
        f"Beside learning {words}, a soft network as a start {verdict}. Steps until {ARRIVES:.0%} of episodes arrive: "
        f"{told_text(sooner, 'fewer by', 'more by')}. Return over all of fine-tuning: "
        f"{told_text(better, 'more by', 'less by')}."
    )

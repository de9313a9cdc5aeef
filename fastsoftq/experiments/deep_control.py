"""Cart pole, mountain car and acrobot, learned by networks: hard beside soft at three temperatures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import LinearDecay
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.learner import Deep
from fastsoftq.deep.replay import Replay
from fastsoftq.environments.acrobot import acrobot
from fastsoftq.environments.cart_pole import cart_pole
from fastsoftq.environments.mountain_car import mountain_car
from fastsoftq.experiments import Settings
from fastsoftq.experiments.certainty import (
    compare_together,
    interval_columns,
    interval_of,
)
from fastsoftq.experiments.deep_agents import EXPLORING, LABELS, OWN, learners, steps_of
from fastsoftq.experiments.deep_results import told_text
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.steps_figure import Level, StepCurve, StepPanel, step_curve
from fastsoftq.networks.architectures import MLP
from fastsoftq.report.decision import ALPHA, sign
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison, SampleEfficiency, sample_efficiency

__all__ = ["TASKS", "Learned", "Task", "compared", "deep_agents", "found", "learned", "panels", "rows", "table_row"]

LAST = 10  # points whose mean is the return at the end
WINDOW = 5  # points that are averaged to tell whether a threshold is reached


class Task(NamedTuple):
    """A world of control, and how it is learned there.

    Attributes
    ----------
    title : str
    world : callable
        Makes the environment.
    steps : int
        Of a run, where episodes are as they are if not given.
    threshold : float
        A return that counts as learned.
    bounds : (float, float)
        The lowest and the highest return of an episode.
    actions : int
    step_costs : bool
        Whether every step costs 1, so that episodes are to be short; else every step pays 1.
    step_size : float
    network : MLP
    replay : Replay
    target_period : int
    """

    title: str
    world: Callable[[], Any]
    steps: int
    threshold: float
    bounds: tuple[float, float]
    actions: int
    step_costs: bool
    step_size: float
    network: MLP
    replay: Replay
    target_period: int


# Cart pole as CleanRL has it (Huang et al. 2022). The others learn from rare successes, which a larger buffer keeps:
# as RL Baselines3 Zoo has acrobot (Raffin 2020), but for a smaller network. At Gymnasium's 200 steps most runs never
# see the top of the mountain; Sutton & Barto (2018), example 10.1, set no limit.
_LARGE = Replay(capacity=50_000, batch=64, start=1_000, every=4)
TASKS = {
    "cart_pole": Task(
        "Cart pole", cart_pole, 250_000, 475.0, (1.0, 500.0), 2, False, 2.5e-4, MLP((120, 84)), Replay(), 500,
    ),
    "mountain_car": Task(
        "Mountain car", lambda: mountain_car(scaled=True, max_steps=1000), 200_000, -150.0, (-1000.0, 0.0), 3, True,
        5e-4, MLP((64, 64)), _LARGE, 250,
    ),
    "acrobot": Task("Acrobot", acrobot, 100_000, -100.0, (-500.0, 0.0), 3, True, 5e-4, MLP((64, 64)), _LARGE, 250),
}  # fmt: skip
DISCOUNT, LEAST, EXPLORING_FOR = 0.99, 0.05, 0.2  # epsilon falls from 1 to its least in this share of the steps


class Learned(NamedTuple):
    """What an agent learned in a task."""

    task: str
    agent: str
    final: NDArray[np.float64]  # [seeds], mean return at the end
    cut: NDArray[np.float64]  # [seeds], share of episodes cut at the end
    reach: SampleEfficiency  # steps to the threshold
    diverged: int
    drawn: StepCurve


class Compared(NamedTuple):
    """A soft agent beside hard, in one task."""

    sooner: Comparison  # steps to the threshold of hard, less those of soft
    better: Comparison  # return at the end of soft, less that of hard


def deep_agents(task: str, settings: Settings) -> dict[str, Deep]:
    """The agents of a task.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    settings : Settings

    Returns
    -------
    dict of str to Deep

    Examples
    --------
    >>> deep_agents("cart_pole", Settings())["hard"].agent.epsilon.stop
    0.05
    """
    known = TASKS[task]
    steps = steps_of(settings, known.steps)
    epsilon = LinearDecay(1.0, LEAST, (1.0 - LEAST) / (EXPLORING_FOR * steps))
    replay = known.replay._replace(start=max(1, known.replay.start * steps // known.steps))
    return {
        name: Deep(agent, known.network, replay=replay, target_period=known.target_period)
        for name, agent in learners(known.step_size, DISCOUNT, epsilon).items()
    }


def learned(task: str, name: str, curves: DeepCurves) -> Learned:
    """Reduce the curves of one agent in one task.

    Parameters
    ----------
    task, name : str
        Of `TASKS` and of `LABELS`.
    curves : DeepCurves

    Returns
    -------
    Learned
    """
    known = TASKS[task]
    each = np.broadcast_to(np.diff(curves.steps, prepend=0), curves.returns.shape)
    # Until an episode has ended a point holds what it has cost so far, which is little, and says nothing yet.
    returns = np.where(curves.episodes > 0, curves.returns, known.bounds[0])
    window = min(WINDOW, curves.returns.shape[1])
    colour = agent_colour(curves.agent.agent)
    error = ALPHA / (len(TASKS) * len(LABELS))
    return Learned(
        task,
        name,
        returns[:, -LAST:].mean(axis=1),
        curves.truncated[:, -LAST:].mean(axis=1),
        sample_efficiency(returns, known.threshold, each, window=window),
        int(curves.diverged.sum()),
        step_curve(
            OWN.get(name.removesuffix("_epsilon"), LABELS[name]),
            colour,
            curves.steps,
            curves.returns,
            known.bounds,
            error,
        ),
    )


def compared(all_learned: list[Learned], among: int) -> dict[tuple[str, str], Compared]:
    """Compare each soft agent with hard, all together at 5 %.

    Parameters
    ----------
    all_learned : list of Learned
        Of each task hard, and soft ones.
    among : int
        How many comparisons there are in all.

    Returns
    -------
    dict of (str, str) to Compared
        By task and agent.
    """
    hard = {one.task: one for one in all_learned if one.agent == "hard"}
    soft = [one for one in all_learned if one.agent != "hard"]
    answers = {}
    for one in soft:
        other, bounds = hard[one.task], TASKS[one.task].bounds
        until = min(one.reach.horizon, other.reach.horizon)
        times = tuple(np.minimum(reach.time, until) for reach in (other.reach, one.reach))
        sooner = compare_together({"": (times[0], times[1])}, among, (0.0, until))[""]
        better = compare_together({"": (one.final, other.final)}, among, bounds)[""]
        answers[one.task, one.agent] = Compared(sooner, better)
    return answers


def rows(all_learned: list[Learned], beside: dict[tuple[str, str], Compared]) -> list[dict[str, Any]]:
    """The numbers of each agent in each task, for `summary.csv`."""
    return [_row(one, beside.get((one.task, one.agent))) for one in all_learned]


def _row(one: Learned, against: Compared | None) -> dict[str, Any]:
    known, reach = TASKS[one.task], one.reach
    row: dict[str, Any] = {"world": one.task, "agent": one.agent, "seeds": len(one.final), "diverged": one.diverged}
    row |= interval_columns("return", one.final, known.bounds)
    row |= interval_columns("cut", one.cut, (0.0, 1.0))
    row |= {"threshold": known.threshold}
    times = {"reached": reach.reached, "steps_to_threshold": reach.restricted_mean, "median_steps": reach.median}
    for name, interval in times.items():
        for suffix, end in (("", "estimate"), ("_low", "low"), ("_high", "high")):
            row[f"{name}{suffix}"] = None if interval is None else getattr(interval, end)
    for name, found in (dict.fromkeys(Compared._fields) if against is None else against._asdict()).items():
        for column, value in (("", "difference"), ("_low", "low"), ("_high", "high"), ("_p_value", "p_value")):
            row[f"{name}_than_hard{column}"] = None if found is None else getattr(found, value)
    return row


def table_row(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table, made of one of `rows`."""
    return (
        TASKS[row["world"]].title,
        LABELS[row["agent"]],
        interval_text(*interval_of(row, "return")),
        "",
        f"{row['reached'] * row['seeds']:.0f} of {row['seeds']}",
        typeset(row["threshold"]),
        interval_text(*interval_of(row, "steps_to_threshold")),
        "",
        "",
        f"{row['diverged']}",
    )


def panels(all_learned: list[Learned]) -> list[list[StepPanel]]:
    """Learning curves of each task: a row with soft agents as they are, and one with those exploring as hard does."""
    return [
        [
            StepPanel(
                known.title,
                "return of an episode",
                [one.drawn for one in all_learned if one.task == task and one.agent in ("hard", *names)],
                [Level(known.threshold, "threshold")],
            )
            for task, known in TASKS.items()
        ]
        for names in (OWN, EXPLORING)
    ]


def found(all_learned: list[Learned], beside: dict[tuple[str, str], Compared]) -> list[str]:
    """What the comparisons say, in sentences: one for each task, and where wandering pays.

    Parameters
    ----------
    all_learned : list of Learned
    beside : dict of (str, str) to Compared

    Returns
    -------
    list of str
    """
    return [_of_task(task, all_learned, beside) for task in TASKS] + [_wandering(all_learned)]


def _of_task(task: str, all_learned: list[Learned], beside: dict[tuple[str, str], Compared]) -> str:
    known = TASKS[task]
    here = [one for one in all_learned if one.task == task]
    reached = ", ".join(f"{round(one.reach.reached.estimate * len(one.final))} ({LABELS[one.agent]})" for one in here)
    against = {LABELS[one.agent]: beside[task, one.agent] for one in here if one.agent != "hard"}
    sooner = told_text({label: c.sooner for label, c in against.items()}, "sooner by", "later by")
    better = told_text({label: c.better for label, c in against.items()}, "more by", "less by")
    return (
        f"{known.title}: {_verdict([c.sooner for c in against.values()])}: a return of {typeset(known.threshold)} is "
        f"reached, of {len(here[0].final)} runs each, by {reached}; beside hard, in steps until then, {sooner}; in "
        f"return at the end, {better}."
    )


def _verdict(sooner: list[Comparison]) -> str:
    """Whether soft helps, in a sentence."""
    signs = [sign(found) for found in sooner]
    helps, hinders = signs.count(1), signs.count(-1)
    if not helps:
        worse = f", and {hinders} of {len(signs)} are told to be later" if hinders else ""
        return f"none of the soft agents is told to be there sooner than hard{worse}"
    worse = f", {hinders} later" if hinders else ""
    return f"{helps} of {len(signs)} soft agents are there sooner than hard{worse}"


def _wandering(all_learned: list[Learned]) -> str:
    """Where entropy is worth more than a step costs, and what came of it."""
    told = []
    for one in all_learned:
        known, agent = TASKS[one.task], one.agent
        if not known.step_costs or agent not in OWN:
            continue
        temperature = float(agent.removeprefix("soft_"))
        if temperature * math.log(known.actions) > 1.0:
            told.append(
                f"{known.title.lower()} at T = {temperature:g} (up to {temperature * math.log(known.actions):.2f} a "
                f"step; {share_text(float(one.cut.mean()))} of the last episodes were cut)"
            )
    if not told:
        return "At none of these temperatures is the entropy of wandering worth more than a step costs."
    return (
        "A step costs 1, and where the entropy of wandering is worth more than that, a soft agent that has learned its "
        f"task is in no hurry to arrive, as on the cliff at reward scale 1: {'; '.join(told)}."
    )

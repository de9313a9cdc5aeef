"""Haarnoja's point mass among four goals, learned by networks: where hard and soft go, and what that is worth later."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import SoftQLearning
from fastsoftq.deep.action_values import action_values
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.environments.multi_goal_point_mass import MultiGoalPointMass, multi_goal_point_mass
from fastsoftq.experiments import Settings, Watch, watched
from fastsoftq.experiments import deep_fine_tuning as fine_tuning
from fastsoftq.experiments.certainty import EACH, compare_together, comparison_text, interval_columns, interval_of
from fastsoftq.experiments.deep_agents import POINTS, steps_of
from fastsoftq.experiments.deep_results import alike, curve_arrays, with_parameters
from fastsoftq.experiments.deep_rollouts import Played, one_run, played
from fastsoftq.experiments.goals_reached import N_GOALS, goal_entropy
from fastsoftq.figures.colours import INK
from fastsoftq.figures.plane import draw_plane
from fastsoftq.figures.steps_figure import plot_step_curves
from fastsoftq.figures.style import titled_figure
from fastsoftq.mdp.point_mass import BOX
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "study"]

OPEN, STEPS = "open", 40_000
LAST = 10  # points whose mean is the return at the end
EPISODES = 200  # played by each run's network
SHOWN = 48  # of them in a map
GRID = 57  # places each way, of lines of equal value
_GOAL_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")  # Okabe & Ito (2008)


class Visits(NamedTuple):
    """Where the networks of an agent go."""

    agent: str
    shares: NDArray[np.float64]  # [seeds, goals], of the episodes played
    entropy: NDArray[np.float64]  # [seeds], of the goals of those that arrive
    final: NDArray[np.float64]  # [seeds], mean return at the end of training
    first: Played  # of the first run
    value: NDArray[np.float64]  # [y, x], of the first run, in units of reward


def study(settings: Settings) -> Study:
    """A hard and a soft point mass in the open; then walls appear, and either learns on: anew, or from their networks.

    Examples
    --------
    >>> [(one.name, one.after) for one in study(Settings()).conditions][1:5:3]
    [('open/soft', None), ('hallway: hard, pretrained soft', 'open/soft')]
    """
    steps = steps_of(settings, STEPS)
    agents = fine_tuning.deep_agents(steps)
    pretraining = [Condition(OPEN, name, f"{OPEN}/{name}") for name in agents]
    return Study(
        name="deep-multi-goal",
        steps=steps,
        points=POINTS,
        seeds=settings.seeds,
        environments=_worlds(),
        agents=agents,
        conditions=[*pretraining, *fine_tuning.conditions(settings, OPEN)],
        parameters=True,
    )


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Tell which goals networks go to, and what a pretrained one is worth where walls appear."""
    worlds, agents = _worlds(), fine_tuning.AGENTS
    visits = [
        _visits(worlds[OPEN], name, with_parameters(results, f"{OPEN}/{name}"))
        for name in watched("episodes of networks", list(agents), watch)
    ]
    tuned = fine_tuning.tuned(results.curves, among=fine_tuning.COMPARISONS + 1)
    spread = compare_together(
        {"": (visits[1].entropy, visits[0].entropy)}, fine_tuning.COMPARISONS + 1, (0.0, math.log(N_GOALS))
    )[""]
    summary = alike([*map(_row, visits), *map(fine_tuning.row, tuned)])
    arrays: dict[str, Any] = {**curve_arrays(results, ("returns", "truncated", "steps"))}
    for one in visits:
        arrays |= {f"{one.agent}_shares": one.shares, f"{one.agent}_value": one.value}
        arrays |= {f"{one.agent}_ways": np.concatenate(one.first.ways[:SHOWN])}
        arrays |= {f"{one.agent}_way_lengths": np.array([len(way) for way in one.first.ways[:SHOWN]])}
    note = f"{settings.seeds} seeds; bands of this figure hold together with 95 % confidence."
    return Findings(
        title=f"Point mass in continuous space, learned by networks, {settings.seeds} seeds ({EACH})",
        table=Table(
            ("world", "learns", "from", "goal entropy of a run", "arrives", "return", "steps until 90% arrive"),
            [*map(_table_row, summary[: len(visits)]), *map(fine_tuning.table_row, summary[len(visits) :])],
            f"In the open: {EPISODES} episodes played by each run's final network, without exploration; the return is "
            f"that of the last tenth of training, while exploring. Four goals evenly: ln 4 = {math.log(4):.3f}. Where "
            "walls are: means over all steps of fine-tuning; a run that never gets there counts with all steps.",
        ),
        sentences=[_found(visits, spread), *fine_tuning.found(tuned)],
        summary=summary,
        arrays=arrays,
        figures={
            "deep_multi_goal": _figure(worlds[OPEN], visits, settings),
            "deep_fine_tuning": plot_step_curves(
                "Walls appear: what is a pretrained network worth?", fine_tuning.panels(tuned), note, width=5.6
            ),
        },
    )


def _worlds() -> dict[str, MultiGoalPointMass]:
    return {name: multi_goal_point_mass(name, scaled=True) for name in (OPEN, *fine_tuning.WORLDS)}


def _visits(world: MultiGoalPointMass, name: str, curves: DeepCurves) -> Visits:
    runs = [played(world, one_run(curves, run), EPISODES, run) for run in range(curves.n_seeds)]
    counts = np.array([[(run.goals == goal).sum() for goal in range(N_GOALS)] for run in runs])
    # Counts look less even than the shares behind them; this takes off most of the bias (Miller 1955).
    bias = (np.maximum((counts > 0).sum(axis=1), 1) - 1) / (2.0 * np.maximum(counts.sum(axis=1), 1))
    entropy = np.minimum(goal_entropy(counts.astype(np.float64)) + bias, math.log(N_GOALS))
    final = curves.returns[:, -LAST:].mean(axis=1)
    return Visits(name, counts / EPISODES, entropy, final, runs[0], _value(world, one_run(curves, 0)))


def _value(world: MultiGoalPointMass, curves: DeepCurves) -> NDArray[np.float64]:
    at = np.linspace(-1.0, 1.0, GRID)
    x, y = np.meshgrid(at, at)
    agent = curves.agent.agent
    q = action_values(world, curves, np.column_stack([x.ravel(), y.ravel()]))[0].astype(np.float64)
    best = q.max(axis=1)
    if isinstance(agent, SoftQLearning):
        temperature = float(agent.temperature)  # type: ignore[arg-type]
        best = best + temperature * np.log(np.exp((q - best[:, None]) / temperature).sum(axis=1))
    return np.asarray(best.reshape(GRID, GRID) / agent.reward_scale)


def _row(visits: Visits) -> dict[str, Any]:
    row = {"world": OPEN, "agent": visits.agent, "source": "none", "seeds": len(visits.entropy)}
    row |= interval_columns("entropy", visits.entropy, (0.0, math.log(N_GOALS)))
    row |= interval_columns("return", visits.final, fine_tuning.RETURNS)
    row |= {"entropy_over_seeds": float(goal_entropy(visits.shares.mean(axis=0)))}
    row |= interval_columns("arrives", visits.shares.sum(axis=1), (0.0, 1.0))
    for goal in range(N_GOALS):
        row |= interval_columns(f"goal_{goal}", visits.shares[:, goal], (0.0, 1.0))
    return row


def _table_row(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        "Open",
        row["agent"],
        fine_tuning.LABELS["none"],
        interval_text(*interval_of(row, "entropy"), decimals=3),
        share_text(row["arrives"]),
        interval_text(*interval_of(row, "return")),
        "",
    )


def _found(visits: list[Visits], spread: Comparison) -> str:
    hard, soft = visits
    one_only = float((hard.shares.max(axis=1) > 0.99 * hard.shares.sum(axis=1)).mean())
    all_four = float((soft.shares.min(axis=1) > 0.1).mean())
    return (
        f"Goal entropy of a run's network is {soft.entropy.mean():.3f} soft against {hard.entropy.mean():.3f} hard "
        f"(evenly: ln 4 = {math.log(4):.3f}): {comparison_text(spread, 'wider', 'less wide')} (5 % of error for all of "
        f"this page); {share_text(one_only, 0)} of hard networks go to one goal only, and {share_text(all_four, 0)} of "
        f"soft ones to each of the four in more than a tenth of episodes; all hard networks together have a goal "
        f"entropy of {goal_entropy(hard.shares.mean(axis=0)):.3f}, for which goals a run ends with is chance. "
        f"{share_text(float(soft.shares.sum(axis=1).mean()))} of soft and "
        f"{share_text(float(hard.shares.sum(axis=1).mean()))} of hard episodes arrive."
    )


def _figure(world: MultiGoalPointMass, visits: list[Visits], settings: Settings) -> Figure:
    note = (
        f"Left and middle: {SHOWN} episodes of at most {world.max_steps} steps from the centre, by the network of the "
        f"first run, over lines of equal value (soft: of the soft value). Right: shares of {EPISODES} episodes of each "
        f"of {settings.seeds} runs that end at each goal; white: at none."
    )
    with titled_figure(13.2, 5.4, "Four goals in continuous space, learned by networks", note) as figure:
        axes = figure.subplots(1, 3, width_ratios=(1.0, 1.0, 0.9))
        for ax, one in zip(axes, visits, strict=False):
            draw_plane(
                ax, BOX, world.goals, world.walls, one.value, one.first.ways[:SHOWN], fine_tuning.COLOURS[one.agent]
            )
            ax.set_title(f"{one.agent.capitalize()}: goal entropy {one.entropy[0]:.3f}")
        _draw_shares(axes[2], visits)
    return figure


def _draw_shares(ax: Axes, visits: list[Visits]) -> None:
    """A bar for each run, parted by goals; hard above, soft below."""
    top = 0.0
    ticks: list[tuple[float, str]] = []
    for one in visits:
        order = np.lexsort(one.shares.T[::-1])[::-1]
        heights = top + np.arange(len(order))
        left = np.zeros(len(order))
        for goal, colour in enumerate(_GOAL_COLOURS):
            label = f"goal {goal}" if not ticks else None
            ax.barh(heights, one.shares[order, goal], 0.9, left=left, color=colour, label=label)
            left += one.shares[order, goal]
        ticks.append((float(heights.mean()), one.agent))
        top = float(heights[-1]) + 2.0
    ax.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    ax.set(xlim=(0.0, 1.0), ylim=(top - 1.0, -1.0), xlabel="share of episodes", title="Each run")
    ax.grid(visible=False)
    ax.tick_params(axis="y", labelcolor=INK)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=N_GOALS, handlelength=1.0)

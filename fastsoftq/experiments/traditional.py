"""Traditional reinforcement learning: planning solves Bellman's equations, and how near learned tables come."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import LinearDecay, PowerDecay, QLearning, SoftQLearning
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.columns import EACH, interval_columns
from fastsoftq.experiments.conclusions import together, told
from fastsoftq.experiments.training import watched_train
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.style import GREY, INK, STYLE, agent_colour
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import action_values, greedy_policy, hard_values, matrices, soft_values
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.iteration import Solution, policy_iteration, soft_value_iteration, value_iteration
from fastsoftq.report.findings import Findings, Table
from fastsoftq.statistics import pointwise_intervals
from fastsoftq.system.provenance import provenance

__all__ = ["run"]

STEP_SIZE, DISCOUNT, REWARD_SCALE = 0.8, 0.95, 2.0
FEWER = 10  # seeds of the settings for each run here: exploring at random takes the longest episodes there are
SWEEPS = 200

HARD = QLearning(STEP_SIZE, DISCOUNT, epsilon=1.0)
SOFT = SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=REWARD_SCALE, epsilon=1.0)
DOCUMENT = HARD._replace(epsilon=LinearDecay(start=0.9, stop=0.1, decrease=0.001))
SHRINKING = HARD._replace(step_size=PowerDecay(start=STEP_SIZE, stop=1e-6, power=0.8))


class Learned(NamedTuple):
    """An agent, and how far its table is from the exact one as it learns."""

    name: str
    label: str
    colour: str
    world: str
    episodes: NDArray[np.int64]  # [checkpoints]
    error: NDArray[np.float64]  # [seeds, checkpoints], the largest over states and actions


def run(settings: Settings, watch: Watch) -> Findings:
    """Plan and learn on the cliff, straight and slippery, and measure how far each is from the exact solution.

    Parameters
    ----------
    settings : Settings
    watch : callable

    Returns
    -------
    Findings
    """
    began = perf_counter()
    worlds = {"straight": cliff_walking(), "slippery": cliff_walking(slippery=True)}
    solved = {name: value_iteration(mdp, DISCOUNT) for name, mdp in worlds.items()}
    soft = soft_value_iteration(worlds["straight"], DISCOUNT, reward_scale=REWARD_SCALE)
    conditions = (
        ("hard", "hard, exploring at random", HARD, agent_colour(HARD), "straight", solved["straight"]),
        ("soft", f"soft, k = {REWARD_SCALE:g}, exploring at random", SOFT, agent_colour(SOFT), "straight", soft),
        ("document", "hard, the document's epsilon", DOCUMENT, "#e69f00", "straight", solved["straight"]),
        ("slippery", "hard, slippery, step size 0.8", HARD, "#cc79a7", "slippery", solved["slippery"]),
        ("shrinking", "hard, slippery, shrinking step size", SHRINKING, "#8a3f6b", "slippery", solved["slippery"]),
    )
    learned = [
        Learned(name, label, colour, world, *_errors(worlds[world], agent, label, solution, settings, watch))
        for name, label, agent, colour, world, solution in conditions
    ]
    planned = {name: _planned(mdp, solved[name]) for name, mdp in worlds.items()}
    residuals = {name: _residual(mdp, solved[name]) for name, mdp in worlds.items()}
    summary = [_row(condition, settings) for condition in learned]
    return Findings(
        title=f"Cliff walking: learned tables against the exact ones, {_seeds(settings)} seeds [{EACH}]",
        table=_table(summary),
        sentences=_found(summary, learned, planned, residuals, solved),
        summary=summary,
        arrays={
            **{f"{condition.name}_error": condition.error for condition in learned},
            **{f"{world}_{how}": error for world, errors in planned.items() for how, error in errors.items()},
        },
        figures={"traditional": _figure(planned, learned, settings), "optimal": _maps(worlds, solved)},
        run={
            "seconds": perf_counter() - began,
            "seeds": _seeds(settings),
            "episodes": settings.episodes,
            **provenance(),
        },
    )


def _seeds(settings: Settings) -> int:
    return max(2, settings.seeds // FEWER)


def _errors(
    mdp: TabularMDP, agent: Any, label: str, solution: Solution, settings: Settings, watch: Watch
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The largest error of each run's table after more and more episodes.

    A run's first episodes are the same however many follow, so that training anew for longer goes on where it was.
    """
    episodes = np.unique(np.geomspace(1, settings.episodes, 10).round().astype(np.int64))
    marks = np.array([list(row) for row in mdp.map or ()])[tuple(np.asarray(mdp.cells).T)]
    inside = ~mdp.terminal & (marks != "C")  # where one can be
    errors = []
    for count in episodes.tolist():
        curves = watched_train(mdp, agent, label, settings, watch, seeds=_seeds(settings), episodes=count)
        errors.append(np.abs(np.asarray(curves.final_q) - solution.q)[:, inside].max(axis=(1, 2)))
    return episodes, np.column_stack(errors)


def _planned(mdp: TabularMDP, solution: Solution) -> dict[str, NDArray[np.float64]]:
    """The largest error of the values after each sweep of value iteration, and of each policy of policy iteration."""
    model, soft_model = matrices(mdp), matrices(mdp, REWARD_SCALE)
    soft = soft_value_iteration(mdp, DISCOUNT, reward_scale=REWARD_SCALE)
    v, soft_v = np.zeros(mdp.n_states), np.zeros(mdp.n_states)
    sweeps, soft_sweeps = [np.abs(v - solution.v).max()], [np.abs(soft_v - soft.v).max()]
    for _ in range(SWEEPS):
        v = hard_values(model, action_values(model, v, DISCOUNT))
        soft_v = soft_values(soft_model, action_values(soft_model, soft_v, DISCOUNT), 1.0)
        sweeps.append(np.abs(v - solution.v).max())
        soft_sweeps.append(np.abs(soft_v - soft.v).max())
    policy, policies = np.full((mdp.n_states, mdp.n_actions), 1.0 / mdp.n_actions), []
    for _ in range(policy_iteration(mdp, DISCOUNT).iterations):
        value = evaluate_policy(mdp, policy, DISCOUNT)
        policies.append(np.abs(value.v - solution.v).max())
        policy = greedy_policy(value.q)
    return {"value": np.array(sweeps), "soft_value": np.array(soft_sweeps), "policy": np.array(policies)}


def _residual(mdp: TabularMDP, solution: Solution) -> float:
    """How far V and Q of several policies are from solving Bellman's equations, written out over the outcomes."""
    worst = 0.0
    for policy in (np.full((mdp.n_states, mdp.n_actions), 1.0 / mdp.n_actions), solution.policy):
        for discount in (0.5, DISCOUNT):
            value = evaluate_policy(mdp, policy, discount)
            follows = np.where(mdp.terminated, 0.0, discount * value.v[mdp.next_state])
            q = (mdp.probability * (mdp.reward + follows)).sum(axis=2)
            worst = max(worst, np.abs(q - value.q).max(), np.abs((policy * q).sum(axis=1) - value.v).max())
    return float(worst)


def _row(learned: Learned, settings: Settings) -> dict[str, Any]:
    return {
        "agent": learned.name,
        "label": learned.label,
        "seeds": _seeds(settings),
        "episodes": int(learned.episodes[-1]),
        "error_after_1": float(learned.error[:, 0].mean()),
        **interval_columns("error", learned.error[:, -1], (0.0, math.inf)),
        "worst_seed": float(learned.error[:, -1].max()),
    }


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("agent", "error after 1 episode", "error at the end", "worst seed")
    rows = [
        (
            row["label"],
            f"{row['error_after_1']:.3g}",
            f"{row['error']:.2g} [{row['error_low']:.2g}, {row['error_high']:.2g}]",
            f"{row['worst_seed']:.2g}",
        )
        for row in summary
    ]
    return Table(header, rows, "error: the largest of |Q − exact Q| over all states one can be in and all actions")


def _found(
    summary: list[dict[str, Any]],
    learned: list[Learned],
    planned: dict[str, dict[str, NDArray[np.float64]]],
    residuals: dict[str, float],
    solved: dict[str, Solution],
) -> list[str]:
    error = {row["agent"]: row for row in summary}
    last = {condition.name: condition.error[:, -1] for condition in learned}
    shrinking = together({"shrinking": (last["shrinking"], last["slippery"])})["shrinking"]
    return [
        f"Bellman's equations for V and Q of a policy hold to {max(residuals.values()):.0e}. Policy iteration needs "
        f"{len(planned['straight']['policy'])} policies on the straight cliff and "
        f"{len(planned['slippery']['policy'])} on the slippery one, value iteration "
        f"{solved['straight'].iterations} and {solved['slippery'].iterations} sweeps.",
        f"On the straight cliff, after {error['hard']['episodes']} episodes of exploring at random, the worst entry of "
        f"a hard table is {error['hard']['error']:.1g} away from the exact one on average over seeds, that of a soft "
        f"table {error['soft']['error']:.1g}; with the document's epsilon that of a hard one is "
        f"{error['document']['error']:.1g} away.",
        f"On the slippery cliff, where outcomes are random, no constant step size can converge (Robbins and Monro "
        f"1951): with the document's {STEP_SIZE} the worst entry is {error['slippery']['error']:.3g} away after as "
        f"many episodes, with a step size that shrinks {error['shrinking']['error']:.3g}: "
        f"{told(shrinking, 'further away', 'nearer')}.",
    ]


def _figure(planned: dict[str, dict[str, NDArray[np.float64]]], learned: list[Learned], settings: Settings) -> Figure:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11.0, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.25])
        _draw_planned(left, planned)
        for condition in learned:
            band = pointwise_intervals(np.log(np.maximum(condition.error, 1e-16)))
            right.fill_between(
                condition.episodes, np.exp(band.low), np.exp(band.high), color=condition.colour, alpha=0.25
            )
            centre = np.exp(band.center)
            right.plot(
                condition.episodes, centre, color=condition.colour, marker="o", markersize=4, label=condition.label
            )
        right.set(xscale="log", yscale="log", xlabel="episodes learned", title="Learning")
        right.set(ylabel="largest error of Q", ylim=(3e-17, 1e4))
        right.legend(loc="lower left", bbox_to_anchor=(0.0, 0.1))
        figure.suptitle(
            "Planning solves Bellman's equations; how near to that learning comes", x=0.01, ha="left", fontsize=13,
            fontweight="bold",
        )  # fmt: skip
        figure.supxlabel(
            f"Cliff walking, discount {DISCOUNT}. Learning: geometric mean over {_seeds(settings)} seeds, with {EACH}; "
            "the exact Q is planning's, and no error at all is drawn at 1e−16.",
            x=0.01, ha="left", fontsize=8.5, color=GREY,
        )  # fmt: skip
    return figure


def _draw_planned(ax: Axes, planned: dict[str, dict[str, NDArray[np.float64]]]) -> None:
    hard, soft = agent_colour(HARD), agent_colour(SOFT)
    for world, dash in (("straight", "-"), ("slippery", (0, (4, 2)))):
        for how, colour, label in (
            ("policy", INK, "policy iteration"),
            ("value", hard, "value iteration"),
            ("soft_value", soft, f"soft value iteration, k = {REWARD_SCALE:g}"),
        ):
            error = np.maximum(planned[world][how], 1e-15)
            shown = slice(0, int(np.argmax(error <= 1e-13)) + 1 if (error <= 1e-13).any() else None)
            words = label if world == "straight" else f"{label}, slippery"
            ax.plot(
                np.arange(error.size)[shown], error[shown], color=colour, linestyle=dash, label=words, linewidth=1.6
            )
    ax.set(yscale="log", xlabel="sweeps, or policies evaluated", ylabel="largest error of V", title="Planning")
    ax.set(ylim=(1e-15, 1e11), xlim=(0, SWEEPS))
    ax.set_yticks([10.0**n for n in range(-15, 4, 3)])
    ax.legend(loc="upper right", ncols=2, fontsize=7.5, columnspacing=1.0, handlelength=1.6)


def _maps(worlds: dict[str, TabularMDP], solved: dict[str, Solution]) -> Figure:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11.4, 2.6), layout="constrained")
        titles = ("Straight: along the edge", "Slippery: away from it")
        for ax, (name, mdp), title in zip(figure.subplots(1, 2), worlds.items(), titles, strict=True):
            plot_grid(mdp, value=solved[name].v, policy=solved[name].policy, title=title, ax=ax)
        figure.suptitle(
            f"Optimal values and policies, discount {DISCOUNT}", x=0.01, ha="left", fontsize=13, fontweight="bold"
        )
    return figure

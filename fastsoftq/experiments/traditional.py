"""Traditional reinforcement learning: planning solves Bellman's equations, and how near learned tables come."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import PowerDecay
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, compare_together, comparison_text, interval_columns
from fastsoftq.experiments.document import DISCOUNT, HARD, STEP_SIZE, soft
from fastsoftq.figures.colours import INK, agent_colour
from fastsoftq.figures.grid_world import can_act, plot_grid
from fastsoftq.figures.style import count_on_logarithmic_axis, titled_figure
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import action_values, greedy_policy, hard_values, matrices, soft_values
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.iteration import Solution, policy_iteration, soft_value_iteration, value_iteration
from fastsoftq.report.findings import Findings, Table
from fastsoftq.statistics import pointwise_intervals
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "study"]

REWARD_SCALE = 2.0
FEWER = 10  # seeds of the settings for each run here: exploring at random takes the longest episodes there are
CHECKPOINTS = 10
SWEEPS = 200

AT_RANDOM = HARD._replace(epsilon=1.0)
SOFT = soft(REWARD_SCALE)._replace(epsilon=1.0)
SHRINKING = AT_RANDOM._replace(step_size=PowerDecay(start=STEP_SIZE, stop=1e-6, power=0.8))
AGENTS = {"hard": AT_RANDOM, "soft": SOFT, "document": HARD, "shrinking": SHRINKING}
WORLDS = {"straight": cliff_walking(), "slippery": cliff_walking(slippery=True)}


class Learner(NamedTuple):
    """An agent in a world, and what files and figures call them."""

    name: str
    label: str
    colour: str
    world: str
    agent: str


LEARNERS = (
    Learner("hard", "hard, exploring at random", agent_colour(AT_RANDOM), "straight", "hard"),
    Learner("soft", f"soft, k = {REWARD_SCALE:g}, exploring at random", agent_colour(SOFT), "straight", "soft"),
    Learner("document", "hard, the document's epsilon", "#e69f00", "straight", "document"),
    Learner("slippery", "hard, slippery, step size 0.8", "#cc79a7", "slippery", "hard"),
    Learner("shrinking", "hard, slippery, shrinking step size", "#8a3f6b", "slippery", "shrinking"),
)

Errors = dict[str, NDArray[np.float64]]


def study(settings: Settings) -> Study:
    """Agents on the cliff, straight and slippery, whose tables are kept after more and more episodes.

    Examples
    --------
    >>> [condition.name for condition in study(Settings()).conditions]
    ['hard', 'soft', 'document', 'slippery', 'shrinking']
    """
    return settings.study(
        "traditional",
        WORLDS,
        AGENTS,
        seeds=_seeds(settings),
        conditions=[Condition(learner.world, learner.agent, learner.name) for learner in LEARNERS],
        checkpoints=settings.checkpoints(CHECKPOINTS),
    )


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Plan on the cliff, straight and slippery, and measure how far tables and sweeps are from the exact solution."""
    solved = {name: value_iteration(mdp, DISCOUNT) for name, mdp in WORLDS.items()}
    soft_solution = soft_value_iteration(WORLDS["straight"], DISCOUNT, reward_scale=REWARD_SCALE)
    errors = {
        learner.name: _errors(
            results, learner, soft_solution if learner.agent == "soft" else solved[learner.world], settings
        )
        for learner in LEARNERS
    }
    planned = {name: _planned(mdp, solved[name]) for name, mdp in WORLDS.items()}
    residuals = {name: _residual(mdp, solved[name]) for name, mdp in WORLDS.items()}
    summary = [_row(learner, errors[learner.name], settings) for learner in LEARNERS]
    return Findings(
        title=f"Cliff walking: learned tables against the exact ones, {_seeds(settings)} seeds [{EACH}]",
        table=_table(summary),
        sentences=_found(summary, errors, planned, residuals, solved),
        summary=summary,
        arrays={
            **{f"{name}_error": error for name, error in errors.items()},
            **{f"{world}_{how}": error for world, found in planned.items() for how, error in found.items()},
        },
        figures={"traditional": _figure(planned, errors, settings), "optimal": _maps(solved)},
    )


def _seeds(settings: Settings) -> int:
    return max(2, settings.seeds // FEWER)


def _errors(results: Results, learner: Learner, solution: Solution, settings: Settings) -> NDArray[np.float64]:
    """The largest error of each run's table after more and more episodes [seeds, checkpoints]."""
    inside = can_act(WORLDS[learner.world])
    tables = (results.tables(learner.name, episode) for episode in settings.checkpoints(CHECKPOINTS))
    return np.column_stack([np.abs(q - solution.q)[:, inside].max(axis=(1, 2)) for q in tables])


def _planned(mdp: TabularMDP, solution: Solution) -> Errors:
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


def _row(learner: Learner, error: NDArray[np.float64], settings: Settings) -> dict[str, Any]:
    return {
        "agent": learner.name,
        "label": learner.label,
        "seeds": _seeds(settings),
        "episodes": settings.episodes,
        "error_after_1": float(error[:, 0].mean()),
        **interval_columns("error", error[:, -1], (0.0, math.inf)),
        "worst_seed": float(error[:, -1].max()),
    }


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("agent", "error after 1 episode", "error at the end", "worst seed")
    rows = [
        (
            row["label"],
            f"{row['error_after_1']:.3g}",
            f"{row['error']:.2g} [{row['error_low']:.2g}, {row['error_high']:.2g}]".replace("inf", "\N{INFINITY}"),
            f"{row['worst_seed']:.2g}",
        )
        for row in summary
    ]
    return Table(header, rows, "error: the largest of |Q − exact Q| over all states one can be in and all actions")


def _found(
    summary: list[dict[str, Any]],
    errors: Errors,
    planned: dict[str, Errors],
    residuals: dict[str, float],
    solved: dict[str, Solution],
) -> list[str]:
    error = {row["agent"]: row for row in summary}
    pair = errors["shrinking"][:, -1], errors["slippery"][:, -1]
    shrinking = compare_together({"shrinking": pair})["shrinking"]
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
        f"{comparison_text(shrinking, 'further away', 'nearer')}.",
    ]


def _figure(planned: dict[str, Errors], errors: Errors, settings: Settings) -> Figure:
    none = any((error == 0.0).any() for error in errors.values())
    note = (
        f"Cliff walking, discount {DISCOUNT}. Learning: geometric mean over {_seeds(settings)} seeds, with {EACH}; the "
        f"exact Q is planning's{', and no error at all is drawn at 1e−16' if none else ''}."
    )
    with titled_figure(11.0, 4.6, "Planning solves Bellman's equations; how near learning comes", note) as figure:
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.25])
        _draw_planned(left, planned)
        episodes = settings.checkpoints(CHECKPOINTS)
        for learner in LEARNERS:
            band = pointwise_intervals(np.log(np.maximum(errors[learner.name], 1e-16)))
            right.fill_between(episodes, np.exp(band.low), np.exp(band.high), color=learner.colour, alpha=0.25)
            centre = np.exp(band.center)
            right.plot(episodes, centre, color=learner.colour, marker="o", markersize=4, label=learner.label)
        count_on_logarithmic_axis(right)
        right.set(yscale="log", xlabel="episodes learned", title="Learning")
        right.set(ylabel="largest error of Q", ylim=(3e-17, 1e4))
        right.legend(loc="lower left", bbox_to_anchor=(0.0, 0.1))
    return figure


def _draw_planned(ax: Axes, planned: dict[str, Errors]) -> None:
    for world, dash in (("straight", "-"), ("slippery", (0, (4, 2)))):
        for how, colour, label in (
            ("policy", INK, "policy iteration"),
            ("value", agent_colour(HARD), "value iteration"),
            ("soft_value", agent_colour(SOFT), f"soft value iteration, k = {REWARD_SCALE:g}"),
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


def _maps(solved: dict[str, Solution]) -> Figure:
    titles = {"straight": "Straight: along the edge", "slippery": "Slippery: away from it"}
    with titled_figure(11.4, 2.6, f"Optimal values and policies, discount {DISCOUNT}") as figure:
        for ax, (name, solution) in zip(figure.subplots(1, 2), solved.items(), strict=True):
            plot_grid(WORLDS[name], value=solution.v, policy=solution.policy, title=titles[name], ax=ax)
    return figure

"""A room with four goals that are equally good, or nearly so: which of them hard and soft policies visit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.attainable_returns import length_bounds
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, compare_together, comparison_text, interval_columns
from fastsoftq.experiments.document import exact_policy
from fastsoftq.experiments.goals_reached import (
    N_GOALS,
    NEAR_TIES,
    Reached,
    first_of_the_best,
    goal_entropy,
    goals_visited,
    reached,
)
from fastsoftq.figures.colours import INK, agent_colour
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.style import key_below, titled_figure
from fastsoftq.mdp.multi_goal import multi_goal
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture, greedy_policy, soft_policy
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import share_text
from fastsoftq.statistics import confidence_band
from fastsoftq.studies import Results, Study

__all__ = ["analyse", "study"]

SIZE, STEP_SIZE, DISCOUNT, EPSILON, REWARD_SCALE = 21, 0.8, 0.95, 0.1, 2.0
ROOMS = {
    "ties": ("four equal goals", (0.0, 0.0, 0.0, 0.0)),
    "near_ties": ("goal rewards 0, −0.01, −0.02, −0.03", NEAR_TIES),
}
LONGER = 4  # times the settings' episodes: soft visits every corner of the room, and learns them all
BLOCK = 100  # episodes in which goals are counted, to follow the entropy of a run while it learns
LIMITS = (1e-2, 3.0)  # of visits, in the maps
EXACT_AT = (0.02, 0.05, 0.2)  # visits, where lines are drawn through the exact ones

HARD = QLearning(STEP_SIZE, DISCOUNT, EPSILON)
SOFT = SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=REWARD_SCALE)
AGENTS: dict[str, QLearning | SoftQLearning] = {"hard": HARD, "soft": SOFT}

Rows = NDArray[np.float64]


class Behaviour(NamedTuple):
    """How an agent acts by what it has learned, without exploring any more, beside what it had to learn."""

    room: str
    name: str
    label: str
    agent: Any
    learned: Reached  # a policy for each run
    exact: Reached  # one policy


def study(settings: Settings) -> Study:
    """Hard and soft agents in rooms with four goals, for longer than other experiments.

    Examples
    --------
    >>> [condition.name for condition in study(Settings()).conditions]
    ['ties/hard', 'ties/soft', 'near_ties/hard', 'near_ties/soft']
    """
    return settings.study("multi-goal", _rooms(), AGENTS, episodes=_episodes(settings), tables=True)


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Tell which of four goals the learned policies go to."""
    rooms, episodes = _rooms(), _episodes(settings)
    behaviours = [
        behaviour
        for room, mdp in rooms.items()
        for agent in AGENTS
        for behaviour in _behaviours(room, mdp, agent, results.tables(f"{room}/{agent}"), settings.max_steps)
    ]
    entropies = {agent: _entropies(results.curves(f"near_ties/{agent}")) for agent in AGENTS}
    summary = [_row(behaviour, settings) for behaviour in behaviours]
    return Findings(
        title=f"Goals visited after {episodes} episodes, {settings.seeds} seeds [{EACH}]",
        table=_table(summary),
        sentences=[_found(behaviours)],
        summary=summary,
        arrays={
            **{f"{b.room}_{b.name}_shares": b.learned.shares for b in behaviours},
            **{f"{b.room}_{b.name}_visits": b.learned.visits for b in behaviours},
            **{f"{b.room}_{b.name}_visits_exact": b.exact.visits for b in behaviours},
            **{f"near_ties_{agent}_entropy": values for agent, values in entropies.items()},
        },
        figures={
            "multi_goal": _rooms_figure(rooms, behaviours, settings),
            "goal_entropy": _entropy_figure(rooms["near_ties"], entropies, settings),
        },
    )


def _rooms() -> dict[str, TabularMDP]:
    return {name: multi_goal(SIZE, goal_rewards=rewards) for name, (_, rewards) in ROOMS.items()}


def _episodes(settings: Settings) -> int:
    return LONGER * settings.episodes


def _behaviours(room: str, mdp: TabularMDP, agent: str, tables: Rows, max_steps: int) -> list[Behaviour]:
    """The ways to act by an agent's tables."""
    exact = exact_policy(mdp, AGENTS[agent])

    def behaviour(name: str, label: str, acting: Callable[[Rows], Rows], exact: Rows) -> Behaviour:
        own = reached(mdp, map(acting, tables), max_steps)
        return Behaviour(room, name, label, AGENTS[agent], own, reached(mdp, [exact], max_steps))

    if agent == "soft":
        return [behaviour("soft", f"soft, k = {REWARD_SCALE:g}", lambda q: soft_policy(q, 1.0), exact)]
    return [
        behaviour("hard", "hard, ties by lot", greedy_policy, exact),
        behaviour("hard_first", "hard, ties to the first", first_of_the_best, first_of_the_best(exact)),
    ]


def _entropies(curves: LearningCurves) -> Rows:
    """The entropy of the goals that each run visits while it learns, block by block of episodes [seeds, blocks]."""
    blocks = np.array_split(goals_visited(curves), max(1, curves.n_episodes // BLOCK), axis=1)
    counts = np.array([[(block == g).sum(axis=1) for g in range(N_GOALS)] for block in blocks]).transpose(2, 0, 1)
    # Counts look less even than the shares behind them; this takes off most of the bias (Miller 1955).
    bias = (np.maximum((counts > 0).sum(axis=2), 1) - 1) / (2.0 * np.maximum(counts.sum(axis=2), 1))
    return np.asarray(goal_entropy(counts.astype(np.float64)) + bias)


def _row(behaviour: Behaviour, settings: Settings) -> dict[str, Any]:
    learned, exact = behaviour.learned, behaviour.exact
    # A policy that surely arrives is not cut, and its expected length may exceed max_steps.
    lasting = length_bounds(max(settings.max_steps, math.ceil(learned.lengths.max())))
    evenly = (0.0, math.log(N_GOALS))
    row = {
        "room": behaviour.room,
        "agent": behaviour.name,
        "label": behaviour.label,
        "seeds": settings.seeds,
        "episodes": _episodes(settings),
        **_beside("entropy", goal_entropy(learned.shares), float(goal_entropy(exact.shares)[0]), evenly),
        "entropy_over_seeds": float(goal_entropy(learned.shares.mean(axis=0))),
        **_beside("length", learned.lengths, float(exact.lengths[0]), lasting),
    }
    for goal in range(N_GOALS):
        row |= _beside(f"goal_{goal}", learned.shares[:, goal], float(exact.shares[0, goal]), (0.0, 1.0))
    return row


def _beside(name: str, values: NDArray[np.float64], exact: float, bounds: tuple[float, float]) -> dict[str, float]:
    return {**interval_columns(name, values, bounds), f"{name}_exact": exact}


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("room", "agent", "goal entropy of a run", "exact", "goals 0, 1, 2, 3", "exact", "length", "exact")
    rows = [
        (
            row["room"].replace("_", "-"),
            row["label"],
            f"{row['entropy']:.3f} [{row['entropy_low']:.3f}, {row['entropy_high']:.3f}]",
            f"{row['entropy_exact']:.3f}",
            " ".join(f"{row[f'goal_{goal}']:.3f}" for goal in range(N_GOALS)),
            " ".join(f"{row[f'goal_{goal}_exact']:.3f}" for goal in range(N_GOALS)),
            f"{row['length']:.2f} [{row['length_low']:.2f}, {row['length_high']:.2f}]",
            f"{row['length_exact']:.2f}",
        )
        for row in summary
    ]
    caption = (
        f"Acting by the final tables without exploring; every run's own goal shares come from its absorbing chain. "
        f"Four goals evenly: ln 4 = {math.log(4):.3f}."
    )
    return Table(header, rows, caption)


def _found(behaviours: list[Behaviour]) -> str:
    shares = {(b.room, b.name): b.learned.shares for b in behaviours}
    entropy = {key: goal_entropy(values) for key, values in shares.items()}
    mean = {key: float(values.mean()) for key, values in entropy.items()}
    soft, hard = ("near_ties", "soft"), ("near_ties", "hard")
    lot, first = ("ties", "hard"), ("ties", "hard_first")
    found = compare_together(
        {"spread": (entropy[soft], entropy[hard]), "rule": (entropy[lot], entropy[first])},
        bounds=(0.0, math.log(N_GOALS)),
    )
    spread = comparison_text(found["spread"], "wider", "less wide")
    one_only = float(((entropy[hard] < 1e-9) & (shares[hard].sum(axis=1) > 0.5)).mean())
    return (
        f"Once goals differ by a hundredth, the goal entropy of a run is {mean[soft]:.3f} soft against "
        f"{mean[hard]:.3f} hard (evenly: ln 4 = {math.log(4):.3f}): {spread}; "
        f"{share_text(one_only, 0)} of hard runs visit one goal only. Where the goals are exactly equal, goal entropy "
        f"by the same hard tables is {mean[lot]:.3f} when ties go by lot and {mean[first]:.3f} when they go to the "
        f"first action: {comparison_text(found['rule'], 'wider by lot', 'less wide by lot')}."
    )


def _rooms_figure(rooms: dict[str, TabularMDP], behaviours: list[Behaviour], settings: Settings) -> Figure:
    note = (
        f"{settings.seeds} seeds, {_episodes(settings)} episodes. Maps: visits an episode of the learned policies, "
        f"without exploration; dashed: where the exact ones are {', '.join(map(str, EXACT_AT))}. Bars: mean share of "
        "each goal, with the middle 95 % of runs; dashes: exact."
    )
    with titled_figure(12.0, 8.6, "Four goals: which do learned policies visit?") as figure:
        axes = figure.subplots(2, 3, width_ratios=(1, 1, 0.95))
        for (left, right, shares), (room, mdp) in zip(axes, rooms.items(), strict=True):
            here = {b.name: b for b in behaviours if b.room == room}
            left.set_ylabel(ROOMS[room][0], fontsize=11)
            for ax, name, title in ((left, "hard", "hard"), (right, "soft", f"soft, reward scale {REWARD_SCALE:g}")):
                plot_grid(mdp, occupancy=here[name].learned.visits, limits=LIMITS, colorbar=name == "soft", ax=ax)
                entropy = goal_entropy(here[name].learned.shares).mean()
                ax.set_title(f"{title}: goal entropy {entropy:.3f}")
            exact = np.where(mdp.terminal, np.nan, here["soft"].exact.visits).reshape(SIZE, SIZE)
            right.contour(exact, EXACT_AT, colors=INK, linewidths=0.9, linestyles="dashed", zorder=3)
            _draw_shares(shares, list(here.values()))
        axes[1, 2].set_xlabel("goal")
        key_below(figure, axes[1, 2].get_legend_handles_labels()[0], note)
    return figure


def _draw_shares(ax: Axes, behaviours: list[Behaviour]) -> None:
    width = 0.26
    for i, behaviour in enumerate(behaviours):
        at = np.arange(N_GOALS) + (i - 1) * width
        mean = behaviour.learned.shares.mean(axis=0)
        low, high = np.quantile(behaviour.learned.shares, (0.025, 0.975), axis=0)
        colour, first = agent_colour(behaviour.agent), behaviour.name == "hard_first"
        face, hatch = ("white", "////") if first else (colour, "")
        ax.bar(at, mean, width * 0.9, facecolor=face, edgecolor=colour, hatch=hatch, label=behaviour.label)
        error = np.abs(np.stack([mean - low, high - mean]))
        ax.errorbar(at, mean, error, fmt="none", ecolor=INK, elinewidth=1.0, capsize=2)
        ax.hlines(
            behaviour.exact.shares[0], at - width / 2, at + width / 2, color=INK, linewidth=1.2, linestyle=(0, (2, 1))
        )
    ax.set(xticks=range(N_GOALS), ylim=(0.0, 1.05), ylabel="share of episodes")
    ax.grid(axis="x", visible=False)


def _entropy_figure(mdp: TabularMDP, entropies: dict[str, Rows], settings: Settings) -> Figure:
    exploring = epsilon_mixture(exact_policy(mdp, HARD), EPSILON)
    exact = reached(mdp, [exploring, exact_policy(mdp, SOFT)], settings.max_steps)
    note = (
        f"{settings.seeds} seeds, 95 % bands, each by itself, goals counted in blocks of {BLOCK} episodes; dashed: "
        "exact, once learned."
    )
    with titled_figure(7.2, 4.4, "Near-ties: which goals a run visits while it learns") as figure:
        ax, lines = figure.subplots(), []
        for name, label, once_learned in zip(
            AGENTS, (f"hard, ε = {EPSILON:g}", "soft"), goal_entropy(exact.shares), strict=True
        ):
            band, colour = confidence_band(entropies[name]), agent_colour(AGENTS[name])
            blocks = entropies[name].shape[1]
            episode = (np.arange(blocks) + 0.5) * _episodes(settings) / blocks
            if blocks == 1:  # a line through one point is not seen
                ax.vlines(episode, band.low, band.high, color=colour, alpha=0.25, linewidth=6)
            else:
                ax.fill_between(episode, band.low, band.high, color=colour, alpha=0.25, linewidth=0)
            marker = "o" if blocks == 1 else ""
            lines += ax.plot(episode, band.center, color=colour, linewidth=1.8, marker=marker, label=label)
            ax.axhline(once_learned, color=INK, linewidth=0.9, linestyle=(0, (5, 2.5)))
        ax.set(xlabel="episode", ylabel="goal entropy of a run (nats)", ylim=(0.0, 1.45), xlim=(0, _episodes(settings)))
        key_below(figure, lines, note)
    return figure

"""Soft tends to standard as rewards grow: a sweep over the reward scale, across the critical one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from fastsoftq.attainable_returns import episode_bounds
from fastsoftq.comparing import LAST
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.exact_curves import scheduled
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, interval_columns, interval_of
from fastsoftq.experiments.document import DISCOUNT, HARD, exact_policy, soft
from fastsoftq.figures.colours import GREY, INK, agent_colour
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.style import titled_figure
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture
from fastsoftq.planning.critical import critical_reward_scale
from fastsoftq.planning.evaluation import PolicyEvaluation, evaluate_policy
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "study"]

# Closest together around the critical scale, where everything changes.
REWARD_SCALES = (0.3, 0.7, 1.0, 1.2, 1.34, 1.5, 1.75, 2.0, 2.5, 3.5, 5.0, 10.0, 20.0, 40.0)
LOWEST, HIGHEST = 0.25, 50.0
SHORTER = 0.3  # of the settings' episodes: below the critical scale nearly every episode is cut at max_steps
WINDOW = 1.0 / 3.0  # of these, the last ones count

AGENTS = {"hard": HARD, **{f"soft_k{k:g}": soft(k) for k in REWARD_SCALES}}


def study(settings: Settings) -> Study:
    """Soft agents at many reward scales, and a hard one, on the cliff.

    Of fewer episodes below the critical scale.

    Examples
    --------
    >>> [(one.name, one.episodes) for one in study(Settings()).conditions][4:6]
    [('soft_k1.2', 300), ('soft_k1.34', None)]
    """
    mdp = cliff_walking()
    critical, short = critical_reward_scale(mdp), _shorter(settings)
    conditions = [
        Condition("cliff", "hard", "hard"),
        *(
            Condition("cliff", f"soft_k{k:g}", f"soft_k{k:g}", episodes=short if k < critical else None)
            for k in REWARD_SCALES
        ),
    ]
    return settings.study("reward-scale", {"cliff": mdp}, AGENTS, conditions=conditions)


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Compare soft agents at many reward scales with the exact answers, and with a hard agent."""
    mdp = cliff_walking()
    critical = critical_reward_scale(mdp)
    rows = [_row(mdp, k, results.curves(f"soft_k{k:g}"), settings) for k in REWARD_SCALES]
    learned = float(results.curves("hard").returns[:, -LAST:].mean())
    final = float(scheduled(HARD.epsilon, settings.episodes)[-1])
    greedy = exact_policy(mdp, HARD)
    hards = {
        "greedy": evaluate_policy(mdp, greedy),
        "exploring": evaluate_policy(mdp, epsilon_mixture(greedy, final)),
    }
    scales = np.geomspace(LOWEST, HIGHEST, 64)
    exact = [_exact(mdp, k, settings.max_steps) for k in scales.tolist()]
    lines = {name: np.array([row[name] for row in exact]) for name in exact[0]}
    return Findings(
        title=f"Cliff walking by reward scale, the last third of {_shorter(settings)} episodes below the critical "
        f"scale, of {settings.episodes} above, {settings.seeds} seeds ({EACH})",
        table=_table(rows, critical),
        sentences=_found(rows, critical, hards, learned, settings),
        summary=rows,
        arrays={"reward_scale": scales, **lines},
        figures={"reward_scale": _figure(rows, scales, lines, critical, hards, settings)},
    )


def _shorter(settings: Settings) -> int:
    return max(1, round(SHORTER * settings.episodes))


def _exact(mdp: TabularMDP, k: float, max_steps: int) -> dict[str, float]:
    """What the policy of the soft fixed point earns, without a limit and cut at `max_steps`."""
    policy = exact_policy(mdp, soft(k))
    free, cut = evaluate_policy(mdp, policy), evaluate_policy(mdp, policy, horizon=max_steps)
    return {
        "return": free.expected_return,
        "length": free.expected_length,
        "return_cut": cut.expected_return,
        "length_cut": cut.expected_length,
        "wandering": _wandering(mdp, k),
    }


def _wandering(mdp: TabularMDP, k: float) -> float:
    """What a step of wandering for ever is worth at best: its entropy less its cost (deterministic dynamics).

    It is ln of the spectral radius of M[s, s'] = sum_a exp(k r(s, a)) over the moves that do not terminate.
    """
    goes_on = ~mdp.terminated[:, :, 0]
    state = np.broadcast_to(np.arange(mdp.n_states)[:, None], goes_on.shape)
    moves = np.zeros((mdp.n_states, mdp.n_states))
    np.add.at(moves, (state[goes_on], mdp.next_state[:, :, 0][goes_on]), np.exp(k * mdp.reward[:, :, 0][goes_on]))
    return math.log(np.abs(np.linalg.eigvals(moves)).max())


def _row(mdp: TabularMDP, k: float, curves: LearningCurves, settings: Settings) -> dict[str, Any]:
    last = slice(-max(1, round(WINDOW * curves.n_episodes)), None)
    exact = _exact(mdp, k, settings.max_steps)
    row = {"reward_scale": k, "seeds": settings.seeds, "episodes": curves.n_episodes, "max_steps": settings.max_steps}
    bounds_of = episode_bounds(mdp, settings.max_steps)
    for name, values, bounds in (
        ("return", curves.returns, bounds_of.returns),
        ("length", curves.lengths, bounds_of.lengths),
        ("truncated", curves.truncated, (0.0, 1.0)),
    ):
        row |= interval_columns(name, values[:, last].mean(axis=1), bounds)
    return {**row, **{f"{name}_exact": value for name, value in exact.items()}}


def _table(rows: list[dict[str, Any]], critical: float) -> Table:
    header = (
        "reward scale", "return", "exact", "steps", "exact", "cut", "steps without a limit", "wandering, a step",
    )  # fmt: skip
    text = [
        (
            f"{row['reward_scale']:g}",
            interval_text(*interval_of(row, "return"), decimals=2),
            f"{row['return_cut_exact']:.2f}",
            interval_text(*interval_of(row, "length"), decimals=2),
            f"{row['length_cut_exact']:.2f}",
            share_text(row["truncated"]),
            f"{row['length_exact']:,.1f}",
            f"{row['wandering_exact']:+.3f}",
        )
        for row in rows
    ]
    caption = (
        "exact: the soft fixed point, cut at the same number of steps; wandering: entropy less cost of a step, "
        f"for an agent that never arrives, 0 at the critical scale {critical:.7f}"
    )
    return Table(header, text, caption)


def _found(
    rows: list[dict[str, Any]],
    critical: float,
    hards: dict[str, PolicyEvaluation],
    learned: float,
    settings: Settings,
) -> list[str]:
    by_scale = {row["reward_scale"]: row for row in rows}
    coldest = rows[-1]
    count, exploring = min(LAST, settings.episodes), hards["exploring"].expected_return
    worst = max(abs(row["length"] - row["length_cut_exact"]) / row["length_cut_exact"] for row in rows)
    return [
        f"Below the critical reward scale {critical:.4f} a step of wandering pays more entropy than it costs, and the "
        f"soft optimum wanders. The exact length of an episode is {by_scale[1.0]['length_exact']:,.0f} steps at "
        f"scale 1 (Result A), {by_scale[2.0]['length_exact']:.1f} at 2, {by_scale[10.0]['length_exact']:.2f} at 10 "
        f"(Result B) and {coldest['length_exact']:.4f} at {coldest['reward_scale']:g}, against "
        f"{hards['greedy'].expected_length:.0f} of the hard optimum: soft does tend to standard as rewards grow.",
        f"It tends to the greedy policy, not to what standard Q-learning earns while it explores "
        f"({typeset(learned, 1)} in its last {f'{count} episodes' if count > 1 else 'episode'}; "
        f"{typeset(exploring, 1)} exactly, with its final epsilon): without an epsilon of its own, soft at scale 10 "
        f"earns {typeset(by_scale[10.0]['return'], 2)} ({typeset(by_scale[10.0]['return_cut_exact'], 2)} exactly).",
        f"Mean lengths of these runs differ from the exact ones by {share_text(worst)} at most.",
    ]


def _figure(
    rows: list[dict[str, Any]],
    scales: NDArray[np.float64],
    lines: dict[str, NDArray[np.float64]],
    critical: float,
    hards: dict[str, PolicyEvaluation],
    settings: Settings,
) -> Figure:
    note = (
        f"Cliff walking, discount {DISCOUNT}. Lines: exact, cut at {settings.max_steps:,} steps (solid), or not at all "
        f"(dashed). Circles: learned, {settings.seeds:,} seeds, with {EACH}."
    )
    with titled_figure(8.4, 8.6, "Results A and B lie on either side of a critical reward scale", note) as figure:
        axes = figure.subplots(3, 1, sharex=True, height_ratios=[0.8, 1.3, 1.3])
        wandering, length, total = axes
        wandering.plot(scales, lines["wandering"], color=INK, linewidth=1.6)
        wandering.axhline(0.0, color=GREY, linewidth=0.8)
        wandering.set(ylim=(-3.2, 1.6), ylabel="nats a step")
        wandering.set_title("What a step of wandering is worth: its entropy less its cost")
        _draw(length, "length", rows, scales, lines, hards)
        _draw(total, "return", rows, scales, lines, hards)
        _scale(length, "log", (5.0, 3e7), [10, 100, 1000, 10**4, 10**5, 10**6, 10**7])
        _scale(total, "symlog", (-3e7, -5.0), [-(10**n) for n in range(1, 8)])
        length.set(title="Steps to the goal", ylabel="steps of an episode")
        total.set(title="Return", ylabel="return of an episode", xlabel="reward scale k (temperature 1 / k)")
        _mark(axes, critical, rows)
        total.set_xscale("log")
        total.set_xlim(LOWEST, HIGHEST)
        ticks = [0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
        total.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        total.xaxis.set_minor_locator(NullLocator())
        figure.align_ylabels()
    return figure


def _draw(
    ax: Axes,
    name: str,
    rows: list[dict[str, Any]],
    scales: NDArray[np.float64],
    lines: dict[str, NDArray[np.float64]],
    hards: dict[str, PolicyEvaluation],
) -> None:
    ax.plot(scales, lines[name], color=INK, linewidth=1.0, linestyle=(0, (5, 2.5)))
    ax.plot(scales, lines[f"{name}_cut"], color=INK, linewidth=1.4)
    for row in rows:
        mean, low, high = interval_of(row, name)
        colour = agent_colour(soft(row["reward_scale"]))
        ax.errorbar(
            row["reward_scale"], mean, [[mean - low], [high - mean]], fmt="o", markersize=6.5, color=colour, zorder=4
        )
    colour = agent_colour(HARD)
    for how, dash in (("greedy", "-"), ("exploring", (0, (1, 1.2)))):
        value = getattr(hards[how], f"expected_{name}")
        ax.axhline(value, color=colour, linewidth=1.2, linestyle=dash, zorder=1)
        above = (how == "greedy") == (name == "return")
        ax.annotate(
            f"hard, {how}", (LOWEST * 1.03, value), (0, 3 if above else -3), textcoords="offset points",
            va="bottom" if above else "top", color=colour, fontsize=8.5,
        )  # fmt: skip


def _scale(ax: Axes, kind: str, limits: tuple[float, float], ticks: list[int]) -> None:
    options = {"linthresh": 1.0} if kind == "symlog" else {}
    ax.set_yscale(kind, **options)
    ax.set_ylim(limits)
    ax.set_yticks(ticks, [typeset(tick) for tick in ticks])
    ax.yaxis.set_minor_locator(NullLocator())


def _mark(axes: NDArray[Any], critical: float, rows: list[dict[str, Any]]) -> None:
    """The side on which wandering pays, and where the document's two results lie."""
    for ax in axes:
        ax.axvspan(LOWEST, critical, color="#f4f1ea", zorder=0)
        ax.axvline(critical, color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=2)
    axes[0].annotate("wandering pays", (critical / 1.06, -2.8), ha="right", color=GREY)
    axes[0].annotate(f"critical: k = {critical:.4f}", (critical * 1.06, 1.15), color=INK)
    for row in rows:
        letter = {1.0: "A", 10.0: "B"}.get(row["reward_scale"])
        if letter:
            for ax, name, shift in ((axes[1], "length", 14), (axes[2], "return", -14)):
                ax.annotate(
                    letter, (row["reward_scale"], row[name]), (0, shift), textcoords="offset points",
                    ha="center", va="center", fontsize=12, fontweight="bold",
                )  # fmt: skip

"""Haarnoja's point mass among four goals: trajectories over contours of the value, hard and soft, learned and exact."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.attainable_returns import length_bounds
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, interval_columns
from fastsoftq.experiments.goals_reached import N_GOALS, first_of_the_best, goal_entropy, reached
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.style import titled_figure
from fastsoftq.mdp.point_mass import point_mass
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import greedy_policy, log_sum_exp, soft_policy
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.planning.trajectories import sample_trajectories
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import share_text
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "study"]

# Discount, horizon and reward scale of the authors' published code; dynamics are deterministic, so one step learns all.
DISCOUNT, HORIZON, REWARD_SCALE, STEP_SIZE, EPSILON = 0.99, 30, 0.1, 1.0, 0.2
SPACING, FINE_SPACING = 0.5, 0.25
MOST_RUNS, LONGER = 16, 20  # at most so many runs, but of so many times the settings' episodes: 21 025 values to learn
SPREAD = 0.9  # of the entropy of all four goals evenly: above it a policy is said to have spread over them
SHOWN = 48  # trajectories in each panel

HARD = QLearning(STEP_SIZE, DISCOUNT, EPSILON)
SOFT = SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=REWARD_SCALE)


class Case(NamedTuple):
    """Policies on one lattice, and the value that comes with the first of them."""

    name: str
    label: str
    agent: Any
    mdp: TabularMDP
    policies: list[NDArray[np.float64]]  # one for each run, or the exact one
    value: NDArray[np.float64]  # [states], in units of unscaled reward


def study(settings: Settings) -> Study:
    """A hard and a soft point mass, of few runs and many episodes.

    Examples
    --------
    >>> small = study(Settings(seeds=100, episodes=10))
    >>> small.seeds, small.episodes
    (range(0, 16), 200)
    """
    return settings.study(
        "point-mass",
        _lattices(SPACING),
        {"hard": HARD, "soft": SOFT},
        seeds=_seeds(settings),
        episodes=_episodes(settings),
        max_steps=HORIZON,
        conditions=[Condition("lattice", "hard", "hard"), Condition("density", "soft", "soft")],
        tables=True,
    )


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Tell which of four goals a point mass goes to.

    At most 16 seeds, of 20 times the episodes, are run.
    """
    cases = [*_exact(SPACING), *_learned(results), *_exact(FINE_SPACING)]
    summary = [_row(case) for case in cases]
    return Findings(
        title=f"Point mass among four goals, {_episodes(settings)} episodes, {_seeds(settings)} seeds [{EACH}]",
        table=_table(summary, cases),
        sentences=[_found(summary)],
        summary=summary,
        arrays={f"{case.name}_value": case.value for case in cases},
        figures={"point_mass": _figure({case.name: case for case in cases}, settings)},
    )


def _seeds(settings: Settings) -> int:
    return min(settings.seeds, MOST_RUNS)


def _episodes(settings: Settings) -> int:
    return LONGER * settings.episodes


def _lattices(spacing: float) -> dict[str, TabularMDP]:
    """As it is, for hard agents; and with entropy counted as that of a density over velocities, for soft ones."""
    density = 2.0 * math.log(spacing) / REWARD_SCALE
    return {"lattice": point_mass(spacing), "density": point_mass(spacing, step_reward=density)}


def _exact(spacing: float) -> list[Case]:
    mdps = _lattices(spacing)
    hard = value_iteration(mdps["lattice"], DISCOUNT)
    soft = soft_value_iteration(mdps["density"], DISCOUNT, reward_scale=REWARD_SCALE)
    name, label = f"exact_{spacing:g}", f"exact, spacing {spacing:g}"
    first = first_of_the_best(hard.policy)
    return [
        Case(f"hard_{name}", f"hard, {label}", HARD, mdps["lattice"], [hard.policy], hard.v),
        Case(f"hard_first_{name}", f"hard, ties to the first, {label}", HARD, mdps["lattice"], [first], hard.v),
        Case(f"soft_{name}", f"soft, {label}", SOFT, mdps["density"], [soft.policy], soft.v / REWARD_SCALE),
    ]


def _learned(results: Results) -> list[Case]:
    mdps = _lattices(SPACING)
    hard, soft = results.tables("hard"), results.tables("soft")
    value = log_sum_exp(soft[0]) / REWARD_SCALE
    by_lot, softly = [greedy_policy(q) for q in hard], [soft_policy(q, 1.0) for q in soft]
    label = f"learned, spacing {SPACING:g}"
    return [
        Case("hard_learned", f"hard, {label}", HARD, mdps["lattice"], by_lot, hard[0].max(axis=1)),
        Case("soft_learned", f"soft, {label}", SOFT, mdps["density"], softly, value),
    ]


def _row(case: Case) -> dict[str, Any]:
    to = reached(case.mdp, case.policies, HORIZON, cut=True)
    row = {
        "case": case.name,
        "label": case.label,
        "runs": len(case.policies),
        "value_at_start": float(case.mdp.start @ case.value),
    }
    row |= interval_columns("entropy", goal_entropy(to.shares), (0.0, math.log(N_GOALS)))
    row |= interval_columns("arrives", to.shares.sum(axis=1), (0.0, 1.0))
    row |= interval_columns("length", to.lengths, length_bounds(HORIZON))
    for goal in range(N_GOALS):
        row |= interval_columns(f"goal_{goal}", to.shares[:, goal], (0.0, 1.0))
    return row


def _table(summary: list[dict[str, Any]], cases: list[Case]) -> Table:
    header = ("policy", "runs", "goal entropy of a run", "goals 0, 1, 2, 3", f"arrives in {HORIZON} steps", "V(start)")
    rows = [
        (
            row["label"],
            f"{row['runs']}",
            f"{row['entropy']:.3f} [{row['entropy_low']:.3f}, {row['entropy_high']:.3f}]",
            " ".join(f"{row[f'goal_{goal}']:.3f}" for goal in range(N_GOALS)),
            share_text(row["arrives"]),
            f"{row['value_at_start']:.2f}",
        )
        for row in summary
    ]
    learned = next(case.mdp for case in cases if case.name == "soft_learned")
    caption = (
        f"Learned by at most {MOST_RUNS} seeds, in {LONGER} times the episodes asked for: a run has "
        f"{learned.n_states * learned.n_actions:,} values to learn. "
        "Without exploration; ties by lot unless said. V(start): of the first run, in units of reward, entropy counted "
        "as that of a density over velocities, so that lattices can be compared."
    )
    return Table(header, rows, caption)


def _found(summary: list[dict[str, Any]]) -> str:
    row = {row["case"]: row for row in summary}
    learned, exact, fine = row["soft_learned"], row["soft_exact_0.5"], row["soft_exact_0.25"]
    evenly = SPREAD * math.log(N_GOALS)
    verdict = "may have spread over all four goals or not"
    if learned["entropy_low"] > evenly:
        verdict = "has spread over all four goals"
    elif learned["entropy_high"] < evenly:
        verdict = "has not spread evenly over the goals"
    return (
        f"At the reward scale of the published code ({REWARD_SCALE:g}) soft Q-learning {verdict}: goal entropy "
        f"{learned['entropy']:.3f} [{learned['entropy_low']:.3f}, {learned['entropy_high']:.3f}] learned, "
        f"{exact['entropy']:.3f} exact (ln 4 = {math.log(4):.3f}), and {share_text(learned['arrives'])} of episodes "
        f"arrive within {HORIZON} steps ({share_text(exact['arrives'])} exact); the hard optimum goes straight to one "
        f"goal, which the rule for ties chooses (goal entropy {row['hard_exact_0.5']['entropy']:.3f} by lot, "
        f"{row['hard_first_exact_0.5']['entropy']:.3f} to the first); half the spacing of the lattice changes the soft "
        f"value of the start from {exact['value_at_start']:.1f} to {fine['value_at_start']:.1f} only."
    )


def _figure(cases: dict[str, Case], settings: Settings) -> Figure:
    panels = (
        ("hard_first_exact_0.5", "Hard, exact, ties to the first"),
        ("hard_learned", "Hard, learned, ties by lot"),
        ("soft_learned", "Soft, learned"),
        (f"soft_exact_{FINE_SPACING:g}", f"Soft, exact, lattice of spacing {FINE_SPACING:g}"),
    )
    note = (
        f"{SHOWN} trajectories of at most {HORIZON} steps from the centre, over lines of equal value. Learned: one run "
        f"of {_episodes(settings)} episodes. Lattices of spacing {SPACING:g} unless said."
    )
    with titled_figure(12.0, 12.6, "Point mass among four goals (Haarnoja et al. 2017)", note) as figure:
        for ax, (name, title) in zip(figure.subplots(2, 2).flat, panels, strict=True):
            _draw(ax, cases[name], title)
    return figure


def _draw(ax: Axes, case: Case, title: str) -> None:
    sampled = sample_trajectories(case.mdp, case.policies[0], SHOWN, horizon=HORIZON, rng=0)
    # The light blue of a soft agent so warm would not show as a line: that of a colder one.
    colour = agent_colour(case.agent._replace(reward_scale=5.0))
    plot_grid(case.mdp, value=case.value, contours=24, trajectories=sampled, colour=colour, title=title, ax=ax)
    side = len(case.mdp.map or ())
    middle, unit = (side - 1) / 2, (side - 1) / 14  # positions run from -7 to 7
    ticks = np.array([-5, 0, 5])
    labels = [typeset(tick) for tick in ticks.tolist()]
    ax.set_xticks(middle + unit * ticks, labels)
    ax.set_yticks(middle - unit * ticks, labels)

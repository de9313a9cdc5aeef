"""Pretraining in the open room, then goals close or walls appear: what a hard and a soft table are worth as a start."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.columns import interval_columns, length_bounds
from fastsoftq.experiments.conclusions import sign
from fastsoftq.experiments.fine_tuning import (
    DISCOUNT,
    LABELS,
    NEAR,
    REWARD_SCALE,
    SOURCES,
    TASKS,
    TUNERS,
    WINDOW,
    Tuned,
    fine_tuned,
    room,
)
from fastsoftq.experiments.goals import N_GOALS, goals_visited
from fastsoftq.experiments.training import watched_train
from fastsoftq.figures.curve import curve, in_doubt
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.learning_figure import Panel, plot_learning_curves
from fastsoftq.figures.style import GREY, INK, STYLE
from fastsoftq.planning.iteration import soft_value_iteration
from fastsoftq.planning.occupancy import occupancy
from fastsoftq.report.error_rate import ALPHA
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison, confidence_interval
from fastsoftq.system.provenance import provenance

__all__ = ["run"]

EARLY = 20  # the first episodes of fine-tuning


def run(settings: Settings, watch: Watch) -> Findings:
    """Pretrain hard, soft or not at all, and measure what that saves when the room changes.

    Parameters
    ----------
    settings : Settings
    watch : callable

    Returns
    -------
    Findings
    """
    began = perf_counter()
    pretrained: dict[str, NDArray[np.float64] | None] = {"none": None}
    saw_all = {}
    for name, agent in TUNERS.items():
        curves = watched_train(room(), agent, f"pretraining, {name}", settings, watch)
        pretrained[name] = curves.final_q
        visited = goals_visited(curves)
        saw_all[name] = float(np.all([(visited == goal).any(axis=1) for goal in range(N_GOALS)], axis=0).mean())
    tuned = [fine_tuned(task, tuner, pretrained, settings, watch) for task in TASKS for tuner in TUNERS]
    summary = [_row(result) for result in tuned]
    return Findings(
        title=f"{tuned[0].curves['none'].n_episodes} episodes after {settings.episodes} in the open room, "
        f"{settings.seeds} seeds [95 % intervals, all together]",
        table=_table(tuned),
        sentences=[_found(tuned, saw_all)],
        summary=summary,
        arrays={
            f"{result.task}_{result.tuner}_from_{source}_lengths".replace(", ", "_").replace(" ", "_"): curves.lengths
            for result in tuned
            for source, curves in result.curves.items()
        },
        figures={
            "pretraining": _figure(tuned, settings),
            "pretraining_goals": _curves_figure("Fine-tuning where goals close", tuned[:6], settings),
            "pretraining_walls": _curves_figure("Fine-tuning where walls appear", tuned[6:], settings),
        },
        run={"seconds": perf_counter() - began, "seeds": settings.seeds, "episodes": settings.episodes, **provenance()},
    )


def _row(result: Tuned) -> dict[str, Any]:
    row: dict[str, Any] = {"task": result.task, "fine_tuning": result.tuner, "length_exact": result.exact}
    for source, curves in result.curves.items():
        lengths = curves.lengths.astype(np.float64)
        row |= interval_columns(f"steps_{source}", result.steps[source])
        row |= interval_columns(f"early_length_{source}", lengths[:, :EARLY].mean(axis=1))
        mean = result.near[source].restricted_mean
        row |= {f"steps_to_threshold_{source}": mean.estimate, f"steps_to_threshold_{source}_low": mean.low}
        row |= {
            f"steps_to_threshold_{source}_high": mean.high,
            f"reached_threshold_{source}": result.near[source].reached.estimate,
        }
    comparisons = (
        ("soft_saves_over_none", result.over_scratch),
        ("soft_saves_over_hard", result.over_hard),
        ("soft_saves_over_hard_to_threshold", result.sooner),
    )
    for name, comparison in comparisons:
        row |= {name: comparison.difference, f"{name}_low": comparison.low, f"{name}_high": comparison.high}
        row |= {f"{name}_p_value": comparison.p_value, f"{name}_correlation": comparison.correlation}
    return row


def _table(tuned: list[Tuned]) -> Table:
    header = ("task", "fine-tuned", "steps", f"first {EARLY}", "to threshold", "soft saves over scratch", "over hard")
    rows = [
        (
            result.task,
            result.tuner,
            " / ".join(f"{values.mean():,.0f}" for values in result.steps.values()),
            " / ".join(f"{curves.lengths[:, :EARLY].mean():.0f}" for curves in result.curves.values()),
            " / ".join(f"{near.restricted_mean.estimate:,.0f}" for near in result.near.values()),
            _in_words(result.over_scratch),
            _in_words(result.over_hard),
        )
        for result in tuned
    ]
    caption = (
        f"Each from scratch / a hard table / a soft table. steps: of all episodes of fine-tuning; first {EARLY}: an "
        f"episode; to threshold: until {WINDOW} episodes take less than {NEAR:g} times the exact number of steps on "
        "average. Savings are of steps, paired by seed, with intervals that hold all together, and negative where a "
        "soft table is the worse start."
    )
    return Table(header, rows, caption)


def _in_words(saves: Comparison) -> str:
    return interval_text(saves.difference, saves.low, saves.high)


def _found(tuned: list[Tuned], saw_all: dict[str, float]) -> str:
    scratch = np.array([result.steps["none"].mean() for result in tuned])
    saved = np.array([result.over_scratch.difference for result in tuned]) / scratch
    share = np.array([result.over_hard.difference for result in tuned]) / scratch
    return (
        f"Of the steps that learning from scratch takes, a pretrained soft table saves {saved.min():+.0%} to "
        f"{saved.max():+.0%}: {_counted([result.over_scratch for result in tuned], 'above 0', 'below 0')}; against a "
        f"hard table {share.min():+.1%} to {share.max():+.1%} of those: "
        f"{_counted([result.over_hard for result in tuned], 'above 0', 'below 0')}; to the threshold it is "
        f"{_counted([result.sooner for result in tuned], 'sooner', 'later')} (5 % of error for all of this); "
        f"{share_text(saw_all['hard'], 0)} of hard and {share_text(saw_all['soft'], 0)} of soft pretraining runs had "
        f"been to all four goals. The reward scale, {REWARD_SCALE:g}, was chosen after trying 2, 5 and 10 over 100 "
        f"seeds; at the other two soft pretraining was the worse one with a goal closed, so the comparison with a hard "
        f"table is exploratory."
    )


def _counted(comparisons: list[Comparison], more: str, less: str) -> str:
    """In how many cases which is told, in words."""
    signs = [sign(comparison) for comparison in comparisons]
    either = f"told {more} in {signs.count(1)} of {len(signs)} cases, {less} in {signs.count(-1)}"
    return f"{either} and neither in {signs.count(0)}"


def _figure(tuned: list[Tuned], settings: Settings) -> Figure:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(15.5, 8.2), layout="constrained")
        axes = figure.subplots(3, len(TASKS), height_ratios=(1.0, 0.75, 0.55), sharey="row", squeeze=False)
        for column, task in enumerate(TASKS):
            here = [result for result in tuned if result.task == task]
            mdp = here[0].mdp
            softly = soft_value_iteration(mdp, DISCOUNT, reward_scale=REWARD_SCALE).policy
            plot_grid(mdp, occupancy=occupancy(mdp, softly), limits=(1e-2, 3.0), colorbar=False, ax=axes[0, column])
            axes[0, column].set_title(task)
            _draw_steps(axes[1, column], here)
            _draw_differences(axes[2, column], here)
        axes[0, 0].set_ylabel("where exact soft goes")
        axes[1, 0].set_ylabel("steps of fine-tuning")
        axes[2, 0].set_ylabel("soft saves over hard\n(% of scratch)")
        axes[1, 0].legend(loc="upper left", fontsize=8.5)
        figure.suptitle("What is a pretrained table worth?", x=0.01, ha="left", fontsize=13, fontweight="bold")
        figure.supxlabel(
            f"{settings.seeds} seeds, {settings.episodes} episodes in the open room, then "
            f"{here[0].curves['none'].n_episodes} in the room shown. Dashed: exact, had all been learned at once. "
            "Dots: above 0 a soft table is the better start; intervals of all "
            "panels together hold at 95 %, paired by seed.",
            x=0.01, ha="left", fontsize=8.5, color=GREY,
        )  # fmt: skip
    return figure


def _draw_steps(ax: Axes, results: list[Tuned]) -> None:
    for i, (source, colour) in enumerate(SOURCES.items()):
        at = np.arange(len(results)) + (i - 1) * 0.27
        intervals = [confidence_interval(result.steps[source]) for result in results]
        mean = np.array([interval.estimate for interval in intervals])
        error = np.abs(
            [[interval.estimate - interval.low, interval.high - interval.estimate] for interval in intervals]
        )
        ax.bar(at, mean, 0.25, color=colour, label=LABELS[source])
        ax.errorbar(at, mean, error.T, fmt="none", ecolor=INK, elinewidth=1.0, capsize=2)
    for i, result in enumerate(results):
        learned = result.exact * result.curves["none"].n_episodes
        ax.hlines(learned, i - 0.42, i + 0.42, color=INK, linewidth=1.0, linestyle=(0, (3, 1.5)))
    _label_tuners(ax, results)


def _draw_differences(ax: Axes, results: list[Tuned]) -> None:
    ax.axhline(0.0, color=INK, linewidth=0.9)
    for i, result in enumerate(results):
        percent = 100.0 / result.steps["none"].mean()
        c = result.over_hard
        colour = GREY if c.low <= 0.0 <= c.high else SOURCES["soft" if c.low > 0.0 else "hard"]
        error = percent * np.array([[c.difference - c.low], [c.high - c.difference]])
        ax.errorbar(i, percent * c.difference, error, fmt="o", color=colour, markersize=6, capsize=3, elinewidth=1.5)
    _label_tuners(ax, results)


def _label_tuners(ax: Axes, results: list[Tuned]) -> None:
    ax.set_xticks(range(len(results)), [f"then {result.tuner}" for result in results])
    ax.set_xlim(-0.6, len(results) - 0.4)
    ax.grid(axis="x", visible=False)
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:,g}".replace("-", "\N{MINUS SIGN}"))


def _curves_figure(title: str, tuned: list[Tuned], settings: Settings) -> Figure:
    error = ALPHA / sum(len(result.curves) for result in tuned)
    panels = [
        Panel(
            f"then {result.tuner}",
            f"{result.task}: steps an episode",
            [
                curve(
                    LABELS[source],
                    SOURCES[source],
                    curves.lengths,
                    np.full(curves.n_episodes, result.exact),
                    length_bounds(settings.max_steps),
                    error,
                )
                for source, curves in result.curves.items()
            ],
        )
        for result in tuned
    ]
    rows = [panels[i : i + len(TUNERS)] for i in range(0, len(panels), len(TUNERS))]
    doubt = in_doubt([c for panel in panels for c in panel.curves])
    note = (
        f"{settings.seeds} seeds, after {settings.episodes} episodes in the open room; bands of this figure hold "
        f"together with 95 % confidence{doubt}."
    )
    return plot_learning_curves(title, rows, note)

"""Pretraining in the open room, then goals close or walls appear: what a hard and a soft table are worth as a start."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import interval_columns, interval_of
from fastsoftq.experiments.document import exact_policy
from fastsoftq.experiments.fine_tuning import (
    EARLY,
    GOALS,
    LABELS,
    NEAR,
    REWARD_SCALE,
    SOURCES,
    TASKS,
    TUNERS,
    WALLS,
    WINDOW,
    Tuned,
    condition_name,
    fine_tuned,
    room,
)
from fastsoftq.experiments.goals_reached import N_GOALS, goals_visited
from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.curve import in_doubt
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.learning_figure import Panel, plot_learning_curves
from fastsoftq.figures.style import key_below, titled_figure
from fastsoftq.planning.occupancy import occupancy
from fastsoftq.report.decision import sign
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "study"]

OPEN = "open room"
TUNING = 0.3  # episodes of fine-tuning, in those of pretraining


def study(settings: Settings) -> Study:
    """Hard and soft agents in the open room, then in changed rooms: from scratch, and from either's tables.

    Fine-tuning is shorter, and draws other random numbers than pretraining.

    Examples
    --------
    >>> [(one.name, one.after) for one in study(Settings()).conditions][1:5:3]
    [('pretraining, soft', None), ('goal 0 closes: hard, pretrained soft', 'pretraining, soft')]
    """
    pretraining = [Condition(OPEN, source, f"pretraining, {source}") for source in TUNERS]
    fine_tuning = [
        Condition(
            task,
            tuner,
            condition_name(task, tuner, source),
            episodes=_tuning(settings),
            first_seed=settings.seeds,
            after=f"pretraining, {source}" if source in TUNERS else None,
        )
        for task in TASKS
        for tuner in TUNERS
        for source in SOURCES
    ]
    rooms = {OPEN: room(), **{task: room(**changes) for task, changes in TASKS.items()}}
    return settings.study("pretraining", rooms, TUNERS, conditions=[*pretraining, *fine_tuning])


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Measure what pretraining saves when the room changes."""
    saw_all = {}
    for name in TUNERS:
        visited = goals_visited(results.curves(f"pretraining, {name}"))
        saw_all[name] = float(np.all([(visited == goal).any(axis=1) for goal in range(N_GOALS)], axis=0).mean())
    tuned = [fine_tuned(task, tuner, results.curves) for task in TASKS for tuner in TUNERS]
    arrays: dict[str, Any] = {}
    for result in tuned:
        for source in SOURCES:
            name = f"{result.task}_{result.tuner}_from_{source}_lengths".replace(", ", "_").replace(" ", "_")
            condition = condition_name(result.task, result.tuner, source)
            arrays[name] = lambda condition=condition: results.curves(condition).lengths
    return Findings(
        title=f"{_tuning(settings)} episodes after {settings.episodes} in the open room, "
        f"{settings.seeds} seeds [95 % intervals, all together]",
        table=_table(tuned),
        sentences=[_found(tuned, saw_all)],
        summary=[_row(result) for result in tuned],
        arrays=arrays,
        figures={
            "pretraining": _figure(tuned, settings),
            "pretraining_goals": _curves_figure("Fine-tuning where goals close", GOALS, tuned, settings),
            "pretraining_walls": _curves_figure("Fine-tuning where walls appear", WALLS, tuned, settings),
        },
    )


def _tuning(settings: Settings) -> int:
    return max(1, round(TUNING * settings.episodes))


def _row(result: Tuned) -> dict[str, Any]:
    row: dict[str, Any] = {"task": result.task, "fine_tuning": result.tuner, "length_exact": result.exact}
    for source, start in result.starts.items():
        mean = start.near.restricted_mean
        row |= interval_columns(f"steps_{source}", start.steps, result.bounds)
        row |= interval_columns(
            f"early_length_{source}", start.early, np.divide(result.bounds, result.episodes).tolist()
        )
        row[f"steps_to_threshold_{source}"] = mean.estimate
        row |= {f"steps_to_threshold_{source}_low": mean.low, f"steps_to_threshold_{source}_high": mean.high}
        row[f"reached_threshold_{source}"] = start.near.reached.estimate
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
            " / ".join(f"{start.steps.mean():,.0f}" for start in result.starts.values()),
            " / ".join(f"{start.early.mean():.0f}" for start in result.starts.values()),
            " / ".join(f"{start.near.restricted_mean.estimate:,.0f}" for start in result.starts.values()),
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
    scratch = np.array([result.starts["none"].steps.mean() for result in tuned])
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
    note = (
        f"{settings.seeds} seeds, {settings.episodes} episodes in the open room, then {_tuning(settings)} in the room "
        "shown. Maps: where exact soft goes. Dashed: exact, had all been learned at once. Dots: right of 0 a soft "
        "table is the better start, grey where neither is told to be; all their intervals together hold at 95 %, "
        "paired by seed."
    )
    with titled_figure(10.5, 12.6, "What is a pretrained table worth?") as figure:
        axes = figure.subplots(len(TASKS), 3, width_ratios=(0.8, 1.5, 1.0), sharex="col")
        for (grid, steps, savings), task in zip(axes, TASKS, strict=True):
            here = [result for result in tuned if result.task == task]
            visits = occupancy(here[0].mdp, exact_policy(here[0].mdp, TUNERS["soft"]))
            plot_grid(here[0].mdp, occupancy=visits, limits=(1e-2, 3.0), colorbar=False, title=task, ax=grid)
            _draw_steps(steps, here)
            _draw_savings(savings, here)
        axes[0, 1].set_title("Steps of fine-tuning")
        axes[0, 2].set_title("Soft saves over hard")
        axes[-1, 1].set_xlabel("steps")
        axes[-1, 2].set_xlabel("% of the steps from scratch")
        bars = axes[0, 1].get_legend_handles_labels()[0]
        key_below(figure, bars[: len(SOURCES)], note)
    return figure


def _draw_steps(ax: Axes, results: list[Tuned]) -> None:
    for i, (source, colour) in enumerate(SOURCES.items()):
        at = np.arange(len(results)) + (i - 1) * 0.27
        columns = [interval_columns("steps", result.starts[source].steps, result.bounds) for result in results]
        mean, low, high = np.array([interval_of(row, "steps") for row in columns]).T
        ax.barh(at, mean, 0.25, color=colour, label=LABELS[source])
        ax.errorbar(mean, at, xerr=np.abs([mean - low, high - mean]), fmt="none", ecolor=INK, elinewidth=1.0, capsize=2)
    for i, result in enumerate(results):
        learned = result.exact * result.episodes
        ax.vlines(learned, i - 0.42, i + 0.42, color=INK, linewidth=1.0, linestyle=(0, (3, 1.5)))
    _label_tuners(ax, results)


def _draw_savings(ax: Axes, results: list[Tuned]) -> None:
    ax.axvline(0.0, color=INK, linewidth=0.9)
    for i, result in enumerate(results):
        percent = 100.0 / result.starts["none"].steps.mean()
        c = result.over_hard
        colour = {0: GREY, 1: SOURCES["soft"], -1: SOURCES["hard"]}[sign(c)]
        ends = percent * np.array([[c.difference - c.low], [c.high - c.difference]])
        ax.errorbar(
            percent * c.difference, i, xerr=ends, fmt="o", color=colour, markersize=6, capsize=3, elinewidth=1.5
        )
    _label_tuners(ax, results)


def _label_tuners(ax: Axes, results: list[Tuned]) -> None:
    ax.set_yticks(range(len(results)), [f"then {result.tuner}" for result in results])
    ax.set_ylim(len(results) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,g}".replace("-", "\N{MINUS SIGN}"))


def _curves_figure(title: str, tasks: dict[str, Any], tuned: list[Tuned], settings: Settings) -> Figure:
    rows = [
        [
            Panel(
                f"then {result.tuner}",
                f"{task}: steps an episode",
                [start.drawn for start in result.starts.values()],
            )
            for result in tuned
            if result.task == task
        ]
        for task in tasks
    ]
    doubt = in_doubt([c for row in rows for panel in row for c in panel.curves])
    note = (
        f"{settings.seeds} seeds, after {settings.episodes} episodes in the open room; bands of this figure hold "
        f"together with 95 % confidence{doubt}."
    )
    return plot_learning_curves(title, rows, note)

"""Figures of the shelf: hard and soft forms side by side, a column for each family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fastsoftq.experiments.certainty import EACH, interval_columns, interval_of
from fastsoftq.experiments.shelf_agents import AGENTS, FAMILIES, STEP_SIZES
from fastsoftq.experiments.shelf_results import Learned, suite
from fastsoftq.experiments.shelf_worlds import WORLDS
from fastsoftq.figures.colours import GREY, INK, agent_colour, dashes
from fastsoftq.figures.style import dashed, titled_figure
from fastsoftq.statistics import pointwise_intervals
from fastsoftq.statistics.suites import suite_interval, suite_profile

__all__ = ["colour_of", "curves_figure", "profiles_figure", "regret_figure", "sensitivity_figure"]

LearnedBy = Mapping[tuple[str, str], Learned]

_EARLY = 0.16  # of the episodes, which axes need not show: the first returns dwarf all others
_THRESHOLDS = 200


def colour_of(agent: str) -> str:
    """The colour of an agent of the shelf, the one that it has wherever it is drawn: warm if hard, cool if soft.

    Parameters
    ----------
    agent : str
        Of `AGENTS`.

    Returns
    -------
    str
        That of soft Q-learning is the cliff's, whatever the world.

    Examples
    --------
    >>> colour_of("q_learning"), colour_of("n_step_sarsa")
    ('#d55e00', '#dd376d')
    """
    of = AGENTS[agent]
    return agent_colour(of.make(WORLDS["cliff"], of.values[0]))


def _members(family: str) -> list[str]:
    return [name for name, agent in AGENTS.items() if agent.family == family]


def _line(agent: str, **more: object) -> dict[str, Any]:
    """How an agent is drawn among those of its family, and its name."""
    family = _members(AGENTS[agent].family)
    dash = dashes([colour_of(name) for name in family])[family.index(agent)]
    return {"color": colour_of(agent), "linewidth": 1.5, "label": AGENTS[agent].label, **dashed(dash), **more}


def _names(ax: Axes, **where: Any) -> None:
    """Name the lines of a panel."""
    ax.legend(fontsize=7.5, handlelength=1.8, borderaxespad=0.3, labelspacing=0.25, **where)


def curves_figure(learned: LearnedBy, families: Sequence[str], title: str, seeds: int) -> Figure:
    """Learning curves: a row for each world, a column for each family.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    families : sequence of str
        Of `FAMILIES`.
    title : str
    seeds : int

    Returns
    -------
    matplotlib.figure.Figure
    """
    note = (
        f"Return of an episode, {seeds:,} seeds: mean of each 25th of the episodes, with {EACH}. Dotted: the optimum, "
        "from planning. Step sizes chosen on other seeds. Warm colours: hard; cool ones: soft."
    )
    with titled_figure(2.05 * len(families) + 0.9, 11.2, title, note) as figure:
        grid = figure.subplots(len(WORLDS), len(families), squeeze=False, sharex="row", sharey="row")
        for row, (world, known) in zip(grid, WORLDS.items(), strict=True):
            shown = [
                _curve(ax, learned[world, agent])
                for ax, family in zip(row, families, strict=True)
                for agent in _members(family)
            ]
            optimum = learned[world, "q_learning"].optimum
            low, high = min(shown), optimum
            room = 0.06 * (high - low) or 1.0
            row[0].set(ylim=(low - room, high + room))
            row[0].set_ylabel(known.title.split(",")[0], fontsize=9.5)
            for ax in row:
                ax.axhline(optimum, color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)))
                ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
                ax.yaxis.set_major_locator(MaxNLocator(4))
        for ax, family in zip(grid[0], families, strict=True):
            ax.set_title(FAMILIES[family].title)
        for ax in grid[-1]:
            ax.set_xlabel("episode")
            _names(ax, loc="upper left", bbox_to_anchor=(-0.06, -0.42))
        figure.align_ylabels(grid[:, 0])
    return figure


def _curve(ax: Axes, one: Learned) -> float:
    """Draw a curve; the lowest of what axes have to show of it."""
    chosen = one.chosen
    band = pointwise_intervals(chosen.blocks, bounds=one.bounds)
    marker = "o" if len(chosen.ends) == 1 else ""
    ax.fill_between(chosen.ends, band.low, band.high, color=colour_of(one.agent), alpha=0.2, linewidth=0)
    ax.plot(chosen.ends, band.center, marker=marker, **_line(one.agent))
    return float(band.center[int(_EARLY * len(chosen.ends)) :].min())


def regret_figure(learned: LearnedBy, seeds: int) -> Figure:
    """Regret of each agent in each world, with intervals.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    seeds : int

    Returns
    -------
    matplotlib.figure.Figure
    """
    note = (
        f"What an episode earns less than the optimum, in the mean of all episodes of a run; {seeds:,} seeds, {EACH}; "
        "step sizes chosen on other seeds. Warm colours: hard; cool ones: soft. Less is better; scales are logarithmic."
    )
    names = list(AGENTS)
    with titled_figure(11.4, 9.6, "Regret in six worlds", note) as figure:
        axes = figure.subplots(2, 3, sharey=True)
        for ax, (world, known) in zip(axes.ravel(), WORLDS.items(), strict=True):
            for place, name in enumerate(names):
                one = learned[world, name]
                ends = (one.optimum - one.bounds[1], one.optimum - one.bounds[0])
                mean, low, high = interval_of(interval_columns("regret", one.regret, ends), "regret")
                ax.plot([low, high], [place, place], color=colour_of(name), linewidth=1.4)
                ax.plot(mean, place, "o", color=colour_of(name), markersize=4.5)
            means = [float(learned[world, name].regret.mean()) for name in names]
            if min(means) > 0.0:
                ax.set_xscale("log")
                ax.set_xlim(0.8 * min(means), 1.25 * max(means))
                ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
                ax.xaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:e}"[0] in "25" else "")
                ax.tick_params(axis="x", which="minor", labelsize=7.5)
            ax.set_title(known.title)
            ax.grid(visible=False, axis="y")
            starts = [i for i in range(1, len(names)) if AGENTS[names[i]].family != AGENTS[names[i - 1]].family]
            for place in starts:
                ax.axhline(place - 0.5, color="#e6e6e6", linewidth=0.7)
        axes[0, 0].set_ylim(len(names) - 0.4, -0.6)
        for ax in axes[:, 0]:
            ax.set_yticks(range(len(names)), [AGENTS[name].label for name in names], fontsize=8.5)
    return figure


def profiles_figure(learned: LearnedBy, seeds: int) -> Figure:
    """Shares of runs whose last episodes score more than each threshold, over all worlds, by family.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    seeds : int

    Returns
    -------
    matplotlib.figure.Figure
    """
    note = (
        f"Share of runs above a score, the mean of six worlds, {seeds:,} seeds each: of the last tenth of the "
        "episodes, 0 for the random policy and 1 for the optimum. Bands hold for a whole profile with 95 %, each by "
        "itself. Warm colours: hard; cool ones: soft."
    )
    scores = {
        name: np.column_stack([learned[world, name].scores(learned[world, name].chosen.last) for world in WORLDS])
        for name in AGENTS
    }
    top = 1.03 * max(1.0, max(float(np.quantile(x, 0.999)) for x in scores.values()))
    thresholds = np.linspace(-0.05, top, _THRESHOLDS)
    with titled_figure(11.4, 6.8, "Performance profiles of the last tenth of the episodes", note) as figure:
        axes = figure.subplots(2, 5, sharex=True, sharey=True)
        for ax, family in zip(axes.ravel(), FAMILIES, strict=True):
            for name in _members(family):
                band = suite_profile(scores[name], thresholds)
                ax.fill_between(thresholds, band.low, band.high, color=colour_of(name), alpha=0.18, linewidth=0)
                ax.plot(thresholds, band.share, drawstyle="steps-post", **_line(name))
            ax.set(title=FAMILIES[family].title, xlim=(-0.05, top), ylim=(0.0, 1.02))
        for ax in axes[:, 0]:
            ax.set_ylabel("share of runs")
        for row, below in zip(axes, (-0.06, -0.26), strict=True):
            for ax in row:
                _names(ax, loc="upper left", bbox_to_anchor=(-0.02, below))
        for ax in axes[-1]:
            ax.set_xlabel("score")
    return figure


def sensitivity_figure(learned: LearnedBy, seeds: int) -> Figure:
    """The mean score over all worlds by step size, by family.

    Parameters
    ----------
    learned : mapping of (str, str) to Learned
    seeds : int

    Returns
    -------
    matplotlib.figure.Figure
    """
    families = [family for family in FAMILIES if family != "visits"]
    note = (
        f"Mean score of all episodes over the six worlds, {seeds:,} seeds, with {EACH}: 0 for the random policy, 1 for "
        "the optimum. The same step size in all worlds. Warm colours: hard; cool ones: soft; grey: Q-learning."
    )
    with titled_figure(11.4, 6.6, "Sensitivity to the step size", note) as figure:
        axes = figure.subplots(3, 3, sharex=True, sharey=True)
        for ax, family in zip(axes.ravel(), families, strict=True):
            for name in ["q_learning", *_members(family)] if family != "one_step" else _members(family):
                beside = name == "q_learning" and family != "one_step"
                _sensitivity(ax, learned, name, GREY if beside else "")
            ax.set_title(FAMILIES[family].title)
            ax.set_xscale("log")
            ax.set_xticks(STEP_SIZES, [f"{value:g}" for value in STEP_SIZES])
            ax.minorticks_off()
            _names(ax, loc="best")
        for ax in axes[:, 0]:
            ax.set_ylabel("score")
        for ax in axes[-1]:
            ax.set_xlabel("step size")
    return figure


def _sensitivity(ax: Axes, learned: LearnedBy, agent: str, colour: str) -> None:
    values = AGENTS[agent].values
    intervals = [suite_interval(suite(learned, agent, place), "mean") for place in range(len(values))]
    style = _line(agent) | ({"color": colour, "linewidth": 1.0, "linestyle": "-", "label": None} if colour else {})
    if not colour:
        ends = [one.low for one in intervals], [one.high for one in intervals]
        ax.fill_between(values, *ends, color=colour_of(agent), alpha=0.2, linewidth=0)
    ax.plot(values, [one.estimate for one in intervals], marker="o", markersize=3.5, **style)

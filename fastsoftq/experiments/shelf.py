"""All agents of the shelf, hard and soft, in six worlds: curves, regret, profiles, sensitivity to the step size."""

from __future__ import annotations

from typing import Any

from fastsoftq.experiments import Settings, Watch, watched
from fastsoftq.experiments.certainty import EACH, interval_of
from fastsoftq.experiments.shelf_agents import AGENTS, FAMILIES
from fastsoftq.experiments.shelf_figures import curves_figure, profiles_figure, regret_figure, sensitivity_figure
from fastsoftq.experiments.shelf_results import (
    PILOT,
    Learned,
    by_world,
    compared,
    found,
    reduced,
    rows,
    suite_columns,
)
from fastsoftq.experiments.shelf_worlds import WORLDS
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "condition_name", "study"]

_WRAPPERS = ("visits", "optimism", "bonus", "confidence")


def condition_name(world: str, agent: str, value: float) -> str:
    """What the study calls an agent with a step size, or power, in a world.

    Examples
    --------
    >>> condition_name("cliff", "q_learning", 0.5)
    'cliff/q_learning/0.5'
    """
    return f"{world}/{agent}/{value:g}"


def study(settings: Settings) -> Study:
    """All agents with all step sizes in all worlds, on the seeds that choose and on those that are reported.

    Examples
    --------
    >>> asked = study(Settings(seeds=200))
    >>> len(asked.seeds), asked.conditions[0].name
    (220, 'cliff/q_learning/0.05')
    """
    conditions, agents = [], {}
    for world, known in WORLDS.items():
        for agent, kind in AGENTS.items():
            for value in kind.values:
                name = condition_name(world, agent, value)
                own = name.replace("/", "_")
                agents[own] = kind.make(known, value)
                conditions.append(
                    Condition(world, own, name, episodes=known.episodes_of(settings), max_steps=known.cut_at(settings))
                )
    worlds = {world: known.make() for world, known in WORLDS.items()}
    return settings.study("shelf", worlds, agents, conditions=conditions, seeds=PILOT + settings.seeds)


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Choose step sizes on the pilot seeds, and compare agents by regret on the others."""
    learned: dict[tuple[str, str], Learned] = {}
    pairs = [(world, agent) for world in WORLDS for agent in AGENTS]
    for world, agent in watched("learning curves", pairs, watch):
        swept = [
            reduced(value, results.curves(condition_name(world, agent, value)).returns)
            for value in AGENTS[agent].values
        ]
        learned[world, agent] = by_world(world, agent, swept, settings)
    beside = compared(learned)
    summary = rows(learned, beside)
    seeds = settings.seeds
    own = [family for family in FAMILIES if family not in _WRAPPERS]
    return Findings(
        title=f"The shelf in six worlds, {seeds} seeds, step sizes chosen on {PILOT} others ({EACH})",
        table=_table(summary, learned),
        sentences=found(learned, beside),
        summary=summary,
        arrays={
            f"{world}_{agent}_{what}": getattr(one.chosen, what)
            for (world, agent), one in learned.items()
            for what in ("mean", "last", "blocks", "ends")
        },
        figures={
            "shelf_curves": curves_figure(learned, own, "Learning curves, hard and soft", seeds),
            "shelf_wrappers": curves_figure(learned, _WRAPPERS, "Learning curves, by what is around an agent", seeds),
            "shelf_regret": regret_figure(learned, seeds),
            "shelf_profiles": profiles_figure(learned, seeds),
            "shelf_sensitivity": sensitivity_figure(learned, seeds),
        },
    )


def _table(summary: list[dict[str, Any]], learned: dict[tuple[str, str], Learned]) -> Table:
    by_name = {(row["world"], row["agent"]): row for row in summary}
    text = [
        (
            kind.label,
            *(interval_text(*interval_of(by_name[world, agent], "regret")) for world in WORLDS),
            interval_text(*suite_columns(learned, agent)),
            ", ".join(f"{by_name[world, agent]['chosen']:g}" for world in WORLDS),
        )
        for agent, kind in AGENTS.items()
    ]
    caption = (
        "Regret: what an episode earns less than the optimum, in the mean of all episodes of a run. Score: 0 the "
        "random policy, 1 the optimum, the mean of six worlds. Chosen: the step size, or the power of "
        "visits, in each world."
    )
    return Table(("agent", *(f"regret, {world}" for world in WORLDS), "score", "chosen"), text, caption)

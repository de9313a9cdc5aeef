"""All agents of the shelf, hard and soft, in six worlds: curves, regret, profiles, sensitivity to the step size."""

from __future__ import annotations

from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.shelf_agents import AGENTS
from fastsoftq.experiments.shelf_worlds import WORLDS
from fastsoftq.studies import Condition, Results, Study
from fastsoftq.report.findings import Findings

__all__ = ["analyse", "condition_name", "study"]

PILOT = 20  # the first seeds, on which each agent's step size is chosen; the others are reported


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

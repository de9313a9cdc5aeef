"""Deep Q-learning, hard beside soft: three worlds of control, and the cliff as networks see it."""

from __future__ import annotations

from typing import Any

from fastsoftq.experiments import Settings, Watch, watched
from fastsoftq.experiments import deep_cliff as cliff
from fastsoftq.experiments import deep_control as control
from fastsoftq.experiments.certainty import EACH
from fastsoftq.experiments.deep_agents import EXPLORING, OWN, POINTS, steps_of
from fastsoftq.experiments.deep_results import alike, curve_arrays, with_parameters
from fastsoftq.figures.steps_figure import plot_step_curves
from fastsoftq.report.findings import Findings, Table
from fastsoftq.studies import Condition, Results, Study

__all__ = ["analyse", "study"]


def study(settings: Settings) -> Study:
    """Hard and soft agents with networks, in three worlds of control and on the cliff seen in three ways.

    Examples
    --------
    >>> [condition.name for condition in study(Settings()).conditions][:22:7]
    ['cart_pole/hard', 'mountain_car/hard', 'acrobot/hard', 'one_hot/hard']
    """
    worlds = {task: known.world() for task, known in control.TASKS.items()}
    agents = {task: control.deep_agents(task, settings) for task in control.TASKS}
    steps = {task: steps_of(settings, known.steps) for task, known in control.TASKS.items()}
    views = cliff.views(settings)
    worlds |= views
    agents |= {view: cliff.deep_agents(view, settings) for view in views}
    steps |= dict.fromkeys(views, steps_of(settings, cliff.STEPS))
    conditions = [
        Condition(world, f"{world}_{name}", f"{world}/{name}", steps=steps[world])
        for world, own in agents.items()
        for name in own
    ]
    return Study(
        name="deep",
        steps=max(steps.values()),
        points=POINTS,
        seeds=settings.seeds,
        environments=worlds,
        agents={f"{world}_{name}": agent for world, own in agents.items() for name, agent in own.items()},
        conditions=conditions,
        parameters=True,
    )


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Compare hard and soft networks, with each other and with exact answers."""
    pairs = [(task, name) for task in control.TASKS for name in control.deep_agents(task, settings)]
    learned = [control.learned(task, name, results.curves(f"{task}/{name}")) for task, name in
               watched("learning curves", pairs, watch)]  # fmt: skip
    walked = cliff.walked(lambda view, name: with_parameters(results, f"{view}/{name}"), settings, watch)
    among = 2 * len(control.TASKS) * len([*OWN, *EXPLORING]) + len(walked)
    beside = control.compared(learned, among)
    summary = alike([*control.rows(learned, beside), *cliff.rows(walked, settings)])
    note = f"{settings.seeds} seeds; the bands of this figure hold together with 95 % confidence"
    arrays: dict[str, Any] = {**curve_arrays(results, ("returns", "lengths", "truncated", "steps"))}
    for one in walked:
        if one.seen == "table":
            arrays[f"table_{one.agent}_returns"] = one.returns
    return Findings(
        title=f"Deep Q-learning, hard and soft, {settings.seeds} seeds ({EACH})",
        table=Table(
            HEADER, [*map(control.table_row, summary[: len(learned)]), *map(cliff.table_row, summary[len(learned) :])],
            "At the end: the last tenth of the steps, while exploring. Steps to the threshold: the mean of the steps "
            "until then, or of all steps where a run never gets there. Policy: acting by the final network, or table, "
            "without exploration, by planning. Exact: what both come to once all is learned.",
        ),
        sentences=[*control.found(learned, beside), *cliff.found(walked, settings, among)],
        summary=summary,
        arrays=arrays,
        figures={
            "deep_control": plot_step_curves(
                "Control by networks: hard beside soft",
                control.panels(learned),
                f"{note}. Upper row: soft agents act by their own policies alone; lower row: with hard’s ε on top.",
            ),
            "deep_cliff": plot_step_curves(
                "Cliff walking, deep: Results A and B again", cliff.panels(walked), f"{note}; episodes are cut at "
                f"{settings.max_steps:,} steps.", width=5.6,
            ),
        },
    )  # fmt: skip


HEADER = (
    "world", "agent", "return at the end", "exact", "reach", "threshold", "steps to it", "return of the policy",
    "exact", "diverged",
)  # fmt: skip

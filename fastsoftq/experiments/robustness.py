"""Robustness: policies trained on the cliff, tested where cells are blocked, moves slip or the start is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from fastsoftq.agents import Frozen, QLearning, SoftQLearning
from fastsoftq.attainable_returns import episode_bounds
from fastsoftq.experiments import Settings, Watch, watched
from fastsoftq.experiments.certainty import (
    EACH,
    compare_together,
    comparisons_text,
    interval_columns,
    interval_of,
)
from fastsoftq.experiments.document import HARD, exact_policy, slipping_cliff, soft
from fastsoftq.figures.colours import INK, agent_colour
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.style import key_below, titled_figure
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.grid import from_map
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.occupancy import occupancy
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison
from fastsoftq.studies import Results, Study
from fastsoftq.training import train

__all__ = ["analyse", "study"]

TESTS = 10  # episodes of each run in each kind of world
BLOCKED = tuple(range(25, 35))  # along the edge, where the shortest way leads
GREEDY, BLOCKED_ONE = "hard greedy", "one cell blocked"
# What is compared with greedy, and in which worlds: all of it together.
COMPARED = {BLOCKED_ONE: "success", "slip 1/3": "returns", "start anywhere": "returns", "as trained": "returns"}
SHOWN, SHOWN_STEPS = 30, 100  # the blocked cell and the episode's length in the maps

AGENTS: dict[str, QLearning | SoftQLearning] = {"hard": HARD, **{f"soft_k{k:g}": soft(k) for k in (10.0, 3.0, 2.0)}}


class World(NamedTuple):
    """Where a policy is tested, and which of the states it was trained in there are."""

    mdp: TabularMDP
    states: NDArray[np.int64]


class Tester(NamedTuple):
    """What is tested: how to act by a learned table."""

    name: str
    label: str
    agent: Any
    exact: NDArray[np.float64]  # the policy once all is learned


class Result(NamedTuple):
    """One tester in one kind of world."""

    world: str
    tester: Tester
    success: NDArray[np.float64]  # [seeds], share of episodes that reach the goal
    returns: NDArray[np.float64]  # [seeds], mean return
    exact: tuple[float, float]  # both, exactly


def study(settings: Settings) -> Study:
    """Hard and soft agents on the straight cliff.

    Examples
    --------
    >>> list(study(Settings()).agents)
    ['hard', 'soft_k10', 'soft_k3', 'soft_k2']
    """
    return settings.study("robustness", {"cliff": cliff_walking()}, AGENTS, tables=True)


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Test what hard and soft agents learned in other worlds."""
    mdp = cliff_walking()
    testers, worlds = _testers(mdp), _worlds(mdp)
    tested: dict[tuple[str, str], Result] = {}
    for trained, own in testers.items():
        tables = results.tables(f"cliff/{trained}")
        for tester in own:
            for world in watched(f"testing {tester.label}", list(worlds), watch):
                tested[world, tester.name] = _tested(world, worlds[world], tester, tables, settings)
    everyone = [tester for own in testers.values() for tester in own]
    found = [tested[world, tester.name] for world in worlds for tester in everyone]
    each = [episode_bounds(variant, settings.max_steps).returns for own in worlds.values() for variant, _ in own]
    costs = min(low for low, _ in each), max(high for _, high in each)  # in whichever world
    summary = [_row(result, settings, costs) for result in found]
    return Findings(
        title=f"Trained on the cliff for {settings.episodes} episodes, tested elsewhere, {settings.seeds} seeds "
        f"({EACH})",
        table=_table(summary),
        sentences=_found(found, summary, costs),
        summary=summary,
        arrays={
            f"{result.tester.name} {result.world} {what}".replace(" ", "_").replace("/", "_"): getattr(result, what)
            for result in found
            for what in ("success", "returns")
        },
        figures={"robustness": _figure(found, summary, settings), "robustness_blocked": _maps(mdp, everyone)},
    )


def _testers(mdp: TabularMDP) -> dict[str, list[Tester]]:
    """By the agent whose tables they act by."""
    greedy = exact_policy(mdp, HARD)
    testers = {
        "hard": [
            Tester(GREEDY, "hard, greedy", HARD._replace(epsilon=0.0), greedy),
            Tester("hard epsilon", "hard, epsilon 0.1", HARD._replace(epsilon=0.1), epsilon_mixture(greedy, 0.1)),
        ]
    }
    for name, agent in AGENTS.items():
        if name != "hard":
            k = f"k{agent.reward_scale:g}"
            testers[name] = [Tester(f"soft {k}", f"soft, k = {k[1:]}", agent, exact_policy(mdp, agent))]
    return testers


def _worlds(mdp: TabularMDP) -> dict[str, list[World]]:
    """Kinds of worlds; where a kind has several, results are averaged over them."""
    same, floor = np.arange(mdp.n_states), np.arange(mdp.n_states) < 36
    anywhere = TabularMDP(mdp.next_state, mdp.reward, mdp.terminated, None, floor / floor.sum(), mdp.name)
    return {
        "as trained": [World(mdp, same)],
        BLOCKED_ONE: [_blocked(mdp, state) for state in BLOCKED],
        "slip 0.05": [World(slipping_cliff(0.05), same)],
        "slip 1/3": [World(slipping_cliff(1.0 / 3.0), same)],
        "start anywhere": [World(anywhere, same)],
    }


def _blocked(mdp: TabularMDP, state: int) -> World:
    """The same world with a wall in the place of one state; those that remain keep their order."""
    y, x = np.asarray(mdp.cells)[state]
    rows = list(mdp.map or ())
    rows[y] = rows[y][:x] + "#" + rows[y][x + 1 :]
    return World(from_map(rows, name=mdp.name), np.delete(np.arange(mdp.n_states), state))


def _tested(
    world: str, variants: Sequence[World], tester: Tester, tables: NDArray[np.float64], settings: Settings
) -> Result:
    episodes = max(1, TESTS // len(variants))
    success, returns, exact = [], [], []
    for variant, states in variants:
        curves = train(
            variant, Frozen(tester.agent), settings.seeds, episodes, settings.max_steps,
            threads=settings.threads, device=settings.device, initial_q=tables[:, states],
        )  # fmt: skip
        success.append(1.0 - curves.truncated.mean(axis=1))
        returns.append(curves.returns.mean(axis=1))
        value = evaluate_policy(variant, tester.exact[states], horizon=settings.max_steps)
        exact.append((value.termination_probability, value.expected_return))
    arrives, earns = np.mean(exact, axis=0).tolist()
    return Result(world, tester, np.mean(success, axis=0), np.mean(returns, axis=0), (arrives, earns))


def _row(result: Result, settings: Settings, costs: tuple[float, float]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "world": result.world,
        "policy": result.tester.name,
        "seeds": settings.seeds,
        "episodes": settings.episodes,
        "max_steps": settings.max_steps,
    }
    row |= {**interval_columns("success", result.success, (0.0, 1.0)), "success_exact": result.exact[0]}
    return row | interval_columns("return", result.returns, costs) | {"return_exact": result.exact[1]}


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("world", "policy", "reaches the goal", "exact", "return", "exact")
    rows = [
        (
            row["world"],
            row["policy"],
            interval_text(*interval_of(row, "success"), decimals=1, percent=True),
            share_text(row["success_exact"]),
            interval_text(*interval_of(row, "return"), decimals=1),
            f"{row['return_exact']:.1f}",
        )
        for row in summary
    ]
    return Table(header, rows, "exact: the policy once all is learned, in the world it is tested in")


def _found(results: list[Result], summary: list[dict[str, Any]], costs: tuple[float, float]) -> list[str]:
    row = {(r["world"], r["policy"]): r for r in summary}
    names = {result.tester.name: result.tester.label.replace(",", "") for result in results}
    by = {(result.world, result.tester.name): result for result in results}

    def everyone(world: str) -> str:
        of = {name: row[world, policy] for policy, name in names.items()}
        return "; ".join(f"{n} {share_text(r['success'], 0)}, {typeset(r['return'], 1)}" for n, r in of.items())

    def compared(world: str, what: str) -> dict[str, Comparison]:
        greedy, scale = getattr(by[world, GREEDY], what), 100.0 if what == "success" else 1.0
        others = {name: getattr(by[world, policy], what) for policy, name in names.items() if policy != GREEDY}
        pairs = {name: (scale * own, scale * greedy) for name, own in others.items()}
        return compare_together(pairs, len(COMPARED) * len(others), (0.0, 100.0) if what == "success" else costs)

    def in_words(world: str) -> str:
        if COMPARED[world] == "success":
            return comparisons_text(compared(world, "success"), "more often there, in points of %", "less often")
        return comparisons_text(compared(world, "returns"), "better in return", "worse in return")

    exact = "; ".join(f"{name} {share_text(row[BLOCKED_ONE, p]['success_exact'], 0)}" for p, name in names.items())
    return [
        f"With one cell of the shortest way blocked (share of episodes that reach the goal, and return): "
        f"{everyone(BLOCKED_ONE)}. Compared with {names[GREEDY]}, {in_words(BLOCKED_ONE)}. Exact shares once "
        f"all is learned: {exact}.",
        *(
            f"{where}: {everyone(world)}. Compared with {names[GREEDY]}, {in_words(world)}."
            for world, where in (
                ("slip 1/3", "Under a slip of 1/3"),
                ("start anywhere", "From a start anywhere"),
                ("as trained", "Where nothing changed"),
            )
        ),
    ]


def _figure(results: list[Result], summary: list[dict[str, Any]], settings: Settings) -> Figure:
    worlds = list(dict.fromkeys(result.world for result in results))
    names = list(dict.fromkeys(result.tester.name for result in results))
    note = (
        f"Trained on the straight cliff, {settings.seeds:,} seeds, {EACH}; ticks: exact, once all is learned. Episodes "
        f"are cut at {settings.max_steps:,} steps."
    )
    with titled_figure(11.0, 5.4, "Robustness: trained in one world, tested in others") as figure:
        success, returns = figure.subplots(1, 2, sharey=True, width_ratios=[0.6, 1.0])
        for result, row in zip(results, summary, strict=True):
            place = names.index(result.tester.name)
            y = worlds.index(result.world) + 0.15 * (place - (len(names) - 1) / 2.0)
            colour = agent_colour(result.tester.agent)
            filled = "white" if result.tester.name == "hard epsilon" else colour
            label = result.tester.label if result.world == worlds[0] else None
            for ax, name, unit in ((success, "success", 100.0), (returns, "return", 1.0)):
                mean, low, high = (unit * value for value in interval_of(row, name))
                ax.errorbar(
                    mean, y, xerr=[[mean - low], [high - mean]], fmt="o", color=colour, markerfacecolor=filled,
                    markersize=7, label=label,
                )  # fmt: skip
                ax.plot(unit * row[f"{name}_exact"], y, marker="|", color=INK, markersize=11, zorder=5)
        success.set_yticks(range(len(worlds)), worlds)
        success.invert_yaxis()
        success.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
        success.set(xlabel="% of episodes that reach the goal", title="Success", xlim=(-3.0, 103.0))
        returns.set_xscale("symlog", linthresh=1.0)
        ticks = [-1000, -300, -100, -30, -10]
        returns.set_xticks(ticks, [typeset(tick) for tick in ticks])
        returns.xaxis.set_minor_locator(NullLocator())
        returns.tick_params(axis="y", length=0)
        returns.set(xlabel="return of an episode", title="Return", xlim=(-1600.0, -4.0))
        for ax in (success, returns):
            for border in range(1, len(worlds)):
                ax.axhline(border - 0.5, color="#e6e6e6", linewidth=0.7)
            ax.grid(axis="y", visible=False)
        key_below(figure, success.get_legend_handles_labels()[0], note)
    return figure


def _maps(mdp: TabularMDP, testers: list[Tester]) -> Figure:
    world, states = _blocked(mdp, SHOWN)
    shown = [tester for tester in testers if tester.name in (GREEDY, "soft k2")]
    with titled_figure(11.4, 2.7, f"One cell blocked: where {SHOWN_STEPS} steps are spent, exactly") as figure:
        for ax, tester in zip(figure.subplots(1, 2), shown, strict=True):
            visits = occupancy(world, tester.exact[states], horizon=SHOWN_STEPS).visits
            plot_grid(world, policy=tester.exact[states], occupancy=visits, limits=(0.1, 100.0), ax=ax)
            ax.set_title(tester.label[0].upper() + tester.label[1:], color=agent_colour(tester.agent))
    return figure

"""Cliff walking, hard against soft (the document's Results A and B), beside the exact answers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from fastsoftq.agents import Frozen, LinearDecay, QLearning, SoftQLearning
from fastsoftq.attainable_returns import episode_bounds
from fastsoftq.comparing import LAST
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.exact_curves import scheduled
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, interval_columns, interval_of
from fastsoftq.experiments.document import EPSILON, HARD, exact_policy, soft
from fastsoftq.figures.colours import agent_colour
from fastsoftq.figures.curve import WITHIN, Curve, curve, in_doubt
from fastsoftq.figures.learning_figure import Panel, plot_learning_curves
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture
from fastsoftq.planning.critical import critical_reward_scale
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.studies import Results, Study
from fastsoftq.training import train

__all__ = ["analyse", "study"]

REWARD_SCALES = (1, 2, 10)
KNOTS = 25  # values of epsilon at which policies are evaluated

# The document lists epsilon once, for both agents: soft acts by its own policy alone, or with that epsilon on top,
# which is what comes out "very similar" to hard.
AGENTS: dict[str, tuple[str, QLearning | SoftQLearning]] = {"hard": ("hard", HARD)}
for _k in REWARD_SCALES:
    AGENTS[f"soft_k{_k}"] = f"soft, k = {_k}", soft(float(_k))
    AGENTS[f"soft_k{_k}_epsilon"] = f"soft, k = {_k}, with ε", soft(float(_k))._replace(epsilon=EPSILON)


class Exact(NamedTuple):
    """What an agent earns once all is learned, by planning."""

    returns: NDArray[np.float64]  # [episodes], with each episode's epsilon
    lengths: NDArray[np.float64]  # [episodes]
    unlimited: tuple[float, float]  # return and length with the last epsilon and no limit of steps


class Learned(NamedTuple):
    """What an agent learned, beside the exact answers."""

    row: dict[str, Any]  # of the summary
    drawn: tuple[Curve, Curve]  # of return and of length
    exact: Exact


def study(settings: Settings) -> Study:
    """Hard and soft agents on the cliff.

    Examples
    --------
    >>> list(study(Settings()).agents)[:3]
    ['hard', 'soft_k1', 'soft_k1_epsilon']
    """
    agents = {name: agent for name, (_, agent) in AGENTS.items()}
    return settings.study("cliff-walking", {"cliff": cliff_walking()}, agents, tables=True)


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Compare what hard and soft agents learned with the exact answers."""
    mdp = cliff_walking()
    of_returns, of_lengths = episode_bounds(mdp, settings.max_steps)
    loaded = lru_cache(maxsize=1)(lambda name: results.curves(f"cliff/{name}"))  # arrays follow agent by agent
    learned = {name: _learned(mdp, name, loaded(name), results.tables(f"cliff/{name}"), settings) for name in AGENTS}
    summary = [one.row for one in learned.values()]
    arrays: dict[str, Any] = {
        "seeds": lambda: loaded("hard").seeds,
        "returns_bounds": np.array(of_returns),
        "lengths_bounds": np.array(of_lengths),
    }
    for name, one in learned.items():
        for field in ("returns", "lengths", "truncated"):
            arrays[f"{name}_{field}"] = lambda name=name, field=field: getattr(loaded(name), field)
        arrays |= {f"{name}_returns_exact": one.exact.returns, f"{name}_lengths_exact": one.exact.lengths}
    return Findings(
        title=f"Cliff walking, the last {min(LAST, settings.episodes)} of {settings.episodes} episodes, "
        f"{settings.seeds} seeds ({EACH})",
        table=_table(summary),
        sentences=[_why(mdp, summary, settings)],
        summary=summary,
        arrays=arrays,
        figures=_figures(learned, settings),
        agents=AGENTS,
    )


def _learned(
    mdp: TabularMDP, name: str, curves: LearningCurves, tables: NDArray[np.float64], settings: Settings
) -> Learned:
    label, agent = AGENTS[name]
    greedy = train(
        mdp, Frozen(HARD._replace(epsilon=0.0)), settings.seeds, 1, settings.max_steps,
        threads=settings.threads, device=settings.device, initial_q=tables,
    )  # fmt: skip
    exact = _exact(mdp, agent, settings)
    of_returns, of_lengths = episode_bounds(mdp, settings.max_steps)
    error = ErrorRate.of([len(AGENTS)]).of_description  # that of the report: bands are the same here and there
    drawn = (
        curve(label, agent_colour(agent), curves.returns, exact.returns, of_returns, error),
        curve(label, agent_colour(agent), curves.lengths, exact.lengths, of_lengths, error),
    )
    last = slice(-LAST, None)
    row = {
        "agent": name,
        "label": label,
        "reward_scale": agent.reward_scale,
        "epsilon": isinstance(agent.epsilon, LinearDecay),
        "seeds": settings.seeds,
        "episodes": settings.episodes,
        "max_steps": settings.max_steps,
        "window": min(LAST, settings.episodes),
        **interval_columns("return", curves.returns[:, last].mean(axis=1), of_returns),
        "return_exact": float(exact.returns[last].mean()),
        "return_exact_unlimited": exact.unlimited[0],
        "return_meets_exact_at": drawn[0].meets,
        **interval_columns("length", curves.lengths[:, last].mean(axis=1), of_lengths),
        "length_exact": float(exact.lengths[last].mean()),
        "length_exact_unlimited": exact.unlimited[1],
        "length_meets_exact_at": drawn[1].meets,
        "greedy_return": float(greedy.returns.mean()),
        "greedy_length": float(greedy.lengths.mean()),
        **interval_columns("truncated", curves.truncated[:, last].mean(axis=1), (0.0, 1.0)),
        **interval_columns("falls", _falls(curves)[:, last].mean(axis=1), (0.0, float(settings.max_steps))),
        "steps": curves.steps,
    }
    return Learned(row, drawn, exact)


def _exact(mdp: TabularMDP, agent: QLearning | SoftQLearning, settings: Settings) -> Exact:
    policy = exact_policy(mdp, agent)

    def acting(epsilon: float, horizon: int | None) -> tuple[float, float]:
        value = evaluate_policy(mdp, epsilon_mixture(policy, epsilon), horizon=horizon)
        return value.expected_return, value.expected_length

    epsilon = scheduled(agent.epsilon, settings.episodes)
    # Evaluated at a few values of epsilon and interpolated between them, where the answer is smooth.
    knots = np.unique(np.linspace(epsilon.min(), epsilon.max(), KNOTS))
    values = np.array([acting(knot, settings.max_steps) for knot in knots.tolist()])
    if len(knots) > 1:
        values = CubicSpline(knots, values)(epsilon)
    returns, lengths = np.broadcast_to(values, (settings.episodes, 2)).T
    return Exact(returns, lengths, acting(float(epsilon[-1]), None))


def _falls(curves: LearningCurves) -> NDArray[np.float64]:
    """Falls in each episode, float64 [seeds, episodes]; exact, for a return tells them apart from steps."""
    # A fall pays -100, the step into the goal 0, any other -1: return = -100 falls - (length - falls - terminated).
    return (~curves.truncated - curves.returns - curves.lengths) / 99.0


def _table(summary: list[dict[str, Any]]) -> Table:
    header = (
        "agent", "return", "exact", f"within {WITHIN:.0%} from", "length", "exact", "greedy return", "greedy length",
        "truncated", "falls", "M steps",
    )  # fmt: skip
    rows = [
        (
            row["label"],
            interval_text(*interval_of(row, "return"), decimals=2),
            f"{row['return_exact']:.2f}",
            "\N{EN DASH}" if row["return_meets_exact_at"] is None else f"{row['return_meets_exact_at']}",
            interval_text(*interval_of(row, "length"), decimals=2),
            f"{row['length_exact']:.2f}",
            f"{row['greedy_return']:.2f}",
            f"{row['greedy_length']:.2f}",
            share_text(row["truncated"]),
            f"{row['falls']:.3f}",
            f"{row['steps'] / 1e6:.1f}",
        )
        for row in summary
    ]
    caption = (
        "exact: what the policy earns once learned, by planning, cut at as many steps; within "
        f"{WITHIN:.0%} from: the episode from which on the whole band of mean return is so near to it "
        "(\N{EN DASH}: none, or too few seeds to tell); falls: an episode"
    )
    return Table(header, rows, caption)


def _why(mdp: TabularMDP, summary: list[dict[str, Any]], settings: Settings) -> str:
    critical = critical_reward_scale(mdp)
    wandering = next(row for row in summary if row["agent"] == "soft_k1")
    return (
        f"Result A trains at reward scale 1, below the critical reward scale of {critical:.7f}, where the entropy of "
        f"wandering, up to ln 4 = {math.log(4):.3f} a step, is worth more than a step costs, so that the exact soft "
        f"policy is in no hurry to arrive: it takes {wandering['length_exact_unlimited']:,.0f} steps on average, and "
        f"{share_text(wandering['truncated'])} of the learned one's last {wandering['window']} episodes were cut at "
        f"{settings.max_steps:,} (exact mean length, so cut: {wandering['length_exact']:,.2f}; learned: "
        f"{wandering['length']:,.2f}); Result B trains at 10, above it."
    )


def _figures(learned: dict[str, Learned], settings: Settings) -> dict[str, Figure]:
    def figure(title: str, scales: tuple[int, ...]) -> Figure:
        columns = [
            (heading, [learned["hard"].drawn, *(learned[f"soft_k{k}{suffix}"].drawn for k in scales)])
            for heading, suffix in (
                ("soft acts by its own policy alone", ""),
                ("soft explores with the document’s ε on top, as hard does", "_epsilon"),
            )
        ]
        rows = [
            [Panel(heading, ylabel, [drawn[i] for drawn in column]) for heading, column in columns]
            for i, ylabel in enumerate(("return of an episode", "steps of an episode"))
        ]
        doubt = in_doubt([c for _, column in columns for drawn in column for c in drawn])
        note = (
            f"{settings.seeds:,} seeds; episodes are cut at {settings.max_steps:,} steps; the bands of Results A and B "
            f"hold together with 95 % confidence{doubt}."
        )
        return plot_learning_curves(title, rows, note)

    return {
        "result_a": figure("Result A: reward scale 1, below the critical one, where wandering pays", (1,)),
        "result_b": figure("Result B: reward scales 2 and 10, above the critical one, where arriving pays", (2, 10)),
    }

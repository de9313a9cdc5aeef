"""Cliff walking, hard against soft (the document's Results A and B), beside the exact answers."""

from __future__ import annotations

import math
import os
import warnings
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from fastsoftq.agents import Frozen, LinearDecay, QLearning, SoftQLearning
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.threads import Progress
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.columns import EACH, interval_columns, interval_text, length_bounds
from fastsoftq.figures.curve import WITHIN, Curve, curve, in_doubt
from fastsoftq.figures.learning_figure import Panel, plot_learning_curves
from fastsoftq.figures.style import agent_colour
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.critical import critical_reward_scale
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.report.error_rate import ErrorRate
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import share_text
from fastsoftq.system.provenance import provenance
from fastsoftq.training import train

__all__ = ["run"]

# The document's table of settings.
STEP_SIZE, DISCOUNT = 0.8, 0.95
EPSILON = LinearDecay(start=0.9, stop=0.1, decrease=0.001)
REWARD_SCALES = (1, 2, 10)

WINDOW = 100  # the last episodes, which the table is about


Bounds = tuple[tuple[float, float], tuple[float, float]]


class Condition(NamedTuple):
    """An agent, and what files and figures call it."""

    name: str
    label: str
    agent: Any


class Result(NamedTuple):
    """What came of a condition, beside what had to."""

    condition: Condition
    curves: LearningCurves
    greedy: LearningCurves  # one episode of the final tables' greedy policy
    exact_returns: NDArray[np.float64]  # [episodes], of the policy once learned, with each episode's epsilon
    exact_lengths: NDArray[np.float64]  # [episodes]
    exact_unlimited: tuple[float, float]  # return and length with the last epsilon and no limit of steps
    drawn: tuple[Curve, Curve]  # of return and of length
    seconds: float


def conditions() -> list[Condition]:
    """Hard, and soft at each reward scale: acting by its own policy alone, and with the document's epsilon on top.

    The document lists epsilon once, for both; soft with it on top is what comes out 'very similar' to hard.
    """
    agents = [Condition("hard", "hard", QLearning(STEP_SIZE, DISCOUNT, EPSILON))]
    for k in REWARD_SCALES:
        soft = SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=float(k), epsilon=0.0)
        agents.append(Condition(f"soft_k{k}", f"soft, k = {k}", soft))
        agents.append(Condition(f"soft_k{k}_epsilon", f"soft, k = {k}, with ε", soft._replace(epsilon=EPSILON)))
    return agents


def run(settings: Settings, watch: Watch) -> Findings:
    """Train hard and soft agents on the cliff and compare them with the exact answers.

    Parameters
    ----------
    settings : Settings
    watch : callable

    Returns
    -------
    Findings
    """
    began = perf_counter()
    mdp = cliff_walking()
    of_returns, of_lengths = _bounds(mdp, settings.max_steps)
    error = ErrorRate.of([len(conditions())]).of_description  # that of the report: bands are the same here and there
    results = [_train(mdp, condition, settings, watch, error) for condition in conditions()]
    summary = [_row(result, settings, (of_returns, of_lengths)) for result in results]
    return Findings(
        title=f"Cliff walking, the last {min(WINDOW, settings.episodes)} of {settings.episodes} episodes, "
        f"{settings.seeds} seeds ({EACH})",
        table=_table(summary),
        sentences=[_why(mdp, summary, settings)],
        summary=summary,
        arrays={
            "seeds": results[0].curves.seeds,
            "returns_bounds": np.array(of_returns),
            "lengths_bounds": np.array(of_lengths),
        }
        | {
            f"{result.condition.name}_{field}": values
            for result in results
            for field, values in (
                ("returns", result.curves.returns),
                ("lengths", result.curves.lengths),
                ("truncated", result.curves.truncated),
                ("returns_exact", result.exact_returns),
                ("lengths_exact", result.exact_lengths),
            )
        },
        figures=_figures(results, settings),
        run={
            "seconds": perf_counter() - began,
            "threads": settings.threads or os.cpu_count(),
            "seeds": settings.seeds,
            "episodes": settings.episodes,
            "max_steps": settings.max_steps,
            "agents": {
                result.condition.name: {
                    "agent": repr(result.condition.agent),
                    "seconds": result.seconds,
                    "steps": result.curves.steps,
                    "steps_per_second": result.curves.steps / result.seconds,
                }
                for result in results
            },
            **provenance(),
        },
        agents={result.condition.name: (result.condition.label, result.condition.agent) for result in results},
    )


def _train(mdp: TabularMDP, condition: Condition, settings: Settings, watch: Watch, error: float) -> Result:
    options: dict[str, Any] = {"max_steps": settings.max_steps, "threads": settings.threads}
    watch(condition.label, Progress(0, settings.seeds, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # below the critical reward scale: Result A is about just that
        train(mdp, condition.agent, settings.seeds, episodes=1, max_steps=1)  # compiles the engine that suits so many
        began = perf_counter()
        curves = train(
            mdp,
            condition.agent,
            settings.seeds,
            settings.episodes,
            keep_q=True,
            progress=lambda progress: watch(condition.label, progress),
            **options,
        )
    seconds = perf_counter() - began
    greedy = Frozen(QLearning(STEP_SIZE, DISCOUNT, epsilon=0.0))
    exact_returns, exact_lengths, unlimited = _exact(mdp, condition.agent, settings)
    colour = agent_colour(condition.agent)
    of_returns, of_lengths = _bounds(mdp, settings.max_steps)
    return Result(
        condition,
        curves,
        train(mdp, greedy, settings.seeds, episodes=1, initial_q=curves.final_q, **options),
        exact_returns,
        exact_lengths,
        unlimited,
        (
            curve(condition.label, colour, curves.returns, exact_returns, of_returns, error),
            curve(condition.label, colour, curves.lengths, exact_lengths, of_lengths, error),
        ),
        seconds,
    )


def _bounds(mdp: TabularMDP, max_steps: int) -> Bounds:
    """The lowest and the highest return, and length, that an episode can have."""
    low, high = float(mdp.reward.min()), float(mdp.reward.max())
    return (max_steps * low, max(0.0, max_steps * high)), length_bounds(max_steps)


def _exact(
    mdp: TabularMDP, agent: QLearning | SoftQLearning, settings: Settings
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, float]]:
    """Expected return and length of each episode, were the table the fixed point that learning converges to."""
    if isinstance(agent, SoftQLearning):
        policy = soft_value_iteration(mdp, agent.discount, reward_scale=agent.reward_scale).policy
    else:
        policy = value_iteration(mdp, agent.discount).policy

    def acting(epsilon: float, horizon: int | None) -> tuple[float, float]:
        mixed = (1.0 - epsilon) * policy + epsilon / mdp.n_actions
        value = evaluate_policy(mdp, mixed, horizon=horizon)
        return value.expected_return, value.expected_length

    episode = np.arange(settings.episodes)
    epsilon = np.full(settings.episodes, 0.0)
    if isinstance(agent.epsilon, LinearDecay):
        epsilon = np.maximum(agent.epsilon.stop, agent.epsilon.start - agent.epsilon.decrease * episode)
    # Evaluated at up to 25 values of epsilon and interpolated between them, where the answer is smooth.
    knots = np.unique(np.linspace(epsilon.min(), epsilon.max(), 25))
    values = np.array([acting(knot, settings.max_steps) for knot in knots.tolist()])
    if len(knots) > 1:
        values = CubicSpline(knots, values)(epsilon)
    returns, lengths = np.broadcast_to(values, (settings.episodes, 2)).T
    return returns, lengths, acting(float(epsilon[-1]), None)


def _falls(curves: LearningCurves) -> NDArray[np.float64]:
    """Falls in each episode, float64 [seeds, episodes]; exact, for a return tells them apart from steps."""
    # A fall pays -100, the step into the goal 0, any other -1: return = -100 falls - (length - falls - terminated).
    return (~curves.truncated - curves.returns - curves.lengths) / 99.0


def _row(result: Result, settings: Settings, bounds: Bounds) -> dict[str, Any]:
    condition, curves, greedy = result.condition, result.curves, result.greedy
    last = slice(-WINDOW, None)
    on_returns, on_lengths = result.drawn
    of_returns, of_lengths = bounds
    return {
        "agent": condition.name,
        "label": condition.label,
        "reward_scale": condition.agent.reward_scale,
        "epsilon": isinstance(condition.agent.epsilon, LinearDecay),
        "seeds": settings.seeds,
        "episodes": settings.episodes,
        "max_steps": settings.max_steps,
        "window": min(WINDOW, settings.episodes),
        **interval_columns("return", curves.returns[:, last].mean(axis=1), of_returns),
        "return_exact": float(result.exact_returns[last].mean()),
        "return_exact_unlimited": result.exact_unlimited[0],
        "return_meets_exact_at": on_returns.meets,
        **interval_columns("length", curves.lengths[:, last].mean(axis=1), of_lengths),
        "length_exact": float(result.exact_lengths[last].mean()),
        "length_exact_unlimited": result.exact_unlimited[1],
        "length_meets_exact_at": on_lengths.meets,
        "greedy_return": float(greedy.returns.mean()),
        "greedy_length": float(greedy.lengths.mean()),
        **interval_columns("truncated", curves.truncated[:, last].mean(axis=1), (0.0, 1.0)),
        **interval_columns("falls", _falls(curves)[:, last].mean(axis=1), (0.0, float(settings.max_steps))),
        "steps": curves.steps,
    }


def _table(summary: list[dict[str, Any]]) -> Table:
    header = (
        "agent", "return", "exact", f"within {WITHIN:.0%} from", "length", "exact", "greedy return", "greedy length",
        "truncated", "falls", "M steps",
    )  # fmt: skip
    rows = [
        (
            row["label"],
            interval_text(row, "return"),
            f"{row['return_exact']:.2f}",
            "\N{EN DASH}" if row["return_meets_exact_at"] is None else f"{row['return_meets_exact_at']}",
            interval_text(row, "length"),
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


def _figures(results: list[Result], settings: Settings) -> dict[str, Figure]:
    by_name = {result.condition.name: result for result in results}

    def figure(title: str, scales: tuple[int, ...]) -> Figure:
        columns = [
            (heading, [by_name["hard"], *(by_name[f"soft_k{k}{suffix}"] for k in scales)])
            for heading, suffix in (
                ("soft acts by its own policy alone", ""),
                ("soft explores with the document’s ε on top, as hard does", "_epsilon"),
            )
        ]
        rows = [
            [Panel(heading, ylabel, [result.drawn[i] for result in column]) for heading, column in columns]
            for i, ylabel in enumerate(("return of an episode", "steps of an episode"))
        ]
        doubt = in_doubt([c for heading, column in columns for result in column for c in result.drawn])
        note = (
            f"{settings.seeds:,} seeds; episodes are cut at {settings.max_steps:,} steps; the bands of Results A and B "
            f"hold together with 95 % confidence{doubt}."
        )
        return plot_learning_curves(title, rows, note)

    return {
        "result_a": figure("Result A: reward scale 1, below the critical one, where wandering pays", (1,)),
        "result_b": figure("Result B: reward scales 2 and 10, above the critical one, where arriving pays", (2, 10)),
    }

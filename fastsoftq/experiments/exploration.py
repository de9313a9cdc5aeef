"""Exploration: the entropy and the coverage of hard and soft policies while they learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.columns import EACH, interval_columns, interval_text
from fastsoftq.experiments.conclusions import together, told
from fastsoftq.experiments.training import watched_train
from fastsoftq.figures.style import GREY, STYLE, agent_colour
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import greedy_policy, matrices, soft_policy
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import share_text
from fastsoftq.statistics import pointwise_intervals
from fastsoftq.system.provenance import provenance

__all__ = ["run"]

STEP_SIZE, DISCOUNT = 0.8, 0.95
EPSILON = LinearDecay(start=0.9, stop=0.1, decrease=0.001)
REWARD_SCALES = (1.5, 3.0, 10.0)
CHECKPOINTS = 13
LATER = 10  # episodes after which it is told once more what has been tried
BATCH = 250  # runs whose chains are solved at once

Rows = NDArray[np.float64]


class Policy(NamedTuple):
    """A policy that a table stands for, and how it changes while the table is learned."""

    name: str
    label: str
    colour: str
    dash: str
    entropy: Rows  # [seeds, checkpoints], nats a step, along its own way
    states: Rows  # [seeds, checkpoints], how many states it is effectively spread over
    exact: tuple[float, float]  # both, once all is learned


def run(settings: Settings, watch: Watch) -> Findings:
    """Follow the entropy and the coverage of hard and soft policies from the first episode to the last.

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
    episodes = np.unique(np.geomspace(1, settings.episodes, CHECKPOINTS).round().astype(np.int64))
    hard = QLearning(STEP_SIZE, DISCOUNT, EPSILON)
    epsilon = np.maximum(EPSILON.stop, EPSILON.start - EPSILON.decrease * (episodes - 1))
    tables = _tables(mdp, hard, "hard", episodes, settings, watch)
    optimal = value_iteration(mdp, DISCOUNT).policy
    greedy, exploring = [greedy_policy] * episodes.size, [_exploring(e) for e in epsilon.tolist()]
    still_exploring = _exploring(float(epsilon[-1]))(optimal)
    policies = [
        _followed(mdp, "hard_greedy", "hard, greedy", hard, "-", greedy, tables, optimal),
        _followed(mdp, "hard_exploring", "hard, with its epsilon", hard, ":", exploring, tables, still_exploring),
    ]
    tried = {"hard": _tried(mdp, tables)}
    for k in REWARD_SCALES:
        soft = SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=k)
        tables = _tables(mdp, soft, f"soft, k = {k:g}", episodes, settings, watch)
        exact = soft_value_iteration(mdp, DISCOUNT, reward_scale=k).policy
        acting = [lambda q: soft_policy(q, 1.0)] * episodes.size
        policies.append(_followed(mdp, f"soft_k{k:g}", f"soft, k = {k:g}", soft, "-", acting, tables, exact))
        tried[f"soft_k{k:g}"] = _tried(mdp, tables)
    bounds = _bounds(mdp)
    summary = [_row(policy, tried, settings, bounds) for policy in policies]
    return Findings(
        title=f"Cliff walking after {settings.episodes} episodes, {settings.seeds} seeds ({EACH})",
        table=_table(summary),
        sentences=_found(policies, tried, summary, episodes, bounds["entropy"]),
        summary=summary,
        arrays={
            "episodes": episodes,
            **{f"{p.name}_{what}": getattr(p, what) for p in policies for what in ("entropy", "states")},
            **{f"{name}_tried": share for name, share in tried.items()},
        },
        figures={"exploration": _figure(episodes, policies, tried, settings, bounds)},
        run={"seconds": perf_counter() - began, "seeds": settings.seeds, "episodes": settings.episodes, **provenance()},
    )


def _tables(
    mdp: TabularMDP, agent: Any, label: str, episodes: NDArray[np.int64], settings: Settings, watch: Watch
) -> list[Rows]:
    """Each run's table after more and more episodes [seeds, states, actions].

    A run's first episodes are the same however many follow, so that training anew for longer goes on where it was.
    """
    counts = episodes.tolist()
    return [np.asarray(watched_train(mdp, agent, label, settings, watch, episodes=n).final_q) for n in counts]


def _exploring(epsilon: float) -> Callable[[Rows], Rows]:
    return lambda q: (1.0 - epsilon) * greedy_policy(q) + epsilon / q.shape[-1]


def _followed(
    mdp: TabularMDP,
    name: str,
    label: str,
    agent: Any,
    dash: str,
    acting: Sequence[Callable[[Rows], Rows]],
    tables: list[Rows],
    exact: Rows,
) -> Policy:
    entropy, states = zip(
        *(
            _spread(mdp, act(q.reshape(-1, mdp.n_actions)).reshape(q.shape))
            for act, q in zip(acting, tables, strict=True)
        ),
        strict=True,
    )
    once_learned = tuple(float(values[0]) for values in _spread(mdp, exact[None]))
    return Policy(
        name, label, agent_colour(agent), dash, np.column_stack(entropy), np.column_stack(states),
        (once_learned[0], once_learned[1]),
    )  # fmt: skip


def _spread(mdp: TabularMDP, policies: Rows) -> tuple[Rows, Rows]:
    """Entropy a step along the way, and the effective number of states visited, of each policy [runs].

    Both under the discounted occupancy from the start. The effective number is the exponential of the entropy over
    states: n where a policy spends its time evenly in n of them.
    """
    dynamics = matrices(mdp).continuation.toarray().reshape(mdp.n_states, mdp.n_actions, mdp.n_states)
    entropies, numbers = [], []
    for policy in np.array_split(policies, -(-len(policies) // BATCH)):
        chain = np.einsum("nsa,sat->nst", policy, dynamics, optimize=True)
        system = np.eye(mdp.n_states) - DISCOUNT * chain.transpose(0, 2, 1)
        visits = np.linalg.solve(system, np.broadcast_to(mdp.start[:, None], (len(policy), mdp.n_states, 1)))[..., 0]
        share = np.maximum(visits * ~mdp.terminal, 0.0)
        share /= share.sum(axis=1, keepdims=True)
        entropies.append((share * _entropy(policy)).sum(axis=1))
        numbers.append(np.exp(_entropy(share)))
    return np.concatenate(entropies), np.concatenate(numbers)


def _entropy(p: Rows) -> Rows:
    return np.asarray(-(p * np.log(p, where=p > 0.0, out=np.zeros_like(p))).sum(axis=-1))


def _visited(mdp: TabularMDP) -> NDArray[np.bool_]:
    """Which states an agent can ever act in [states]: who falls off the cliff is back at the start at once."""
    marks = np.array([list(row) for row in mdp.map or ()])[tuple(np.asarray(mdp.cells).T)]
    return np.asarray(~mdp.terminal & (marks != "C"))


def _tried(mdp: TabularMDP, tables: list[Rows]) -> Rows:
    """The share of actions each run has tried so far [seeds, checkpoints]: those whose entry is no longer 0.

    Every update moves an entry away from 0, but for the step into the goal, which pays 0 and is left out.
    """
    can = np.broadcast_to(_visited(mdp)[:, None], mdp.expected_reward.shape)
    counted = can & ~mdp.terminated.any(axis=2)
    return np.column_stack([(q != 0.0)[:, counted].mean(axis=1) for q in tables])


def _bounds(mdp: TabularMDP) -> dict[str, tuple[float, float]]:
    """The lowest and the highest value there can be of each quantity."""
    states = float(_visited(mdp).sum())
    return {"entropy": (0.0, float(np.log(mdp.n_actions))), "states": (1.0, states), "tried": (0.0, 1.0)}


def _row(
    policy: Policy, tried: dict[str, Rows], settings: Settings, bounds: dict[str, tuple[float, float]]
) -> dict[str, Any]:
    row: dict[str, Any] = {"policy": policy.name, "seeds": settings.seeds, "episodes": settings.episodes}
    share = tried[policy.name if policy.name in tried else "hard"]
    for name, values, exact in (
        ("entropy", policy.entropy, policy.exact[0]),
        ("states", policy.states, policy.exact[1]),
        ("tried", share, 1.0),
    ):
        row |= {f"{name}_first": float(values[:, 0].mean()), **interval_columns(name, values[:, -1], bounds[name])}
        row[f"{name}_exact"] = exact
    return row


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("policy", "entropy, first", "last", "exact", "states, first", "last", "exact", "actions tried")
    rows = [
        (
            row["policy"].replace("_", " ").replace(" k", ", k = "),
            f"{row['entropy_first']:.3f}",
            interval_text(row, "entropy", 4),
            f"{row['entropy_exact']:.4f}",
            f"{row['states_first']:.1f}",
            interval_text(row, "states"),
            f"{row['states_exact']:.2f}",
            share_text(row["tried"]),
        )
        for row in summary
    ]
    caption = (
        "entropy: nats a step, along the policy's own way; states: how many it is effectively spread over; "
        "actions tried: of all there are, while learning"
    )
    return Table(header, rows, caption)


def _found(
    policies: list[Policy],
    tried: dict[str, Rows],
    summary: list[dict[str, Any]],
    episodes: NDArray[np.int64],
    bounds: tuple[float, float],
) -> list[str]:
    rows = {row["policy"]: row for row in summary}
    labels = {policy.name: policy.label for policy in policies}
    warm, cold = (f"soft_k{k:g}" for k in (REWARD_SCALES[0], REWARD_SCALES[-1]))
    last = {policy.name: policy.entropy[:, -1] for policy in policies}
    found = together(
        {
            "warm": (last[warm], last["hard_greedy"]),
            "cold": (last[cold], last["hard_greedy"]),
            "exploring": (last["hard_exploring"], last[cold]),
        },
        bounds=bounds,
    )
    words = {name: told(c, "more", "less") for name, c in found.items()}

    def spread(name: str, decimals: int = 3) -> str:
        row = rows[name]
        return f"{interval_text(row, 'entropy', decimals)} nats a step, spread over {row['states']:.1f} states"

    def share(checkpoint: int) -> str:
        return ", ".join(
            f"{share_text(float(tried[name][:, checkpoint].mean()), 0)} {'hard' if name == 'hard' else labels[name]}"
            for name in tried
        )

    later = min(int(np.searchsorted(episodes, LATER)), len(episodes) - 1)
    return [
        f"At reward scale {REWARD_SCALES[0]:g} soft ends at {spread(warm)} (its temperature asks for exactly "
        f"{rows[warm]['entropy_exact']:.3f} nats); the greedy policy of a hard table at {spread('hard_greedy')}; soft "
        f"against greedy: {words['warm']} nats.",
        f"At reward scale {REWARD_SCALES[-1]:g} soft ends at {spread(cold, 4)}; against greedy: {words['cold']} nats. "
        f"Hard with its epsilon keeps {spread('hard_exploring')}; against that soft agent: {words['exploring']} nats.",
        f"Share of all actions tried in the first episode: {share(0)}"
        + (f"; after {episodes[later]} episodes: {share(later)}." if later else "."),
    ]


def _figure(
    episodes: NDArray[np.int64],
    policies: list[Policy],
    tried: dict[str, Rows],
    settings: Settings,
    bounds: dict[str, tuple[float, float]],
) -> Figure:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(12.0, 4.3), layout="constrained")
        axes = figure.subplots(1, 3)
        for policy in policies:
            for ax, values, exact, ends in (
                (axes[0], policy.entropy, policy.exact[0], bounds["entropy"]),
                (axes[1], policy.states, policy.exact[1], bounds["states"]),
            ):
                _draw(ax, episodes, values, ends, policy.colour, policy.dash, policy.label)
                ax.plot(
                    episodes[-1] * 1.25, exact, marker="D", markersize=6, color=policy.colour, clip_on=False, zorder=5
                )
            if policy.name in tried:
                _draw(axes[2], episodes, 100.0 * tried[policy.name], (0.0, 100.0), policy.colour, "-", policy.label)
        _draw(axes[2], episodes, 100.0 * tried["hard"], (0.0, 100.0), policies[0].colour, "-", "hard")
        titles = ("Entropy of the policy", "States it is spread over", "Actions tried so far")
        for ax, title, label in zip(
            axes, titles, ("nats a step", "effective number of states", "% of all"), strict=True
        ):
            ax.set(title=title, ylabel=label, xlabel="episodes learned", xscale="log", xlim=(1, episodes[-1] * 1.25))
        axes[0].axhline(np.log(4.0), color=GREY, linewidth=0.8)
        axes[0].annotate(
            "ln 4: at random", (1.1, np.log(4.0)), (0, -3), textcoords="offset points", va="top", color=GREY
        )
        for ax, highest in (
            (axes[0], float(np.log(4.0))),
            (axes[1], max(max(float(policy.states.max()), policy.exact[1]) for policy in policies)),
        ):
            ax.set_ylim(0.0, 1.05 * highest)  # by the runs: bands of a few of them may reach much further
        axes[2].set_ylim(min(50.0, *(90.0 * float(share.mean(axis=0).min()) for share in tried.values())), 102.0)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
        figure.suptitle("Entropy and coverage while learning", x=0.01, ha="left", fontsize=13, fontweight="bold")
        figure.supxlabel(
            f"Cliff walking, discount {DISCOUNT}, {settings.seeds:,} seeds, mean with {EACH}. "
            "Diamonds: exact, once all is learned.",
            x=0.01, ha="left", fontsize=8.5, color=GREY,
        )  # fmt: skip
    return figure


def _draw(
    ax: Any,
    episodes: NDArray[np.int64],
    values: Rows,
    bounds: tuple[float, float],
    colour: str,
    dash: str,
    label: str,
) -> None:
    band = pointwise_intervals(values)
    low, high = np.clip(band.low, *bounds), np.clip(band.high, *bounds)
    ax.fill_between(episodes, low, high, color=colour, alpha=0.25, linewidth=0)
    ax.plot(episodes, band.center, color=colour, linestyle=dash, linewidth=1.8, label=label)

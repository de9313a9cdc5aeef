"""Exploration: the entropy and the coverage of hard and soft policies while they learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.exact_curves import scheduled
from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, compare_together, comparison_text, interval_columns, interval_of
from fastsoftq.experiments.document import DISCOUNT, HARD, entropy, exact_policy, soft
from fastsoftq.figures.colours import GREY, agent_colour
from fastsoftq.figures.grid_world import can_act
from fastsoftq.figures.style import count_on_logarithmic_axis, key_below, titled_figure
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture, greedy_policy, matrices, soft_policy
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import pointwise_intervals
from fastsoftq.studies import Results, Study

__all__ = ["analyse", "study"]

REWARD_SCALES = (1.5, 3.0, 10.0)
CHECKPOINTS = 13
LATER = 10  # episodes after which the actions tried are counted again
BATCH = 250  # runs whose chains are solved at once

AGENTS: dict[str, QLearning | SoftQLearning] = {"hard": HARD, **{f"soft_k{k:g}": soft(k) for k in REWARD_SCALES}}
NAMES = {"hard": "hard", **{f"soft_k{k:g}": f"soft, k = {k:g}" for k in REWARD_SCALES}}

Rows = NDArray[np.float64]
Bounds = tuple[float, float]


class Policy(NamedTuple):
    """A policy that a table stands for, and how it changes while the table is learned."""

    name: str
    label: str
    agent: QLearning | SoftQLearning
    dash: str
    entropy: Rows  # [seeds, checkpoints], nats a step, averaged over the states it visits
    states: Rows  # [seeds, checkpoints], how many states it is effectively spread over
    exact: tuple[float, float]  # both, once all is learned


def study(settings: Settings) -> Study:
    """Hard and soft agents on the cliff, whose tables are kept after more and more episodes.

    Examples
    --------
    >>> study(Settings(episodes=10)).checkpoints
    (1, 2, 3, 4, 5, 6, 7, 8, 10)
    """
    return settings.study(
        "exploration", {"cliff": cliff_walking()}, AGENTS, checkpoints=settings.checkpoints(CHECKPOINTS)
    )


def analyse(results: Results, settings: Settings, watch: Watch) -> Findings:
    """Follow the entropy and the coverage of hard and soft policies from the first episode to the last."""
    mdp = cliff_walking()
    episodes = np.array(settings.checkpoints(CHECKPOINTS))
    policies, tried = [], {}
    for name in AGENTS:
        own, tried[name] = _followed(mdp, name, results, episodes)
        policies += own
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
    )


def _acting(name: str, epsilon: float) -> dict[str, tuple[str, str, Callable[[Rows], Rows]]]:
    """The policies that an agent's table stands for: label, dash and the rule."""
    if name != "hard":
        return {name: (NAMES[name], "-", lambda q: soft_policy(q, 1.0))}
    return {
        "hard_greedy": ("hard, greedy", "-", greedy_policy),
        "hard_exploring": ("hard, with its epsilon", ":", lambda q: epsilon_mixture(greedy_policy(q), epsilon)),
    }


def _followed(mdp: TabularMDP, name: str, results: Results, episodes: NDArray[np.int64]) -> tuple[list[Policy], Rows]:
    """The policies of an agent, and the share of actions it has tried [seeds, checkpoints]; one table at a time."""
    agent = AGENTS[name]
    epsilon = scheduled(agent.epsilon, int(episodes.max()))[episodes - 1].tolist()
    spread: dict[str, list[tuple[Rows, Rows]]] = {}
    tried = []
    for episode, now in zip(episodes.tolist(), epsilon, strict=True):
        q = results.tables(f"cliff/{name}", episode)
        tried.append(_tried(mdp, q))
        for policy, (_, _, acting) in _acting(name, now).items():
            chances = acting(q.reshape(-1, mdp.n_actions)).reshape(q.shape)
            spread.setdefault(policy, []).append(_spread(mdp, chances))
    exact = exact_policy(mdp, agent)
    policies = []
    for policy, (label, dash, _) in _acting(name, epsilon[-1]).items():
        along, over = zip(*spread[policy], strict=True)
        learned = epsilon_mixture(exact, epsilon[-1]) if policy == "hard_exploring" else exact
        (last,), (reached,) = _spread(mdp, learned[None])
        curves = np.column_stack(along), np.column_stack(over)
        policies.append(Policy(policy, label, agent, dash, *curves, (float(last), float(reached))))
    return policies, np.column_stack(tried)


def _spread(mdp: TabularMDP, policies: Rows) -> tuple[Rows, Rows]:
    """Entropy of a step, and the effective number of states visited, of each policy [runs].

    Both are under the discounted occupancy from the start. The effective number is the exponential of the entropy over
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
        entropies.append((share * entropy(policy)).sum(axis=1))
        numbers.append(np.exp(entropy(share)))
    return np.concatenate(entropies), np.concatenate(numbers)


def _tried(mdp: TabularMDP, q: Rows) -> Rows:
    """The share of actions that each run has tried [seeds]: those whose entry is no longer 0.

    Every update moves an entry away from 0, but for the step into the goal, which pays 0 and is left out.
    """
    can = np.broadcast_to(can_act(mdp)[:, None], mdp.expected_reward.shape)
    counted = can & ~mdp.terminated.any(axis=2)
    return np.asarray((q != 0.0)[:, counted].mean(axis=1))


def _bounds(mdp: TabularMDP) -> dict[str, Bounds]:
    """The lowest and the highest value there can be of each quantity."""
    most = float(np.log(mdp.n_actions)), float(can_act(mdp).sum())
    return {"entropy": (0.0, most[0]), "states": (1.0, most[1]), "tried": (0.0, 1.0)}


def _row(policy: Policy, tried: dict[str, Rows], settings: Settings, bounds: dict[str, Bounds]) -> dict[str, Any]:
    row: dict[str, Any] = {"policy": policy.name, "seeds": settings.seeds, "episodes": settings.episodes}
    share = tried[policy.name if policy.name in tried else "hard"]
    for name, values, exact in (
        ("entropy", policy.entropy, policy.exact[0]),
        ("states", policy.states, policy.exact[1]),
        ("tried", share, 1.0),
    ):
        row[f"{name}_first"] = float(values[:, 0].mean())
        row |= {**interval_columns(name, values[:, -1], bounds[name]), f"{name}_exact": exact}
    return row


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("policy", "entropy, first", "last", "exact", "states, first", "last", "exact", "actions tried")
    rows = [
        (
            row["policy"].replace("_", " ").replace(" k", ", k = "),
            f"{row['entropy_first']:.3f}",
            interval_text(*interval_of(row, "entropy"), decimals=4),
            f"{row['entropy_exact']:.4f}",
            f"{row['states_first']:.1f}",
            interval_text(*interval_of(row, "states"), decimals=2),
            f"{row['states_exact']:.2f}",
            share_text(row["tried"]),
        )
        for row in summary
    ]
    caption = (
        "entropy: nats a step, averaged over the states that the policy visits; states: how many it is effectively "
        "spread over; actions tried: of all there are, while learning"
    )
    return Table(header, rows, caption)


def _found(
    policies: list[Policy],
    tried: dict[str, Rows],
    summary: list[dict[str, Any]],
    episodes: NDArray[np.int64],
    bounds: Bounds,
) -> list[str]:
    rows = {row["policy"]: row for row in summary}
    warm, *_, cold = (f"soft_k{k:g}" for k in REWARD_SCALES)
    last = {policy.name: policy.entropy[:, -1] for policy in policies}
    pairs = {
        "warm": (last[warm], last["hard_greedy"]),
        "cold": (last[cold], last["hard_greedy"]),
        "exploring": (last["hard_exploring"], last[cold]),
    }
    found = compare_together(pairs, bounds=bounds)
    words = {name: comparison_text(c, "more", "less") for name, c in found.items()}

    def spread(name: str, decimals: int = 3) -> str:
        text = interval_text(*interval_of(rows[name], "entropy"), decimals=decimals)
        return f"{text} nats a step, spread over {rows[name]['states']:.1f} states"

    def share(checkpoint: int) -> str:
        shares = {name: share_text(float(values[:, checkpoint].mean()), 0) for name, values in tried.items()}
        return ", ".join(f"{text} {NAMES[name]}" for name, text in shares.items())

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
    bounds: dict[str, Bounds],
) -> Figure:
    note = (
        f"Cliff walking, discount {DISCOUNT}, {settings.seeds:,} seeds, mean with {EACH}. Diamonds: exact, once all is "
        "learned."
    )
    with titled_figure(12.0, 4.5, "Entropy and coverage while learning") as figure:
        left, middle, right = figure.subplots(1, 3)
        for policy in policies:
            colour = agent_colour(policy.agent)
            for ax, values, exact, ends in (
                (left, policy.entropy, policy.exact[0], bounds["entropy"]),
                (middle, policy.states, policy.exact[1], bounds["states"]),
            ):
                _draw(ax, episodes, values, ends, colour, policy.dash, policy.label)
                ax.plot(1.3 * episodes[-1], exact, marker="D", markersize=6, color=colour, clip_on=False, zorder=5)
        for name, share in tried.items():
            _draw(right, episodes, 100.0 * share, (0.0, 100.0), agent_colour(AGENTS[name]), "-", NAMES[name])
        left.set(title="Entropy of the policy", ylabel="nats a step")
        middle.set(title="States it is spread over", ylabel="effective number of states")
        right.set(title="Actions tried so far", ylabel="% of all")
        for ax in (left, middle, right):
            count_on_logarithmic_axis(ax)
            ax.set(xlabel="episodes learned", xlim=(1, 1.6 * episodes[-1]))
        at_random = bounds["entropy"][1]
        left.axhline(at_random, color=GREY, linewidth=0.8)
        left.annotate("ln 4: at random", (1.1, at_random), (0, 3), textcoords="offset points", color=GREY)
        # By the runs: bands of a few of them may reach much further.
        left.set_ylim(0.0, 1.1 * at_random)
        middle.set_ylim(0.0, 1.05 * max(max(float(policy.states.max()), policy.exact[1]) for policy in policies))
        right.set_ylim(min(50.0, *(90.0 * float(share.mean(axis=0).min()) for share in tried.values())), 102.0)
        key_below(figure, left.get_legend_handles_labels()[0], note)
    return figure


def _draw(
    ax: Axes, episodes: NDArray[np.int64], values: Rows, bounds: Bounds, colour: str, dash: str, label: str
) -> None:
    band = pointwise_intervals(values)
    low, high = np.clip(band.low, *bounds), np.clip(band.high, *bounds)
    ax.fill_between(episodes, low, high, color=colour, alpha=0.25, linewidth=0)
    ax.plot(episodes, band.center, color=colour, linestyle=dash, linewidth=1.8, label=label)

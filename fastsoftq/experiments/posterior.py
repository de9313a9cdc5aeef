"""Posterior or policy: on the slippery cliff, inferring what happened if all was optimal is not deciding what to do."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from fastsoftq.experiments import Settings, Watch
from fastsoftq.experiments.certainty import EACH, interval_columns, interval_of
from fastsoftq.experiments.document import slipping_cliff
from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.style import key_below, titled_figure
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.inference import TrajectoryPosterior, elbo, optimal_trajectory_posterior, variational_policy
from fastsoftq.planning.occupancy import occupancy
from fastsoftq.planning.trajectories import Trajectories, sample_trajectories
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.studies import Results

__all__ = ["analyse", "study"]

REWARD_SCALE, HORIZON = 2.0, 200
LEAST = -100.0  # reward of a step
SLIPS = tuple(np.linspace(0.0, 2.0 / 3.0, 13).tolist())  # probability of a neighbouring move; Gymnasium's is 2/3
LIMITS = (0.1, 30.0)  # of visits, in the maps
NEARLY_ALL = 0.999  # a share above it that is not 1 is told as more than this

IMAGINED, PLAYED, VARIATIONAL = "#cc79a7", "#d55e00", "#0072b2"


class Behaviour(NamedTuple):
    """A policy in a world: what it earns by simulation, and exactly."""

    name: str
    label: str
    colour: str
    policy: NDArray[np.float64]  # [horizon, states, actions]
    visits: NDArray[np.float64]  # [states], exact
    sampled: Trajectories
    exact: tuple[float, float, float]  # return, length and probability of arriving
    elbo: float | None  # of a policy that can be played


def study(settings: Settings) -> None:
    """Nothing is learned.

    Examples
    --------
    >>> study(Settings()) is None
    True
    """


def analyse(results: Results | None, settings: Settings, watch: Watch) -> Findings:
    """Infer the posterior and the best policy on the slippery cliff, and play both.

    `seeds` trajectories are drawn of each.
    """
    mdp = cliff_walking(slippery=True)
    posterior = optimal_trajectory_posterior(mdp, HORIZON, REWARD_SCALE)
    best = variational_policy(mdp, HORIZON, REWARD_SCALE)
    behaviours = [
        _imagined(mdp, posterior, settings.seeds),
        _played(mdp, "posterior_played", "posterior, in the true world", PLAYED, posterior.policy, settings.seeds),
        _played(mdp, "variational", "variational policy, in the true world", VARIATIONAL, best.policy, settings.seeds),
    ]
    slips = [row for slip in SLIPS for row in _with_slip(slip)]
    summary = [*(_row(behaviour, posterior.log_evidence, settings) for behaviour in behaviours), *slips]
    return Findings(
        title=f"Slippery cliff, reward scale {REWARD_SCALE:g}, horizon {HORIZON}, {settings.seeds} trajectories each "
        f"({EACH})",
        table=_table(behaviours, summary),
        sentences=_found(posterior.log_evidence, behaviours, slips),
        summary=summary,
        arrays={
            **{f"{b.name}_returns": b.sampled.rewards.sum(axis=1) for b in behaviours},
            **{f"{b.name}_visits": b.visits for b in behaviours},
            "posterior_policy": posterior.policy,
            "variational_policy": best.policy,
        },
        figures={
            "posterior": _maps(mdp, behaviours, settings),
            "posterior_slip": _slip_figure(slips),
        },
    )


def _played(mdp: TabularMDP, name: str, label: str, colour: str, policy: NDArray[np.float64], size: int) -> Behaviour:
    value = evaluate_policy(mdp, policy)
    exact = (value.expected_return, value.expected_length, value.termination_probability)
    visits, sampled = occupancy(mdp, policy).visits, sample_trajectories(mdp, policy, size, rng=0)
    return Behaviour(name, label, colour, policy, visits, sampled, exact, elbo(mdp, policy, reward_scale=REWARD_SCALE))


def _imagined(mdp: TabularMDP, posterior: TrajectoryPosterior, size: int) -> Behaviour:
    """The posterior in the world that plays along."""
    now, visits, earned, arrived = posterior.start, np.zeros(mdp.n_states), 0.0, 0.0
    for step, world in zip(posterior.policy, posterior.dynamics, strict=True):
        visits += now
        flow = now[:, None, None] * step[:, :, None] * world
        earned += float((flow * mdp.reward).sum())
        arrived += float(flow[mdp.terminated].sum())
        going_on = np.where(mdp.terminated, 0.0, flow).ravel()
        now = np.bincount(mdp.next_state.ravel(), going_on, mdp.n_states).astype(np.float64)
    exact = (earned, float(visits.sum()), arrived)
    sampled = posterior.sample(size, rng=0)
    label = "posterior, in the world it counts on"
    return Behaviour("posterior_imagined", label, IMAGINED, posterior.policy, visits, sampled, exact, None)


def _with_slip(slip: float) -> list[dict[str, Any]]:
    """Both policies on the same cliff, where a move turns left or right with probability `slip`; nothing simulated."""
    world = slipping_cliff(slip)
    posterior = optimal_trajectory_posterior(world, HORIZON, REWARD_SCALE)
    rows = []
    for name, policy in (
        ("posterior_played", posterior.policy),
        ("variational", variational_policy(world, HORIZON, REWARD_SCALE).policy),
    ):
        value = evaluate_policy(world, policy)
        rows.append(
            {
                "policy": name,
                "slip": slip,
                "log_evidence": posterior.log_evidence,
                "elbo": elbo(world, policy, reward_scale=REWARD_SCALE),
                "return_exact": value.expected_return,
                "length_exact": value.expected_length,
                "arrives_exact": value.termination_probability,
            }
        )
    return rows


def _row(behaviour: Behaviour, log_evidence: float, settings: Settings) -> dict[str, Any]:
    return {
        "policy": behaviour.name,
        "slip": 2.0 / 3.0,
        "log_evidence": log_evidence,
        "elbo": behaviour.elbo,
        "return_exact": behaviour.exact[0],
        "length_exact": behaviour.exact[1],
        "arrives_exact": behaviour.exact[2],
        "trajectories": settings.seeds,
        **interval_columns("return", behaviour.sampled.rewards.sum(axis=1), (HORIZON * LEAST, 0.0)),
        **interval_columns("arrives", behaviour.sampled.terminated.astype(np.float64), (0.0, 1.0)),
    }


def _table(behaviours: list[Behaviour], summary: list[dict[str, Any]]) -> Table:
    header = ("policy and world", "ln p(O)", "ELBO", "return", "exact", "steps, exact", "arrives", "exact")
    rows = [
        (
            behaviour.label,
            f"{row['log_evidence']:.3f}",
            "" if row["elbo"] is None else f"{row['elbo']:.3f}",
            interval_text(*interval_of(row, "return"), decimals=1),
            f"{row['return_exact']:.1f}",
            f"{row['length_exact']:.1f}",
            share_text(row["arrives"]),
            share_text(row["arrives_exact"]),
        )
        for behaviour, row in zip(behaviours, summary, strict=False)
    ]
    caption = "ELBO: evidence lower bound; arrives: at the goal, within the horizon"
    return Table(header, rows, caption)


def _found(log_evidence: float, behaviours: list[Behaviour], slips: list[dict[str, Any]]) -> list[str]:
    imagined, played, best = ((typeset(b.exact[0], 1), share_text(b.exact[2])) for b in behaviours)
    bound = typeset(behaviours[-1].elbo or 0.0, 3)
    gap = max(abs(row["log_evidence"] - row["elbo"]) for row in slips if row["slip"] == 0.0)
    return [
        f"On the slippery cliff the posterior p(a|s, O) is optimistic: in the world it infers along with the actions "
        f"it earns {imagined[0]}, but that world slips where one wants it to. Played under the true dynamics it earns "
        f"{played[0]} and arrives {played[1]} of the time, where the variational policy earns {best[0]} and arrives "
        f"{best[1]} of the time.",
        f"ln p(O) is {typeset(log_evidence, 3)} and the best evidence lower bound {bound}: no policy can follow the "
        f"posterior here. Without slipping they are {f'{gap:.0e} apart' if gap else 'equal'}, and both policies one.",
    ]


def _maps(mdp: TabularMDP, behaviours: list[Behaviour], settings: Settings) -> Figure:
    note = (
        f"Slippery cliff, reward scale {REWARD_SCALE:g}, horizon {HORIZON}. Arrows: the first policy, as long as "
        f"actions are likely; colours: expected visits, exact. Curves: {settings.seeds:,} simulated episodes each."
    )
    title = "The posterior counts on not slipping; the variational policy does not"
    with titled_figure(11.4, 6.9, title) as figure:
        grid = figure.add_gridspec(len(behaviours), 2, width_ratios=[1.25, 1.0])
        for i, b in enumerate(behaviours):
            ax = figure.add_subplot(grid[i, 0])
            plot_grid(mdp, policy=b.policy[0], occupancy=b.visits, limits=LIMITS, ax=ax)
            ax.set_title(f"{b.label[0].upper()}{b.label[1:]}", color=b.colour)
            earned, length, arrived = b.exact
            arrives = share_text(arrived, 0) if not NEARLY_ALL < arrived < 1.0 else f"more than {NEARLY_ALL:.1%}"
            words = f"return {typeset(earned, 1)}, arrives {arrives}, {length:.0f} steps (exact)"
            ax.set_xlabel(words, loc="left", color=GREY)
        distributions = figure.add_subplot(grid[:, 1])
        _distributions(distributions, behaviours)
        key_below(figure, distributions.get_legend_handles_labels()[0], note)
    return figure


def _distributions(ax: Axes, behaviours: list[Behaviour]) -> None:
    for b in behaviours:
        returns = np.sort(b.sampled.rewards.sum(axis=1))
        returns, share = np.r_[returns[0], returns], np.arange(returns.size + 1) / returns.size
        ax.step(returns, share, where="post", color=b.colour, linewidth=1.8, label=b.label)
        ax.axvline(b.exact[0], color=b.colour, linewidth=1.0, linestyle=(0, (5, 2.5)))
    _returns_axis(ax, "x")
    ax.set(xlabel="return of an episode", ylabel="share of episodes below", ylim=(0.0, 1.0), xlim=(-5000.0, -8.0))
    ax.set_title("Simulated returns (dashed: the mean, exactly)")


def _returns_axis(ax: Axes, which: str) -> None:
    ticks = [-3000, -1000, -300, -100, -30, -10]
    if which == "x":
        ax.set_xscale("symlog", linthresh=10.0)
    else:
        ax.set_yscale("symlog", linthresh=10.0)
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(ticks, [typeset(tick) for tick in ticks])


def _slip_figure(slips: list[dict[str, Any]]) -> Figure:
    with titled_figure(10.4, 3.9, "Evidence and bound part where the world slips") as figure:
        bounds, returns = figure.subplots(1, 2)
        for name, label, colour in (
            ("posterior_played", "posterior's policy", PLAYED),
            ("variational", "variational policy", VARIATIONAL),
        ):
            rows = [row for row in slips if row["policy"] == name]
            slip = [row["slip"] for row in rows]
            line: dict[str, Any] = {"color": colour, "marker": "o", "markersize": 3.5}
            bounds.plot(slip, [row["elbo"] for row in rows], label=f"ELBO of the {label}", **line)
            returns.plot(slip, [row["return_exact"] for row in rows], label=label, **line)
        bounds.plot(slip, [row["log_evidence"] for row in rows], label="ln p(O)", **{**line, "color": INK})
        bounds.set_title("The evidence, and what bounds it from below")
        returns.set_title("Return under the true dynamics")
        for ax in (bounds, returns):
            _returns_axis(ax, "y")
            ax.set(xlabel="probability of slipping (Gymnasium: 2/3)", xlim=(-0.01, 0.68), ylim=(-4000.0, -9.0))
            ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.42))
    return figure

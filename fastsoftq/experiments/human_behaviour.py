"""A model of human behaviour: temperature and rewards inferred from demonstrators who are not quite optimal.

The demonstrators are simulated, so that what is inferred can be held against the truth; people's own trajectories can
be read with `load_demonstrations`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fastsoftq.experiments import Settings, Watch, watched
from fastsoftq.experiments.certainty import EACH, compare_together, comparisons_text
from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.grid_world import plot_grid
from fastsoftq.figures.style import titled_figure
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.grid import from_map
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import epsilon_mixture
from fastsoftq.planning.inverse_rl.behaviour import BehaviourFit, fit_epsilon_greedy, fit_temperature, log_likelihood
from fastsoftq.planning.inverse_rl.demonstrations import Demonstrations
from fastsoftq.planning.inverse_rl.reward_weights import RewardFit, fit_rewards
from fastsoftq.planning.inverse_rl.soft_behaviour import SoftBehaviour
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.planning.trajectories import sample_trajectories
from fastsoftq.report.decision import sign
from fastsoftq.report.findings import Findings, Table
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.statistics import Comparison, confidence_interval
from fastsoftq.studies import Results

__all__ = ["analyse", "study"]

DISCOUNT, TRAJECTORIES, HORIZON = 0.95, 20, 500
FEWER = 50  # seeds of the settings for each group of demonstrators
TEMPERATURES = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65)  # the critical one of the cliff is 0.7476
HELD, MISSED = "#0072b2", "#d55e00"  # intervals, by whether they hold the truth

# A park: the way from S to G, and what one walks on. Every step costs; grass and mud cost more, a view less.
PARK = ("S..........", "...........", "...........", "...........", "...........", "...........", "..........G")
GROUND = (
    "ppmpppggggg",
    "pgmggvpgmmg",
    "pggggvpgmmg",
    "pmmggvpgggg",
    "pggggvmmmgg",
    "pggggvpgggg",
    "pppmpppppgp",
)
FEATURES = {"a step": "pgmv", "grass": "g", "mud": "m", "view": "v"}
WEIGHTS = np.array([-1.8, -0.6, -1.2, 0.4])


Triples = list[tuple[float, float, float]]  # estimates with the ends of their intervals


class Rivals(NamedTuple):
    """Demonstrators of one kind, and how well either model foretells what they do next, in nats an action."""

    name: str
    soft: NDArray[np.float64]  # [replications]
    epsilon_greedy: NDArray[np.float64]


def study(settings: Settings) -> None:
    """Nothing is learned.

    Examples
    --------
    >>> study(Settings()) is None
    True
    """


def analyse(results: Results | None, settings: Settings, watch: Watch) -> Findings:
    """Simulate demonstrators, fit models of behaviour to what they did, and compare with what they were.

    A fiftieth of `seeds` is how often each fit is repeated, with demonstrators of its own.
    """
    repeats = max(2, settings.seeds // FEWER)
    cliff, park = cliff_walking(), from_map(PARK, name="park")
    fits = _temperatures(cliff, repeats, watch)
    rivals = _rivals(cliff, repeats, watch)
    features = _features(park)
    walker = np.exp(SoftBehaviour(park, features, DISCOUNT)(WEIGHTS)[0])
    rewards = [
        fit_rewards(park, features, _seen(park, walker, seed), DISCOUNT)
        for seed in watched("rewards", range(repeats), watch)
    ]
    gains = _gains(rivals)
    summary = [
        *(_row(f"temperature {name}", truth, found) for name, (truth, found) in _inferred(fits).items()),
        *(_rival_row(name, gain) for name, gain in gains.items()),
        *(_row(f"weight of {name}", truth, found) for name, (truth, found) in _weights(rewards).items()),
    ]
    return Findings(
        title=f"Simulated demonstrators, {TRAJECTORIES} trajectories each, {repeats} of each kind "
        f"({EACH}; of nats all together)",
        table=_table(summary),
        sentences=_found(fits, gains, rewards),
        summary=summary,
        arrays={
            "temperatures": np.array(TEMPERATURES),
            "temperature_estimates": np.array([[fit.estimate for fit in group] for group in fits.values()]),
            "weights": WEIGHTS,
            "weight_estimates": np.array([fit.weights for fit in rewards]),
        },
        figures={
            "human_behaviour": _figure(fits, rivals, rewards),
            "human_behaviour_park": _maps(park, walker, rewards[0]),
        },
    )


def _seen(mdp: TabularMDP, policy: NDArray[np.float64], seed: int) -> Demonstrations:
    return Demonstrations.of(sample_trajectories(mdp, policy, TRAJECTORIES, horizon=HORIZON, rng=seed))


def _temperatures(mdp: TabularMDP, repeats: int, watch: Watch) -> dict[float, list[BehaviourFit]]:
    fits: dict[float, list[BehaviourFit]] = {}
    for t in watched("temperatures", TEMPERATURES, watch):
        policy = soft_value_iteration(mdp, DISCOUNT, temperature=t).policy
        fits[t] = [fit_temperature(mdp, _seen(mdp, policy, seed), DISCOUNT) for seed in range(repeats)]
    return fits


def _rivals(mdp: TabularMDP, repeats: int, watch: Watch) -> list[Rivals]:
    soft = soft_value_iteration(mdp, DISCOUNT, temperature=0.4).policy
    kinds = {
        "soft, T = 0.4": soft,
        "greedy, epsilon 0.2": epsilon_mixture(value_iteration(mdp, DISCOUNT).policy, 0.2),
        "soft with lapses": epsilon_mixture(soft, 0.1),
    }
    rivals = []
    for name in watched("rival models", list(kinds), watch):
        scores = np.empty((repeats, 2))
        for seed in range(repeats):
            seen, unseen = _seen(mdp, kinds[name], 2 * seed), _seen(mdp, kinds[name], 2 * seed + 1)
            for i, fit in enumerate((fit_temperature, fit_epsilon_greedy)):
                scores[seed, i] = log_likelihood(mdp, fit(mdp, seen, DISCOUNT).policy, unseen) / unseen.n_steps
        rivals.append(Rivals(name, *scores.T))
    return rivals


def _features(park: TabularMDP) -> NDArray[np.float64]:
    """What one steps onto, float64 [states, actions, features]."""
    return _ground(park)[park.next_state[:, :, 0]]


def _ground(park: TabularMDP) -> NDArray[np.float64]:
    marks = [GROUND[y][x] for y, x in np.asarray(park.cells).tolist()]
    return np.array([[float(mark in kinds) for kinds in FEATURES.values()] for mark in marks])


def _weights(fits: list[RewardFit]) -> dict[str, tuple[float, Triples]]:
    """The true weight of each feature, and what was inferred of it."""
    return {
        name: (float(WEIGHTS[i]), [(float(fit.weights[i]), float(fit.low[i]), float(fit.high[i])) for fit in fits])
        for i, name in enumerate(FEATURES)
    }


def _inferred(fits: dict[float, list[BehaviourFit]]) -> dict[str, tuple[float, Triples]]:
    """Each true temperature, and what was inferred of it."""
    return {f"{t:g}": (t, [(fit.estimate, fit.low, fit.high) for fit in group]) for t, group in fits.items()}


def _row(what: str, truth: float, fits: Triples) -> dict[str, Any]:
    interval = confidence_interval([estimate for estimate, _, _ in fits])
    return {
        "what": what,
        "truth": truth,
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "covered": float(np.mean([low <= truth <= high for _, low, high in fits])),
        "replications": len(fits),
    }


def _gains(rivals: list[Rivals]) -> dict[str, Comparison]:
    """What the soft model foretells better, by kind of demonstrator."""
    return compare_together({r.name: (r.soft, r.epsilon_greedy) for r in rivals})


def _rival_row(name: str, gain: Comparison) -> dict[str, Any]:
    return {
        "what": f"nats an action, soft less epsilon-greedy; demonstrator {name}",
        "estimate": gain.difference,
        "low": gain.low,
        "high": gain.high,
        "replications": gain.runs_a,
    }


def _table(summary: list[dict[str, Any]]) -> Table:
    header = ("what", "truth", "inferred, mean", "intervals that hold the truth")
    rows = [
        (
            row["what"],
            f"{row['truth']:g}" if "truth" in row else "",
            interval_text(row["estimate"], row["low"], row["high"], decimals=3),
            share_text(row["covered"], 0) if "covered" in row else "",
        )
        for row in summary
    ]
    return Table(header, rows, "nats an action: log-likelihood of trajectories that were not fitted")


def _found(fits: dict[float, list[BehaviourFit]], gains: dict[str, Comparison], rewards: list[RewardFit]) -> list[str]:
    covered = [fit.low <= t <= fit.high for t, group in fits.items() for fit in group]
    held = np.array([(fit.low <= WEIGHTS) & (fit.high >= WEIGHTS) for fit in rewards])
    error = np.sqrt(np.mean([(fit.weights - WEIGHTS) ** 2 for fit in rewards]))
    signs = {sign(gain) for gain in gains.values()}
    depends = "Which model of behaviour is better depends on who behaves. " if {1, -1} <= signs else ""
    return [
        f"Temperatures of soft demonstrators, inferred from {TRAJECTORIES} trajectories: "
        f"{share_text(float(np.mean(covered)), 0)} of {len(covered)} nominal 95 % intervals hold the truth.",
        f"Reward weights: the root mean square error is {error:.2f}, and {share_text(float(held.mean()), 0)} of "
        f"{held.size} such intervals hold the truth.",
        f"{depends}Nats an action on trajectories not fitted, soft less epsilon-greedy, by demonstrator: "
        f"{comparisons_text(gains, 'soft foretells better', 'epsilon-greedy foretells better')}. To the soft model a "
        "step off the cliff is next to impossible, so that a single slip of the hand refutes it.",
        "These demonstrators are simulated. Whether people are soft is a question for their trajectories, which "
        "load_demonstrations reads.",
    ]


def _figure(fits: dict[float, list[BehaviourFit]], rivals: list[Rivals], rewards: list[RewardFit]) -> Figure:
    temperatures, weights = _inferred(fits), _weights(rewards)
    missed = any(
        not low <= truth <= high
        for truth, found in (*temperatures.values(), *weights.values())
        for _, low, high in found
    )
    note = (
        f"Simulated, {len(rewards)} demonstrators of each kind with {TRAJECTORIES} trajectories each. Dots with 95 % "
        "intervals: inferred from one demonstrator; dashed: the truth"
        f"{'; red: intervals that miss it' if missed else ''}."
    )
    title = "What suboptimal demonstrators want, and how strictly: inferred and true"
    with titled_figure(12.0, 4.3, title, note) as figure:
        temperature, likelihood, weight = figure.subplots(1, 3, width_ratios=[1.25, 1.0, 1.1])
        _draw_inferred(temperature, temperatures)
        temperature.set(title="Temperature", xlabel="true temperature", ylabel="inferred temperature", ylim=(0.0, None))
        for i, rival in enumerate(rivals):
            gain = rival.soft - rival.epsilon_greedy
            apart = i + np.linspace(-0.18, 0.18, gain.size)
            likelihood.scatter(apart, gain, s=18, color=INK, linewidth=0)
        likelihood.axhline(0.0, color=INK, linewidth=0.8)
        names = [rival.name.replace(", ", ",\n").replace(" with", "\nwith") for rival in rivals]
        likelihood.set_xticks(range(len(rivals)), names)
        likelihood.set(title="Which model foretells better", xlim=(-0.5, len(rivals) - 0.5))
        likelihood.set_ylabel("nats an action (above 0: soft)")
        likelihood.grid(axis="x", visible=False)
        _draw_inferred(weight, weights)
        weight.set(title="Reward weights", ylabel="in units of temperature")
        weight.axhline(0.0, color=GREY, linewidth=0.8)
    return figure


def _draw_inferred(ax: Axes, found: dict[str, tuple[float, Triples]]) -> None:
    """What was inferred by several demonstrators side by side, over the truth, for each quantity."""
    for i, (truth, estimates) in enumerate(found.values()):
        for place, (estimate, low, high) in zip(i + np.linspace(-0.3, 0.3, len(estimates)), estimates, strict=True):
            colour = HELD if low <= truth <= high else MISSED
            ax.plot((place, place), (low, high), color=colour, linewidth=1.0, alpha=0.6)
            ax.plot(place, estimate, "o", color=colour, markersize=2.8)
        ax.plot((i - 0.4, i + 0.4), (truth, truth), color=INK, linewidth=1.2, linestyle=(0, (5, 2.5)), zorder=5)
    ax.set_xticks(range(len(found)), list(found))
    ax.grid(axis="x", visible=False)


def _maps(park: TabularMDP, walker: NDArray[np.float64], fit: RewardFit) -> Figure:
    ground = _ground(park)
    true, inferred = ground @ WEIGHTS, ground @ fit.weights
    limits = (float(min(true.min(), inferred.min())), float(max(true.max(), inferred.max())))
    with titled_figure(10.6, 3.6, f"A walk in the park: rewards from {TRAJECTORIES} trajectories") as figure:
        truth, guess = figure.subplots(1, 2)
        drawn = sample_trajectories(park, walker, TRAJECTORIES, horizon=HORIZON, rng=0)
        plot_grid(park, value=true, limits=limits, trajectories=drawn, title="What each cell truly pays", ax=truth)
        plot_grid(park, value=inferred, limits=limits, title="What was inferred from those walks", ax=guess)
    return figure

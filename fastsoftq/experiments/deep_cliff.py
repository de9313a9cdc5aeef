"""Results A and B again, deep: the cliff seen one-hot, by coordinates and as a picture, beside tables and planning."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning
from fastsoftq.attainable_returns import episode_bounds
from fastsoftq.deep.action_values import action_values
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.learner import Deep
from fastsoftq.deep.replay import Replay
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.environments.environment_rules import describe, observe
from fastsoftq.environments.observed import observed
from fastsoftq.experiments import Settings, Watch, watched
from fastsoftq.experiments.certainty import compare_together, interval_columns, interval_of
from fastsoftq.experiments.deep_agents import LABELS, learners, steps_of
from fastsoftq.experiments.deep_results import told_text
from fastsoftq.experiments.document import STEP_SIZE
from fastsoftq.experiments.goals_reached import first_of_the_best
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.steps_figure import Level, StepCurve, StepPanel, step_curve
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.losses import Huber
from fastsoftq.planning.bellman import epsilon_mixture, soft_policy
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.report.decision import ALPHA
from fastsoftq.report.rounding import interval_text, share_text
from fastsoftq.training import train

__all__ = [
    "SEEN",
    "STEPS",
    "Walked",
    "deep_agents",
    "found",
    "on_grid",
    "panels",
    "rows",
    "table_row",
    "views",
    "walked",
]

STEPS, DISCOUNT = 60_000, 0.95
MOST, LEAST = 0.9, 0.1  # epsilon of networks, falling over the first half of the steps; of tables the least

# The document lists epsilon once, for both agents. Without it a soft network may never step down to the goal, which
# looks like one more step into the cliff.
_TITLES = {
    "hard": "Hard",
    "soft_1_epsilon": "Soft, T = 1 (Result A)",
    "soft_0.5_epsilon": "Soft, T = 0.5",
    "soft_0.1_epsilon": "Soft, T = 0.1 (Result B)",
}
LAST = 10  # points whose mean is the return at the end

# What an agent is given of a state, what to call it, and its colour (Okabe & Ito 2008).
SEEN = {
    "table": ("a table", "#4d4d4d"),
    "one_hot": ("one-hot", "#0072b2"),
    "coordinates": ("coordinates", "#e69f00"),
    "picture": ("a picture", "#009e73"),
}
# One-hot into one linear layer is a table. Layer norm is what lets the others tell the goal's column from the cliff's.
_NETWORKS: dict[str, MLP | Convolutional] = {
    "one_hot": MLP((), bias=False),
    "coordinates": MLP((64, 64), layer_norm=True),
    "picture": Convolutional(channels=(4,), size=3, hidden=(64,), layer_norm=True),
}
_STEP_SIZES = {"one_hot": 0.1, "coordinates": 1e-3, "picture": 1e-3}  # Adam's


class Exact(NamedTuple):
    """What is there to be learned."""

    exploring: float  # return, with the hard agent's epsilon, cut at as many steps
    policy: float  # return without it
    value: float  # of the start


class Walked(NamedTuple):
    """What an agent learned on the cliff, by a table or from one of the views."""

    seen: str
    agent: str
    final: NDArray[np.float64]  # [seeds], mean return while learning, at the end
    policy: NDArray[np.float64]  # [seeds], expected return of the final policy, without exploring
    value: NDArray[np.float64]  # [seeds], of the start, as learned
    cut: NDArray[np.float64]  # [seeds], share of episodes cut at the end
    diverged: int
    returns: NDArray[np.float64]  # [seeds, points]
    drawn: StepCurve
    exact: Exact


def views(settings: Settings) -> dict[str, Any]:
    """The cliff as networks see it.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    dict of str to environment

    Examples
    --------
    >>> list(views(Settings()))
    ['one_hot', 'coordinates', 'picture']
    """
    return {view: observed(cliff_walking(), view, max_steps=settings.max_steps) for view in _NETWORKS}


def deep_agents(view: str, settings: Settings) -> dict[str, Deep]:
    """The agents that learn from a view.

    Parameters
    ----------
    view : str
    settings : Settings

    Returns
    -------
    dict of str to Deep

    Examples
    --------
    >>> deep_agents("picture", Settings())["soft_1_epsilon"].network
    Convolutional(channels=(4,), size=3, hidden=(64,), dueling=False, layer_norm=True, bias=True)
    """
    steps = steps_of(settings, STEPS)
    epsilon = LinearDecay(MOST, LEAST, 2.0 * (MOST - LEAST) / steps)
    every = 4 if view == "picture" else 2
    replay = Replay(capacity=10_000, batch=32, start=max(1, steps // 60), every=every)
    return {
        name: Deep(agent, _NETWORKS[view], replay=replay, target_period=200, loss=Huber())
        for name, agent in _rules(_STEP_SIZES[view], epsilon).items()
    }


def _rules(step_size: float, epsilon: float | LinearDecay) -> dict[str, Any]:
    """Hard, and the soft agents that explore as it does."""
    return {name: agent for name, agent in learners(step_size, DISCOUNT, epsilon).items() if name in _TITLES}


def walked(curves: Any, settings: Settings, watch: Watch) -> list[Walked]:
    """Reduce what was learned from each view, and learn by tables beside it.

    Parameters
    ----------
    curves : callable
        Gives the `DeepCurves` of a view and an agent.
    settings : Settings
    watch : callable

    Returns
    -------
    list of Walked
    """
    mdp = cliff_walking()
    steps = steps_of(settings, STEPS)
    worlds = views(settings)
    seen_as = {view: _observations(world, mdp) for view, world in worlds.items()}
    answers = []
    for name, agent in watched("tables", list(_rules(STEP_SIZE, LEAST).items()), watch):
        exact = _exact(mdp, agent, settings)
        of_views = {view: curves(view, name) for view in worlds}
        grid = next(iter(of_views.values())).steps
        answers.append(_by_table(mdp, name, agent, grid, steps, exact, settings))
        for view, learned in of_views.items():
            q = action_values(worlds[view], learned, seen_as[view]).astype(np.float64)
            answers.append(_walked(view, name, agent, learned, q, exact, settings))
    return answers


def _observations(world: Any, mdp: TabularMDP) -> NDArray[np.float32]:
    """What a network is given of each state, [states, numbers]."""
    out = np.empty((mdp.n_states, math.prod(describe(world).shape)), np.float32)
    for state in range(mdp.n_states):
        observe(world, state, out[state])
    return out


def _exact(mdp: TabularMDP, agent: QLearning | SoftQLearning, settings: Settings) -> Exact:
    if isinstance(agent, SoftQLearning):
        scale = 1.0 / float(agent.temperature)  # type: ignore[arg-type]
        soft = soft_value_iteration(mdp, DISCOUNT, reward_scale=scale)
        policy, value = soft.policy, float(mdp.start @ soft.v) / scale
    else:
        hard = value_iteration(mdp, DISCOUNT)
        policy, value = hard.policy, float(mdp.start @ hard.v)
    epsilon = float(agent.epsilon)  # type: ignore[arg-type]
    exploring = evaluate_policy(mdp, epsilon_mixture(policy, epsilon), horizon=settings.max_steps)
    return Exact(exploring.expected_return, _returns(mdp, policy, settings), value)


def _returns(mdp: TabularMDP, policy: NDArray[np.float64], settings: Settings) -> float:
    return evaluate_policy(mdp, policy, horizon=settings.max_steps).expected_return


def _walked(
    seen: str,
    name: str,
    agent: QLearning | SoftQLearning,
    curves: DeepCurves,
    q: NDArray[np.float64],
    exact: Exact,
    settings: Settings,
) -> Walked:
    """`q` holds each run's action values, [seeds, states, actions]; those of runs that diverged may not be finite."""
    mdp = cliff_walking()
    label, colour = SEEN[seen]
    sound = np.where(np.isfinite(q), q, 0.0)
    if isinstance(agent, SoftQLearning):
        temperature = float(agent.temperature)  # type: ignore[arg-type]
        policies = [soft_policy(one, temperature) for one in sound]
        top = sound.max(axis=2)
        v = top + temperature * np.log(np.exp((sound - top[:, :, None]) / temperature).sum(axis=2))
    else:
        policies, v = [first_of_the_best(one) for one in sound], sound.max(axis=2)
    error = ALPHA / (len(SEEN) * len(_TITLES))
    bounds = _of_returns(settings)
    return Walked(
        seen,
        name,
        curves.returns[:, -LAST:].mean(axis=1),
        np.array([_returns(mdp, policy, settings) for policy in policies]),
        v @ mdp.start,
        curves.truncated[:, -LAST:].mean(axis=1),
        int(curves.diverged.sum()),
        curves.returns,
        step_curve(label, colour, curves.steps, curves.returns, bounds, error),
        exact,
    )


def _of_returns(settings: Settings) -> tuple[float, float]:
    """The lowest and the highest return of an episode, ended or not."""
    return episode_bounds(cliff_walking(), settings.max_steps)[0][0], 0.0


def _by_table(
    mdp: TabularMDP,
    name: str,
    agent: QLearning | SoftQLearning,
    grid: NDArray[np.int64],
    steps: int,
    exact: Exact,
    settings: Settings,
) -> Walked:
    """A table that learns for as many steps; it is what it is at the end of the episode in which they end, or later."""
    shortest = episode_bounds(mdp, settings.max_steps)[1][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # at T = 1 wandering pays, which is Result A
        curves = train(
            mdp, agent, settings.seeds, math.ceil(steps / shortest), settings.max_steps,
            threads=settings.threads, device=settings.device, keep_q=True,
        )  # fmt: skip
    assert curves.final_q is not None
    returns, truncated = (on_grid(curves, values, grid) for values in (curves.returns, curves.truncated))
    as_deep = DeepCurves(
        returns=returns, lengths=on_grid(curves, curves.lengths, grid), truncated=truncated,
        episodes=np.zeros(returns.shape, np.int64), steps=grid, diverged=np.zeros(len(returns), np.bool_),
        diverged_at=np.full(len(returns), -1), seeds=curves.seeds, agent=agent, environment=mdp.name,
        max_steps=settings.max_steps, precision="double",
    )  # fmt: skip
    return _walked("table", name, agent, as_deep, curves.final_q, exact, settings)


def on_grid(curves: LearningCurves, values: NDArray[Any], grid: NDArray[np.int64]) -> NDArray[np.float64]:
    """Put one number an episode on a grid of steps, as curves of deep agents are.

    Parameters
    ----------
    curves : LearningCurves
        Whose lengths tell at which step each episode ended.
    values : ndarray, shape [seeds, episodes]
    grid : ndarray of int64, shape [points]

    Returns
    -------
    ndarray of float64, shape [seeds, points]
        The mean of the episodes that ended since the point before; the point before where none did, and the first
        episode where none has yet.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=1, episodes=3, max_steps=10)
    >>> on_grid(curves, np.array([[1.0, 2.0, 4.0]]), np.array([5, 20, 25, 30]))
    array([[1. , 1.5, 1.5, 4. ]])
    """
    out = np.empty((len(values), len(grid)))
    for run, (lengths, row) in enumerate(zip(curves.lengths, values, strict=True)):
        ended = np.searchsorted(np.cumsum(lengths, dtype=np.int64), grid, side="right")
        sums = np.concatenate([[0.0], np.cumsum(row, dtype=np.float64)])
        latest, before = float(row[0]), 0
        for point, now in enumerate(ended.tolist()):
            if now > before:
                latest = (sums[now] - sums[before]) / (now - before)
            out[run, point], before = latest, now
    return out


def rows(answers: list[Walked], settings: Settings) -> list[dict[str, Any]]:
    """The numbers of each agent and view, for `summary.csv`."""
    of_returns = _of_returns(settings)
    return [
        {
            "world": f"cliff, {SEEN[one.seen][0]}",
            "agent": one.agent,
            "seeds": len(one.final),
            "diverged": one.diverged,
            **interval_columns("return", one.final, of_returns),
            **interval_columns("cut", one.cut, (0.0, 1.0)),
            "return_exact": one.exact.exploring,
            **interval_columns("policy_return", one.policy, of_returns),
            "policy_return_exact": one.exact.policy,
            **interval_columns("start_value", one.value),
            "start_value_exact": one.exact.value,
        }
        for one in answers
    ]


def table_row(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table, made of one of `rows`."""
    return (
        row["world"],
        LABELS[row["agent"]],
        interval_text(*interval_of(row, "return")),
        typeset(row["return_exact"], 1),
        "",
        "",
        "",
        interval_text(*interval_of(row, "policy_return")),
        typeset(row["policy_return_exact"], 1),
        f"{row['diverged']}",
    )


def panels(answers: list[Walked]) -> list[list[StepPanel]]:
    """A panel of learning curves for each agent, with a curve for each view."""
    drawn = []
    for name, title in _TITLES.items():
        here = [one for one in answers if one.agent == name]
        exact = here[0].exact.exploring
        least = 3.0 * min(exact, *(float(one.final.mean()) for one in here))
        curves, levels = [one.drawn for one in here], [Level(exact, "exact")]
        drawn.append(StepPanel(title, "return of an episode", curves, levels, least))
    return [drawn[:2], drawn[2:]]


def found(answers: list[Walked], settings: Settings, among: int) -> list[str]:
    """What is seen of Results A and B, and how near networks come to the exact answers, in sentences."""
    by = {(one.seen, one.agent): one for one in answers}
    wandering = by["one_hot", "soft_1_epsilon"]
    pairs = {f"{one.seen}/{one.agent}": (one.policy, np.full_like(one.policy, one.exact.policy)) for one in answers}
    of_returns = _of_returns(settings)
    told = compare_together(pairs, among, of_returns)
    cuts = ", ".join(f"{share_text(float(by[seen, 'soft_1_epsilon'].cut.mean()))} ({SEEN[seen][0]})" for seen in SEEN)
    against = "; ".join(
        f"{LABELS[name]} (exact {typeset(by['table', name].exact.policy, 2)}): "
        + told_text({SEEN[seen][0]: told[f"{seen}/{name}"] for seen in SEEN}, "above by", "below by")
        for name in _TITLES
    )
    return [
        f"Result A, deep: at T = 1 wandering pays, whatever stands for Q. Of the last episodes these were cut at "
        f"{settings.max_steps:,} steps: {cuts}; the exact policy, so cut, has a return of "
        f"{typeset(wandering.exact.policy, 1)}.",
        f"Result B, deep: what final policies earn without exploration, beside the exact one. {against}.",
    ]

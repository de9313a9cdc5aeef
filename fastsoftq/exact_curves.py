"""The exact curve beside a learned one: what an agent earns in each episode once its table is what it converges to."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.agents import (
    DoubleQLearning,
    DoubleSoftQLearning,
    DynaQ,
    DynaSoftQ,
    ExpectedSarsa,
    LinearDecay,
    OptimisticStart,
    PathConsistency,
    PowerDecay,
    PrioritizedSweeping,
    QLearning,
    Sarsa,
    SoftQLearning,
    VisitStepSize,
)
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import Agent
from fastsoftq.agents.schedules import SCHEDULES, Schedule
from fastsoftq.attainable_returns import FREE, metered_span
from fastsoftq.mdp.changing import EpisodicMDP, PhaseMet, checked_episodic_mdp, phases_met
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import action_values, epsilon_mixture, greedy_policy, matrices, soft_policy
from fastsoftq.planning.cut_episodes import Meter, OverBudgetError, cut_totals
from fastsoftq.planning.iteration import Solution, soft_value_iteration, value_iteration
from fastsoftq.planning.optimal.choices import reachable

__all__ = ["ExactCurves", "exact_curves", "scheduled"]

_SOLUTION = 300  # work of a solution for each outcome of the world
_EPISODE = 10  # work of an episode, however it is met
_CALL = 3000  # outcomes that take as long as what does not depend on the world
_DEGREES = 32, 64  # of polynomials that are tried over a schedule
_LAST, _ROUNDING = 4, 1e-11  # so many last coefficients of one are no larger than that, beside the values

_known: WeakKeyDictionary[TabularMDP, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()


class _FixedPoint(NamedTuple):
    """Action values, and a bound on their error where the start can lead to."""

    q: NDArray[np.float64]
    error: float


@dataclass(frozen=True, eq=False)
class ExactCurves:
    """What an agent earns once all is learned.

    Attributes
    ----------
    returns : ndarray of float64, shape [episodes]
        Expected undiscounted return of an episode, cut at `max_steps`, with each episode's exploration.
    lengths : ndarray of float64, shape [episodes]
        Expected number of steps, likewise.
    optimum : float
        The largest expected undiscounted return of such an episode that any policy has, one that knows the step
        included. It does not depend on the agent or its discount, so that no agent earns more on average. Of a world
        that changes, the mean over all episodes of what is the largest in each.
    random : float
        The expected undiscounted return of such an episode with all actions equally likely in every state; likewise.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> exact = exact_curves(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95, epsilon=0.1), episodes=3)
    >>> exact.returns.round(3).tolist(), exact.optimum
    ([-49.8, -49.8, -49.8], -12.0)
    """

    returns: NDArray[np.float64] = field(repr=False)
    lengths: NDArray[np.float64] = field(repr=False)
    optimum: float
    random: float


def exact_curves(
    mdp: EpisodicMDP, agent: Agent, episodes: int, max_steps: int = 1000, *, steps: float = 0.0
) -> ExactCurves | None:
    """Compute what an agent earns in each episode once its table is the fixed point of its updates.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
        Of the latter, each phase by itself: what is earned in it once it has been learned.
    agent : NamedTuple
        `QLearning`, `SoftQLearning`, `Sarsa`, `ExpectedSarsa`, `DoubleQLearning` or `DoubleSoftQLearning`; in a
        deterministic world `DynaQ` and `DynaSoftQ` without a time bonus, `PrioritizedSweeping` and `PathConsistency`
        too. Within `VisitStepSize` or `OptimisticStart` they have the same limit.
    episodes : int
        Of a run: schedules depend on the episode.
    max_steps : int
        Where episodes are cut.
    steps : float
        The steps of the training that this stands beside. The answer may cost a tenth as much work, and about a second
        in any case.

    Returns
    -------
    ExactCurves or None
        None for other agents, and discounts that change, whose limit is not known here; where the world cannot be
        solved, or not with a proof that it is; and where that would cost too much.

    Raises
    ------
    TypeError, ValueError
        As `train`.

    Notes
    -----
    The table is the fixed point at the hyperparameters of the last episode (of the phase, in a world that changes), and
    each episode acts on it with its own epsilon and temperature:

    - Q-learning, with two tables or a model too: Q*, and its greedy actions, equally good ones equally likely (Watkins
      & Dayan 1992);
    - soft Q-learning, likewise, and path consistency learning: soft Q* at the last temperature (Haarnoja et al. 2017,
      theorem 2);
    - Sarsa and expected Sarsa: the best among policies that take a random action with the last epsilon (Singh et al.
      2000; van Seijen et al. 2009): Q(s, a) = E[r + discount ((1 - epsilon) max Q(s', .) + epsilon mean Q(s', .))].

    Agents come to it if they go on trying every action, and if step sizes fall as they must (or nothing is random);
    with a constant step size in a random world they stay about it. Where a run ends far from this curve, it has not
    learned all, or keeps a bias that its step size brings. Cut episodes bootstrap, so that tables do not depend on
    `max_steps`; returns do.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(0.8, 0.95, epsilon=fsq.LinearDecay(0.9, 0.1, 0.01))
    >>> exact = exact_curves(fsq.cliff_walking(), agent, episodes=100, max_steps=200)
    >>> exact.returns[[0, -1]].round(2).tolist()
    [-1926.38, -49.8]
    """
    mdp, agent = checked_episodic_mdp(mdp), checked(agent)
    episodes, max_steps = checks.count("episodes", episodes), checks.count("max_steps", max_steps)
    while isinstance(agent, OptimisticStart | VisitStepSize):  # they change the way, not where it ends
        agent = agent.agent
    fixed_point = _FIXED_POINTS.get(type(agent))
    if fixed_point is None or isinstance(agent.discount, SCHEDULES):  # type: ignore[attr-defined]
        return None
    # What the answer depends on: not the step size, nor, where only the order of values counts, the reward scale.
    scale = {name: getattr(agent, name) for name in ("reward_scale", "temperature") if fixed_point is _soft}
    schedules = agent.epsilon, scale.get("temperature")  # type: ignore[attr-defined]
    # Decays of two kinds with the same numbers are equal as tuples are, and are told apart by their types.
    key = (fixed_point, agent.discount, *scale.values(), *schedules, *map(type, schedules), max_steps)  # type: ignore[attr-defined]
    meter, met = Meter(max(FREE, steps / 10)), phases_met(mdp, episodes)
    if not all(_in_its_world(phase.mdp, agent) for phase in met):
        return None
    found: list[ExactCurves] = []
    for phase in met:
        known, own = _known.setdefault(phase.mdp, {}), (*key, phase.first, phase.stop)
        if own not in known:
            try:
                known[own] = _solved(phase, agent, max_steps, meter)
            except OverBudgetError:  # another training may pay for it
                return None
        if known[own] is None:
            return None
        found.append(known[own])
    return found[0] if len(found) == 1 else _one_after_another(found, met)


def _one_after_another(found: list[ExactCurves], met: list[PhaseMet]) -> ExactCurves:
    means = np.average([[each.optimum, each.random] for each in found], axis=0, weights=[own.episodes for own in met])
    returns, lengths = (np.concatenate([getattr(each, name) for each in found]) for name in ("returns", "lengths"))
    return ExactCurves(returns, lengths, *means.tolist())


def scheduled(schedule: Schedule, episodes: int) -> NDArray[np.float64]:
    """The values of a hyperparameter.

    Parameters
    ----------
    schedule : float, LinearDecay or PowerDecay
    episodes : int

    Returns
    -------
    ndarray of float64, shape [episodes]

    Examples
    --------
    >>> scheduled(LinearDecay(0.9, 0.1, 0.5), 3).round(3).tolist()
    [0.9, 0.4, 0.1]
    """
    episode = np.arange(episodes)
    if isinstance(schedule, LinearDecay):
        return np.asarray(np.maximum(schedule.stop, schedule.start - schedule.decrease * episode))
    if isinstance(schedule, PowerDecay):
        return np.asarray(np.maximum(schedule.stop, schedule.start / (episode + 1.0) ** schedule.power))
    return np.full(episodes, schedule, np.float64)


def _solved(phase: PhaseMet, agent: Any, max_steps: int, meter: Meter) -> ExactCurves | None:
    """The curves, or None where the fixed point is not known with proof."""
    meter.add(_EPISODE * phase.episodes)
    mdp, episodes = phase.mdp, slice(phase.first, phase.stop)
    epsilon = scheduled(agent.epsilon, phase.stop)[episodes]
    temperature = scheduled(getattr(agent, "temperature", 0.0), phase.stop)[episodes]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # not converged
            fixed = _FIXED_POINTS[type(agent)](mdp, agent, float(epsilon[-1]), float(temperature[-1]), meter)
    except (ValueError, ArithmeticError, RuntimeWarning):
        return None
    if fixed is None:
        return None
    q, error = fixed
    greedy = greedy_policy(q, error)

    def acting(settings: NDArray[np.float64]) -> NDArray[np.float64]:
        policies = (epsilon_mixture(soft_policy(q, t) if t else greedy, e) for e, t in settings.tolist())
        return np.column_stack(cut_totals(mdp, policies, max_steps, meter))

    returns, lengths = _over(np.column_stack([epsilon, temperature]), acting).T
    span = metered_span(mdp, max_steps, meter)
    return ExactCurves(returns.copy(), lengths.copy(), span.optimum, span.random)


def _over(
    settings: NDArray[np.float64], value: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Values of a smooth function at many settings, [episodes, values], where one of these varies at most.

    At Chebyshev points, and by the polynomial through them if its coefficients fall to rounding (Trefethen 2019,
    chapter 3); else, and where several settings vary, at each that there is.
    """
    low, high = settings.min(axis=0), settings.max(axis=0)
    different, place = np.unique(settings, axis=0, return_inverse=True)
    for degree in _DEGREES if np.count_nonzero(low < high) == 1 else ():
        if len(different) <= 2 * degree:
            break
        points = np.cos(np.pi * np.arange(degree + 1) / degree)[:, None]
        found = value(low + (high - low) * (points + 1.0) / 2.0)
        weights = np.cos(np.pi * np.outer(np.arange(degree + 1), np.arange(degree + 1)) / degree) * (2.0 / degree)
        weights[:, [0, -1]] /= 2.0
        weights[[0, -1]] /= 2.0
        coefficients = weights @ found
        if (np.abs(coefficients[-_LAST:]) <= _ROUNDING * np.abs(found).max(axis=0)).all():
            varies = int(np.argmax(low < high))
            at = 2.0 * (settings[:, varies] - low[varies]) / (high - low)[varies] - 1.0
            return np.asarray(np.polynomial.chebyshev.chebval(at, coefficients).T)
    return value(different)[place.ravel()]


def _hard(mdp: TabularMDP, agent: Any, epsilon: float, temperature: float, meter: Meter) -> _FixedPoint | None:
    meter.add(_SOLUTION * (mdp.next_state.size + _CALL))
    return _proved(mdp, value_iteration(mdp, agent.discount))


def _soft(mdp: TabularMDP, agent: Any, epsilon: float, temperature: float, meter: Meter) -> _FixedPoint | None:
    meter.add(_SOLUTION * (mdp.next_state.size + _CALL))
    scale = agent.reward_scale
    return _proved(mdp, soft_value_iteration(mdp, agent.discount, temperature=temperature, reward_scale=scale))


def _epsilon_soft(mdp: TabularMDP, agent: Any, epsilon: float, temperature: float, meter: Meter) -> _FixedPoint | None:
    """The best among epsilon-soft policies: the optimum of the world where each action is a random one so often."""
    meter.add(_SOLUTION * (mdp.next_state.size * (1 + mdp.n_actions) + _CALL))
    chosen, any_action = mdp.next_state.shape, (mdp.n_states, 1, mdp.n_actions * mdp.n_outcomes)

    def beside(array: NDArray[Any], *scales: float) -> NDArray[Any]:
        """The outcomes of the action that is chosen, and of each that may be taken instead."""
        own, other = scales or (None, None)
        others = np.broadcast_to(array.reshape(any_action), (*chosen[:2], any_action[2]))
        parts = (array, others) if own is None else (array * own, others * other)
        return np.concatenate(parts, axis=2)

    slipping = TabularMDP(
        next_state=beside(mdp.next_state),
        reward=beside(mdp.reward),
        terminated=beside(mdp.terminated),
        probability=beside(mdp.probability, 1.0 - epsilon, epsilon / mdp.n_actions),
        start=mdp.start,
    )
    found = value_iteration(slipping, agent.discount)
    if _proved(slipping, found) is None:
        return None
    return _FixedPoint(action_values(matrices(mdp), found.v, agent.discount), found.error_bound)


def _proved(mdp: TabularMDP, found: Solution) -> _FixedPoint | None:
    """The action values of a solution, if they are proved, and finite wherever the start can lead to."""
    seen = reachable(matrices(mdp), mdp.start > 0.0)
    if not found.converged or not np.isfinite(found.v[seen]).all():
        return None
    q = np.where(np.isfinite(found.q).all(axis=1, keepdims=True), found.q, 0.0)  # what is not seen does not count
    return _FixedPoint(q, found.error_bound)


_DETERMINISTIC = DynaQ, DynaSoftQ, PrioritizedSweeping, PathConsistency


def _in_its_world(mdp: EpisodicMDP, agent: Any) -> bool:
    """Whether an agent comes to its fixed point in a world: models, and paths, are those of deterministic ones.

    A model may go on holding what a world was before it changed.
    """
    if not isinstance(agent, _DETERMINISTIC):
        return True
    if not isinstance(mdp, TabularMDP):
        return False
    without_bonus = getattr(agent, "time_bonus", 0.0) == 0.0
    return without_bonus and bool(((mdp.probability > 0.0).sum(axis=2) == 1).all())


_FIXED_POINTS: dict[type, Callable[..., _FixedPoint | None]] = {
    QLearning: _hard,
    DoubleQLearning: _hard,
    DynaQ: _hard,
    PrioritizedSweeping: _hard,
    SoftQLearning: _soft,
    DoubleSoftQLearning: _soft,
    DynaSoftQ: _soft,
    PathConsistency: _soft,
    Sarsa: _epsilon_soft,
    ExpectedSarsa: _epsilon_soft,
}

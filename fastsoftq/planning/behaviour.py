"""How strictly a demonstrator does what is best: models of behaviour with one parameter, fitted by maximum likelihood.

The soft model is the policy exp((Q - V) / T), under which good behaviour is the most likely and the rest is possible
(Levine 2018, section 5); its rival is the epsilon-greedy policy. Rewards and dynamics are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices, action_values, matrices, soft_policy, soft_values
from fastsoftq.planning.chains import policy_chain, stationary_values
from fastsoftq.planning.demonstrations import Demonstrations, counted
from fastsoftq.planning.evaluation import checked_policy
from fastsoftq.planning.iteration import value_iteration

__all__ = [
    "BehaviourFit",
    "fit_epsilon_greedy",
    "fit_temperature",
    "log_likelihood",
    "log_soft_policy",
    "soft_fixed_point",
    "total",
]


@dataclass(frozen=True, eq=False)
class BehaviourFit:
    """A model of behaviour with one parameter, fitted by maximum likelihood.

    Attributes
    ----------
    estimate : float
        The temperature, or epsilon.
    low, high : float
        Its interval: the values that a likelihood-ratio test does not reject (Wilks 1938).
    level : float
        Nominal coverage.
    log_likelihood : float
        Of the demonstrated actions at the estimate, in nats.
    policy : ndarray of float64, shape [states, actions]
        The fitted behaviour.
    """

    estimate: float
    low: float
    high: float
    level: float
    log_likelihood: float
    policy: NDArray[np.float64] = field(repr=False)


def log_likelihood(mdp: TabularMDP, policy: ArrayLike, demonstrations: Demonstrations) -> float:
    """Ln of the probability that a policy takes the demonstrated actions in the demonstrated states.

    Parameters
    ----------
    mdp : TabularMDP
    policy : array_like of float, shape [states, actions]
    demonstrations : Demonstrations

    Returns
    -------
    float
        In nats; -inf if the policy never takes one of the actions.

    Raises
    ------
    ValueError
        A policy that is none, or that depends on the step; demonstrations that do not fit the MDP.
    TypeError
        Arguments of the wrong kind.

    Examples
    --------
    >>> import numpy as np, fastsoftq as fsq
    >>> seen = fsq.Demonstrations.of([[(0, 1), (1, 1)]])
    >>> round(log_likelihood(fsq.from_map("S.G"), np.full((3, 4), 0.25), seen), 6)
    -2.772589
    """
    array, horizon = checked_policy(mdp, policy)
    if horizon is not None:
        raise ValueError(f"policy has shape {array.shape}; it must be [states, actions]")
    with np.errstate(divide="ignore"):
        return total(counted(demonstrations, mdp), np.log(array))


def fit_temperature(
    mdp: TabularMDP, demonstrations: Demonstrations, discount: float, *, level: float = 0.95
) -> BehaviourFit:
    """Fit the temperature of a demonstrator whose rewards are known.

    Parameters
    ----------
    mdp : TabularMDP
        With the demonstrator's rewards.
    demonstrations : Demonstrations
    discount : float
        The demonstrator's, in [0, 1).
    level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    BehaviourFit
        `estimate` in units of reward; 1 / `estimate` is the reward scale at temperature 1. It is 0.0 if only the very
        best actions were seen, and inf if no temperature up to 1000 times the largest reward is too high.

    Raises
    ------
    ValueError
        A discount or level out of bounds, rewards that are all 0, demonstrations that do not fit the MDP.
    TypeError
        Arguments of the wrong kind.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.cliff_walking()
    >>> policy = fsq.soft_value_iteration(mdp, 0.95, temperature=0.5).policy
    >>> drawn = fsq.sample_trajectories(mdp, policy, 100, horizon=1000, rng=0)
    >>> fit = fit_temperature(mdp, fsq.Demonstrations.of(drawn), 0.95)
    >>> fit.low < 0.5 < fit.high
    True
    """
    discount = checks.in_unit_interval("discount", discount, open_above=True)
    level = checks.in_unit_interval("level", level, open_below=True, open_above=True)
    counts = counted(demonstrations, mdp)
    model = matrices(mdp)
    sizes = np.abs(mdp.reward[(mdp.reward != 0.0) & (mdp.probability > 0.0)])
    if not sizes.size:
        raise ValueError("mdp has no reward other than 0; no temperature can be told from another")
    lowest, highest = math.log(1e-3 * sizes.min()), math.log(1e3 * sizes.max())
    v = np.zeros(mdp.n_states)

    def log_policy(log_temperature: float) -> NDArray[np.float64]:
        nonlocal v  # where the last temperature left off is near where the next one ends
        temperature = math.exp(log_temperature)
        scaled = model._replace(reward=model.reward / temperature)
        v = soft_fixed_point(scaled, discount, v)
        return log_soft_policy(action_values(scaled, v, discount))

    def likelihood(log_temperature: float) -> float:
        return total(counts, log_policy(log_temperature))

    grid = np.linspace(lowest, highest, 3 + math.ceil(highest - lowest))
    at, low, high, best = _profile(likelihood, grid, level)

    def temperature(log_temperature: float) -> float:
        if log_temperature <= lowest:
            return 0.0
        return math.inf if log_temperature >= highest else math.exp(log_temperature)

    policy = np.exp(log_policy(at))
    return BehaviourFit(temperature(at), temperature(low), temperature(high), level, best, policy)


def fit_epsilon_greedy(
    mdp: TabularMDP, demonstrations: Demonstrations, discount: float, *, level: float = 0.95
) -> BehaviourFit:
    """Fit the epsilon of a demonstrator who takes a best action, or with probability epsilon any action at all.

    Parameters
    ----------
    mdp : TabularMDP
        With the demonstrator's rewards.
    demonstrations : Demonstrations
    discount : float
        The demonstrator's, in [0, 1].
    level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    BehaviourFit
        Actions that are equally good are equally likely, as in `value_iteration`.

    Raises
    ------
    ValueError
        A discount or level out of bounds, demonstrations that do not fit the MDP.
    TypeError
        Arguments of the wrong kind.
    """
    discount = checks.in_unit_interval("discount", discount)
    level = checks.in_unit_interval("level", level, open_below=True, open_above=True)
    counts = counted(demonstrations, mdp)
    greedy = value_iteration(mdp, discount).policy

    def policy(epsilon: float) -> NDArray[np.float64]:
        return (1.0 - epsilon) * greedy + epsilon / mdp.n_actions

    def likelihood(epsilon: float) -> float:
        with np.errstate(divide="ignore"):
            return total(counts, np.log(policy(epsilon)))

    grid = np.concatenate([[0.0], np.logspace(-8.0, 0.0, 17)])
    at, low, high, best = _profile(likelihood, grid, level)
    return BehaviourFit(at, low, high, level, best, policy(at))


def soft_fixed_point(model: Matrices, discount: float, v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve V = ln sum_a exp(Q) by soft policy iteration, which is Newton's method.

    Parameters
    ----------
    model : Matrices
        Its rewards are in units of the temperature.
    discount : float
        Below 1.
    v : ndarray of float64, shape [states]
        Where to begin: near the solution saves steps, but anywhere will do.

    Returns
    -------
    ndarray of float64, shape [states]
    """
    residual = np.inf
    while True:
        q = action_values(model, v, discount)
        swept = soft_values(model, q, 1.0)
        last, residual = residual, float(np.abs(swept - v).max()) / max(1.0, float(np.abs(v).max()))
        if residual <= 1e-14 or (residual < 1e-6 and residual >= last):  # rounding lets it fall no further
            return swept
        policy = soft_policy(q, 1.0)
        entropy = np.where(model.terminal, 0.0, swept - (policy * q).sum(axis=1))
        chain, ends = policy_chain(model, policy)
        v = stationary_values(chain, ends, (policy * model.reward).sum(axis=1) + entropy, discount)


def log_soft_policy(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ln of the soft policy at temperature 1, finite where the probability itself underflows.

    Parameters
    ----------
    q : ndarray of float64, shape [states, actions]

    Returns
    -------
    ndarray of float64, shape [states, actions]
    """
    best = q.max(axis=1, keepdims=True)
    return np.asarray(q - best - np.log(np.exp(q - best).sum(axis=1, keepdims=True)))


def total(counts: NDArray[np.float64], log_policy: NDArray[np.float64]) -> float:
    """Add up ln of the policy over the actions taken.

    Parameters
    ----------
    counts, log_policy : ndarray of float64, shape [states, actions]

    Returns
    -------
    float
    """
    seen = counts > 0.0
    return float((counts[seen] * log_policy[seen]).sum())


def _profile(
    log_likelihood: Callable[[float], float], grid: NDArray[np.float64], level: float
) -> tuple[float, float, float, float]:
    """Where it is largest, the ends of the likelihood-ratio interval (at most the grid's), and how large it is."""
    from scipy.optimize import brentq, minimize_scalar
    from scipy.special import ndtri

    values = np.array([log_likelihood(float(x)) for x in grid])
    i = int(np.argmax(values))
    at, best = float(grid[i]), float(values[i])
    around = (float(grid[max(i - 1, 0)]), float(grid[min(i + 1, grid.size - 1)]))
    refined: Any = minimize_scalar(
        lambda x: -log_likelihood(float(x)), bounds=around, method="bounded", options={"xatol": 1e-7}
    )
    if -refined.fun > best:
        at, best = float(refined.x), -float(refined.fun)
    enough = best - ndtri(0.5 + level / 2.0) ** 2 / 2.0

    def above(x: float) -> float:
        return max(log_likelihood(x) - enough, -1e100)  # the root finder cannot work with -inf

    def crossing(outward: NDArray[np.bool_], nearest: int) -> float | None:
        """The end of the interval on one side; None if the likelihood stays high to the end of the grid."""
        beyond = grid[outward & (values < enough)]
        return float(brentq(above, beyond[nearest], at, xtol=1e-8)) if beyond.size else None

    low, high = crossing(grid < at, -1), crossing(grid > at, 0)
    return at, float(grid[0]) if low is None else low, float(grid[-1]) if high is None else high, best

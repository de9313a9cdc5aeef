"""How close to optimal a demonstrator acts: models of behaviour with one parameter, fitted by maximum likelihood.

The soft model is the policy exp((Q - V) / T), under which good behaviour is the most likely and the rest is possible
(Levine 2018, section 5); its rival is the epsilon-greedy policy. Rewards and dynamics are known.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices, action_values, epsilon_mixture, log_soft_policy, matrices
from fastsoftq.planning.evaluation import checked_policy
from fastsoftq.planning.inverse_rl.advantages import shortfalls
from fastsoftq.planning.inverse_rl.demonstrations import Demonstrations, counted
from fastsoftq.planning.inverse_rl.inverse_temperature import Likelihood
from fastsoftq.planning.inverse_rl.soft_behaviour import soft_fixed_point, total
from fastsoftq.planning.inverse_rl.visited import observed
from fastsoftq.planning.iteration import value_iteration
from fastsoftq.system.html import NotebookTable

__all__ = [
    "BehaviourFit",
    "fit_epsilon_greedy",
    "fit_temperature",
    "log_likelihood",
]


@dataclass(frozen=True, eq=False)
class BehaviourFit(NotebookTable):
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

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> seen = fsq.Demonstrations.of([[(0, 1), (1, 1)], [(0, 1), (1, 3), (0, 1), (1, 1)]])
    >>> fit = fit_epsilon_greedy(fsq.from_map("S.G"), seen, 0.9)
    >>> fit.low < fit.estimate < fit.high, fit.policy.shape
    (True, (3, 4))
    """

    estimate: float
    low: float
    high: float
    level: float
    log_likelihood: float
    policy: NDArray[np.float64] = field(repr=False)


def log_likelihood(mdp: TabularMDP, policy: ArrayLike, demonstrations: Demonstrations) -> float:
    """The log-probability that a policy takes the demonstrated actions in the demonstrated states.

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
        An invalid policy, or one that depends on the step; demonstrations that do not fit the MDP.
    TypeError
        An argument that is not of the type above.

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
        `estimate` in units of reward; 1 / `estimate` is the reward scale at temperature 1. It is 0.0 if only optimal
        actions were seen, as far as double precision can tell, and inf if the uniform policy is the most likely one.
        Its interval may end in either too.

    Raises
    ------
    ValueError
        A discount or level out of bounds, rewards that are all 0, demonstrations that do not fit the MDP.
    TypeError
        An argument that is not of the type above.

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
    from scipy.special import ndtri  # here, since it is slow to import

    discount = checks.in_unit_interval("discount", discount, open_above=True)
    level = checks.in_unit_interval("level", level, open_below=True, open_above=True)
    counts = counted(demonstrations, mdp)
    model = matrices(mdp)
    if not model.reward[~mdp.terminal].any():
        raise ValueError("mdp has no reward other than 0; no temperature can be told from another")
    part = observed(model, counts)
    exponent = _exponent(part.model.reward)
    part = part._replace(model=part.model._replace(reward=np.ldexp(part.model.reward, -exponent)))
    peak = Likelihood(part, discount).peak(drop=float(ndtri(0.5 + level / 2.0)) ** 2 / 2.0)
    policy = _elsewhere(model, discount, peak.at, exponent)
    policy[part.states] = np.exp(peak.log_policy)
    at, high, low = (_temperature(beta, exponent) for beta in (peak.at, peak.low, peak.high))
    return BehaviourFit(at, low, high, level, peak.value, policy)


def _exponent(reward: NDArray[np.float64]) -> int:
    """The power of 2 by which rewards are divided, exactly, to be of ordinary size."""
    return int(np.frexp(np.abs(reward).max(initial=0.0))[1])


def _temperature(beta: float, exponent: int) -> float:
    """The temperature, from the inverse one of divided rewards; 0 and inf only where these are meant."""
    if beta in (0.0, math.inf):
        return 0.0 if beta else math.inf
    try:
        temperature = math.ldexp(1.0 / beta, exponent)
    except OverflowError:
        temperature = math.inf
    return min(max(temperature, math.ulp(0.0)), sys.float_info.max)


def _elsewhere(model: Matrices, discount: float, beta: float, exponent: int) -> NDArray[np.float64]:
    """The policy in states that demonstrations cannot lead to."""
    own = _exponent(model.reward)
    scaled = model._replace(reward=np.ldexp(model.reward, -own))
    lacks = shortfalls(scaled, discount)
    if beta == math.inf:
        beta = 2.0**60 / float(lacks[lacks > 0.0].min(initial=1.0))
    else:
        beta = float(np.ldexp(beta, own - exponent))
    with np.errstate(over="ignore"):
        weighed = np.minimum(beta, 1e300) * lacks
    shaped = scaled._replace(reward=-weighed)
    v = soft_fixed_point(shaped, discount, np.zeros(lacks.shape[0]))
    return np.exp(log_soft_policy(action_values(shaped, v, discount)))


def fit_epsilon_greedy(
    mdp: TabularMDP, demonstrations: Demonstrations, discount: float, *, level: float = 0.95
) -> BehaviourFit:
    """Fit the epsilon of an epsilon-greedy demonstrator whose rewards are known.

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
        An argument that is not of the type above.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> seen = fsq.Demonstrations.of([[(0, 1), (1, 1)], [(0, 1), (1, 3), (0, 1), (1, 1)]])
    >>> fit = fit_epsilon_greedy(fsq.from_map("S.G"), seen, 0.9)
    >>> round(fit.estimate, 4)  # one of six actions was not the best, as it is with probability 3 epsilon / 4
    0.2222
    """
    discount = checks.in_unit_interval("discount", discount)
    level = checks.in_unit_interval("level", level, open_below=True, open_above=True)
    counts = counted(demonstrations, mdp)
    greedy = value_iteration(mdp, discount).policy

    def policy(epsilon: float) -> NDArray[np.float64]:
        return epsilon_mixture(greedy, epsilon)

    def likelihood(epsilon: float) -> float:
        with np.errstate(divide="ignore"):
            return total(counts, np.log(policy(epsilon)))

    grid = np.concatenate([[0.0], np.logspace(-8.0, 0.0, 17)])
    at, low, high, best = _profile(likelihood, grid, level)
    return BehaviourFit(at, low, high, level, best, policy(at))


def _profile(
    log_likelihood: Callable[[float], float], grid: NDArray[np.float64], level: float
) -> tuple[float, float, float, float]:
    """The maximum, the ends of the likelihood-ratio interval (at most the grid's), and the log-likelihood there."""
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

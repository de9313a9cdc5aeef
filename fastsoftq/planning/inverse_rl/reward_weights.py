"""Inverse reinforcement learning by maximum causal entropy: reward weights from demonstrations.

The demonstrator is taken to follow the soft policy for rewards that are linear in known features (Ziebart et al. 2008;
Ziebart 2010; Levine 2018, section 5); the dynamics are known and drop out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.inverse_rl.demonstrations import Demonstrations, counted
from fastsoftq.planning.inverse_rl.soft_behaviour import SoftBehaviour, total
from fastsoftq.planning.inverse_rl.visited import observed
from fastsoftq.planning.inverse_rl.weight_search import WeightSearch
from fastsoftq.system.html import NotebookTable

__all__ = ["RewardFit", "fit_rewards"]


@dataclass(frozen=True, eq=False)
class RewardFit(NotebookTable):
    """Reward weights fitted by maximum causal entropy.

    Attributes
    ----------
    weights : ndarray of float64, shape [features]
        In units of the demonstrator's temperature, which behaviour alone does not tell.
    low, high : ndarray of float64, shape [features]
        Their intervals, from the expected information; infinite where a weight is `unidentified` or `separated`, or
        where the end is beyond the largest double.
    covariance : ndarray of float64, shape [features, features]
        Of the estimates that are determined.
    level : float
        Nominal coverage of each interval.
    log_likelihood : float
        Of the demonstrated actions, in nats.
    reward : ndarray of float64, shape [states, actions]
        The fitted reward of each action.
    policy : ndarray of float64, shape [states, actions]
        The soft policy for that reward at temperature 1.
    converged : bool
        Whether `weights` are the only maximum, as far as double precision can tell: the likelihood is strictly concave
        there, and Newton's next step would change no probability.
    unidentified : ndarray of bool, shape [features]
        Weights that the demonstrations do not determine, or only together with others.
    separated : ndarray of bool, shape [features]
        Weights without a maximum: the likelihood grows with them for ever, since some rewards make all demonstrated
        actions optimal (Albert & Anderson 1984). `weights` the direction, `log_likelihood` and `policy` the limit.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> bandit = fsq.TabularMDP([[[0], [0]]], [[[-1.0], [-1.0]]], [[[True], [True]]])
    >>> seen = fsq.Demonstrations.of([[(0, 0)]] * 3 + [[(0, 1)]])
    >>> fit = fit_rewards(bandit, np.array([[[1.0], [0.0]]]), seen, 0.9)
    >>> fit.policy.round(6).tolist(), fit.converged, fit.unidentified.tolist()
    ([[0.75, 0.25]], True, [False])
    """

    weights: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    covariance: NDArray[np.float64] = field(repr=False)
    level: float
    log_likelihood: float
    reward: NDArray[np.float64] = field(repr=False)
    policy: NDArray[np.float64] = field(repr=False)
    converged: bool
    unidentified: NDArray[np.bool_] = field(repr=False)
    separated: NDArray[np.bool_] = field(repr=False)


def fit_rewards(
    mdp: TabularMDP,
    features: ArrayLike,
    demonstrations: Demonstrations,
    discount: float,
    *,
    level: float = 0.95,
    max_iterations: int = 500,
) -> RewardFit:
    """Fit a demonstrator's rewards, reward = features @ weights, at temperature 1.

    Parameters
    ----------
    mdp : TabularMDP
        Its dynamics; its rewards are not read.
    features : array_like of float, shape [states, actions, features]
        Expected features of each action, in any units. Those of terminal states count as 0.
    demonstrations : Demonstrations
    discount : float
        The demonstrator's, in [0, 1).
    level : float
        Coverage of each weight's interval, in (0, 1).
    max_iterations : int
        Of Newton's method.

    Returns
    -------
    RewardFit

    Raises
    ------
    ValueError
        Features of another shape or not finite, a discount or level out of bounds, demonstrations that do not fit the
        MDP.
    TypeError
        An argument that is not of the type above.

    Warns
    -----
    RuntimeWarning
        A weight that the demonstrations do not determine, or with which their likelihood grows for ever, or no
        convergence within `max_iterations`; `converged` is then False.

    Notes
    -----
    Maximises sum_t ln policy(a_t | s_t). Its gradient is a difference of feature expectations: the discounted features
    that follow the demonstrated action, less those that follow the policy's own choice. With deterministic dynamics
    the terms of a whole trajectory telescope, each weighted by discount^t, into its features less those that the policy
    expects from the start (Ziebart 2010, section 5.3).

    Examples
    --------
    >>> import numpy as np, fastsoftq as fsq
    >>> bandit = fsq.TabularMDP([[[0], [0]]], [[[-1.0], [-1.0]]], [[[True], [True]]])
    >>> seen = fsq.Demonstrations.of([[(0, 0)]] * 3 + [[(0, 1)]])
    >>> float(fit_rewards(bandit, np.array([[[1.0], [0.0]]]), seen, 0.9).weights[0].round(6))  # ln 3
    1.098612
    """
    from scipy.special import ndtri  # here, since it is slow to import

    discount = checks.in_unit_interval("discount", discount, open_above=True)
    level = checks.in_unit_interval("level", level, open_below=True, open_above=True)
    max_iterations = checks.count("max_iterations", max_iterations)
    counts = counted(demonstrations, mdp)
    array = _checked_features(mdp, features)
    model = matrices(mdp)
    array = np.where(mdp.terminal[:, None, None], 0.0, array)
    part = observed(model, counts)
    exponents = np.frexp(np.abs(array[part.states]).max(axis=(0, 1)))[1]
    search = WeightSearch(part, np.ldexp(array[part.states], -exponents), discount)
    search.run(max_iterations)
    _warn(search, max_iterations)
    basis, unknown = search.information()
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # of features as large or small as doubles go
        error = np.ldexp(np.sqrt((basis**2).sum(axis=1)), -exponents)
        margin = np.where(unknown, np.inf, ndtri(0.5 + level / 2.0) * error)
        weights = np.ldexp(search.weights, -exponents)
        covariance = np.ldexp(basis @ basis.T, -np.add.outer(exponents, exponents))
        everywhere = np.ldexp(array, -exponents)
        reward = everywhere @ search.weights
        low, high = weights - margin, weights + margin
    log_policy = search.behaviour.log_policy(search.weights)
    policy = np.exp(SoftBehaviour(model, everywhere, discount).log_policy(search.weights))
    policy[part.states] = np.exp(log_policy)
    return RewardFit(
        weights=weights,
        low=low,
        high=high,
        covariance=covariance,
        level=level,
        log_likelihood=total(counts[part.states], log_policy),
        reward=reward,
        policy=policy,
        converged=search.converged,
        unidentified=search.unidentified,
        separated=search.separated,
    )


def _warn(search: WeightSearch, max_iterations: int) -> None:
    """Say why there is no maximum, or that it was not found."""
    why = []
    if search.unidentified.any():
        why.append(f"the demonstrations do not determine {_named(search.unidentified)}")
    if search.separated.any():
        grows = f"grows with {_named(search.separated)} for ever"
        why.append(f"the demonstrations are separated: their likelihood has no maximum, but {grows}")
    if not why and not search.converged:
        why.append(f"no convergence within max_iterations = {max_iterations}")
    if why:
        warnings.warn("; ".join(why), RuntimeWarning, stacklevel=3)


def _named(which: NDArray[np.bool_]) -> str:
    numbers = [str(i) for i in np.flatnonzero(which)]
    return f"weight{'s' * (len(numbers) > 1)} {', '.join(numbers)}"


def _checked_features(mdp: TabularMDP, features: ArrayLike) -> NDArray[np.float64]:
    array = checks.array("features", features, "biuf")
    if array.ndim != 3 or array.shape[:2] != (mdp.n_states, mdp.n_actions) or array.shape[2] == 0:
        raise ValueError(
            f"features has shape {array.shape}; it must be [states, actions, features] = "
            f"({mdp.n_states}, {mdp.n_actions}, at least 1)"
        )
    checks.finite("features", array, "features must be finite")
    return array.astype(np.float64)

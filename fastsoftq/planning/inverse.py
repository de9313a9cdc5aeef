"""Inverse reinforcement learning: what a demonstrator seems to be after, by maximum causal entropy.

The demonstrator is taken to follow the soft policy for rewards that are linear in known features (Ziebart et al. 2008;
Ziebart 2010; Levine 2018, section 5); the dynamics are known and drop out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.demonstrations import Demonstrations, counted
from fastsoftq.planning.soft_policies import SoftBehaviour, total

__all__ = ["RewardFit", "fit_rewards"]


@dataclass(frozen=True, eq=False)
class RewardFit:
    """Reward weights fitted by maximum causal entropy.

    Attributes
    ----------
    weights : ndarray of float64, shape [features]
        In units of the demonstrator's temperature: behaviour does not tell a strong wish from a strict mind.
    low, high : ndarray of float64, shape [features]
        Their intervals, from the expected information; infinite where the demonstrations say nothing.
    covariance : ndarray of float64, shape [features, features]
        Of the estimates, where they say something.
    level : float
        Nominal coverage of each interval.
    log_likelihood : float
        Of the demonstrated actions, in nats.
    reward : ndarray of float64, shape [states, actions]
        What the weights say each action pays.
    policy : ndarray of float64, shape [states, actions]
        The soft policy for that reward at temperature 1.
    converged : bool
        Whether the optimiser met its tolerance.
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


def fit_rewards(
    mdp: TabularMDP,
    features: ArrayLike,
    demonstrations: Demonstrations,
    discount: float,
    *,
    level: float = 0.95,
    max_iterations: int = 500,
) -> RewardFit:
    """Fit what a demonstrator is after: reward = features @ weights, at temperature 1.

    Parameters
    ----------
    mdp : TabularMDP
        Its dynamics; its rewards are not read.
    features : array_like of float, shape [states, actions, features]
        What an action brings on average. Terminal states bring nothing.
    demonstrations : Demonstrations
    discount : float
        The demonstrator's, in [0, 1).
    level : float
        Coverage of each weight's interval, in (0, 1).
    max_iterations : int
        Of L-BFGS.

    Returns
    -------
    RewardFit

    Raises
    ------
    ValueError
        Features of another shape or not finite, a discount or level out of bounds, demonstrations that do not fit the
        MDP.
    TypeError
        Arguments of the wrong kind.

    Warns
    -----
    RuntimeWarning
        The optimiser did not meet its tolerance; `converged` is then False.

    Notes
    -----
    Maximises sum_t ln policy(a_t | s_t). Its gradient is a difference of feature expectations: the discounted features
    that follow the demonstrated action, less those that follow the policy's own choice. With deterministic dynamics
    the terms of a whole trajectory telescope, each weighted by discount^t, into what it collected less what the policy
    expects to collect from the start (Ziebart 2010, section 5.3).
    """
    from scipy.optimize import minimize  # here, since it takes longer to load than most answers take
    from scipy.special import ndtri

    discount = checks.in_unit_interval("discount", discount, open_above=True)
    level = checks.in_unit_interval("level", level, open_below=True, open_above=True)
    max_iterations = checks.count("max_iterations", max_iterations)
    counts = counted(demonstrations, mdp)
    array = _checked_features(mdp, features)
    taken = counts.sum()
    behaviour = SoftBehaviour(mdp, array, discount)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_policy, difference = behaviour(weights)
        return -total(counts, log_policy) / taken, -np.tensordot(counts, difference, 2) / taken

    found: Any = minimize(
        loss,
        np.zeros(array.shape[2]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "ftol": 1e-15, "gtol": 1e-9},
    )
    log_policy, difference = behaviour(found.x)
    slope = np.abs(np.tensordot(counts, difference, 2)).max(initial=0.0) / taken
    converged = bool(found.success and slope <= 1e-5 * max(1.0, np.abs(difference).max(initial=0.0)))
    if not converged:
        warnings.warn(f"no convergence within max_iterations = {max_iterations}", RuntimeWarning, stacklevel=2)
    policy = np.exp(log_policy)
    weight = counts.sum(axis=1)[:, None] * policy
    information = np.einsum("sa,sai,saj->ij", weight, difference, difference)
    covariance, known = _inverse_where_known(information)
    margin = np.where(known, ndtri(0.5 + level / 2.0) * np.sqrt(np.diag(covariance)), np.inf)
    return RewardFit(
        weights=found.x,
        low=found.x - margin,
        high=found.x + margin,
        covariance=covariance,
        level=level,
        log_likelihood=total(counts, log_policy),
        reward=behaviour.features @ found.x,
        policy=policy,
        converged=converged,
    )


def _inverse_where_known(information: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The pseudo-inverse, and which weights the information says anything about."""
    size = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    silent = values <= 1e-12 * max(values.max(initial=0.0), 1.0)
    inverse = (vectors[:, ~silent] / values[~silent]) @ vectors[:, ~silent].T / np.outer(size, size)
    return inverse, np.asarray((np.abs(vectors[:, silent]) < 1e-6).all(axis=1))


def _checked_features(mdp: TabularMDP, features: ArrayLike) -> NDArray[np.float64]:
    array = checks.array("features", features, "biuf")
    if array.ndim != 3 or array.shape[:2] != (mdp.n_states, mdp.n_actions) or array.shape[2] == 0:
        raise ValueError(
            f"features has shape {array.shape}; it must be [states, actions, features] = "
            f"({mdp.n_states}, {mdp.n_actions}, at least 1)"
        )
    if not np.isfinite(array).all():
        where = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
        raise ValueError(f"features{where} is {array[tuple(where)]}; features must be finite")
    return array.astype(np.float64)

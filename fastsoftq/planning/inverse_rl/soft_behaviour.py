"""The soft policy at temperature 1, and how it depends on what is rewarded: values, gradient and curvature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices, action_values, matrices, soft_policy, soft_values
from fastsoftq.planning.markov_chains.totals import policy_chain

__all__ = ["SoftBehaviour", "log_soft_policy", "soft_fixed_point", "total"]

_MOST = 1000  # steps of Newton's method, which needs ten or twenty


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
        Not a number where values are too large for double precision. Each state's error is rounding of what it may
        meet itself: no other state's size excuses it.
    """
    last = np.inf
    for _ in range(_MOST):
        with np.errstate(over="ignore", invalid="ignore"):
            q = action_values(model, v, discount)
            swept = soft_values(model, q, 1.0)
            policy = soft_policy(q, 1.0)
            met = np.abs(model.reward) + action_values(model._replace(reward=0.0 * q), np.abs(v), discount)
            size = 1.0 + np.abs(v) + np.where(policy > 0.0, policy * met, 0.0).sum(axis=1)
            residual = float((np.abs(swept - v) / size).max())
        if not residual > 1e-15 or (residual < 1e-6 and residual >= last):  # rounding lets it fall no further
            break
        last = residual
        entropy = np.where(model.terminal, 0.0, swept - (policy * q).sum(axis=1))
        v = _Evaluation(model, policy, discount).values((policy * model.reward).sum(axis=1) + entropy)
    return swept


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


class SoftBehaviour:
    """How the soft policy at temperature 1 depends on reward weights.

    Parameters
    ----------
    mdp : TabularMDP or Matrices
    features : ndarray of float64, shape [states, actions, features]
        Those of terminal states count as 0.
    discount : float
        Below 1.

    Attributes
    ----------
    size : ndarray of float64, shape [states, actions, features]
        How much of each feature is expected to follow an action, regardless of sign: what rounding of the gradient is
        relative to.
    """

    def __init__(self, mdp: TabularMDP | Matrices, features: NDArray[np.float64], discount: float) -> None:
        self.model, self.discount = mdp if isinstance(mdp, Matrices) else matrices(mdp), discount
        self.features = np.where(self.model.terminal[:, None, None], 0.0, features)
        self.v = np.zeros(features.shape[0])  # where the last weights left off is near where the next ones end
        self.size = np.abs(self.features)

    def __call__(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The policy for these weights.

        Parameters
        ----------
        weights : ndarray of float64, shape [features]

        Returns
        -------
        log_policy : ndarray of float64, shape [states, actions]
        gradient : ndarray of float64, shape [states, actions, features]
            Of `log_policy`: the discounted features expected to follow an action, less those expected to follow the
            policy's own choice.
        """
        q = self._action_values(weights)
        policy = soft_policy(q, 1.0)
        follow = _Evaluation(self.model, policy, self.discount)
        expected = self._expected(follow, self.features)
        self.size = self._expected(follow, np.abs(self.features))
        own_choice = np.einsum("sa,sak->sk", policy, expected)
        return log_soft_policy(q), expected - own_choice[:, None, :]

    def log_policy(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The policy alone, as the call gives it.

        Parameters
        ----------
        weights : ndarray of float64, shape [features]

        Returns
        -------
        ndarray of float64, shape [states, actions]
        """
        return log_soft_policy(self._action_values(weights))

    def curvature(
        self, counts: NDArray[np.float64], log_policy: NDArray[np.float64], gradient: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Second derivatives, with their sign changed, of ln of the probability of the actions taken.

        Parameters
        ----------
        counts : ndarray of float64, shape [states, actions]
        log_policy : ndarray of float64, shape [states, actions]
        gradient : ndarray of float64, shape [states, actions, features]
            As the call returns them.

        Returns
        -------
        ndarray of float64, shape [features, features]

        Notes
        -----
        V'' obeys V'' = Cov + discount P V'', where Cov is the covariance of Q' under the policy and P the policy's
        chain, and (ln policy)'' = discount E[V''] - V''. So the sum over actions taken is a sum of covariances, each
        weighted by the solution of one transposed system.
        """
        policy = np.exp(log_policy)
        after = self.discount * (self.model.continuation.T @ counts.ravel())
        weight = _Evaluation(self.model, policy, self.discount).visits(counts.sum(axis=1) - after)
        return np.asarray(np.einsum("sa,sai,saj->ij", weight[:, None] * policy, gradient, gradient))

    def _action_values(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        model = self.model._replace(reward=self.features @ weights)
        found = soft_fixed_point(model, self.discount, self.v)
        if np.isfinite(found).all():
            self.v = found
        return action_values(model, found, self.discount)

    def _expected(self, follow: _Evaluation, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is expected of each feature after each action, discounted."""
        values = follow.values(np.einsum("sa,sak->sk", follow.policy, features))
        following = np.asarray(self.model.continuation @ values).reshape(features.shape)
        return np.asarray(features + self.discount * following)


class _Evaluation:
    """The linear equations of a policy, factorised once for any rewards."""

    def __init__(self, model: Matrices, policy: NDArray[np.float64], discount: float) -> None:
        self.policy = policy
        chain, _ = policy_chain(model, policy)
        identity = sparse.eye_array(chain.shape[0], format="csc")
        self.factors: Any = splu(sparse.csc_array(identity - discount * chain))

    def values(self, reward: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve V = reward + discount P V, for each column."""
        return np.asarray(self.factors.solve(reward), np.float64)

    def visits(self, entries: NDArray[np.float64]) -> NDArray[np.float64]:
        """Solve x = entries + discount x P."""
        return np.asarray(self.factors.solve(entries, trans="T"), np.float64)

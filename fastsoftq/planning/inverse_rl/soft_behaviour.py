"""The soft policy at temperature 1 as a function of reward weights: values, gradient and curvature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices, action_values, log_soft_policy, matrices, soft_policy
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.optimal.choices import Choices, all_choices
from fastsoftq.planning.optimal.newton import climb

__all__ = ["SoftBehaviour", "soft_fixed_point", "total"]

_NEAR = 1e-6  # relative accuracy of the last step, if not factorised
_MOST = 1000  # steps of Newton's method, which needs ten or twenty


def total(counts: NDArray[np.float64], log_policy: NDArray[np.float64]) -> float:
    """Sum the log-probabilities of the actions taken.

    Parameters
    ----------
    counts, log_policy : ndarray of float64, shape [states, actions]

    Returns
    -------
    float

    Examples
    --------
    >>> round(total(np.array([[2.0, 1.0]]), np.log([[0.5, 0.25]])), 4)  # ln(0.5 * 0.5 * 0.25)
    -2.7726
    """
    seen = counts > 0.0
    return float((counts[seen] * log_policy[seen]).sum())


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
        NaN where values are too large for double precision. Each state's error is rounding of what can follow it alone.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.planning.bellman import matrices
    >>> soft_fixed_point(matrices(fsq.from_map("SG")), 0.5, np.zeros(2)).round(4).tolist()
    [1.0541, 0.0]
    """
    return _fixed_point(all_choices(model, discount), v)


def _fixed_point(choices: Choices, v: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        found = climb(choices, 1.0, v, np.zeros_like(v), _MOST)
        # One step more: fits resolve smaller differences of rewards than a residual within rounding leaves.
        step = choices.averaged(found.weight).solve_roughly(found.residual, _NEAR)
        return found.high + (found.low + step)


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
        Expected absolute features that follow an action, to which rounding of the gradient is relative.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> features = np.zeros((2, 4, 1))
    >>> features[0, 1] = 1.0  # a step to the right
    >>> log_policy, _ = SoftBehaviour(fsq.from_map("SG"), features, discount=0.0)(np.array([np.log(3.0)]))
    >>> np.exp(log_policy[0]).round(4).tolist()
    [0.1667, 0.5, 0.1667, 0.1667]
    """

    def __init__(self, mdp: TabularMDP | Matrices, features: NDArray[np.float64], discount: float) -> None:
        self.model, self.discount = mdp if isinstance(mdp, Matrices) else matrices(mdp), discount
        self.features = np.where(self.model.terminal[:, None, None], 0.0, features)
        self.v = np.zeros(features.shape[0])  # the last weights' values, a good start for the next ones
        self.size = np.abs(self.features)
        self.choices = all_choices(self.model, discount)
        self.narrow = self.choices.narrow  # once, for all rewards
        taken = ~self.model.terminal[:, None] | (np.arange(features.shape[1]) == 0)
        self.paid = self.features[taken]  # of each choice

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
        follow = self._equations(policy)
        expected = self._expected(follow, policy)
        self.size = self._expected(follow, policy, size=True)
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
        """Second derivatives, with their sign changed, of the log-probability of the actions taken.

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
        after = self.model.continuation.entering(self.discount * counts.ravel())
        weight = self._equations(policy).solve_transposed(counts.sum(axis=1) - after)
        return np.asarray(np.einsum("sa,sai,saj->ij", weight[:, None] * policy, gradient, gradient))

    def _action_values(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        found = _fixed_point(self.choices.paying(self.paid @ weights), self.v)
        if np.isfinite(found).all():
            self.v = found
        return action_values(self.model._replace(reward=self.features @ weights), found, self.discount)

    def _equations(self, policy: NDArray[np.float64]) -> Resolvent:
        taken = ~self.model.terminal[:, None] | (np.arange(policy.shape[1]) == 0)
        weight = np.where(self.model.terminal[:, None], 1.0, policy)[taken]
        return self.choices.averaged(weight)

    def _expected(self, follow: Resolvent, policy: NDArray[np.float64], size: bool = False) -> NDArray[np.float64]:
        """Expected discounted features after each action, or with `size` their absolute values."""
        features = np.abs(self.features) if size else self.features
        values = follow.solve_columns(np.einsum("sa,sak->sk", policy, features))
        following = np.stack([self.model.continuation.expected(column) for column in values.T], axis=1)
        return np.asarray(features + self.discount * following.reshape(features.shape))

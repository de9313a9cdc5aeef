"""Optimal values and policies, hard and soft: sweeps of Bellman's equation, then one exact step to its fixed point."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import (
    Matrices,
    action_values,
    greedy_policy,
    hard_values,
    matrices,
    soft_policy,
    soft_values,
)
from fastsoftq.planning.chains import policy_chain, stationary_values
from fastsoftq.planning.critical import critical_reward_scale

__all__ = ["Solution", "policy_iteration", "soft_value_iteration", "value_iteration"]


@dataclass(frozen=True, eq=False)
class Solution:
    """The solution of Bellman's optimality equation, hard or soft.

    Attributes
    ----------
    v : ndarray of float64, shape [states]
        The optimal value of each state, 0 in terminal states.
    q : ndarray of float64, shape [states, actions]
        The optimal value of each action.
    policy : ndarray of float64, shape [states, actions]
        The policy that attains them.
    iterations : int
        Sweeps, or policies evaluated.
    converged : bool
        Whether the tolerance was met within the iterations allowed.
    """

    v: NDArray[np.float64] = field(repr=False)
    q: NDArray[np.float64] = field(repr=False)
    policy: NDArray[np.float64] = field(repr=False)
    iterations: int
    converged: bool


def value_iteration(
    mdp: TabularMDP, discount: float, *, tolerance: float = 1e-10, max_iterations: int = 100_000
) -> Solution:
    """Solve Q(s, a) = E[r + discount max_a' Q(s', a')] (Sutton & Barto 2018, section 4.4).

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1]. At 1 the values are the limit of the sweeps from 0, where there is one: not where a state gains or
        loses for ever.
    tolerance : float
        Sweeps end when no value changes by more than this, relative to the largest value where that exceeds 1. The
        policy found is then evaluated exactly, which usually leaves an error of rounding only.
    max_iterations : int
        The largest number of sweeps.

    Returns
    -------
    Solution
        `policy` shares the probability evenly between actions that are equally good to within 1e-9, relative to the
        best value where that exceeds 1.

    Raises
    ------
    ValueError
        A discount outside [0, 1], a tolerance that is not positive, fewer than one iteration.
    TypeError
        Arguments of the wrong kind.

    Warns
    -----
    RuntimeWarning
        The tolerance was not met; `converged` is then False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> solution = fsq.value_iteration(fsq.cliff_walking(), discount=1.0)
    >>> float(solution.v[36])
    -12.0
    """
    discount = checks.in_unit_interval("discount", discount)
    model = matrices(mdp)

    def hard(q: NDArray[np.float64]) -> NDArray[np.float64]:
        return hard_values(model, q)

    def exact(q: NDArray[np.float64]) -> NDArray[np.float64]:
        return _value_of(model, greedy_policy(q), discount)

    v, q, iterations, converged = _sweep(model, discount, hard, exact, tolerance, max_iterations)
    return Solution(v, q, greedy_policy(q), iterations, converged)


def soft_value_iteration(
    mdp: TabularMDP,
    discount: float,
    *,
    temperature: float = 1.0,
    reward_scale: float = 1.0,
    tolerance: float = 1e-10,
    max_iterations: int = 100_000,
) -> Solution:
    """Solve Q(s, a) = E[reward_scale r + discount V(s')], V(s) = T ln sum_a exp(Q(s, a) / T).

    Haarnoja et al. (2017), theorem 2; the document's soft Q-learning converges to it.

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1].
    temperature : float
        T, in units of scaled reward.
    reward_scale : float
        Every reward is multiplied by it; `v` and `q` are in units of scaled reward.
    tolerance : float
        Sweeps end when no value changes by more than this, relative to the largest value where that exceeds 1. One
        step of Newton's method then leaves an error of rounding only.
    max_iterations : int
        The largest number of sweeps.

    Returns
    -------
    Solution
        `policy` is exp((Q - V) / T).

    Raises
    ------
    ValueError
        A discount outside [0, 1]; a temperature, reward scale or tolerance that is not positive and finite; fewer
        than one iteration; at discount 1, a reward scale that is not above the critical one, so that no finite
        solution exists.
    TypeError
        Arguments of the wrong kind.

    Warns
    -----
    RuntimeWarning
        The tolerance was not met; `converged` is then False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> solution = fsq.soft_value_iteration(fsq.cliff_walking(), discount=0.95, reward_scale=10.0)
    >>> round(float(solution.v[36]), 6)
    -91.91547
    """
    discount = checks.in_unit_interval("discount", discount)
    temperature = checks.temperature("temperature", temperature)
    reward_scale = checks.reward_scale("reward_scale", reward_scale, checked_mdp(mdp).largest_reward)
    if discount == 1.0:
        critical = temperature * critical_reward_scale(mdp)
        if reward_scale <= critical:
            raise ValueError(
                f"reward_scale is {reward_scale:.9g}; at discount 1 and temperature {temperature:.9g} it must be above "
                f"the critical reward scale, {critical:.9g}, for soft values to be finite"
            )
    model = matrices(mdp, reward_scale)

    def soft(q: NDArray[np.float64]) -> NDArray[np.float64]:
        return soft_values(model, q, temperature)

    def newton(q: NDArray[np.float64]) -> NDArray[np.float64]:
        policy = soft_policy(q, temperature)
        entropy_bonus = soft(q) - (policy * q).sum(axis=1)
        return _value_of(model, policy, discount, np.where(model.terminal, 0.0, entropy_bonus))

    v, q, iterations, converged = _sweep(model, discount, soft, newton, tolerance, max_iterations)
    return Solution(v, q, soft_policy(q, temperature), iterations, converged)


def policy_iteration(mdp: TabularMDP, discount: float, *, max_iterations: int = 1000) -> Solution:
    """Evaluate and improve a policy until it is optimal (Howard 1960; Sutton & Barto 2018, section 4.3).

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1]. At 1 the value is -inf where no policy can avoid losing for ever.
    max_iterations : int
        The largest number of policies to evaluate. The first takes every action with the same probability.

    Returns
    -------
    Solution
        `policy` shares the probability evenly between actions that are equally good, as in `value_iteration`.

    Raises
    ------
    ValueError
        A discount outside [0, 1]; fewer than one iteration; at discount 1, values that are not bounded above.
    TypeError
        Arguments of the wrong kind.

    Warns
    -----
    RuntimeWarning
        The policy was still improving; `converged` is then False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> float(fsq.policy_iteration(fsq.cliff_walking(), discount=1.0).v[36])
    -12.0
    """
    discount = checks.in_unit_interval("discount", discount)
    max_iterations = checks.count("max_iterations", max_iterations)
    model = matrices(mdp)
    policy = np.full(model.reward.shape, 1.0 / mdp.n_actions)
    for iterations in range(1, max_iterations + 1):
        v = _value_of(model, policy, discount)
        unbounded = ~(v < np.inf)
        if unbounded.any():
            raise ValueError(
                f"discount is {discount}; it must be below 1 here, since a policy can gain for ever from state "
                f"{int(np.argmax(unbounded))}"
            )
        q = action_values(model, v, discount)
        better = greedy_policy(q)
        if np.array_equal(better, policy):
            return Solution(v, q, policy, iterations, converged=True)
        policy = better
    _warn(max_iterations, stacklevel=3)
    return Solution(v, q, policy, max_iterations, converged=False)


_Operator = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _sweep(
    model: Matrices, discount: float, values: _Operator, exact: _Operator, tolerance: float, max_iterations: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, bool]:
    """Iterate v = values(Q(v)) from 0, then take the step `exact` if it comes closer to the fixed point."""
    tolerance = checks.positive("tolerance", tolerance)
    max_iterations = checks.count("max_iterations", max_iterations)
    v = np.zeros(model.reward.shape[0])
    iterations, settled = 0, False
    while not settled and iterations < max_iterations:
        last, v = v, values(action_values(model, v, discount))
        settled = bool(np.abs(v - last).max() <= tolerance * max(1.0, np.abs(v).max()))
        iterations += 1
    stepped = exact(action_values(model, v, discount))
    residual = _residual(model, discount, values, v)
    if (closer := _residual(model, discount, values, stepped)) <= residual:
        v, residual = stepped, closer
    converged = settled or bool(residual <= tolerance * max(1.0, np.abs(v).max()))
    if not converged:
        _warn(max_iterations, stacklevel=4)
    q = action_values(model, v, discount)
    return values(q), q, iterations, converged


def _residual(model: Matrices, discount: float, values: _Operator, v: NDArray[np.float64]) -> float:
    """How far v is from solving its equation; inf if it is not finite."""
    if not np.isfinite(v).all():
        return np.inf
    return float(np.abs(values(action_values(model, v, discount)) - v).max())


def _value_of(
    model: Matrices, policy: NDArray[np.float64], discount: float, bonus: NDArray[np.float64] | float = 0.0
) -> NDArray[np.float64]:
    chain, ends = policy_chain(model, policy)
    return stationary_values(chain, ends, (policy * model.reward).sum(axis=1) + bonus, discount)


def _warn(max_iterations: int, stacklevel: int) -> None:
    warnings.warn(f"no convergence within max_iterations = {max_iterations}", RuntimeWarning, stacklevel=stacklevel)

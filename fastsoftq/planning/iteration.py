"""Optimal values and policies, hard and soft, with a proved bound on their error."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.critical import critical_reward_scale, is_above_critical
from fastsoftq.planning.optimal.reduction import Solved, hard_solution, soft_solution
from fastsoftq.system.html import NotebookTable

__all__ = ["Solution", "policy_iteration", "soft_value_iteration", "value_iteration"]

_TOLERANCE = 1e-10  # of policy iteration


@dataclass(frozen=True, eq=False)
class Solution(NotebookTable):
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
        Sweeps, and policies evaluated.
    converged : bool
        Whether the error bound meets the tolerance in all states that the start can lead to.
    error_bound : float
        A proved bound on the error of `v`, rounding included, in states that the start can lead to and whose value is
        finite; inf where nothing is proved.

    Notes
    -----
    States that the start cannot lead to are solved too, but do not count for `converged` and `error_bound`. There a
    value can be inf, where a policy gains for ever, and an undiscounted soft value nan, where no finite one was found.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> solution = value_iteration(fsq.from_map("S.G"), discount=0.5)
    >>> solution.v.tolist(), solution.policy[0].tolist(), solution.converged
    ([-1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], True)
    """

    v: NDArray[np.float64] = field(repr=False)
    q: NDArray[np.float64] = field(repr=False)
    policy: NDArray[np.float64] = field(repr=False)
    iterations: int
    converged: bool
    error_bound: float


def value_iteration(
    mdp: TabularMDP, discount: float, *, tolerance: float = 1e-10, max_iterations: int = 100_000
) -> Solution:
    """Solve Q(s, a) = E[r + discount max_a' Q(s', a')] (Sutton & Barto 2018, section 4.4).

    Sweeps find a good policy, which is evaluated exactly and improved as in `policy_iteration`; its error is bounded.

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1].
    tolerance : float
        The largest error for `converged` to be true, relative to values above 1.
    max_iterations : int
        The largest number of sweeps and policies; one policy is evaluated in any case.

    Returns
    -------
    Solution
        `policy` shares the probability evenly between equally good actions, as far as can be told, and if that policy
        is worth as much.

    Raises
    ------
    ValueError
        A discount outside [0, 1], a tolerance that is not positive, fewer than one iteration; at discount 1, a policy
        that can gain for ever where the start can lead to.
    TypeError
        An argument that is not of the type above.

    Warns
    -----
    RuntimeWarning
        The tolerance was not met; `converged` is then False.

    Notes
    -----
    Undiscounted, the value is the supremum over policies of the limit of the expected total; where a total swings for
    ever, as in a cycle of +1 and -1, of the limit of its running mean (0.5 before the +1). So it is also the limit of
    the discounted values as the discount rises to 1 (Blackwell 1962; Puterman 1994, section 8.2). It is -inf where
    every policy loses for ever. Where one can stay for ever at a mean reward of 0, one may stay or leave, whichever is
    better: such end components are collapsed into one state each, which leaves a stochastic shortest path problem
    (Bertsekas & Tsitsiklis 1991; de Alfaro 1997). A mean is 0 to within half a unit in the last place of the rewards
    and probabilities on the way round that need more than 40 binary digits (0.1 + 0.2 - 0.3 is 0; 1 - 1 - 1e-17 and
    1e16 - 1e16 - 1e-19 are not); others are taken as exact. Where rounding leaves open whether a mean is 0, as it can
    with several outcomes in more than 24 states, nothing is proved: `converged` is False and `error_bound` inf.

    A bound w is proved in the end: v + w is above the optimum if no action gains at it, and v - w below
    the policy's value if the policy does not lose at it. w solves the policy's equations for what may have been
    rounded (as in interval iteration: Haddad & Monmege 2018).

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> solution = fsq.value_iteration(fsq.cliff_walking(), discount=1.0)
    >>> float(solution.v[36])
    -12.0
    """
    discount = checks.in_unit_interval("discount", discount)
    return _hard(mdp, discount, tolerance, max_iterations, sweeping=True)


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

    Haarnoja et al. (2017), theorem 2; the document's soft Q-learning converges to it. Solved by Newton's method from
    the value of a good hard policy; the error is bounded.

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
        The largest error for `converged` to be true, relative to values above 1.
    max_iterations : int
        The largest number of sweeps and of Newton's steps; one step is taken in any case.

    Returns
    -------
    Solution
        `policy` is exp((Q - V) / T). At discount 1 the value is -inf where no policy can come to an end.

    Raises
    ------
    ValueError
        A discount outside [0, 1]; a temperature, reward scale or tolerance that is not positive and finite; fewer
        than one iteration; at discount 1, a reward scale that is not above the critical one, so that no finite
        solution exists.
    TypeError
        An argument that is not of the type above.

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
    tolerance = checks.positive("tolerance", tolerance)
    max_iterations = checks.count("max_iterations", max_iterations)
    if discount == 1.0:
        _check_above_critical(mdp, reward_scale, temperature)
    model = matrices(mdp, reward_scale)
    found = soft_solution(model, mdp.start > 0.0, discount, temperature, max_iterations)
    return _solution(found, tolerance, max_iterations, stacklevel=3)


def policy_iteration(mdp: TabularMDP, discount: float, *, max_iterations: int = 1000) -> Solution:
    """Evaluate and improve a policy until it is optimal (Howard 1960; Sutton & Barto 2018, section 4.3).

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1]. At 1 as `value_iteration` says: -inf where no policy can avoid losing for ever.
    max_iterations : int
        The largest number of policies to evaluate. The first takes every action with the same probability, unless it
        would go on for more than 1e8 steps; then it goes the shortest way to an end.

    Returns
    -------
    Solution
        `policy` shares the probability evenly between actions that are equally good, as in `value_iteration`.

    Raises
    ------
    ValueError
        A discount outside [0, 1]; fewer than one iteration; at discount 1, a policy that can gain for ever where the
        start can lead to.
    TypeError
        An argument that is not of the type above.

    Warns
    -----
    RuntimeWarning
        The policy was still improving, or is not proved to be optimal within 1e-10; `converged` is then False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> float(fsq.policy_iteration(fsq.cliff_walking(), discount=1.0).v[36])
    -12.0
    """
    discount = checks.in_unit_interval("discount", discount)
    return _hard(mdp, discount, _TOLERANCE, max_iterations, sweeping=False)


def _hard(mdp: TabularMDP, discount: float, tolerance: float, max_iterations: int, *, sweeping: bool) -> Solution:
    tolerance = checks.positive("tolerance", tolerance)
    max_iterations = checks.count("max_iterations", max_iterations)
    found = hard_solution(matrices(mdp), mdp.start > 0.0, discount, max_iterations, sweeping=sweeping)
    return _solution(found, tolerance, max_iterations)


def _check_above_critical(mdp: TabularMDP, reward_scale: float, temperature: float) -> None:
    """Refuse an undiscounted soft problem without a finite solution."""
    scale = min(max(reward_scale / temperature, sys.float_info.min), sys.float_info.max)
    if not is_above_critical(mdp, scale):
        critical = critical_reward_scale(mdp)
        if critical == math.inf:
            raise ValueError(
                "discount is 1.0; it must be below 1 here, since one can walk on for ever without a loss: soft values "
                "are finite at no reward scale"
            )
        raise ValueError(
            f"reward_scale is {reward_scale:.9g}; at discount 1 and temperature {temperature:.9g} it must be above "
            f"the critical reward scale, {temperature * critical:.9g}, for soft values to be finite"
        )


def _solution(found: Solved, tolerance: float, max_iterations: int, stacklevel: int = 4) -> Solution:
    """Judge convergence by the bound in states that the start can lead to."""
    proved = ~np.isnan(found.v) & (found.bound < np.inf)  # of an infinite value, too, a bound says that it is right
    here = found.seen & (np.isfinite(found.v) | ~proved)
    bound = np.where(proved, found.bound, np.inf)[here]
    error_bound = float(bound.max(initial=0.0))
    converged = bool((bound <= tolerance * np.maximum(1.0, np.abs(np.where(proved, found.v, 0.0)[here]))).all())
    if not converged:
        what = f"no convergence within max_iterations = {max_iterations}"
        if found.iterations < max_iterations:
            what = f"values may be off by {error_bound:.3g}, which is more than tolerance = {tolerance:g} allows"
        warnings.warn(what, RuntimeWarning, stacklevel=stacklevel)
    return Solution(found.v, found.q, found.policy, found.iterations, converged, error_bound)

"""The best mean a step in an end component, by policy iteration (Howard 1960): reward, or entropy over loss."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.classes import closed_classes
from fastsoftq.planning.markov_chains.excursions import FEW, ratio_equation
from fastsoftq.planning.markov_chains.transitions import Transitions
from fastsoftq.planning.mean_rewards.bounds import rounding, sweep
from fastsoftq.planning.optimal.choices import Choices, best_in_each
from fastsoftq.planning.optimal.proper_policies import shortest_ways

__all__ = ["best_mean_reward", "best_ratio", "leading_to"]

_MARGIN = 4.0  # multiples of rounding up to which a change counts as none
_FALLEN = 1e-3  # relative: more than rough evaluations differ by
_MOST = 2000  # steps of either method
_ENOUGH, _ROUGH = 1e-9, 1e-4  # residuals with which an evaluation is of use, exactly or not
_HOPELESS = 40  # evaluations that were of no use
# Actions less likely are left out where a policy with them can hardly be told from one that stays apart.
_RARE = (0.0, 1e-8, 1e-4, 0.05)


def best_ratio(component: Choices) -> float:
    """The largest mean entropy over mean loss of a policy, where every policy loses.

    Parameters
    ----------
    component : Choices
        All its rewards are losses (`fastsoftq.planning.mean_rewards.mean_losses.losses`).

    Returns
    -------
    float
        The scale at which the best mean of scale * reward + entropy is 0.

    Raises
    ------
    ArithmeticError
        No policy on the way can be evaluated in double precision.

    Warns
    -----
    RuntimeWarning
        The computation did not converge.

    Notes
    -----
    That best mean is convex in the scale and its derivative the mean reward, so Newton's method in the scale, with a
    step of policy iteration between its steps (as in Dinkelbach 1967), converges quadratically.
    """
    reward = component.reward

    def rates(policy: NDArray[np.float64]) -> NDArray[np.float64]:
        log_policy = np.log(policy, where=policy > 0.0, out=np.zeros_like(policy))
        likely = best_in_each(component, policy)
        others = policy.copy()
        others[likely] = 0.0  # where they sum to next to nothing, so does the logarithm of what is left of 1
        log_policy[likely] = np.log1p(-np.add.reduceat(others, component.first))
        paid = np.column_stack([-policy * log_policy, -policy * reward])
        return np.asarray(np.add.reduceat(paid, component.first, axis=0))

    few = component.first.size <= FEW
    blur, most = np.full(component.first.size, 1e-6), 500 if few else 20
    scale, h, step, near, settled, highest = 0.0, np.zeros(component.first.size), np.inf, False, 0, 0.0
    unsolved = 0
    for _ in range(_MOST):
        change, policy = sweep(component, scale * reward, h, entropy=True)
        if few:
            error = policy * rounding(component, scale * reward, h)
            blur = _MARGIN * np.add.reduceat(error, component.first)
        h, better, _, solved = _evaluate(component, policy, rates, near)
        unsolved += not solved
        if unsolved > _HOPELESS:
            raise ArithmeticError(
                f"the critical reward scale cannot be computed: in {component.n_states} states some transitions are "
                f"too rare to evaluate policies in double precision"
            )
        last, step = step, abs(better - scale)
        near = near or step <= 1e-3 * better
        scale, highest = better, max(highest, better)
        # Another part may yet turn out to be better: what improves there brings it nearer.
        rises = bool((change > blur).any()) and settled < most
        if near and (step <= 1e-14 * scale or last <= step <= 1e-9 * scale):
            if not rises:
                break
            settled += 1
        if not np.isfinite(scale):
            raise ArithmeticError("the critical reward scale is beyond double precision here")
    else:
        warnings.warn(f"the critical reward scale has not settled after {_MOST} steps", RuntimeWarning, stacklevel=4)
        return scale
    if scale < (1.0 - _FALLEN) * highest:  # every policy's ratio is at most the best: rounding made one, this or that
        message = f"the critical reward scale has not settled: one policy has {highest:.6g}, the last {scale:.6g}"
        warnings.warn(message, RuntimeWarning, stacklevel=4)
    return scale


def best_mean_reward(component: Choices) -> tuple[float, NDArray[np.float64], NDArray[np.int64]]:
    """The largest mean reward of a policy.

    Parameters
    ----------
    component : Choices

    Returns
    -------
    mean : float
    h : ndarray of float64, shape [states]
        The values relative to the mean: they solve its optimality equation, to rounding.
    policy : ndarray of int64, shape [states]
        The pair that each state takes.
    """
    first, state, reward = component.first, component.state, component.reward
    pair = best_in_each(component, reward)
    for _ in range(_MOST):  # fewer suffice: changes within rounding are no improvement
        policy = np.zeros(reward.size)
        policy[pair] = 1.0

        def rates(policy: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(np.add.reduceat(np.column_stack([policy * reward, policy]), first, axis=0))

        h, mean, policy, _ = _evaluate(component, policy, rates, exact=True)
        pair = np.flatnonzero(policy > 0.0)
        advance = reward - mean + (component.onward.expected(h) - h[state])
        margin = 4.0 * (rounding(component, reward - mean, h))
        gain = advance - margin - (advance + margin)[pair][state]
        better = np.maximum.reduceat(gain, first) > 0.0
        if not better.any():
            break
        pair = np.where(better, best_in_each(component, gain), pair)
    return mean, h, np.flatnonzero(policy > 0.0)


_Rates = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _evaluate(
    component: Choices, policy: NDArray[np.float64], rates: _Rates, exact: bool
) -> tuple[NDArray[np.float64], float, NDArray[np.float64], bool]:
    """Relative values and mean of a policy, or of one made from it that does as well as it does anywhere.

    A policy may have several classes that it never leaves, as far as double precision can tell. It is then changed to
    stay in the best of them, and to go there from elsewhere.
    """
    whole = policy
    for rare in _RARE:
        if rare:
            policy = np.where(whole < rare, 0.0, whole)
            policy /= np.add.reduceat(policy, component.first)[component.state]
        chain = component.onward.mixed(policy, component.state, component.n_states)
        label, closed = closed_classes(chain)
        if closed.size > 1:
            _, x, error = ratio_equation(chain, label, closed, rates(policy), exact)
            if error == np.inf:
                continue
            policy = leading_to(component, chain, policy, label == closed[int(np.argmax(x))])
            chain = component.onward.mixed(policy, component.state, component.n_states)
            label, closed = closed_classes(chain)
        h, x, error = ratio_equation(chain, label, closed, rates(policy), exact)
        if error <= (_ENOUGH if exact else _ROUGH):
            break
    return h, float(x[0]), policy, bool(error <= (_ENOUGH if exact else _ROUGH))


def leading_to(
    component: Choices, chain: Transitions, policy: NDArray[np.float64], goal: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Change a policy where it never reaches the goal: by a shortest way to where it does.

    Parameters
    ----------
    component : Choices
    chain : Transitions
        The policy's.
    policy : ndarray of float64, shape [choices]
    goal : ndarray of bool, shape [states]

    Returns
    -------
    ndarray of float64, shape [choices]
    """
    lost = ~chain.reaching(goal)
    if not lost.any():
        return policy
    policy = policy.copy()
    policy[lost[component.state]] = 0.0
    policy[shortest_ways(component, ~lost, component.every)[lost]] = 1.0
    return policy

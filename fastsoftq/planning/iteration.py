"""Optimal values and policies, hard and soft, with a bound on what is left: sweeps and policies exactly evaluated."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import Matrices, action_values, hard_values, matrices, soft_policy, soft_values
from fastsoftq.planning.chains import reaching
from fastsoftq.planning.choices import Choices, all_choices, graph, reachable, within
from fastsoftq.planning.components import surely_ending
from fastsoftq.planning.critical import critical_reward_scale
from fastsoftq.planning.howard import begin, improve, sweep
from fastsoftq.planning.idling import Collapsed, collapse
from fastsoftq.planning.newton import soft_optimum
from fastsoftq.planning.resolvent import EPS, Resolvent

__all__ = ["Solution", "policy_iteration", "soft_value_iteration", "value_iteration"]

_TOLERANCE = 1e-10  # of policy iteration
_LONG = 1e8  # steps to the end that a first policy may take


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
        Sweeps, and policies evaluated.
    converged : bool
        Whether the tolerance was met, by a bound that is proved, in all states that the start can lead to.
    error_bound : float
        How far `v` can be from the exact solution, rounding included, in any state that the start can lead to and
        whose value is finite. inf where nothing is proved.

    Notes
    -----
    States that the start cannot lead to are solved with the rest, but they do not count for `converged` and
    `error_bound`. There a value can be inf, where one can come to gain for ever, and an undiscounted soft value nan,
    where no finite one was found.
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

    Sweeps find a good policy; this is evaluated exactly, improved as in `policy_iteration`, and proved.

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1].
    tolerance : float
        By how much a value may be off, relative to it where it exceeds 1, for `converged` to be true.
    max_iterations : int
        The largest number of sweeps and policies; one policy is evaluated in any case.

    Returns
    -------
    Solution
        `policy` shares the probability evenly between actions that are equally good: as far as can be told, and if the
        policy that does so is worth as much.

    Raises
    ------
    ValueError
        A discount outside [0, 1], a tolerance that is not positive, fewer than one iteration; at discount 1, a policy
        that can gain for ever where the start can lead to.
    TypeError
        Arguments of the wrong kind.

    Warns
    -----
    RuntimeWarning
        The tolerance was not met; `converged` is then False.

    Notes
    -----
    Undiscounted, the value is the supremum over policies of the limit of the expected total; where a total swings for
    ever, as in a cycle of +1 and -1, of the limit of its running mean (0.5 before the +1). So it is also the limit of
    the discounted values as the discount rises to 1 (Blackwell 1962; Puterman 1994, section 8.2). It is -inf where
    every policy loses for ever. Where one can stay for ever at a mean reward of 0, to within rounding, one may stay or
    leave, whichever is better: such end components are collapsed into one state each, which leaves a stochastic
    shortest path problem (Bertsekas & Tsitsiklis 1991; de Alfaro 1997).

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

    Haarnoja et al. (2017), theorem 2; the document's soft Q-learning converges to it. Solved by Newton's method, from
    the value of a good hard policy on, and proved.

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
        By how much a value may be off, relative to it where it exceeds 1, for `converged` to be true.
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
    tolerance = checks.positive("tolerance", tolerance)
    max_iterations = checks.count("max_iterations", max_iterations)
    if discount == 1.0:
        _check_above_critical(mdp, reward_scale, temperature)
    model = matrices(mdp, reward_scale)
    choices = all_choices(model, discount)
    seen = reachable(choices, mdp.start > 0.0)
    ending, kept = surely_ending(choices)
    v = np.where(seen, -np.inf, np.nan)
    bound = np.zeros(mdp.n_states)
    iterations = 0
    for part in (seen & ending, ~seen & ending):  # nothing leads out of the first
        if part.any():
            known = choices.onward @ np.where(part | ~np.isfinite(v), 0.0, v)
            chosen = kept & part[choices.state]
            problem = within(choices._replace(reward=choices.reward + known), part, kept)
            found = soft_optimum(problem, temperature, max(1, max_iterations - iterations))
            v[part], bound[part] = found.v, found.bound
            iterations = max(iterations, found.iterations)
    v[~seen & ~np.isfinite(bound)] = np.nan
    q = action_values(model, v, discount)
    with np.errstate(invalid="ignore"):
        v = np.where(np.isfinite(v), soft_values(model, q, temperature), v)
        policy = soft_policy(q, temperature)
    policy[~np.isfinite(v)] = 1.0 / mdp.n_actions
    logarithm = EPS * (mdp.n_actions + 2.0) * temperature * (mdp.n_actions > 1)
    bound += (policy * _rounding(model, v, discount)).sum(axis=1) + logarithm * ~model.terminal
    return _solution(v, q, policy, iterations, bound, seen, tolerance, max_iterations)


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
        Arguments of the wrong kind.

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
    """Collapse where one can stay at no cost, drop what loses for ever, solve what is left, and go back."""
    tolerance = checks.positive("tolerance", tolerance)
    max_iterations = checks.count("max_iterations", max_iterations)
    model = matrices(mdp)
    choices = all_choices(model, discount)
    seen = reachable(choices, mdp.start > 0.0)
    whole = collapse(choices)
    gaining = np.flatnonzero(whole.gains & seen)
    if gaining.size:
        raise ValueError(
            f"discount is {discount}; it must be below 1 here, since a policy can gain for ever from state {gaining[0]}"
        )
    infinite = reaching(graph(choices, np.ones(choices.state.size, np.bool_)), whole.gains)
    bounded = np.ones(whole.choices.n_states, np.bool_)
    bounded[whole.group[infinite]] = False
    part = np.flatnonzero(bounded[whole.choices.state])  # the choices that are left, by their numbers before
    problem = within(whole.choices, bounded, np.ones(whole.choices.state.size, np.bool_))
    ending, kept = surely_ending(problem)
    part = part[kept & ending[problem.state]]
    problem = within(problem, ending, kept)
    states = np.flatnonzero(bounded)[ending]
    v_group, bound_group = np.full(bounded.size, -np.inf), np.zeros(bounded.size)
    taken = np.zeros(whole.choices.state.size, np.bool_)
    iterations = 1
    if states.size:
        relevant = np.zeros(bounded.size, np.bool_)
        relevant[whole.group[seen]] = True
        iterations, first = 0, _uniform(problem)
        if sweeping or first is None:
            swept, iterations = sweep(problem, max_iterations if sweeping else 0)
            first = begin(problem, swept)
        found = improve(problem, first, max(1, max_iterations - iterations), relevant[states])
        iterations += found.evaluations if not sweeping or iterations < max_iterations else 0
        v_group[states], bound_group[states] = found.v, found.bound
        taken[part] = found.weight > 0.0
    v = np.where(infinite, np.inf, v_group[whole.group] + whole.potential)
    policy = _policy(mdp.n_actions, model, whole, taken)
    q = action_values(model, v, discount)
    v = np.where(np.isfinite(v), hard_values(model, q), v)
    rounding = _rounding(model, v, discount)
    with np.errstate(invalid="ignore"):
        rounding[~(q + 2.0 * rounding >= q.max(axis=1, keepdims=True))] = 0.0  # cannot be the largest
    bound = bound_group[whole.group] + rounding.max(axis=1)
    return _solution(v, q, policy, iterations, bound, seen, tolerance, max_iterations)


def _check_above_critical(mdp: TabularMDP, reward_scale: float, temperature: float) -> None:
    """Refuse an undiscounted soft problem without a finite solution."""
    critical = temperature * critical_reward_scale(mdp)
    if reward_scale <= critical:
        raise ValueError(
            f"reward_scale is {reward_scale:.9g}; at discount 1 and temperature {temperature:.9g} it must be above "
            f"the critical reward scale, {critical:.9g}, for soft values to be finite"
        )


def _uniform(choices: Choices) -> NDArray[np.float64] | None:
    """The policy that takes every choice with the same probability; None if it all but never comes to the end."""
    count = np.bincount(choices.state, minlength=choices.n_states)
    weight = 1.0 / count[choices.state]
    if not (choices.ends > 0.0).all():
        chain, ends, _ = choices.mixed(weight)
        steps = Resolvent(chain, ends).solve(np.ones(choices.n_states))
        if not steps.max() < _LONG:
            return None
    return np.asarray(weight)


def _policy(n_actions: int, model: Matrices, whole: Collapsed, taken: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share evenly between the choices taken, and in idle components between those that lead to them, or stay."""
    stops = whole.origin < 0
    equal_stays = np.array_equal(whole.idles, whole.stays)
    leaves = np.zeros(whole.choices.n_states, np.bool_)
    leaves[whole.choices.state[taken & ~stops]] = True
    if not equal_stays:  # to stay for more than nothing, or for less, takes doing so alone
        leaves[whole.choices.state[taken & stops]] = False
    made = np.zeros(whole.idles.size, np.bool_)
    made[whole.origin[taken & ~stops]] = True
    kept = ~model.terminal[:, None] | (np.arange(n_actions) == 0)
    group = whole.group[np.nonzero(kept)[0]]
    made = np.where(leaves[group], made | whole.idles, whole.stays)
    table = np.zeros(model.reward.shape, np.bool_)
    table[kept] = made
    table[~table.any(axis=1) | model.terminal] = True
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _rounding(model: Matrices, v: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """What rounding can do to the values of actions, shape [states, actions]."""
    size = np.where(np.isfinite(v), np.abs(v), 0.0)
    outcomes = np.diff(model.continuation.indptr).reshape(model.reward.shape)
    follows = np.asarray(model.continuation @ size).reshape(model.reward.shape)
    return np.asarray((outcomes + 4.0) * EPS * (np.abs(model.reward) + discount * follows))


def _solution(
    v: NDArray[np.float64],
    q: NDArray[np.float64],
    policy: NDArray[np.float64],
    iterations: int,
    bound: NDArray[np.float64],
    seen: NDArray[np.bool_],
    tolerance: float,
    max_iterations: int,
) -> Solution:
    """Judge by the bound, where the start can lead to, whether it has converged."""
    here = seen & np.isfinite(v)
    error_bound = float(bound[here].max(initial=0.0))
    converged = bool((bound[here] <= tolerance * np.maximum(1.0, np.abs(v[here]))).all())
    if not converged:
        what = f"no convergence within max_iterations = {max_iterations}"
        if iterations < max_iterations:
            what = f"values may be off by {error_bound:.3g}, which is more than tolerance = {tolerance:g} allows"
        warnings.warn(what, RuntimeWarning, stacklevel=4)
    return Solution(v, q, policy, iterations, converged, error_bound)

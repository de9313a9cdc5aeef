"""An MDP reduced to problems whose episodes end, hard and soft; their solutions are mapped back to the MDP."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.bellman import Matrices, action_values, hard_values, soft_policy, soft_values
from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.optimal.choices import Choices, all_choices, reachable, within
from fastsoftq.planning.optimal.collapsing import Collapsed, collapse
from fastsoftq.planning.optimal.end_components import surely_ending
from fastsoftq.planning.optimal.howard import Optimum, begin, improve, sweep
from fastsoftq.planning.optimal.newton import soft_optimum

__all__ = ["Solved", "hard_solution", "soft_solution"]

_MANY = 50_000  # states that are swept, since factorised equations fill memory
_SWEEPS = 400  # that they may need
_LONG = 1e8  # steps to the end that a first policy may take


class Solved(NamedTuple):
    """The solution of an MDP.

    Attributes
    ----------
    v : ndarray of float64, shape [states]
    q, policy : ndarray of float64, shape [states, actions]
    bound : ndarray of float64, shape [states]
        A bound on the error of `v` in reachable states of finite value.
    seen : ndarray of bool, shape [states]
        The states that can be reached.
    iterations : int
    """

    v: NDArray[np.float64]
    q: NDArray[np.float64]
    policy: NDArray[np.float64]
    bound: NDArray[np.float64]
    seen: NDArray[np.bool_]
    iterations: int


def hard_solution(
    model: Matrices, starts: NDArray[np.bool_], discount: float, max_iterations: int, *, sweeping: bool
) -> Solved:
    """Collapse idle components, drop states that lose for ever, solve the rest, and map it back.

    Parameters
    ----------
    model : Matrices
    starts : ndarray of bool, shape [states]
        Where one can start.
    discount : float
    max_iterations : int
        Sweeps and policies.
    sweeping : bool
        Whether to begin with the policy that sweeps find, rather than with one that takes every choice.

    Returns
    -------
    Solved

    Raises
    ------
    ValueError
        A policy can gain for ever where the start can lead to.
    """
    choices = all_choices(model, discount)
    seen = reachable(model, starts)
    whole = collapse(choices)
    gaining = np.flatnonzero(whole.gains & seen)
    if gaining.size:
        raise ValueError(
            f"discount is {discount}; it must be below 1 here, since a policy can gain for ever from state {gaining[0]}"
        )
    infinite = choices.onward.reaching(whole.gains, choices.state)
    bounded = np.ones(whole.choices.n_states, np.bool_)
    bounded[whole.group[infinite]] = False
    part = np.flatnonzero(bounded[whole.choices.state])  # the choices that are left, by their numbers before
    problem = within(whole.choices, bounded, whole.choices.every)
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
        found = _swept(problem, relevant[states]) if sweeping and max_iterations >= _SWEEPS else None
        if found is not None:
            iterations = found.evaluations
        else:
            swept, iterations = sweep(problem, max_iterations if sweeping else 0)
            weight = None if sweeping else _uniform(problem)
            most = max(1, max_iterations - iterations)
            found = improve(problem, begin(problem, swept), most, relevant[states], weight, bounded=True)
            iterations += found.evaluations if not sweeping or iterations < max_iterations else 0
        v_group[states], bound_group[states] = found.v, found.bound
        taken[part] = found.weight > 0.0
    v = np.where(infinite, np.inf, v_group[whole.group] + whole.potential)
    policy = _policy(model, whole, taken)
    q = action_values(model, v, discount)
    v = np.where(np.isfinite(v), hard_values(model, q), v)
    rounding = _rounding(model, v, discount)
    with np.errstate(invalid="ignore"):
        rounding[~(q + 2.0 * rounding >= q.max(axis=1, keepdims=True))] = 0.0  # cannot be the largest
    bound = bound_group[whole.group] + whole.slack + rounding.max(axis=1)
    bound[choices.onward.reaching(whole.doubtful, choices.state)] = np.inf
    return Solved(v, q, policy, bound, seen, iterations)


def soft_solution(
    model: Matrices, starts: NDArray[np.bool_], discount: float, temperature: float, max_iterations: int
) -> Solved:
    """Drop states that lose for ever, solve those that the start can lead to, then the others.

    Parameters
    ----------
    model : Matrices
    starts : ndarray of bool, shape [states]
        Where one can start.
    discount : float
        At 1 the model must be above its critical reward scale.
    temperature : float
    max_iterations : int
        Sweeps and steps.

    Returns
    -------
    Solved
    """
    choices = all_choices(model, discount)
    seen = reachable(model, starts)
    n_states, n_actions = model.reward.shape
    ending, kept = surely_ending(choices)
    v = np.where(seen, -np.inf, np.nan)
    bound = np.zeros(n_states)
    iterations = 0
    whole = soft_optimum(within(choices, ending, kept), temperature, max_iterations) if ending.any() else None
    if whole is not None and whole.settled:
        v[ending], bound[ending], iterations = whole.v, whole.bound, whole.iterations
        parts: tuple[NDArray[np.bool_], ...] = ()
    else:  # states that cannot be reached must not count against others
        parts = seen & ending, ~seen & ending
    for part in parts:  # nothing leads out of the first
        if part.any():
            known = choices.onward.expected(np.where(part | ~np.isfinite(v), 0.0, v))
            problem = within(choices.paying(choices.reward + known), part, kept)
            found = soft_optimum(problem, temperature, max_iterations)
            v[part], bound[part] = found.v, found.bound
            iterations = max(iterations, found.iterations)
    v[~seen & ~np.isfinite(bound)] = np.nan
    q = action_values(model, v, discount)
    with np.errstate(invalid="ignore"):
        v = np.where(np.isfinite(v), soft_values(model, q, temperature), v)
        policy = soft_policy(q, temperature)
    policy[~np.isfinite(v)] = 1.0 / n_actions
    logarithm = EPS * (n_actions + 2.0) * temperature * (n_actions > 1)
    bound += (policy * _rounding(model, v, discount)).sum(axis=1) + logarithm * ~model.terminal
    return Solved(v, q, policy, bound, seen, iterations)


def _swept(choices: Choices, relevant: NDArray[np.bool_]) -> Optimum | None:
    """The optimum of very many states by sweeps alone; None for fewer, or where they prove nothing."""
    if choices.n_states < _MANY:
        return None
    from fastsoftq.planning.optimal.ordered_sweeps import swept_optimum  # compiled, which fewer states are not worth

    return swept_optimum(choices, relevant)


def _uniform(choices: Choices) -> NDArray[np.float64] | None:
    """The policy that takes every choice with the same probability; None if it all but never comes to the end."""
    count = np.bincount(choices.state, minlength=choices.n_states)
    weight = 1.0 / count[choices.state]
    if not choices.always_ends:
        chain, ends, _ = choices.mixed(weight)
        steps = Resolvent(chain, ends).solve(np.ones(choices.n_states))
        if not steps.max() < _LONG:
            return None
    return np.asarray(weight)


def _policy(model: Matrices, whole: Collapsed, taken: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share evenly between the choices taken, and in idle components between those that lead to them or stay."""
    stops = whole.origin < 0
    equal_stays = np.array_equal(whole.idles, whole.stays)
    leaves = np.zeros(whole.choices.n_states, np.bool_)
    leaves[whole.choices.state[taken & ~stops]] = True
    if not equal_stays:  # to stay for more than nothing, or for less, takes doing so alone
        leaves[whole.choices.state[taken & stops]] = False
    made = np.zeros(whole.idles.size, np.bool_)
    made[whole.origin[taken & ~stops]] = True
    kept = ~model.terminal[:, None] | (np.arange(model.reward.shape[1]) == 0)
    group = whole.group[np.nonzero(kept)[0]]
    made = np.where(leaves[group], made | whole.idles, whole.stays)
    table = np.zeros(model.reward.shape, np.bool_)
    table[kept] = made
    table[~table.any(axis=1) | model.terminal] = True
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def _rounding(model: Matrices, v: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """What rounding can do to the values of actions, shape [states, actions]."""
    size = np.where(np.isfinite(v), np.abs(v), 0.0)
    outcomes = np.bincount(model.continuation.row, minlength=model.reward.size).reshape(model.reward.shape)
    follows = model.continuation.expected(size).reshape(model.reward.shape)
    return np.asarray((outcomes + 4.0) * EPS * (np.abs(model.reward) + discount * follows))

"""How hard a world is: how far its states are apart, how close its actions, and how far one must look ahead."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import TIE_TOLERANCE, Matrices, action_values, hard_values, matrices, policy_chain
from fastsoftq.planning.iteration import value_iteration
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.markov_chains.transitions import Transitions, merged
from fastsoftq.planning.optimal.choices import reachable
from fastsoftq.planning.travel_times import longest_travel

__all__ = ["Diameter", "diameter", "effective_horizon", "value_gap"]

_HORIZON = 100_000


@dataclass(frozen=True)
class Diameter:
    """Between which bounds the diameter of a world lies; both are the same where it is known.

    Attributes
    ----------
    low, high : float
        In steps; `high` is inf where nothing is known, and both are where a state cannot be reached from another.

    Examples
    --------
    >>> Diameter(low=3.0, high=3.0).exact
    True
    """

    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether both bounds are the same."""
        return self.low == self.high


def diameter(mdp: TabularMDP, *, most_targets: int = 500) -> Diameter:
    """Find how many steps it takes to get from any state to any other (Jaksch, Ortner & Auer 2010, definition 1).

    The diameter is the largest, over pairs of states, of the least expected number of steps from the one to the other.
    It is taken over states that the start can lead to. An episode that ends begins again in a start state, in the same
    step: terminal states are none of these, and every start state can be reached again through the end.

    Parameters
    ----------
    mdp : TabularMDP
    most_targets : int
        How many states the steps to which are found. Where there are more states, the diameter is bounded: from below,
        by the steps to that many of them, the start and those farthest from it first; from above, in deterministic
        worlds, by the steps to a start state and from there to the farthest state.

    Returns
    -------
    Diameter

    Raises
    ------
    ValueError
        Fewer than one target.
    TypeError
        `mdp` is not a TabularMDP, or `most_targets` not an integer.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.diameter(fsq.from_map("S..G"))  # from the third cell the end leads back to the first
    Diameter(low=2.0, high=2.0)
    """
    most_targets = checks.count("most_targets", most_targets)
    low, high = longest_travel(*_resetting(checked_mdp(mdp)), most_targets)
    return Diameter(low, high)


def value_gap(mdp: TabularMDP, discount: float) -> float:
    """Find the smallest positive gap between an action and the best one.

    The gap of action a in state s is V*(s) - Q*(s, a); the smallest above 0 is taken over states that the start can
    lead to. Values that differ by less than 1e-9, relative to those above 1, are equal.

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1].

    Returns
    -------
    float
        Inf where all actions are equally good.

    Raises
    ------
    ValueError
        A discount outside [0, 1]; at discount 1, a policy that can gain for ever.
    TypeError
        An argument that is not of the type above.

    Warns
    -----
    RuntimeWarning
        The values are not proved to be right.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> value_gap(fsq.from_map("S..G"), discount=1.0)  # a step away and back
    1.0
    """
    solution = value_iteration(checked_mdp(mdp), discount)
    gap = _gaps(solution.v, solution.q)[_acted_in(mdp)]
    return float(gap[gap > 0.0].min(initial=math.inf))


def effective_horizon(mdp: TabularMDP, discount: float) -> int:
    """Find how many steps one must look ahead of acting at random to act optimally (Laidlaw, Russell & Dragan 2023).

    Q1 are the action values of the uniform policy, and Q(k+1) is Q(k) backed up once by Bellman's optimality equation.
    The answer is the least k such that every policy greedy towards Q(k) is optimal from the start ("k-QVI-solvable").
    The paper adds to k what it takes to tell the values Q(k) apart by sampling; k is all that depends on the world
    alone. Values that differ by less than 1e-9, relative to those above 1, are equal.

    Parameters
    ----------
    mdp : TabularMDP
    discount : float
        In [0, 1): a greedy policy need not come to an end, which only a discount makes count.

    Returns
    -------
    int
        At least 1, where the uniform policy's own values tell what to do.

    Raises
    ------
    ValueError
        A discount outside [0, 1).
    TypeError
        An argument that is not of the type above.

    Warns
    -----
    RuntimeWarning
        The values are not proved to be right.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> effective_horizon(fsq.cliff_walking(), discount=0.95)
    12
    """
    discount = checks.in_unit_interval("discount", discount, open_above=True)
    solution = value_iteration(checked_mdp(mdp), discount)
    bad = _gaps(solution.v, solution.q) > 0.0
    bad[mdp.terminal] = False
    model = matrices(mdp)
    starts = mdp.start > 0.0
    q = action_values(model, _uniform_values(model, discount), discount)
    for k in range(1, _HORIZON):
        greedy = _gaps(q.max(axis=1), q) == 0.0
        if not (greedy & bad).any() or not (greedy & bad)[_reached(model, greedy, starts)].any():
            return k
        q = action_values(model, hard_values(model, q), discount)
    raise ValueError(f"discount is {discount}; more than {_HORIZON} steps ahead would be needed, so take a smaller one")


def _gaps(v: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much worse each action is than the best; 0 where they cannot be told apart."""
    v = v[:, None]
    with np.errstate(invalid="ignore"):  # inf - inf
        gap = np.where(q == v, 0.0, v - q)
        return np.where(gap <= TIE_TOLERANCE * np.maximum(1.0, np.abs(v)), 0.0, gap)


def _acted_in(mdp: TabularMDP) -> NDArray[np.bool_]:
    """The states that the start can lead to and that are not terminal."""
    return reachable(matrices(mdp), mdp.start > 0.0) & ~mdp.terminal


def _uniform_values(model: Matrices, discount: float) -> NDArray[np.float64]:
    n_states, n_actions = model.reward.shape
    chain, ends = policy_chain(model, np.full((n_states, n_actions), 1.0 / n_actions))
    reward = np.where(model.terminal, 0.0, model.reward.mean(axis=1))
    return Resolvent(chain.discounted(discount), (1.0 - discount) + discount * ends).solve(reward)


def _reached(model: Matrices, allowed: NDArray[np.bool_], starts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which states can be reached by actions that are allowed, bool [states, actions]."""
    n_states, n_actions = allowed.shape
    onward = model.continuation
    return onward.only(allowed.ravel()[onward.row]).reached(starts, np.repeat(np.arange(n_states), n_actions))


def _resetting(mdp: TabularMDP) -> tuple[Transitions, int, NDArray[np.bool_]]:
    """The world among states that are acted in, where the end leads to the start: transitions by state and action."""
    model = matrices(mdp)
    n_states, n_actions = model.reward.shape
    starts = np.flatnonzero(mdp.start)
    here = reachable(model, mdp.start > 0.0) & ~mdp.terminal
    onward, rows = model.continuation, np.repeat(here, n_actions)
    over = onward.expected(mdp.terminal.astype(np.float64)) + model.termination.ravel()
    ends = np.flatnonzero((over > 0.0) & rows)
    row = np.append(onward.row, np.repeat(ends, starts.size))
    to = np.append(onward.to, np.tile(starts, ends.size))
    p = np.append(onward.p, np.outer(over[ends], mdp.start[starts]).ravel())
    order = np.argsort(row, kind="stable")
    whole = merged(row[order], to[order], p[order], n_states * n_actions, n_states)
    return whole.within(rows, here), n_actions, (mdp.start > 0.0)[here]

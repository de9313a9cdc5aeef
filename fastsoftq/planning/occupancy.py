"""Where a policy spends its time, and where its episodes end: exactly."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices, matrices, policy_chain
from fastsoftq.planning.evaluation import checked_policy
from fastsoftq.planning.markov_chains.classes import part, transient_states
from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.markov_chains.totals import resolvent
from fastsoftq.planning.markov_chains.transitions import Transitions
from fastsoftq.system.html import NotebookTable

__all__ = ["Occupancy", "occupancy"]

_DENSE = 1000  # states whose steps are added up as powers of a dense matrix


@dataclass(frozen=True, eq=False)
class Occupancy(NotebookTable):
    """Where a policy spends its time.

    Attributes
    ----------
    visits : ndarray of float64, shape [states]
        Expected number of steps taken from each state; with a discount, the step at time t counts discount**t. inf
        where the policy may stay for ever.
    endings : ndarray of float64, shape [states]
        Probability that the episode terminates by arriving in each state; with a discount, the arrival after t steps
        counts discount**t.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> walk = occupancy(fsq.from_map("S.G"), np.tile([0.0, 1.0, 0.0, 0.0], (3, 1)))
    >>> walk.visits.tolist(), walk.endings.tolist()
    ([1.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    """

    visits: NDArray[np.float64] = field(repr=False)
    endings: NDArray[np.float64] = field(repr=False)


def occupancy(mdp: TabularMDP, policy: ArrayLike, discount: float = 1.0, horizon: int | None = None) -> Occupancy:
    """Find where a policy spends its time, from the start distribution (Puterman 1994, section 6.9.2).

    Parameters
    ----------
    mdp : TabularMDP
    policy : array_like of float, shape [states, actions] or [horizon, states, actions]
    discount : float
        In [0, 1].
    horizon : int, optional
        The episode is cut after so many steps. None: no limit, or as many steps as `policy` has.

    Returns
    -------
    Occupancy

    Raises
    ------
    ValueError, TypeError
        As `evaluate_policy`.

    Examples
    --------
    >>> import numpy as np, fastsoftq as fsq
    >>> corridor = fsq.from_map("1.S2")
    >>> stays = fsq.occupancy(corridor, np.full((4, 4), 0.25))
    >>> stays.visits.round(9), stays.endings.round(9)
    (array([0.        , 1.33333333, 2.66666667, 0.        ]), array([0.33333333, 0.        , 0.        , 0.66666667]))
    """
    discount = checks.in_unit_interval("discount", discount)
    policy, horizon = checked_policy(mdp, policy, horizon)
    model = matrices(mdp)
    if horizon is None:
        visits = _visits_without_end(mdp, model, policy, discount)
        taken = np.where(np.isfinite(visits), visits, 0.0)[:, None] * policy  # what lasts for ever does not end
    elif policy.strides[0] == 0:  # the same in every step
        chain, _ = policy_chain(model, policy[0])
        taken = _sum_of_steps(chain.discounted(discount), mdp.start, horizon)[:, None] * policy[0]
        visits = taken.sum(axis=1) * ~mdp.terminal
    else:
        now, taken = mdp.start, np.zeros(policy.shape[1:])
        for step in policy:
            taken += now[:, None] * step
            now = discount * model.continuation.entering((now[:, None] * step).ravel())
        visits = taken.sum(axis=1) * ~mdp.terminal
    ending = discount * (taken[:, :, None] * mdp.probability * mdp.terminated)[~mdp.terminal]
    arrivals = np.bincount(mdp.next_state[~mdp.terminal].ravel(), ending.ravel(), mdp.n_states).astype(np.float64)
    return Occupancy(visits, arrivals)


def _visits_without_end(
    mdp: TabularMDP, model: Matrices, policy: NDArray[np.float64], discount: float
) -> NDArray[np.float64]:
    """Solve visits = start + discount * visits @ chain over the states that can be reached."""
    chain, ends = policy_chain(model, policy)
    reached = chain.reached(mdp.start > 0.0) & ~mdp.terminal
    visits = np.where(reached, np.inf, 0.0)
    passing = reached & transient_states(chain, ends)[0] if discount == 1.0 else reached
    if passing.any():
        inner, leaves = part(chain, ends, passing)
        visits[passing] = resolvent(inner, leaves, discount).solve_transposed(mdp.start[passing])
    return visits


def _sum_of_steps(chain: Transitions, start: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Add up start, start @ chain, start @ chain @ chain, ...: so many of them."""
    size = start.size
    if steps > size and size <= _DENSE:
        return np.asarray(_sum_of_powers(chain.toarray().T, steps) @ start)
    total, now = np.zeros_like(start), start
    for left in range(steps, 0, -1):
        total += now
        now = chain.entering(now)
        if now.sum() * left <= EPS / 4.0 * total.sum():  # within rounding of the sum
            break
    return total


def _sum_of_powers(step: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """1 + step + step^2 + ..., by doubling; what columns lack of 1 goes to the end, so that rounding cannot add up."""
    size = len(step)
    one = np.eye(size + 1)
    whole = np.zeros_like(one)
    whole[:size, :size] = step
    whole[size] = 1.0 - whole.sum(axis=0)
    power, sums, count = one, np.zeros_like(one), 0
    for bit in f"{steps:b}":
        sums, power, count = sums + power @ sums, power @ power, 2 * count
        if bit == "1":
            sums, power, count = one + whole @ sums, whole @ power, count + 1
        power /= power.sum(axis=0)
        sums *= count / sums.sum(axis=0)
    return sums[:size, :size]

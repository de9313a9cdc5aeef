"""Expected totals of Markov chains that may end, and of those that never do."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.classes import often_visited, part, transient_states
from fastsoftq.planning.markov_chains.differences import EPS, Differences
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = [
    "mean_reward",
    "poisson_equation",
    "resolvent",
    "stationary_values",
    "total_rewards",
]

_PARTS = 4  # of relative values, each of which adds about 16 digits
_UNSETTLED = 1e4  # multiples of rounding up to which a residual is accepted


def resolvent(chain: Transitions, ends: NDArray[np.float64], discount: float = 1.0) -> Resolvent:
    """Make the solver of x = b + discount * chain @ x; discounting counts as the end.

    Parameters
    ----------
    chain, ends
        As `fastsoftq.planning.bellman.policy_chain` returns them.
    discount : float
        At 1 every state must reach the end.

    Returns
    -------
    Resolvent
    """
    if discount == 1.0:
        return Resolvent(chain, ends)
    return Resolvent(chain.discounted(discount), (1.0 - discount) + discount * ends)


def stationary_values(
    chain: Transitions, ends: NDArray[np.float64], reward: NDArray[np.float64], discount: float
) -> NDArray[np.float64]:
    """Solve V = reward + discount * chain @ V.

    Parameters
    ----------
    chain, ends
        As `fastsoftq.planning.bellman.policy_chain` returns them.
    reward : ndarray of float64, shape [states] or [states, kinds]
    discount : float

    Returns
    -------
    ndarray of float64, of the shape of `reward`
        At discount 1 as `total_rewards` says.
    """
    columns = reward.reshape(reward.shape[0], -1)
    if discount == 1.0:
        return total_rewards(chain, ends, columns).reshape(reward.shape)
    solver = resolvent(chain, ends, discount)
    return np.column_stack([_settled(solver, column) for column in columns.T]).reshape(reward.shape)


def total_rewards(
    chain: Transitions,
    ends: NDArray[np.float64],
    rewards: NDArray[np.float64],
    rounding: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Expected sums of rewards until the end, without a horizon.

    Parameters
    ----------
    chain, ends
        As `fastsoftq.planning.bellman.policy_chain` returns them.
    rewards : ndarray of float64, shape [states, kinds]
        What each state pays, for each kind of reward.
    rounding : ndarray of float64, shape [states, kinds], optional
        Bounds on their rounding errors. None: no error.

    Returns
    -------
    ndarray of float64, shape [states, kinds]
        From a state that can fall into a class it never leaves: -inf or inf by the sign of the class's mean reward,
        nan if classes of both signs can be reached. Where the mean is 0, the sum swings, and its running mean counts
        (Puterman 1994, section 8.2.3: the bias).
    """
    transient, label = transient_states(chain, ends)
    total = np.zeros_like(rewards)
    rounding = total if rounding is None else rounding
    kinds = zip(rewards.T, rounding.T, strict=True)
    lasting = [_lasting(chain, label, ~transient, reward, noise) for reward, noise in kinds]
    total = np.column_stack([np.where(np.isfinite(lasts), lasts, 0.0) for lasts in lasting])
    if transient.any():
        solver = Resolvent(*part(chain, ends, transient))
        for kind, reward in enumerate(rewards.T):
            follows = reward + chain.expected(total[:, kind]) if total[:, kind].any() else reward
            if follows[transient].any():
                total[transient, kind] = _settled(solver, follows[transient])
    for kind, lasts in enumerate(lasting):
        for limit, members in (-np.inf, lasts == -np.inf), (np.inf, lasts == np.inf), (np.nan, np.isnan(lasts)):
            if members.any():
                reach = chain.reaching(members)
                clash = reach & (total[:, kind] == -limit)
                total[reach, kind] = limit
                total[clash, kind] = np.nan
    return total


def poisson_equation(
    chain: Transitions, unit: NDArray[np.float64], reward: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Solve h - chain @ h + x unit = reward for h and x, where chain is irreducible and h is 0 in the first state.

    By renewal: the rewards and units from every state until one state is reached.

    Parameters
    ----------
    chain : Transitions
        Rows sum to 1.
    unit, reward : ndarray of float64, shape [states]

    Returns
    -------
    h : ndarray of float64, shape [states]
    x : float
        The mean of `reward` over the mean of `unit`, both under the chain's stationary distribution: the mean reward
        a step if `unit` is 1 everywhere (Puterman 1994, equation 8.2.8).
    """
    exact, home = np.zeros_like(reward), int(np.argmax(often_visited(chain)))
    earned, cycle, _ = _until_home(chain, reward, exact, home)
    units, units_a_cycle, _ = _until_home(chain, unit, exact, home)
    x = cycle / units_a_cycle
    h = earned - x * units
    return h - h[0], x


def mean_reward(
    chain: Transitions, reward: NDArray[np.float64], parts: int = 2
) -> tuple[NDArray[np.float64], float, float]:
    """Bracket the mean reward a step of an irreducible chain.

    It lies between the least and the largest of reward + E[h'] - h, for any h (Odoni 1969). These are computed exactly,
    and h is a sum of parts, each of which makes them more equal.

    Parameters
    ----------
    chain : Transitions
        Rows sum to 1.
    reward : ndarray of float64, shape [states]
    parts : int
        Each adds about 16 digits.

    Returns
    -------
    h : ndarray of float64, shape [states]
        The values relative to the first state's.
    low, high : float

    Examples
    --------
    >>> there_and_back = Transitions(np.array([0, 1]), np.array([1, 0]), np.ones(2), 2, 2)
    >>> mean_reward(there_and_back, np.array([1e16, 2.0 - 1e16]))[1:]
    (1.0, 1.0)
    """
    differences = Differences(chain, np.arange(reward.size), np.zeros(reward.size))
    unit, found, gain = np.ones(reward.size), list[NDArray[np.float64]](), reward
    while len(found) < parts and np.ptp(gain):
        found.append(poisson_equation(chain, unit, gain)[0])
        gain = differences.exact_rise(found, (reward,))
    h = np.sum(found[::-1], axis=0) if found else np.zeros_like(reward)
    return h, float(gain.min()), float(gain.max())


def _settled(solver: Resolvent, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve equations, and warn if they are beyond double precision because states are left too rarely."""
    x = solver.solve(b)
    if not solver.left <= _UNSETTLED:
        size = f"{b.size} states were not solved to rounding, but to {solver.left:.1g} times that"
        warnings.warn(f"the equations of {size}", RuntimeWarning, stacklevel=4)
    return x


def _until_home(
    chain: Transitions, reward: NDArray[np.float64], rounding: NDArray[np.float64], home: int
) -> tuple[NDArray[np.float64], float, float]:
    """Rewards of an irreducible chain until it reaches a state, from anywhere and from there, and their rounding."""
    others = np.arange(chain.n_states) != home
    earned, unsure = np.zeros(others.size), np.zeros(others.size)
    if others.any():
        outside = Resolvent(*part(chain, np.zeros(others.size), others))
        earned[others] = outside.solve(reward[others])
        noise = outside.differences.rounding(earned[others], reward[others]) + rounding[others]
        unsure[others] = outside.solve_roughly(noise)
    follows, slack = float(chain.expected(earned)[home]), float(chain.expected(unsure)[home])
    cycle = float(reward[home]) + follows
    slack += float(rounding[home]) + EPS * (abs(float(reward[home])) + abs(follows)) * (follows != 0.0)
    return earned, cycle, 4.0 * slack


def _lasting(
    chain: Transitions,
    label: NDArray[np.int32],
    recurrent: NDArray[np.bool_],
    reward: NDArray[np.float64],
    rounding: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The totals of states in classes that are never left; 0 elsewhere."""
    limit = np.zeros(int(label.max()) + 1)  # of each class
    gains, loses = np.zeros(limit.size, np.bool_), np.zeros(limit.size, np.bool_)
    gains[label[recurrent & (reward > rounding)]] = True
    loses[label[recurrent & (reward < -rounding)]] = True
    limit[gains], limit[loses] = np.inf, -np.inf
    mixed = gains & loses
    total = np.where(recurrent, limit[label], 0.0)
    members = np.flatnonzero(mixed[label])
    members = members[np.argsort(label[members], kind="stable")]
    for group in np.split(members, np.flatnonzero(np.diff(label[members])) + 1):
        if group.size:
            group = np.sort(group)
            inside = np.zeros(label.size, np.bool_)
            inside[group] = True
            inner = chain.within(inside, inside)
            home = int(np.argmax(often_visited(inner)))
            earned, cycle, unsure = _until_home(inner, reward[group], rounding[group], home)
            sign = np.sign(cycle) if abs(cycle) > unsure else _sign_of_mean(inner, reward[group], rounding[group])
            if sign:
                total[group] = np.copysign(np.inf, sign)
            else:
                total[group] = earned - poisson_equation(inner, np.ones(group.size), earned)[1]
    return total


def _sign_of_mean(chain: Transitions, reward: NDArray[np.float64], rounding: NDArray[np.float64]) -> float:
    """The sign of an irreducible chain's mean reward, 0 if it may be 0 for all that is known."""
    h, low, high = mean_reward(chain, reward, _PARTS)
    written = Differences(chain, np.arange(h.size), np.zeros(h.size)).written(h)
    unsure = poisson_equation(chain, np.ones(h.size), rounding + written)[1]
    return float(low > unsure) - float(high < -unsure)

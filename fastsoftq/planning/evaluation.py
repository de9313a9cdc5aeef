"""Exact policy evaluation: sparse linear equations without a horizon, a recursion with one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import Matrices, action_values, matrices, policy_chain
from fastsoftq.planning.markov_chains.differences import EPS, reward_as_written
from fastsoftq.planning.markov_chains.totals import stationary_values, total_rewards
from fastsoftq.system.html import NotebookTable
from fastsoftq.system.memory import check_memory

__all__ = ["PolicyEvaluation", "checked_policy", "evaluate_policy", "from_start"]


@dataclass(frozen=True, eq=False)
class PolicyEvaluation(NotebookTable):
    """The values of a policy.

    Attributes
    ----------
    v : ndarray of float64, shape [states] or [horizon, states]
        Expected discounted return from each state (and step, with a finite horizon).
    q : ndarray of float64, shape [states, actions] or [horizon, states, actions]
        The same after a given first action.
    expected_return : float
        Expected undiscounted return from the start distribution. Where the policy may never terminate: finite if
        it earns 0 a step in the long run, -inf or inf if it goes on losing or gaining, nan if both can happen.
    expected_length : float
        Expected number of steps from the start distribution, up to the horizon; inf if the policy may never terminate.
    termination_probability : float
        Probability that the episode terminates, within the horizon if there is one.

    Examples
    --------
    >>> import numpy as np, fastsoftq as fsq
    >>> found = evaluate_policy(fsq.from_map("SG"), np.full((2, 4), 0.25))
    >>> found.v.round(9).tolist(), round(found.expected_length, 9), round(found.termination_probability, 9)
    ([-3.0, 0.0], 4.0, 1.0)
    """

    v: NDArray[np.float64] = field(repr=False)
    q: NDArray[np.float64] = field(repr=False)
    expected_return: float
    expected_length: float
    termination_probability: float


def evaluate_policy(
    mdp: TabularMDP, policy: ArrayLike, discount: float = 1.0, horizon: int | None = None
) -> PolicyEvaluation:
    """Evaluate a policy exactly (Sutton & Barto 2018, equation 4.4, solved as linear equations).

    Parameters
    ----------
    mdp : TabularMDP
    policy : array_like of float, shape [states, actions] or [horizon, states, actions]
        The probability of each action, by state, or by step and state; sums to 1 to within 1e-9. In float32 or
        float16 sums may be off by an epsilon for each action; they are then normalised.
    discount : float
        Of `v` and `q`, in [0, 1]. The other three results are undiscounted.
    horizon : int, optional
        The episode is cut after so many steps. None: no limit, or as many steps as `policy` has.

    Returns
    -------
    PolicyEvaluation

    Raises
    ------
    ValueError
        A discount outside [0, 1], a horizon below 1 or other than the policy's own, a policy of another shape or
        with probabilities that are negative or do not sum to 1.
    TypeError
        An argument that is not of the type above.

    Warns
    -----
    RuntimeWarning
        The policy's equations are beyond double precision, so that the values may be wrong.

    Notes
    -----
    The equations are factorised if the graph of the policy is narrow, as in a room or a corridor, else iterated; both
    to rounding. A mean reward counts as 0 as in `value_iteration`, within the rounding of what the policy averages,
    and, with several outcomes, to within 1e-50 of the largest rewards.

    At discount 1 without a horizon, values are infinite where the policy gains or loses for ever, and nan where it
    may do either. Where a total swings for ever, as in a cycle of +1 and -1, the value is the limit of its running
    mean (0.5 before the +1), as in `value_iteration`. Probabilities below 1e-15 count as 0.

    Examples
    --------
    >>> import numpy as np, fastsoftq as fsq
    >>> corridor = fsq.from_map("S..G")
    >>> round(fsq.evaluate_policy(corridor, np.full((4, 4), 0.25)).expected_length, 9)
    24.0
    """
    discount = checks.in_unit_interval("discount", discount)
    policy, horizon = checked_policy(mdp, policy, horizon)
    if horizon is not None:
        tables = 2 * 8 * horizon * mdp.n_states * mdp.n_actions
        check_memory(f"horizon is {horizon}; it", tables, "take a shorter one, or none")
        return _within_horizon(mdp, matrices(mdp), policy, discount, horizon)
    model = matrices(mdp)
    chain, ends = policy_chain(model, policy)
    reward = (policy * model.reward).sum(axis=1)
    step = (~mdp.terminal).astype(np.float64)
    exact = np.zeros_like(step)
    kinds, rounding = np.column_stack([reward, step, ends]), np.column_stack([_rounding(model, policy), exact, exact])
    returns, lengths, terminates = total_rewards(chain, ends, kinds, rounding).T
    length = from_start(mdp, lengths)
    v = returns if discount == 1.0 else stationary_values(chain, ends, reward, discount)
    return PolicyEvaluation(
        v=v,
        q=action_values(model, v, discount),
        expected_return=from_start(mdp, returns),
        expected_length=length,
        termination_probability=1.0 if np.isfinite(length) else from_start(mdp, terminates),
    )


def checked_policy(
    mdp: TabularMDP, policy: ArrayLike, horizon: int | None = None
) -> tuple[NDArray[np.float64], int | None]:
    """Check a policy and its horizon; return the policy as float64.

    Parameters
    ----------
    mdp : TabularMDP
    policy : array_like of float, shape [states, actions] or [horizon, states, actions]
    horizon : int, optional

    Returns
    -------
    policy : ndarray of float64, shape [states, actions], or [horizon, states, actions] where there is a horizon
    horizon : int or None

    Raises
    ------
    ValueError, TypeError
        As `evaluate_policy`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked_policy(fsq.from_map("SG"), np.full((3, 2, 4), 0.25))[1]
    3
    """
    if horizon is not None:
        horizon = checks.count("horizon", horizon)
    array = checks.array("policy", policy, "iuf", holds="probabilities")
    here = (checked_mdp(mdp).n_states, mdp.n_actions)
    if array.ndim not in (2, 3) or array.shape[-2:] != here or array.shape[0] == 0:
        raise ValueError(
            f"policy has shape {array.shape}; it must be [states, actions] = {here} or [horizon, states, actions]"
        )
    if array.ndim == 3:
        if horizon not in (None, array.shape[0]):
            raise ValueError(f"horizon is {horizon}; the policy has {array.shape[0]} steps, and both must agree")
        horizon = array.shape[0]
    array = checks.distribution("policy", array)
    array = array / array.sum(axis=-1, keepdims=True)  # not quite 1, which counts where episodes are long
    return (array if horizon is None else np.broadcast_to(array, (horizon, *here))), horizon


def from_start(mdp: TabularMDP, values: NDArray[np.float64]) -> float:
    """Average values over the start distribution.

    Parameters
    ----------
    mdp : TabularMDP
    values : ndarray of float64, shape [states]
        May be infinite; only those of start states count.

    Returns
    -------
    float

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from_start(fsq.from_map("S.SG"), np.array([1.0, 9.0, 3.0, 0.0]))
    2.0
    """
    possible = mdp.start > 0.0
    with np.errstate(invalid="ignore"):  # inf - inf: neither
        return float((mdp.start[possible] * values[possible]).sum())


def _rounding(model: Matrices, policy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bound on the error of each state's mean reward, from rounding and from writing rewards in binary."""
    several = np.count_nonzero(policy, axis=1) > 1
    of_sum = (policy * np.abs(model.reward)).sum(axis=1) * several * (policy.shape[1] + 2.0) * EPS
    of_reward = reward_as_written(model.reward)
    if model.rounding is not None and model.written is not None:
        of_reward = np.maximum(model.rounding, model.written)
    return np.asarray(of_sum + (policy * of_reward).sum(axis=1))


def _within_horizon(
    mdp: TabularMDP, model: Matrices, policy: NDArray[np.float64], discount: float, horizon: int
) -> PolicyEvaluation:
    v, q = np.zeros(policy.shape[:2]), np.zeros(policy.shape)
    following = np.zeros(mdp.n_states)
    for t in reversed(range(horizon)):
        q[t] = action_values(model, following, discount)
        v[t] = following = (policy[t] * q[t]).sum(axis=1)
    occupancy = mdp.start.copy()
    total = length = ended = 0.0
    for t in range(horizon):
        taken = occupancy[:, None] * policy[t]
        total += float((taken * model.reward).sum())
        length += float(occupancy[~mdp.terminal].sum())
        ended += float((taken * model.termination).sum())
        occupancy = model.continuation.entering(taken.ravel())
    return PolicyEvaluation(v, q, total, length, min(1.0, ended))

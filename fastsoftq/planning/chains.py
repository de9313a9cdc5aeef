"""Markov chains that may end: what they add up to on the way, and what becomes of those that never do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu, spsolve

from fastsoftq.planning.bellman import Matrices

__all__ = ["poisson_equation", "policy_chain", "stationary_values", "total_rewards", "transient_states"]

_NEVER = 1e-15  # a transition less likely than this is one that double precision cannot tell from none


def policy_chain(model: Matrices, policy: NDArray[np.float64]) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Make the Markov chain that a policy turns an MDP into.

    Parameters
    ----------
    model : Matrices
    policy : ndarray of float64, shape [states, actions]

    Returns
    -------
    chain : sparse array of float64, shape [states, states]
        The probability of going on in each state.
    ends : ndarray of float64, shape [states]
        The probability of the end.
    """
    n_states, n_actions = policy.shape
    taken = np.where(policy < _NEVER, 0.0, policy)
    first = np.arange(0, n_states * n_actions + 1, n_actions)
    mixing = sparse.csr_array((taken.ravel(), np.arange(n_states * n_actions), first), (n_states, n_states * n_actions))
    chain = sparse.csr_array(mixing @ model.continuation)
    chain.data[chain.data < _NEVER] = 0.0
    chain.eliminate_zeros()
    ends = (taken * model.termination).sum(axis=1)
    return chain, np.where(ends < _NEVER, 0.0, ends)


def stationary_values(
    chain: sparse.csr_array, ends: NDArray[np.float64], reward: NDArray[np.float64], discount: float
) -> NDArray[np.float64]:
    """Solve V = reward + discount * chain @ V.

    Parameters
    ----------
    chain, ends
        As `policy_chain` returns them.
    reward : ndarray of float64, shape [states]
    discount : float

    Returns
    -------
    ndarray of float64, shape [states]
        At discount 1 as `total_rewards` says.
    """
    if discount == 1.0:
        return total_rewards(chain, ends, reward[:, None])[:, 0]
    identity = sparse.eye_array(chain.shape[0], format="csc")
    return np.atleast_1d(spsolve(sparse.csc_array(identity - discount * chain), reward))


def total_rewards(
    chain: sparse.csr_array, ends: NDArray[np.float64], rewards: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Expected sums of rewards until the end, without a limit.

    Parameters
    ----------
    chain, ends
        As `policy_chain` returns them.
    rewards : ndarray of float64, shape [states, kinds]
        What each state pays, for each kind of reward.

    Returns
    -------
    ndarray of float64, shape [states, kinds]
        From a state that can fall into a class it never leaves: finite if that class pays nothing, otherwise -inf or
        inf by the sign of its mean reward, nan if it is 0 or if classes of both signs can be reached.
    """
    transient, label = transient_states(chain, ends)
    total = np.zeros_like(rewards)
    if transient.any():
        inner = chain[transient][:, transient]
        identity = sparse.eye_array(inner.shape[0], format="csc")
        total[transient] = splu(sparse.csc_array(identity - inner)).solve(rewards[transient])
    for kind in range(rewards.shape[1]):
        for limit, members in _lasting(chain, label, ~transient, rewards[:, kind]).items():
            reach = _reaches(chain, members)
            clash = reach & ~np.isfinite(total[:, kind]) & (total[:, kind] != limit)
            total[reach, kind] = limit
            total[clash, kind] = np.nan
    return total


def transient_states(chain: sparse.csr_array, ends: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Find the states that are left for good sooner or later.

    Parameters
    ----------
    chain, ends
        As `policy_chain` returns them.

    Returns
    -------
    transient : ndarray of bool, shape [states]
        The others lie in classes that are never left.
    label : ndarray of int32, shape [states]
        The number of each state's class: of those that can be reached from each other.
    """
    n_classes, label = csgraph.connected_components(chain, connection="strong")
    edges = chain.tocoo()
    leaves = label[edges.row] != label[edges.col]
    left = np.zeros(n_classes, np.bool_)
    left[label[edges.row[leaves]]] = True
    left[label[ends > 0.0]] = True
    return left[label], label


def poisson_equation(
    chain: sparse.csr_array, unit: NDArray[np.float64], reward: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Solve h - chain @ h + x unit = reward for h and x, where chain is irreducible and h is 0 in the first state.

    Parameters
    ----------
    chain : sparse array of float64, shape [states, states]
        Rows sum to 1.
    unit, reward : ndarray of float64, shape [states]

    Returns
    -------
    h : ndarray of float64, shape [states]
    x : float
        The mean of `reward` over the mean of `unit`, both under the chain's stationary distribution: the mean reward
        a step if `unit` is 1 everywhere (Puterman 1994, equation 8.2.8).
    """
    size = chain.shape[0]
    bias = (sparse.eye_array(size, format="csc") - chain.tocsc())[:, 1:]
    system = sparse.csc_array(sparse.hstack([bias, sparse.csc_array(unit[:, None])]))
    solution = np.atleast_1d(spsolve(system, reward))
    return np.append(0.0, solution[:-1]), float(solution[-1])


def _lasting(
    chain: sparse.csr_array, label: NDArray[np.int32], recurrent: NDArray[np.bool_], reward: NDArray[np.float64]
) -> dict[float, NDArray[np.bool_]]:
    """The states of classes that are never left and go on paying, by what this adds up to."""
    lasting: dict[float, NDArray[np.bool_]] = {}
    pays = np.abs(reward) > 1e-14 * np.abs(reward).max()  # not just what rounding leaves of a mean of 0
    for this in np.unique(label[recurrent & pays]):
        members = label == this
        _, mean = poisson_equation(chain[members][:, members], np.ones(members.sum()), reward[members])
        limit = np.copysign(np.inf, mean) if abs(mean) > 1e-12 * np.abs(reward[members]).max() else np.nan
        lasting[float(limit)] = lasting.get(float(limit), np.zeros_like(members)) | members
    return lasting


def _reaches(chain: sparse.csr_array, targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which states can come to one of `targets`."""
    steps = csgraph.dijkstra(chain.T.tocsr(), indices=np.flatnonzero(targets), unweighted=True, min_only=True)
    return np.asarray(np.isfinite(steps))

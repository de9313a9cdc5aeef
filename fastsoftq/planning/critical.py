"""The critical reward scale: how much a step must cost before entropy no longer pays for walking on for ever."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices, matrices
from fastsoftq.planning.chains import poisson_equation

__all__ = ["critical_reward_scale"]


def critical_reward_scale(mdp: TabularMDP) -> float:
    """Return the reward scale above which undiscounted soft values at temperature 1 are finite.

    Below it, some policy that never terminates gains more entropy than it loses reward, so the soft values grow
    without bound; at temperature T the condition is reward_scale / T > `critical_reward_scale(mdp)`.

    Parameters
    ----------
    mdp : TabularMDP
        Only what can be reached from the start counts.

    Returns
    -------
    float
        0.0 if every scale will do: one cannot walk on for ever, or only in one way, at a loss. inf if none will: one
        can walk on for ever without losing any reward on average.

    Notes
    -----
    With deterministic dynamics exp(V) obeys a linear equation, z = M(k) z + b with M(k)[s, s'] = sum_a exp(k r(s, a))
    over the moves that do not terminate, and the critical scale k is where the spectral radius of M(k) is 1. With
    stochastic dynamics the soft equation V = ln sum_a exp(k r + E V') is not linear in exp(V). It is a stochastic
    shortest path problem (Bertsekas & Tsitsiklis 1991) with reward k r + entropy, which has a finite solution while
    every policy that never terminates has a negative mean reward k r + entropy a step. Those policies live in the end
    components of the MDP: sets of states and actions, each state reachable from each, that are closed under every
    outcome. So the critical scale is

        k = max over policies in end components of (mean entropy a step) / (mean loss a step),

    which is where ln of the spectral radius is 0 if dynamics are deterministic. The mean k r + entropy is
    convex in k and its derivative the mean reward, so Newton's method in k (with policy improvement between its steps,
    as in Dinkelbach 1967) rises to the critical scale and converges quadratically.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> round(fsq.critical_reward_scale(fsq.cliff_walking()), 7)
    1.3376435
    """
    model = matrices(mdp)
    return max((_break_even(component) for component in _end_components(mdp, model)), default=0.0)


class _Component(NamedTuple):
    """Part of an MDP that one need not leave: pairs of state and action, ordered by state."""

    first: NDArray[np.int64]  # [states] the first pair of each state
    state: NDArray[np.int64]  # [pairs] the state of each pair
    reward: NDArray[np.float64]  # [pairs]
    continuation: sparse.csr_array  # [pairs, states]


def _end_components(mdp: TabularMDP, model: Matrices) -> list[_Component]:
    """Maximal end components within reach of the start (de Alfaro 1997, algorithm 3.1)."""
    n_states, n_actions = model.reward.shape
    state = np.repeat(np.arange(n_states), n_actions)
    first, outcome = _edges(model.continuation, np.ones(n_states * n_actions, np.bool_))
    reachable = _reachable(mdp, state[first], outcome)
    inside = reachable[state] & (model.termination.ravel() == 0.0)
    while True:
        pair, outcome = _edges(model.continuation, inside)
        graph = sparse.csr_array((np.ones(pair.size), (state[pair], outcome)), shape=(n_states, n_states))
        _, label = csgraph.connected_components(graph, connection="strong")
        leaving = pair[label[state[pair]] != label[outcome]]
        if leaving.size == 0:
            break
        inside[leaving] = False
    pairs = np.flatnonzero(inside)
    pairs = pairs[np.argsort(label[state[pairs]], kind="stable")]
    borders = np.flatnonzero(np.diff(label[state[pairs]])) + 1
    components = []
    for members in np.split(pairs, borders):
        if members.size:
            states, first, local = np.unique(state[members], return_index=True, return_inverse=True)
            continuation = sparse.csr_array(model.continuation[members][:, states])
            components.append(_Component(first, local, model.reward.ravel()[members], continuation))
    return components


def _edges(continuation: sparse.csr_array, pairs: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair and next state of every outcome of the given pairs."""
    edges = continuation.tocoo()
    chosen = pairs[edges.row]
    return edges.row[chosen].astype(np.int64), edges.col[chosen].astype(np.int64)


def _reachable(mdp: TabularMDP, origin: NDArray[np.int64], outcome: NDArray[np.int64]) -> NDArray[np.bool_]:
    graph = sparse.csr_array((np.ones(origin.size), (origin, outcome)), shape=(mdp.n_states, mdp.n_states))
    starts = np.flatnonzero(mdp.start)
    return np.asarray(np.isfinite(csgraph.dijkstra(graph, indices=starts, unweighted=True, min_only=True)))


def _break_even(component: _Component) -> float:
    """The scale at which the best mean of k reward + entropy in an end component is 0."""
    first, state, reward, continuation = component
    n_pairs, n_states = continuation.shape
    if _best_mean_reward(component) >= 0.0:
        return np.inf
    if n_pairs == n_states:
        return 0.0
    scale, h = 0.0, np.zeros(n_states)
    while True:
        q = scale * reward + continuation @ h
        best = np.maximum.reduceat(q, first)
        weight = np.exp(q - best[state])
        total = np.add.reduceat(weight, first)
        policy = weight / total[state]
        log_policy = q - (best + np.log(total))[state]
        mixing = sparse.csr_array((policy, (state, np.arange(n_pairs))), shape=(n_states, n_pairs))
        chain = sparse.csr_array(mixing @ continuation)
        entropy = -np.add.reduceat(policy * log_policy, first)
        h, better = poisson_equation(chain, -np.add.reduceat(policy * reward, first), entropy)
        if not better > scale * (1.0 + 1e-14):
            return scale
        scale = better


def _best_mean_reward(component: _Component) -> float:
    """The best mean reward of a policy in an end component; only its sign is exact."""
    _, state, reward, continuation = component
    largest = float(np.abs(reward).max())
    if reward.max() < 0.0 or reward.min() >= 0.0:  # any mean has this sign
        return float(reward.max())
    from scipy.optimize import linprog  # here, since it takes longer to load than most answers take

    # The linear program over stationary frequencies of pairs (Puterman 1994, section 8.8).
    n_pairs, n_states = continuation.shape
    enters = sparse.csr_array((np.ones(n_pairs), (state, np.arange(n_pairs))), shape=(n_states, n_pairs))
    balance: Any = sparse.vstack([sparse.csr_array(enters - continuation.T), sparse.csr_array(np.ones((1, n_pairs)))])
    frequencies: Any = linprog(-reward / largest, A_eq=balance, b_eq=np.append(np.zeros(n_states), 1.0))
    mean = float(reward @ frequencies.x) / largest
    return 0.0 if abs(mean) < 1e-9 else mean * largest

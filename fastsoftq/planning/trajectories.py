"""Trajectories drawn from a finite-horizon process: a policy, and the true dynamics or any other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.evaluation import checked_policy
from fastsoftq.system.html import NotebookTable
from fastsoftq.system.memory import check_memory

__all__ = ["Trajectories", "sample_trajectories"]


@dataclass(frozen=True, eq=False)
class Trajectories(NotebookTable):
    """Sampled trajectories, one a row; what lies after the end of one is -1 (rewards: 0).

    Attributes
    ----------
    states : ndarray of int32, shape [size, horizon + 1]
        The state before each step, and the last one.
    actions : ndarray of int32, shape [size, horizon]
    rewards : ndarray of float64, shape [size, horizon]
    lengths : ndarray of int32, shape [size]
        How many steps each took.
    terminated : ndarray of bool, shape [size]
        Whether it ended before the horizon, or with it, by termination.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> walks = sample_trajectories(fsq.from_map("S.G"), np.tile([0.0, 1.0, 0.0, 0.0], (3, 1)), 1, horizon=4)
    >>> walks.states.tolist(), walks.rewards.tolist(), walks.terminated.tolist()
    ([[0, 1, 2, -1, -1]], [[-1.0, 0.0, 0.0, 0.0]], [True])
    """

    states: NDArray[np.int32] = field(repr=False)
    actions: NDArray[np.int32] = field(repr=False)
    rewards: NDArray[np.float64] = field(repr=False)
    lengths: NDArray[np.int32]
    terminated: NDArray[np.bool_]


def sample_trajectories(
    mdp: TabularMDP,
    policy: ArrayLike,
    size: int,
    *,
    horizon: int | None = None,
    rng: np.random.Generator | int | None = None,
) -> Trajectories:
    """Draw trajectories of a policy under the true dynamics.

    Parameters
    ----------
    mdp : TabularMDP
    policy : array_like of float, shape [states, actions] or [horizon, states, actions]
    size : int
        How many.
    horizon : int, optional
        Where they are cut; needed unless `policy` has one.
    rng : numpy.random.Generator or int, optional
        The source of randomness, or a seed for one.

    Returns
    -------
    Trajectories

    Raises
    ------
    ValueError
        A size or horizon below 1, no horizon, or an invalid policy.
    TypeError
        An argument that is not of the type above.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.from_map("S.G")
    >>> sample_trajectories(mdp, fsq.value_iteration(mdp, 0.9).policy, 2, horizon=10, rng=0).states[:, :4]
    array([[ 0,  1,  2, -1],
           [ 0,  1,  2, -1]], dtype=int32)
    """
    size = checks.count("size", size)
    policy, horizon = checked_policy(mdp, policy, horizon)
    if horizon is None:
        raise ValueError("horizon is None; it must be given with a policy of shape [states, actions]")
    return drawn(mdp, mdp.start, policy, np.broadcast_to(mdp.probability, (horizon, *mdp.probability.shape)), size, rng)


def drawn(
    mdp: TabularMDP,
    start: NDArray[np.float64],
    policy: NDArray[np.float64],
    dynamics: NDArray[np.float64],
    size: int,
    rng: np.random.Generator | int | None,
) -> Trajectories:
    """Draw trajectories of any start distribution, policy and dynamics; all are taken as checked.

    Parameters
    ----------
    mdp : TabularMDP
        What its outcomes lead to; their probabilities are not read.
    start : ndarray of float64, shape [states]
    policy : ndarray of float64, shape [horizon, states, actions]
    dynamics : ndarray of float64, shape [horizon, states, actions, outcomes]
    size : int
    rng : numpy.random.Generator or int, optional

    Returns
    -------
    Trajectories

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.from_map("SG")
    >>> drawn(mdp, mdp.start, np.full((9, 2, 4), 0.25), np.ones((9, 2, 4, 1)), size=3, rng=0).states[:, 0].tolist()
    [0, 0, 0]
    """
    rng = checks.generator(rng)
    horizon = policy.shape[0]
    needed = size * (horizon * (4 + 4 + 8) + 8 * mdp.n_states)
    check_memory(f"size is {size}, which with {horizon} steps each", needed, "draw fewer, or shorter ones")
    states = np.full((size, horizon + 1), -1, np.int32)
    actions = np.full((size, horizon), -1, np.int32)
    rewards = np.zeros((size, horizon))
    lengths = np.zeros(size, np.int32)
    terminated = np.zeros(size, np.bool_)
    states[:, 0] = _draw(np.broadcast_to(start, (size, mdp.n_states)), rng)
    running = np.arange(size)
    for t in range(horizon):
        here = states[running, t]
        action = _draw(policy[t, here], rng)
        outcome = _draw(dynamics[t, here, action], rng)
        actions[running, t] = action
        rewards[running, t] = mdp.reward[here, action, outcome]
        states[running, t + 1] = mdp.next_state[here, action, outcome]
        lengths[running] += 1
        ended = mdp.terminated[here, action, outcome]
        terminated[running[ended]] = True
        running = running[~ended]
        if running.size == 0:
            break
    return Trajectories(states, actions, rewards, lengths, terminated)


def _draw(probability: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One index for each row of probabilities, by inversion; never one of probability 0."""
    cumulative = np.cumsum(probability, axis=1)
    threshold = rng.random(probability.shape[0]) * cumulative[:, -1]
    return np.asarray((cumulative <= threshold[:, None]).sum(axis=1))

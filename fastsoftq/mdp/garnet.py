"""Garnets: random MDPs of a given size (Archibald, McKinnon & Thomas 1995; Bhatnagar et al. 2009)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.mdp.uniform_draws import uniform_draws

__all__ = ["garnet"]


def garnet(states: int, actions: int, branching: int, seed: int = 0) -> TabularMDP:
    """Make a random MDP: every action leads to `branching` states of its own.

    The states that an action leads to are drawn evenly, none twice. Their probabilities are the pieces of [0, 1] cut
    at `branching` - 1 places drawn evenly (Bhatnagar et al. 2009, section 5). The action's reward is uniform on [0, 1),
    the same on every machine; Bhatnagar et al. draw it from a normal distribution. Episodes start in state 0.

    The task is a continuing one: no outcome terminates, so that episodes last for `max_steps`, and values need a
    discount below 1.

    Parameters
    ----------
    states, actions : int
    branching : int
        At most as many as there are states.
    seed : int
        Another seed, another MDP.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A number below 1, more branches than states, too many for the memory there is, a negative seed.
    TypeError
        Not an integer.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.garnet(100, 4, 3, seed=1)
    <TabularMDP 'garnet': 100 states, 4 actions, up to 3 outcomes>
    """
    states, actions = checks.count("states", states), checks.count("actions", actions)
    branching = checks.count("branching", branching)
    if branching > states:
        raise ValueError(f"branching is {branching}; it must be at most the number of states, {states}")
    given = f"states is {states}, actions {actions} and branching {branching}; such a garnet"
    check_table(given, states, actions, branching)
    shape = (states, actions)
    picks, cuts, reward = uniform_draws(seed, (*shape, branching), (*shape, branching - 1), shape)
    cuts.sort(axis=2)
    return TabularMDP(
        next_state=_distinct(picks, states),
        reward=reward,
        terminated=False,
        probability=np.diff(cuts, axis=2, prepend=0.0, append=1.0),
        name="garnet",
    )


def _distinct(picks: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Sets of numbers below `size`, every set as likely (Floyd's algorithm: Bentley & Floyd 1987)."""
    count = picks.shape[2]
    chosen = np.empty(picks.shape, np.int64)
    for i in range(count):
        last = size - count + i  # the largest number so far that may be chosen
        number = (picks[..., i] * (last + 1)).astype(np.int64)
        taken = (chosen[..., :i] == number[..., None]).any(axis=2)
        chosen[..., i] = np.where(taken, last, number)
    return chosen

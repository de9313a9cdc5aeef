"""River swim (Strehl & Littman 2008): against the current to a large reward, or with it to a small one."""

from __future__ import annotations

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["river_swim"]

# Chances to be carried back, to stay and to get on, swimming right: in the first, a middle and the last state.
_CURRENTS = {
    "strehl": ((0.0, 0.7, 0.3), (0.1, 0.6, 0.3), (0.7, 0.3, 0.0)),
    "osband": ((0.0, 0.4, 0.6), (0.05, 0.6, 0.35), (0.4, 0.6, 0.0)),
}
_REWARDS = {"strehl": (5.0, 10_000.0), "osband": (0.005, 1.0)}


def river_swim(states: int = 6, *, current: str = "strehl") -> TabularMDP:
    """Make river swim: a line of states, actions 0 left, with the current, and 1 right, against it.

    Left always gets one state further, and pays a little in the first state; right often does not, and pays much where
    it keeps to the last one.

    The task is a continuing one: no outcome terminates, so that episodes last for `max_steps`, and values need a
    discount below 1.

    Parameters
    ----------
    states : int
        At least 3; 6 in the papers.
    current : {"strehl", "osband"}
        Strehl & Littman (2008): right gets on with probability 0.3 and falls back with 0.1; it falls back with 0.7 from
        the last state; rewards are 5 and 10,000, and episodes start in state 1 or 2. Osband, Russo & Van Roy (2013):
        0.35 and 0.05, 0.4 from the last state and 0.6 on from the first; rewards are 0.005 and 1, this one for going
        right in the last state wherever it leads; start in state 0. Its best mean reward a step is 0.4286, its
        diameter 14.72.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        Fewer than 3 states, or too many for the memory there is; an unknown current.
    TypeError
        `states` must be an integer, `current` a string.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.river_swim().outcomes(5, 1)
    [Outcome(probability=0.7, next_state=4, reward=0.0, terminated=False), \
Outcome(probability=0.3, next_state=5, reward=10000.0, terminated=False)]
    """
    states = checks.count("states", states, least=3)
    current = checks.choice("current", current, _CURRENTS)
    check_table(f"states is {states}; such a river", states, 2, 3)
    here = np.arange(states)
    first, middle, last = _CURRENTS[current]
    probability = np.empty((states, 2, 3))
    probability[:, 0] = (1.0, 0.0, 0.0)
    probability[:, 1] = middle
    probability[0, 1], probability[-1, 1] = first, last
    reward = np.zeros((states, 2, 3))
    reward[0, 0], keeps = _REWARDS[current]
    reward[-1, 1, 1:] = keeps
    if current == "osband":
        reward[-1, 1] = keeps
    start = np.zeros(states)
    start[[1, 2] if current == "strehl" else 0] = 0.5 if current == "strehl" else 1.0
    return TabularMDP(
        next_state=np.broadcast_to(np.clip(here[:, None] + (-1, 0, 1), 0, states - 1)[:, None, :], (states, 2, 3)),
        reward=reward,
        terminated=False,
        probability=probability,
        start=start,
        name="river_swim" + ("" if current == "strehl" else f"_{current}"),
    )

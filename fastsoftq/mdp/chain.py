"""The chain (Dearden, Friedman & Russell 1998; Strens 2000): many steps to a large reward, one to a small one."""

from __future__ import annotations

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["chain"]


def chain(states: int = 5, *, slip: float = 0.2, back_reward: float = 2.0, end_reward: float = 10.0) -> TabularMDP:
    """Make the chain: action 0 leads on, and pays at the end of the chain, where it stays; 1 leads back to its start.

    With probability `slip` an action does what the other would. With 5 states, the best policy always goes on, and
    earns 3.6768 a step in the long run (3677 in 1000 steps: Strens 2000, section 5).

    The task is a continuing one: no outcome terminates, so that episodes last for `max_steps`, and values need a
    discount below 1.

    Parameters
    ----------
    states : int
        At least 2.
    slip : float
        In [0, 1].
    back_reward, end_reward : float
        The reward of going back, from anywhere, and of going on in the last state; any other step pays 0.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        Fewer than 2 states, or too many for the memory there is; a probability outside [0, 1]; a reward that is not
        finite or beyond ±1e100.
    TypeError
        `states` must be an integer, the others numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.chain().outcomes(4, 0)
    [Outcome(probability=0.8, next_state=4, reward=10.0, terminated=False), \
Outcome(probability=0.2, next_state=0, reward=2.0, terminated=False)]
    """
    states = checks.count("states", states, least=2)
    slip = checks.in_unit_interval("slip", slip)
    pays = checks.reward("back_reward", back_reward), checks.reward("end_reward", end_reward)
    check_table(f"states is {states}; such a chain", states, 2, 2)
    onward = np.minimum(np.arange(states) + 1, states - 1)
    back = np.zeros(states, np.int64)
    on_reward = np.where(np.arange(states) == states - 1, pays[1], 0.0)
    # What is meant comes first: going on, or going back.
    next_state = np.stack([np.column_stack([onward, back]), np.column_stack([back, onward])], axis=1)
    reward = np.stack([np.column_stack([on_reward, 0.0 * on_reward + pays[0]])] * 2, axis=1)
    reward[:, 1] = reward[:, 1, ::-1]
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=False,
        probability=np.broadcast_to((1.0 - slip, slip), next_state.shape),
        name="chain",
    )

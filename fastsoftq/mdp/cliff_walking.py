"""Cliff walking (Sutton & Barto 2018, example 6.6; Gymnasium's CliffWalking-v1)."""

from __future__ import annotations

from fastsoftq import checks
from fastsoftq.mdp.grid import check_size, from_map
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["cliff_walking"]

_MOST = 10_000  # cells a side


def cliff_walking(
    *,
    slippery: bool = False,
    goal_reward: float = 0.0,
    step_reward: float = -1.0,
    cliff_reward: float = -100.0,
    height: int = 4,
    width: int = 12,
) -> TabularMDP:
    """Make cliff walking: from the bottom left to the bottom right, along the edge of a cliff.

    States are numbered row by row (start 36, goal 47 on the usual 4 x 12 grid), actions 0 up, 1 right, 2 down, 3 left.
    Stepping into the cliff pays `cliff_reward` and leads back to the start; the episode goes on.

    Parameters
    ----------
    slippery : bool
        The intended move or one of its two neighbours, each with probability 1/3.
    goal_reward : float
        The reward of the step into the goal. The document gives 0, Gymnasium -1.
    step_reward, cliff_reward : float
        The reward of any other step, and of a step into the cliff.
    height, width : int
        Rows and columns of the grid: at least 2 and 3, at most 10,000.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A grid that is too small, or too large for the memory there is; a reward that is not finite or beyond ±1e100.
    TypeError
        `height` and `width` must be integers, rewards numbers, `slippery` True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.cliff_walking()
    >>> mdp
    <TabularMDP 'cliff_walking': 48 states, 4 actions, deterministic>
    >>> mdp.outcomes(36, 1)
    [Outcome(probability=1.0, next_state=36, reward=-100.0, terminated=False)]
    """
    height = checks.count("height", height, least=2, most=_MOST)
    width = checks.count("width", width, least=3, most=_MOST)
    check_size(f"height is {height} and width {width}; such a grid", height * width)
    rows = ["." * width] * (height - 1) + ["S" + "C" * (width - 2) + "G"]
    return from_map(
        rows,
        step_reward=step_reward,
        cliff_reward=cliff_reward,
        goal_reward=goal_reward,
        slippery=slippery,
        name="cliff_walking_slippery" if checks.flag("slippery", slippery) else "cliff_walking",
    )

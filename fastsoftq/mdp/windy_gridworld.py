"""The windy gridworld (Sutton & Barto 2018, example 6.5, exercises 6.9 and 6.10)."""

from __future__ import annotations

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.grid import MOVES
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["windy_gridworld"]

_HEIGHT, _WIND = 7, (0, 0, 0, 1, 1, 1, 2, 2, 1, 0)  # rows that a step from each column is blown upwards
_START, _GOAL = (3, 0), (3, 7)
_DIAGONALS = ((-1, 1), (1, 1), (1, -1), (-1, -1))
_STEPS = {"four": MOVES, "king": MOVES + _DIAGONALS, "king_stay": (*MOVES, *_DIAGONALS, (0, 0))}


def windy_gridworld(
    *, moves: str = "four", stochastic: bool = False, step_reward: float = -1.0, goal_reward: float = -1.0
) -> TabularMDP:
    """Make the windy gridworld: from left to right, across a wind that blows upwards.

    States are the 7 x 10 cells, numbered row by row. A step moves as its action says and, besides, up by the wind of
    the column it starts in, no further than the edge. Undiscounted, with -1 a step, the start is worth -15, with king's
    moves -7, and no more if one may stay, too.

    Parameters
    ----------
    moves : {"four", "king", "king_stay"}
        0 up, 1 right, 2 down, 3 left; of a king, besides 4 up and right, 5 down and right, 6 down and left, 7 up and
        left; "king_stay" adds 8, moved by the wind alone.
    stochastic : bool
        Where there is wind, it is as given, one more or one less, each with probability 1/3 (exercise 6.10).
    step_reward, goal_reward : float
        The reward of any step, and of the one into the goal instead.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        Unknown moves; a reward that is not finite or beyond ±1e100.
    TypeError
        `moves` must be a string, `stochastic` True or False, rewards numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.windy_gridworld()
    >>> mdp
    <TabularMDP 'windy_gridworld': 70 states, 4 actions, deterministic>
    >>> float(fsq.value_iteration(mdp, discount=1.0).v[mdp.start.argmax()])
    -15.0
    """
    moves = checks.choice("moves", moves, _STEPS)
    stochastic = checks.flag("stochastic", stochastic)
    step_reward, goal_reward = checks.reward("step_reward", step_reward), checks.reward("goal_reward", goal_reward)
    width = len(_WIND)
    y, x = (axis.reshape(-1, 1, 1) for axis in np.indices((_HEIGHT, width)))
    dy, dx = (axis[:, None] for axis in np.array(_STEPS[moves]).T)
    wind = np.array(_WIND)[x]
    gust = np.array((-1, 0, 1) if stochastic else (0,))
    next_y = np.clip(y + dy - wind - gust * (wind > 0), 0, _HEIGHT - 1)
    next_state = next_y * width + np.clip(x + dx, 0, width - 1)
    goal = _GOAL[0] * width + _GOAL[1]
    terminated = next_state == goal
    reward = np.where(terminated, goal_reward, step_reward)
    next_state[goal], reward[goal], terminated[goal] = goal, 0.0, True
    rows = [["."] * width for _ in range(_HEIGHT)]
    rows[_START[0]][_START[1]], rows[_GOAL[0]][_GOAL[1]] = "S", "G"
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=np.full(next_state.shape, 1.0 / gust.size),
        start=_START[0] * width + _START[1],
        name="windy_gridworld" + ("_stochastic" if stochastic else ""),
        map=["".join(row) for row in rows],
        cells=np.column_stack([y.ravel(), x.ravel()]),
    )

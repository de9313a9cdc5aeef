"""A room with four goals, one in the middle of each side, and the start in its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.grid import check_size, from_map
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["multi_goal"]

_N_GOALS = 4


def multi_goal(
    size: int = 21,
    *,
    goal_rewards: float | Sequence[float] = 0.0,
    closed: Collection[int] = (),
    walls: str = "open",
    step_reward: float = -1.0,
    slippery: bool = False,
) -> TabularMDP:
    """Make a square room with four goals, the tabular counterpart of Haarnoja et al. (2017), section 5.1.

    The start is in the middle. Goals are numbered as the actions that lead straight to them: 0 up, 1 right, 2 down,
    3 left; on the map they are the digits. With equal rewards all four are optimal, and a hard policy breaks the tie at
    random; with near-ties, such as rewards (0, -0.01, -0.02, -0.03), only goal 0 is optimal.

    Parameters
    ----------
    size : int
        Cells along a side: odd, at least 5, or 9 with walls.
    goal_rewards : float or four floats
        The reward of a step into a goal; four of them for goals 0 to 3.
    closed : collection of int
        Goals that become floor. States keep their numbers, so that a table learned with all goals open fits.
    walls : {"open", "hallway", "u-maze"}
        "hallway": two walls make a corridor three cells wide, with goals 1 and 3 at its ends. "u-maze": a U around the
        start, open above, puts all goals but 0 behind walls. Walls are no states; `cells` says where each state is.
    step_reward : float
        The reward of any other step. It must outweigh the entropy of a step for a soft agent to arrive at all
        (`critical_reward_scale`).
    slippery : bool
        The intended move or one of its two neighbours, each with probability 1/3.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A size that is even, too small, or too large for the memory there is, another number of goal rewards, goals
        that do not exist, all goals closed or walled off, unknown walls.
    TypeError
        `size` must be an integer, `closed` a collection of integers, rewards numbers, `walls` a string, `slippery` True
        or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.multi_goal(5, closed=[3]).map
    ('..0..', '.....', '..S.1', '.....', '..2..')
    """
    walls = checks.choice("walls", walls, _WALLS)
    size = checks.count("size", size, least=5 if walls == "open" else 9)
    if size % 2 == 0:
        raise ValueError(f"size is {size}; it must be odd, so that the room has a middle")
    check_size(f"size is {size}; such a room", size**2)
    rewards = _rewards(goal_rewards)
    if not isinstance(closed, Iterable) or getattr(closed, "ndim", 1) == 0:
        raise TypeError(f"closed is {checks.shown(closed)}; it must be a collection of goals")
    shut = {checks.count("closed", goal, least=0) for goal in closed}
    if shut and max(shut) >= _N_GOALS:
        raise ValueError(f"closed includes {max(shut)}; goals are numbered 0..{_N_GOALS - 1}")
    reachable = {1, 3} if walls == "hallway" else set(range(_N_GOALS))
    if reachable <= shut:
        raise ValueError(f"closed is {sorted(shut)}; one of the goals {sorted(reachable)} must stay open")

    middle, last = size // 2, size - 1
    room = [["."] * size for _ in range(size)]
    for y, x in _WALLS[walls](size):
        room[y][x] = "#"
    room[middle][middle] = "S"
    places = ((0, middle), (middle, last), (last, middle), (middle, 0))
    for goal, (y, x) in enumerate(places):
        if goal not in shut:
            room[y][x] = str(goal)
    return from_map(
        ["".join(row) for row in room],
        step_reward=step_reward,
        goal_reward={str(goal): rewards[goal] for goal in range(_N_GOALS) if goal not in shut},
        slippery=slippery,
        name="multi_goal" if walls == "open" else f"multi_goal_{walls.replace('-', '_')}",
    )


def _rewards(goal_rewards: float | Sequence[float]) -> list[float]:
    if checks.array("goal_rewards", goal_rewards).ndim == 0:
        return [checks.reward("goal_rewards", goal_rewards)] * _N_GOALS
    rewards = checks.array("goal_rewards", goal_rewards, "iuf").tolist()
    if np.shape(rewards) != (_N_GOALS,):
        raise ValueError(f"goal_rewards has {len(rewards)} values; it must be a number or have {_N_GOALS}")
    return [checks.reward(f"goal_rewards[{goal}]", reward) for goal, reward in enumerate(rewards)]


def _no_walls(size: int) -> list[tuple[int, int]]:
    return []


def _hallway(size: int) -> list[tuple[int, int]]:
    return [(size // 2 + side, x) for side in (-2, 2) for x in range(size)]


def _u_maze(size: int) -> list[tuple[int, int]]:
    middle, arm = size // 2, size // 4
    along = range(-arm, arm + 1)
    sides = [(middle + y, middle + x) for x in (-arm, arm) for y in along]
    return sides + [(middle + arm, middle + x) for x in along]


_WALLS = {"open": _no_walls, "hallway": _hallway, "u-maze": _u_maze}

"""Four rooms with hallways between them (Sutton, Precup & Singh 1999, section 3)."""

from __future__ import annotations

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.grid import MOVES, marks_of, neighbours
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["four_rooms"]

_ROOMS = (
    "S....#.....",
    ".....#.....",
    "...........",
    ".....#.....",
    ".....#.....",
    "#.####.....",
    ".....###.##",
    ".....#.....",
    ".....#.....",
    "...........",
    ".....#.....",
)
_HALLWAYS = {"north": (2, 5), "east": (6, 8), "south": (9, 5), "west": (5, 1)}
_MOST = 5000  # cells along a side of each cell


def four_rooms(
    goal: str = "east",
    *,
    success: float = 2 / 3,
    step_reward: float = 0.0,
    goal_reward: float = 1.0,
    resolution: int = 1,
) -> TabularMDP:
    """Make four rooms: from the upper left corner to a hallway.

    The 104 cells that are not walls are states, numbered row by row, actions 0 up, 1 right, 2 down, 3 left. A move
    succeeds with probability `success`, and else goes in one of the other three directions, each as likely.

    Parameters
    ----------
    goal : {"north", "east", "south", "west"}
        The hallway where episodes end. The paper's first goal is the east one.
    success : float
        In [0, 1]: 2/3 in the paper, 1 for a deterministic world.
    step_reward, goal_reward : float
        The reward of any step, and of the one into the goal instead.
    resolution : int
        Every cell becomes a square of that many cells a side; 98 makes a million states.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        An unknown goal; a probability outside [0, 1]; a resolution below 1, or too large for the memory there is; a
        reward that is not finite or beyond ±1e100.
    TypeError
        `goal` must be a string, `resolution` an integer, the others numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.four_rooms()
    <TabularMDP 'four_rooms': 104 states, 4 actions, up to 4 outcomes>
    """
    goal = checks.choice("goal", goal, _HALLWAYS)
    success = checks.in_unit_interval("success", success)
    step_reward, goal_reward = checks.reward("step_reward", step_reward), checks.reward("goal_reward", goal_reward)
    resolution = checks.count("resolution", resolution, most=_MOST)
    n_cells = sum(row.count(".") + row.count("S") for row in _ROOMS) * resolution**2
    turns = (0,) if success == 1.0 else (0, 1, 2, 3)
    check_table(f"resolution is {resolution}; such a house", n_cells, len(MOVES), len(turns))
    coarse = marks_of(_ROOMS)
    coarse[_HALLWAYS[goal]] = "G"
    marks = coarse.repeat(resolution, axis=0).repeat(resolution, axis=1)
    marks[marks == "S"] = "."
    marks[0, 0] = "S"
    free = marks != "#"
    ahead = neighbours(free, MOVES)
    arrived = marks[free] == "G"
    next_state = np.stack([np.roll(ahead, -turn, axis=1) for turn in turns], axis=2)
    terminated = arrived[next_state]
    reward = np.where(terminated, goal_reward, step_reward)
    next_state[arrived], reward[arrived], terminated[arrived] = np.flatnonzero(arrived)[:, None, None], 0.0, True
    others = (1.0 - success) / 3.0
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=np.broadcast_to((success, others, others, others)[: len(turns)], next_state.shape),
        name="four_rooms",
        map=["".join(row) for row in marks],
        cells=np.argwhere(free),
    )

"""The point mass among four goals of Haarnoja et al. (2017), on a lattice of positions and velocities."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.system.memory import check_memory

__all__ = ["point_mass"]

# As in the published code of Haarnoja et al. (2017).
BOX, FASTEST = 7.0, 1.0
GOALS = ((0.0, 5.0), (5.0, 0.0), (0.0, -5.0), (-5.0, 0.0))  # (x, y): up, right, down, left, as in `multi_goal`
THRESHOLD, GOAL_REWARD, ACTION_COST = 1.0, 10.0, 30.0
START_DEVIATION = 0.1
_MOVE_BYTES = 80  # about what a move from a point takes while the tables are made


def point_mass(spacing: float = 0.5, *, step_reward: float = 0.0) -> TabularMDP:
    """Make the point mass: choose a velocity at each step, until within distance 1 of one of four goals.

    Positions are the points of a square lattice over [-7, 7]^2, velocities all its vectors in [-1, 1]^2, so that a
    move leads from point to point as in the continuous original: s' = clip(s + a). A step pays
    -30 |a|^2 - min_g |s' - g|^2, and 10 more where it ends closer than 1 to a goal g: at (+-5, 0) and (0, +-5). The
    start is the original's normal distribution around the centre, each point with the mass of the square around it.
    Haarnoja et al. (2017), section 5.1; settings as in their published code, which uses discount 0.99 and horizon 30.

    States are numbered row by row from the upper left, positions with y = 7 first; actions likewise, from velocity
    (-1, 1) to (1, -1), so that the one in the middle is to stay.

    Parameters
    ----------
    spacing : float
        Of the lattice: 1 divided by a whole number. At 0.5 there are 841 states and 25 actions, at 0.25 3249 and 81.
    step_reward : float
        Added to the reward of every step; see the notes.

    Returns
    -------
    TabularMDP
        On `map`, a goal's digit marks all points closer than 1 to it, which are terminal.

    Raises
    ------
    ValueError
        A spacing that is not 1 divided by a whole number, to within 1e-9, or too small for the memory there is.
    TypeError
        `spacing` and `step_reward` must be numbers.

    Notes
    -----
    The original's soft values use the entropy of a density over velocities. A choice among the velocities of the
    lattice has 2 ln(1 / spacing) more entropy than the density it stands for, each velocity being a square of that
    side. `step_reward = 2 ln(spacing) / reward_scale` subtracts it, so that soft values tend to the original's as the
    lattice gets finer.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.point_mass()
    <TabularMDP 'point_mass': 841 states, 25 actions, deterministic>
    """
    step_reward = checks.reward("step_reward", step_reward)
    spacing = checks.positive("spacing", spacing)
    per_unit = round(min(1.0 / spacing, 1e9))
    if per_unit < 1 or abs(per_unit * spacing - 1.0) > 1e-9:
        raise ValueError(f"spacing is {spacing}; it must be 1 divided by a whole number, such as 0.5 or 0.25")
    moves = (2 * BOX * per_unit + 1) ** 2 * (2 * FASTEST * per_unit + 1) ** 2
    check_memory(f"spacing is {spacing}; its lattice", int(moves) * _MOVE_BYTES, "take a wider one")
    reach, fastest = round(BOX * per_unit), round(FASTEST * per_unit)
    side = 2 * reach + 1
    row, column = _lattice(reach)
    down, right = _lattice(fastest)
    next_row = np.clip(row[:, None] + down, -reach, reach)
    next_column = np.clip(column[:, None] + right, -reach, reach)
    next_state = (next_row + reach) * side + next_column + reach

    position = np.column_stack([column, -row]) / per_unit
    squares = ((position[:, None, :] - np.array(GOALS)) ** 2).sum(axis=2)
    nearest, goal_cost = squares.argmin(axis=1), squares.min(axis=1)
    arrived = goal_cost < THRESHOLD**2
    action_cost = ACTION_COST * (down**2 + right**2) / per_unit**2
    reward = step_reward - action_cost - goal_cost[next_state] + GOAL_REWARD * arrived[next_state]
    reward[arrived] = 0.0
    next_state[arrived] = np.flatnonzero(arrived)[:, None]

    mass = _normal_masses(reach, per_unit)
    start = (mass[:, None] * mass).ravel()
    start[start < 1e-12] = 0.0
    marks = np.where(arrived, nearest.astype(str), ".")
    marks[start.argmax()] = "S"
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=arrived[next_state],
        start=start / start.sum(),
        name="point_mass",
        map=["".join(line) for line in marks.reshape(side, side)],
        cells=np.column_stack([row, column]) + reach,
    )


def _lattice(reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the points of a square, row by row, counted from its middle."""
    row, column = np.indices((2 * reach + 1, 2 * reach + 1)) - reach
    return row.ravel(), column.ravel()


def _normal_masses(reach: int, per_unit: int) -> NDArray[np.float64]:
    """The mass of START_DEVIATION's normal distribution around each point of a line, what lies outside at its ends."""
    borders = (np.arange(-reach, reach) + 0.5) / per_unit / START_DEVIATION
    below = [0.5 * math.erfc(-border / math.sqrt(2.0)) for border in borders]
    return np.diff(np.concatenate([[0.0], below, [1.0]]))

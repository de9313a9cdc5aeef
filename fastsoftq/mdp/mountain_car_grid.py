"""The mountain car (Sutton & Barto 2018, example 10.1) on a grid of positions and velocities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.kernels.trigonometry import cos
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["mountain_car_grid"]

# As in Gymnasium's MountainCar-v0 and `mountain_car`.
_LEFT, _GOAL, _FASTEST = -1.2, 0.5, 0.07
_FORCE, _GRAVITY = 0.001, 0.0025
_START = (-0.6, -0.4)


def mountain_car_grid(positions: int = 101, velocities: int = 101, *, step_reward: float = -1.0) -> TabularMDP:
    """Make the mountain car on a grid: out of a valley, by swinging, as the motor is too weak.

    States are the points of a grid over positions from -1.2 to 0.5, the goal, and velocities within ±0.07; state
    `position * velocities + velocity`. Actions are 0 push left, 1 nothing, 2 push right, as in `mountain_car`. Where a
    step ends between four points, it leads to one of them, with the probabilities that make the mean of their places
    the place where it ends (bilinear interpolation: Munos & Moore 2002, section 3). So values are not those of the
    car, but of one whose place is blurred at each step; they tend to the car's as the grid gets finer. At rest at
    -0.5, undiscounted, they are -109.0, -104.5, -102.7 and -102.4 with 51, 101, 201 and 401 points a side; by the
    values of 103 points a side, the car itself takes 103 steps.

    Points at the goal are terminal. Episodes start at rest, at a position uniform on [-0.6, -0.4], shared between
    points likewise.

    Parameters
    ----------
    positions, velocities : int
        Points along each axis: at least 8 positions and, so that one of them is rest, an odd number of velocities, at
        least 3. A thousand each make a million states.
    step_reward : float
        The reward of every step.

    Returns
    -------
    TabularMDP
        Up to four outcomes. On `map`, drawn with velocities upwards, `G` are points at the goal.

    Raises
    ------
    ValueError
        Too few points, an even number of velocities, more than there is memory for; a reward that is not finite or
        beyond ±1e100.
    TypeError
        Numbers of points must be integers, `step_reward` a number.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.mountain_car_grid()
    <TabularMDP 'mountain_car_grid': 10201 states, 3 actions, up to 4 outcomes>
    """
    positions = checks.count("positions", positions, least=8)
    velocities = checks.count("velocities", velocities, least=3)
    if velocities % 2 == 0:
        raise ValueError(f"velocities is {velocities}; it must be odd, so that one of them is 0")
    step_reward = checks.reward("step_reward", step_reward)
    given = f"positions is {positions} and velocities {velocities}; such a grid"
    check_table(given, positions * velocities, 3, 4)
    wide, tall = (_GOAL - _LEFT) / (positions - 1), 2.0 * _FASTEST / (velocities - 1)
    place: NDArray[np.float64] = (_LEFT + wide * np.arange(positions)).astype(np.float64)
    slope = np.array([cos(3.0 * x) for x in place.tolist()])
    speed = tall * (np.arange(velocities) - velocities // 2)
    push = _FORCE * np.arange(-1.0, 2.0)
    after = np.clip(speed[:, None] + push - _GRAVITY * slope[:, None, None], -_FASTEST, _FASTEST)
    x = place[:, None, None] + after
    after[(x <= _LEFT) & (after < 0.0)] = 0.0  # the wall on the left stops it
    left, right_share = _between((np.clip(x, _LEFT, _GOAL) - _LEFT) / wide, positions)
    below, above_share = _between((after + _FASTEST) / tall, velocities)
    shape = (positions * velocities, 3, 4)
    next_state = np.stack([(left + i) * velocities + below + j for i in (0, 1) for j in (0, 1)], 3).reshape(shape)
    shares = [(1.0 - right_share, right_share), (1.0 - above_share, above_share)]
    probability = np.stack([shares[0][i] * shares[1][j] for i in (0, 1) for j in (0, 1)], 3).reshape(shape)
    del after, x, left, right_share, below, above_share, shares
    goal = np.arange(len(next_state)) >= (positions - 1) * velocities
    reward = np.full((len(next_state), 3, 1), step_reward)
    reward[goal] = 0.0
    next_state[goal] = np.flatnonzero(goal)[:, None, None]
    probability[goal] = (1.0, 0.0, 0.0, 0.0)
    start = np.zeros((positions, velocities))
    start[:, velocities // 2] = _uniform_masses(place, wide)
    marks = np.full((velocities, positions), ".")
    marks[:, -1] = "G"
    marks[velocities // 2, start[:, velocities // 2].argmax()] = "S"
    column, height = np.indices((positions, velocities)).reshape(2, -1)
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=next_state >= (positions - 1) * velocities,
        probability=probability,
        start=start.ravel(),
        name="mountain_car_grid",
        map=["".join(line) for line in marks],
        cells=np.column_stack([velocities - 1 - height, column]),
    )


def _between(scaled: NDArray[np.float64], points: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The point below a place, in units of the distance between points, and the share of the one above."""
    below = np.minimum(scaled.astype(np.int64), points - 2)
    share = np.clip(scaled - below, 0.0, 1.0)
    share[share < 1e-9] = 0.0  # on the point, but for rounding
    share[share > 1.0 - 1e-9] = 1.0
    return below, share


def _uniform_masses(place: NDArray[np.float64], wide: float) -> NDArray[np.float64]:
    """How much of the start each point has: its second difference of the density's second integral."""
    low, high = _START
    padded = np.concatenate([[place[0] - wide], place, [place[-1] + wide]])
    integral = (np.maximum(padded - low, 0.0) ** 2 - np.maximum(padded - high, 0.0) ** 2) / (2.0 * (high - low))
    mass = np.diff(integral, 2) / wide
    mass[mass < 1e-12] = 0.0
    return np.asarray(mass / mass.sum())

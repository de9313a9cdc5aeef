"""The point mass among four goals of Haarnoja et al. (2017), in continuous space, with walls if wanted."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.quantities import quantity
from fastsoftq.kernels.numerics import LN_2, log2
from fastsoftq.kernels.random import uniform
from fastsoftq.kernels.trigonometry import sin_cos
from fastsoftq.mdp.point_mass import ACTION_COST, BOX, GOAL_REWARD, GOALS, START_DEVIATION, THRESHOLD

__all__ = ["MultiGoalPointMass", "multi_goal_point_mass"]

_TURN = 6.283185307179586
_GRAZED = 1e-9  # how much longer walls are at their ends than they are drawn: no gap where two meet
_HALL, _U = 1.5, 2.5
_MOST_ACTIONS = 1000

# Walls by world, each from (x, y) to (x, y), along an axis.
_WALLS = {
    "open": (),
    "hallway": ((-BOX, _HALL, BOX, _HALL), (-BOX, -_HALL, BOX, -_HALL)),
    "u_maze": ((-_U, -_U, -_U, _U), (_U, -_U, _U, _U), (-_U, -_U, _U, -_U)),
}


class MultiGoalPointMass(NamedTuple):
    """A point mass among goals; `multi_goal_point_mass` makes one.

    Examples
    --------
    >>> multi_goal_point_mass(directions=4).moves.tolist()  # up, right, down, left
    [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]]
    """

    moves: NDArray[np.float64]  # [actions, 2]
    goals: NDArray[np.float64]  # [goals, 2]
    walls: NDArray[np.float64]  # [walls, 4], from (x, y) to (x, y)
    goal_reward: float
    action_cost: float
    step_reward: float
    start_deviation: float
    max_steps: int
    scaled: bool


def multi_goal_point_mass(
    world: str = "open",
    *,
    directions: int = 16,
    lengths: int = 1,
    closed: Collection[int] = (),
    goal_reward: float = GOAL_REWARD,
    action_cost: float = ACTION_COST,
    step_reward: float = 0.0,
    start_deviation: float = START_DEVIATION,
    max_steps: int = 30,
    scaled: bool = False,
) -> MultiGoalPointMass:
    """Make the point mass in continuous space: move in one of many directions until close to one of four goals.

    A state is a place (x, y) within ±7. Action k is a move of length (k // directions + 1) / lengths in the direction
    k % directions, counted clockwise from upwards, so that four directions are those of `multi_goal`. The point moves
    and stays within the box; where a wall is in its way, or it would come to lie on one, it stays where it is. A step
    pays -30 |move|^2 - min_g |s' - g|^2, and 10 more where it ends closer than 1 to a goal g, which terminates; goals
    0 to 3 are at (0, 5), (5, 0), (0, -5), (-5, 0). Episodes start around the centre, in a normal distribution.
    Haarnoja et al. (2017), section 5.1; settings as in their published code, whose moves are all vectors of [-1, 1]^2.

    Parameters
    ----------
    world : {"open", "hallway", "u_maze"}
        "hallway": walls at y = ±1.5 leave goals 1 and 3. "u_maze": walls at x = ±2.5 and y = -2.5 around the start,
        open above.
    directions, lengths : int
        At most 1000 actions together; at least 3 directions.
    closed : collection of int
        Goals that are not there, as when a network learned in a world with all of them is trained further.
    goal_reward, step_reward : float
        Of a step to a goal, and of any step, beside its costs.
    action_cost : float
        Of a move of length 1.
    start_deviation : float
        Standard deviation of the start in x and in y, 0 to 0.15.
    max_steps : int
        Of an episode.
    scaled : bool
        Divide observations by 7, so that they are within ±1.

    Returns
    -------
    MultiGoalPointMass
        directions * lengths actions, observations of two float32s: the place, within ±7.

    Raises
    ------
    ValueError
        An unknown world, too many or too few directions, goals that do not exist, no goal that is open, a reward that
        is not finite or beyond ±1e100, a deviation out of bounds, no steps.
    TypeError
        `world` must be a string, `closed` a collection of integers, counts integers, others numbers, `scaled` a bool.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> world = fsq.multi_goal_point_mass(directions=8)
    >>> fsq.environments.step(world, (0.0, 3.5), 0, 0)  # up, to within 0.5 of the goal
    ((0.0, 4.5), -20.25, True)
    """
    walls = _WALLS[checks.choice("world", world, _WALLS)]
    directions = checks.count("directions", directions, least=3, most=_MOST_ACTIONS)
    lengths = checks.count("lengths", lengths, most=_MOST_ACTIONS // directions)
    return MultiGoalPointMass(
        np.array(
            [_move(k % directions, directions, k // directions + 1, lengths) for k in range(directions * lengths)]
        ),
        _open_goals(closed, {1, 3} if world == "hallway" else {0, 1, 2, 3}),
        np.array(walls, np.float64).reshape(-1, 4),
        checks.reward("goal_reward", goal_reward),
        quantity("action_cost", action_cost, 0.0, 1e6),
        checks.reward("step_reward", step_reward),
        quantity("start_deviation", start_deviation, 0.0, 0.15),
        checks.count("max_steps", max_steps),
        checks.flag("scaled", scaled),
    )


def _open_goals(closed: Collection[int], reachable: set[int]) -> NDArray[np.float64]:
    if not isinstance(closed, Iterable) or getattr(closed, "ndim", 1) == 0:
        raise TypeError(f"closed is {checks.shown(closed)}; it must be a collection of goals")
    shut = {checks.index("closed", goal, len(GOALS)) for goal in closed}
    if reachable <= shut:
        raise ValueError(f"closed is {sorted(shut)}; one of the goals {sorted(reachable)} must stay open")
    return np.array([goal for number, goal in enumerate(GOALS) if number not in shut])


def _move(direction: int, directions: int, length: int, lengths: int) -> tuple[float, float]:
    """A vector, the same in every eighth of a turn but for signs and order: no direction is favoured by rounding."""
    quarters, rest = divmod(4 * direction, directions)
    turn = Fraction(rest, 4 * directions)
    eighth = Fraction(1, 8)
    beyond = turn > eighth
    sine, cosine = (
        (math.sqrt(0.5),) * 2 if turn == eighth else sin_cos(_TURN * float(Fraction(1, 4) - turn if beyond else turn))
    )
    along, up = (cosine, sine) if beyond else (sine, cosine)
    for _ in range(quarters):
        along, up = up, -along
    return along * length / lengths + 0.0, up * length / lengths + 0.0


@rule(describe, MultiGoalPointMass)
def _(environment):
    return Description(n_actions=len(environment.moves), shape=(2,), max_steps=environment.max_steps)


@rule(reset, MultiGoalPointMass)
def _(environment, key):
    key, u = uniform(key)
    key, turn = uniform(key)
    away = environment.start_deviation * np.sqrt(-2.0 * LN_2 * log2(1.0 - u))  # Box & Muller (1958)
    sine, cosine = sin_cos(_TURN * turn)
    return away * cosine, away * sine


@rule(step, MultiGoalPointMass)
def _(environment, state, action, key):
    x, y = state
    along, up = environment.moves[action, 0], environment.moves[action, 1]
    next_x = min(max(x + along, -BOX), BOX)
    next_y = min(max(y + up, -BOX), BOX)
    for w in range(len(environment.walls)):
        x_0, y_0 = environment.walls[w, 0], environment.walls[w, 1]
        x_1, y_1 = environment.walls[w, 2], environment.walls[w, 3]
        if x_0 == x_1:
            across, ahead, low, high = x - x_0, next_x - x_0, y_0, y_1
            here, there = y, next_y
        else:
            across, ahead, low, high = y - y_0, next_y - y_0, x_0, x_1
            here, there = x, next_x
        if across * ahead <= 0.0 and across != ahead:
            met = here + (there - here) * (across / (across - ahead))
            if low - _GRAZED <= met <= high + _GRAZED:
                next_x, next_y = x, y
                break
    nearest = np.inf
    for g in range(len(environment.goals)):
        right, above = next_x - environment.goals[g, 0], next_y - environment.goals[g, 1]
        nearest = min(nearest, right * right + above * above)
    reward = environment.step_reward - environment.action_cost * (along * along + up * up) - nearest
    arrived = nearest < THRESHOLD * THRESHOLD
    if arrived:
        reward = reward + environment.goal_reward
    return (next_x, next_y), reward, arrived


@rule(observe, MultiGoalPointMass)
def _(environment, state, out):
    scale = BOX if environment.scaled else 1.0
    out[0], out[1] = np.float32(state[0] / scale), np.float32(state[1] / scale)

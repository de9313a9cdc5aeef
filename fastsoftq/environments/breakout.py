"""Breakout on ten by ten cells, by the rules of MinAtar (Young & Tian 2019)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.rule_arguments import state_check, whole_state
from fastsoftq.kernels.random import integer, uniform

__all__ = ["Breakout", "breakout"]

_SIDE, _LAST = 10, 9
_TOP, _ROWS = 1, 3  # where bricks are
_WALL = (1 << _ROWS * _SIDE) - 1  # all bricks; bit 10 * (row - 1) + column is one of them
_PADDLE, _BALL, _TRAIL, _BRICK = 0, _SIDE * _SIDE, 2 * _SIDE * _SIDE, 3 * _SIDE * _SIDE  # channels, where each begins


class Breakout(NamedTuple):
    """A game of breakout; `breakout` makes one.

    Examples
    --------
    >>> breakout().sticky
    0.1
    """

    sticky: float
    max_steps: int


def breakout(*, sticky: float = 0.1, max_steps: int = 1000) -> Breakout:
    """Make breakout: keep a ball in play with a paddle, and break bricks with it.

    The ball moves diagonally, one cell a step, and comes back from both sides and from the top. Where it would enter a
    brick, the brick breaks, which pays 1, and the ball turns back in its row, unless it has just broken another one:
    then it passes. Where it would enter the bottom row, it turns back up if the paddle is below it, and up the way it
    came if the paddle is where it goes to; else the episode terminates. Once the ball is down and no brick is left, all
    three rows of them are there again. Actions: none (0), paddle to the left (1), to the right (2). The ball starts at
    either end of row 3, going down and inwards, and the paddle in column 4. Young & Tian (2019), "MinAtar"; actions
    there are six, of which three do nothing in this game, and episodes have no limit.

    Parameters
    ----------
    sticky : float
        The probability that the last action is taken again instead of the one chosen.
    max_steps : int
        Of an episode.

    Returns
    -------
    Breakout
        Three actions, observations of shape (4, 10, 10): paddle, ball, where the ball was, bricks, each 0 or 1.

    Raises
    ------
    ValueError
        A probability outside [0, 1], no steps.
    TypeError
        Not numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.environments.describe(fsq.breakout())
    Description(n_actions=3, shape=(4, 10, 10), max_steps=1000)
    """
    return Breakout(checks.in_unit_interval("sticky", sticky), checks.count("max_steps", max_steps))


@rule(describe, Breakout)
def _(environment):
    return Description(n_actions=3, shape=(4, _SIDE, _SIDE), max_steps=environment.max_steps)


@state_check(Breakout)
def _(environment, state):
    whole_state(state, _SIDE, _SIDE, None, None, _SIDE, _SIDE, _SIDE, None, None, None)


@rule(reset, Breakout)
def _(environment, key):
    key, right = integer(key, 2)
    x = right * _LAST
    # ball: x, y, the directions it goes in; where it was; paddle; whether it has just struck; bricks; last action
    return x, 3, 1 - 2 * right, 1, x, 3, 4, 0, _WALL, 0


@rule(step, Breakout)
def _(environment, state, action, key):
    x, y, along, down, _, _, paddle, struck, bricks, last = state
    key, chance = uniform(key)
    if chance < environment.sticky:
        action = last
    if action == 1:
        paddle = max(paddle - 1, 0)
    elif action == 2:
        paddle = min(paddle + 1, _LAST)

    next_x, next_y, reward, terminated = x + along, y + down, 0.0, False
    if next_x < 0 or next_x > _LAST:
        next_x, along = x, -along
    brick = 0
    if _TOP <= next_y < _TOP + _ROWS:
        brick = bricks >> _SIDE * (next_y - _TOP) + next_x & 1
    if next_y < 0:
        next_y, down = 0, 1
    elif brick:
        if not struck:
            bricks = bricks - (1 << _SIDE * (next_y - _TOP) + next_x)
            next_y, down, reward = y, -down, 1.0
    elif next_y == _LAST:
        if bricks == 0:
            bricks = _WALL
        if x == paddle:
            next_y, down = y, -down
        elif next_x == paddle:
            next_y, along, down = y, -along, -down
        else:
            terminated = True
    return (next_x, next_y, along, down, x, y, paddle, brick, bricks, action), reward, terminated


@rule(observe, Breakout)
def _(environment, state, out):
    x, y, _, _, before_x, before_y, paddle, _, bricks, _ = state
    for i in range(len(out)):
        out[i] = np.float32(0.0)
    for i in range(_ROWS * _SIDE):
        out[_BRICK + _TOP * _SIDE + i] = np.float32(bricks >> i & 1)
    out[_PADDLE + _LAST * _SIDE + paddle] = np.float32(1.0)
    out[_BALL + y * _SIDE + x] = np.float32(1.0)
    out[_TRAIL + before_y * _SIDE + before_x] = np.float32(1.0)

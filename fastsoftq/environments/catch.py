"""Catch, as in bsuite (Osband et al. 2020): a ball falls, and a paddle is to be below it when it arrives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.rule_arguments import state_check, whole_state
from fastsoftq.kernels.random import integer

__all__ = ["Catch", "catch"]

_MOST = 100  # cells a side


class Catch(NamedTuple):
    """A game of catch; `catch` makes one.

    Examples
    --------
    >>> catch().columns
    10
    """

    rows: int
    columns: int


def catch(rows: int = 10, columns: int = 10) -> Catch:
    """Make catch: the ball falls one row a step from the top, in a column drawn evenly.

    The paddle starts in the middle of the bottom row. Actions: to the left (0), none (1), to the right (2). The step
    in which the ball arrives in the bottom row pays 1 where the paddle is, -1 elsewhere, and terminates; others pay
    nothing. Osband et al. (2020), "Behaviour Suite for Reinforcement Learning", where it has five columns, and ball and
    paddle are shown alike.

    Parameters
    ----------
    rows, columns : int
        2 to 100.

    Returns
    -------
    Catch
        Three actions, observations of shape (2, rows, columns): ball and paddle, each 0 or 1. Episodes last rows - 1
        steps.

    Raises
    ------
    ValueError
        Too few or too many cells.
    TypeError
        Not integers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.environments.step(fsq.catch(), (8, 4, 5), 0, 0)  # ball in row 8 and column 4, paddle in column 5
    ((9, 4, 4), 1.0, True)
    """
    return Catch(checks.count("rows", rows, least=2, most=_MOST), checks.count("columns", columns, least=2, most=_MOST))


@rule(describe, Catch)
def _(environment):
    return Description(n_actions=3, shape=(2, environment.rows, environment.columns), max_steps=environment.rows)


@state_check(Catch)
def _(environment, state):
    whole_state(state, environment.rows, environment.columns, environment.columns)


@rule(reset, Catch)
def _(environment, key):
    key, column = integer(key, environment.columns)
    return 0, column, environment.columns // 2


@rule(step, Catch)
def _(environment, state, action, key):
    row, column, paddle = state
    paddle = min(max(paddle + action - 1, 0), environment.columns - 1)
    arrived = row + 1 == environment.rows - 1
    reward = 0.0
    if arrived:
        reward = 1.0 if column == paddle else -1.0
    return (row + 1, column, paddle), reward, arrived


@rule(observe, Catch)
def _(environment, state, out):
    row, column, paddle = state
    for i in range(len(out)):
        out[i] = np.float32(0.0)
    out[row * environment.columns + column] = np.float32(1.0)
    out[(2 * environment.rows - 1) * environment.columns + paddle] = np.float32(1.0)

"""The taxi (Dietterich 2000), as in Gymnasium's Taxi-v4, without Gymnasium."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["taxi"]

_SIDE, _STATES, _ACTIONS = 5, 500, 6
_STANDS = ((0, 0), (0, 4), (4, 0), (4, 3))
_IN_TAXI = len(_STANDS)
_WALLS = ((0, 1), (1, 1), (3, 0), (3, 2), (4, 0), (4, 2))  # cells with a wall on their right
# South, north, east, west: where each goes, and its left and its right.
_MOVES = (
    ((1, 0), (0, 1), (0, -1)),
    ((-1, 0), (0, -1), (0, 1)),
    ((0, 1), (-1, 0), (1, 0)),
    ((0, -1), (1, 0), (-1, 0)),
)
_PICKUP, _DROPOFF = 4, 5
_STEP, _DELIVERED, _WRONG = -1.0, 20.0, -10.0


def taxi(
    *,
    is_rainy: bool = False,
    fickle_passenger: bool = False,
    rainy_probability: float = 0.8,
    fickle_probability: float = 0.3,
) -> TabularMDP:
    """Make the taxi: fetch a passenger at one of four stands, and set them down at another.

    The table is Gymnasium's, and so are the names of the arguments. State `((row * 5 + column) * 5 + passenger) * 4 +
    destination`, where passenger 4 is in the taxi; actions 0 south, 1 north, 2 east, 3 west, 4 pick up, 5 drop off. The
    best undiscounted return is 7.93 in the mean over start states.

    Parameters
    ----------
    is_rainy : bool
        A move that is possible succeeds with probability `rainy_probability`, and else goes to its left or right, each
        as likely.
    fickle_passenger : bool
        With probability `fickle_probability`, decided as an episode starts, the passenger changes the destination once,
        as the taxi first moves with them. Whether they still will is part of the state: 500 states more, from 500, in
        which they will. Gymnasium's `P` does not hold this.
    rainy_probability, fickle_probability : float
        In [0, 1].

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A probability outside [0, 1].
    TypeError
        The flags must be True or False, probabilities numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.taxi()
    >>> mdp
    <TabularMDP 'taxi': 500 states, 6 actions, deterministic>
    >>> round(float(mdp.start @ fsq.value_iteration(mdp, discount=1.0).v), 2)
    7.93
    """
    is_rainy, fickle = checks.flag("is_rainy", is_rainy), checks.flag("fickle_passenger", fickle_passenger)
    dry = checks.in_unit_interval("rainy_probability", rainy_probability)
    changes = checks.in_unit_interval("fickle_probability", fickle_probability)
    row, column, passenger, destination = np.unravel_index(np.arange(_STATES), (_SIDE, _SIDE, _IN_TAXI + 1, _IN_TAXI))
    shape = (_STATES, _ACTIONS, 3 if is_rainy else 1)
    state = np.arange(_STATES)
    next_state = np.broadcast_to(state[:, None, None], shape).copy()
    reward = np.full(shape, _STEP)
    terminated = np.zeros(shape, np.bool_)
    probability = np.zeros(shape)
    probability[:, :, 0] = 1.0
    for action, ways in enumerate(_MOVES):
        on_row, on_column = _moved(row, column, *ways[0])
        possible = (on_row != row) | (on_column != column)
        for outcome, way in enumerate(ways[: shape[2]]):
            to_row, to_column = _moved(row, column, *way)
            there = ((to_row * _SIDE + to_column) * (_IN_TAXI + 1) + passenger) * _IN_TAXI + destination
            next_state[:, action, outcome] = np.where(possible, there, state)
        if is_rainy:
            probability[:, action] = (dry, (1.0 - dry) / 2.0, (1.0 - dry) / 2.0)

    stands = np.array(_STANDS)
    at = (row[:, None] == stands[:, 0]) & (column[:, None] == stands[:, 1])  # [states, stands]
    aboard = passenger == _IN_TAXI
    fetched = np.append(at, np.zeros((_STATES, 1), np.bool_), axis=1)[state, passenger]
    next_state[:, _PICKUP, 0] = np.where(fetched, state + (_IN_TAXI - passenger) * _IN_TAXI, state)
    reward[:, _PICKUP, 0] = np.where(fetched, _STEP, _WRONG)
    leaves = aboard & at.any(axis=1)
    arrives = aboard & at[state, destination]
    next_state[:, _DROPOFF, 0] = np.where(leaves, state + (at.argmax(axis=1) - passenger) * _IN_TAXI, state)
    reward[:, _DROPOFF, 0] = np.where(arrives, _DELIVERED, np.where(leaves, _STEP, _WRONG))
    terminated[:, _DROPOFF, 0] = arrives
    start = (~aboard & (passenger != destination)) * 1.0
    start /= start.sum()
    tables = next_state, reward, terminated, probability, start
    if fickle:
        tables = _fickle(*tables, aboard, destination, changes)
    next_state, reward, terminated, probability, start = tables
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=probability,
        start=start,
        name="taxi" + "_rainy" * is_rainy + "_fickle" * fickle,
    )


def _moved(
    row: NDArray[np.int64], column: NDArray[np.int64], down: int, right: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where a step leads, one row or column further; walls and the edge stop it."""
    walled = np.zeros((_SIDE, _SIDE + 1), np.bool_)  # to the left of each column
    walled[:, [0, -1]] = True
    walled[tuple(np.array([(y, x + 1) for y, x in _WALLS]).T)] = True
    across = np.where(walled[row, column + (right > 0)], column, column + right) if right else column
    return np.clip(row + down, 0, _SIDE - 1), across


def _fickle(
    next_state: NDArray[np.int64],
    reward: NDArray[np.float64],
    terminated: NDArray[np.bool_],
    probability: NDArray[np.float64],
    start: NDArray[np.float64],
    aboard: NDArray[np.bool_],
    destination: NDArray[np.int64],
    changes: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """The tables twice: behind the states of a passenger who has made up their mind, those of one who has not.

    Such a passenger goes for one of the three other stands as the taxi first moves with them.
    """
    others = _IN_TAXI - 1
    mulling = next_state + _STATES
    place = next_state // ((_IN_TAXI + 1) * _IN_TAXI)
    moved = aboard[:, None, None] & (place != place[:, :1, :1] * 0 + (np.arange(_STATES) // 20)[:, None, None])
    turn = np.arange(1, others + 1)
    elsewhere = (destination[:, None, None, None] + turn) % _IN_TAXI
    changed = next_state[..., None] - destination[:, None, None, None] + elsewhere
    first = np.arange(others) == 0
    after = np.where(moved[..., None], changed, mulling[..., None])
    chance = probability[..., None] * np.where(moved[..., None], 1.0 / others, first)
    wide = (_STATES, _ACTIONS, -1)
    settled = np.repeat(next_state, others, axis=2)
    sure = (probability[..., None] * first).reshape(wide)
    return (
        np.concatenate([settled, after.reshape(wide)]),
        np.tile(np.repeat(reward, others, axis=2), (2, 1, 1)),
        np.tile(np.repeat(terminated, others, axis=2), (2, 1, 1)),
        np.concatenate([sure, chance.reshape(wide)]),
        np.concatenate([(1.0 - changes) * start, changes * start]),
    )

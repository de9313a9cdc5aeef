"""Many episodes of one world stepped together, each with the random numbers of an environment of its own.

The numbers are those of NumPy's `PCG64` (O'Neill 2014, PCG XSL RR 128/64), drawn and used as `TabularEnv` does, so that
an episode is the same, to the bit, alone or in company.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.kernels.jit import compiled, inlined
from fastsoftq.mdp.gymnasium.starting import starts_of
from fastsoftq.mdp.tabular import TabularMDP

__all__ = [
    "DISABLED",
    "NEXT_STEP",
    "SAME_STEP",
    "Moves",
    "Running",
    "Seen",
    "moves_of",
    "restart",
    "running",
    "seen",
    "step_all",
]

NEXT_STEP, SAME_STEP, DISABLED = range(3)  # when an episode that has ended is followed by the next

_HIGH, _LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)  # the multiplier of PCG64
_HALF, _WORD_MASK = np.uint64(32), np.uint64(0xFFFFFFFF)
_58, _63, _64, _11 = np.uint64(58), np.uint64(63), np.uint64(64), np.uint64(11)


class Moves(NamedTuple):
    """A world, as it is stepped in.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> moves = moves_of(fsq.from_map("S.S.G"))
    >>> moves.starts.tolist(), moves.below.tolist()
    ([0, 2], [0.5])
    """

    next_state: NDArray[np.int32]  # [states, actions, outcomes], as are the next three
    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    probability: NDArray[np.float64]
    start: NDArray[np.float64]  # [states]
    starts: NDArray[np.int64]  # the states that episodes start in
    below: NDArray[np.float64]  # where each one's share of [0, 1) ends, but for the last's


class Running(NamedTuple):
    """Where each episode is; an entry, or a row, for each environment.

    Examples
    --------
    >>> running(3).state.tolist()
    [-1, -1, -1]
    """

    streams: NDArray[np.uint64]  # [environments, 4]: PCG64's state and increment, high word first
    state: NDArray[np.int64]  # -1 before the first reset
    steps: NDArray[np.int64]  # of the episode so far
    ended: NDArray[np.bool_]  # whether it has ended and the next one has not begun


class Seen(NamedTuple):
    """What a step shows; an entry for each environment.

    Examples
    --------
    >>> seen(3).reward.shape
    (3,)
    """

    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    chance: NDArray[np.float64]  # of what happened
    last_state: NDArray[np.int64]  # of an episode that ended, where the next began in the same step
    last_chance: NDArray[np.float64]


def moves_of(mdp: TabularMDP) -> Moves:
    """What is stepped in, of a world.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> moves_of(fsq.from_map("S.G")).next_state.shape
    (3, 4, 1)
    """
    return Moves(mdp.next_state, mdp.reward, mdp.terminated, mdp.probability, mdp.start, *starts_of(mdp))


def running(environments: int) -> Running:
    """So many environments before their first episode, not seeded yet.

    Examples
    --------
    >>> running(2).streams.shape
    (2, 4)
    """
    n = environments
    return Running(np.zeros((n, 4), np.uint64), np.full(n, -1), np.zeros(n, np.int64), np.zeros(n, np.bool_))


def seen(environments: int) -> Seen:
    """Room for what a step shows of so many environments.

    Examples
    --------
    >>> seen(2).terminated.dtype
    dtype('bool')
    """
    n = environments
    room = np.empty(n), np.empty(n, np.bool_), np.empty(n, np.bool_), np.empty(n)
    return Seen(*room, np.zeros(n, np.int64), np.zeros(n))


@inlined
def _upper(x, y):
    """The upper half of a product of 128 bits."""
    x_high, x_low = x >> _HALF, x & _WORD_MASK
    y_high, y_low = y >> _HALF, y & _WORD_MASK
    middle = x_high * y_low + (x_low * y_low >> _HALF)
    across = x_low * y_high + (middle & _WORD_MASK)
    return x_high * y_high + (middle >> _HALF) + (across >> _HALF)


@inlined
def _uniform(streams, i):
    """NumPy's `Generator.random()`, of the stream of environment i."""
    high, low, add_high, add_low = streams[i, 0], streams[i, 1], streams[i, 2], streams[i, 3]
    new_low = low * _LOW + add_low
    carry = np.uint64(new_low < add_low)
    new_high = high * _LOW + low * _HIGH + _upper(low, _LOW) + add_high + carry
    streams[i, 0], streams[i, 1] = new_high, new_low
    turn = new_high >> _58
    word = new_high ^ new_low
    word = (word >> turn) | (word << ((_64 - turn) & _63))
    return np.float64(word >> _11) * 2.0**-53


@inlined
def _begin(moves, running, i):
    """Start an episode in a state that is drawn, if there are several; returns its probability."""
    place = 0
    if len(moves.below) > 0:
        drawn = _uniform(running.streams, i)
        most = len(moves.below)
        while place < most:  # the first whose share ends beyond what was drawn
            middle = (place + most) // 2
            if moves.below[middle] <= drawn:
                place = middle + 1
            else:
                most = middle
    state = moves.starts[place]
    running.state[i] = state
    running.steps[i] = 0
    running.ended[i] = False
    return moves.start[state]


@inlined
def _outcome(moves, streams, i, state, action):
    outcomes = moves.probability.shape[2]
    if outcomes == 1:
        return 0
    drawn, so_far, last = _uniform(streams, i), 0.0, 0
    for k in range(outcomes):
        p = moves.probability[state, action, k]
        if p > 0.0:
            so_far += p
            last = k
            if drawn < so_far:
                break
    return last


@partial(compiled, allocates=False)
def restart(moves, running, chosen, given, chance):
    """Start an episode in each chosen environment.

    Parameters
    ----------
    moves : Moves
    running : Running
    chosen : bool [environments]
    given : int64 [environments]
        The state to start in; -1: one that is drawn.
    chance : float64 [environments]
        The probability of the start; 1 where it was given. 0 where none is made.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> two, chance = running(2), np.empty(2)
    >>> restart(moves_of(fsq.from_map("S.G")), two, np.array([True, True]), np.array([-1, 1]), chance)
    >>> two.state.tolist()
    [0, 1]
    """
    for i in range(len(chosen)):
        chance[i] = 0.0
        if chosen[i]:
            if given[i] < 0:
                chance[i] = _begin(moves, running, i)
            else:
                running.state[i], running.steps[i], running.ended[i], chance[i] = given[i], 0, False, 1.0


@partial(compiled, allocates=False)
def step_all(moves, running, actions, most_steps, mode, seen):
    """Take an action in every environment.

    Parameters
    ----------
    moves : Moves
    running : Running
    actions : int64 [environments]
        Each within the world's.
    most_steps : int
        After so many an episode is truncated; 0: never.
    mode : int
        `NEXT_STEP`: where an episode has ended, the step begins the next instead. `SAME_STEP`: the next one begins in
        the step that ends one. `DISABLED`: none begins.
    seen : Seen
        Filled in place.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> two, shown, moves = running(2), seen(2), moves_of(fsq.from_map("S.G"))
    >>> restart(moves, two, np.array([True, True]), np.array([-1, 1]), np.empty(2))
    >>> step_all(moves, two, np.array([1, 1]), 0, NEXT_STEP, shown)
    >>> two.state.tolist(), shown.terminated.tolist()
    ([1, 2], [False, True])
    """
    for i in range(len(actions)):
        if running.ended[i] and mode == NEXT_STEP:
            seen.reward[i], seen.terminated[i], seen.truncated[i] = 0.0, False, False
            seen.chance[i] = _begin(moves, running, i)
            continue
        state, action = running.state[i], actions[i]
        k = _outcome(moves, running.streams, i, state, action)
        running.state[i] = moves.next_state[state, action, k]
        running.steps[i] += 1
        seen.reward[i] = moves.reward[state, action, k]
        seen.terminated[i] = moves.terminated[state, action, k]
        seen.truncated[i] = most_steps > 0 and running.steps[i] >= most_steps
        seen.chance[i] = moves.probability[state, action, k]
        running.ended[i] = seen.terminated[i] or seen.truncated[i]
        if running.ended[i] and mode == SAME_STEP:
            seen.last_state[i], seen.last_chance[i] = running.state[i], seen.chance[i]
            seen.chance[i] = _begin(moves, running, i)

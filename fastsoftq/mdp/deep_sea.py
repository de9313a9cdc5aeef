"""Deep sea (Osband, Van Roy, Russo & Wen 2019; bsuite): a treasure that only one way in 2^size finds."""

from __future__ import annotations

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.mdp.uniform_draws import uniform_draws

__all__ = ["deep_sea"]

_MOVE_COST, _TREASURE = 0.01, 1.0


def deep_sea(size: int = 10, *, stochastic: bool = False, seed: int | None = None) -> TabularMDP:
    """Make the deep sea: sink by a row a step, to the left or to the right, for `size` steps.

    States are cells, numbered row by row, and begin at the upper left; below them is the sea floor, a row of terminal
    states. Going right costs 0.01 / size. Going right from the lowest cell on the right, which takes going right all
    the way, pays 1: the best return is 0.99, and a uniform policy finds the treasure once in 2^size episodes.

    Parameters
    ----------
    size : int
        Rows and columns, at least 1.
    stochastic : bool
        As in bsuite, going right goes straight down instead with probability 1 / size, and the lowest cells at both
        sides pay noise of mean 0 and variance 1. Rewards of a table are numbers, so that the noise is +1 or -1, as
        likely. Going right all the way is then worth (1 - 1/size)^(size - 1) - 0.01; the best policy goes left once it
        cannot find the treasure any more, to save the cost.
    seed : int, optional
        In each cell, which of actions 0 and 1 goes right is drawn. None: action 1 does everywhere.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A size below 1 or too large for the memory there is; a negative seed.
    TypeError
        `size` and `seed` must be integers, `stochastic` True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.deep_sea(10, seed=3)
    >>> mdp
    <TabularMDP 'deep_sea': 110 states, 2 actions, deterministic>
    >>> round(float(fsq.value_iteration(mdp, discount=1.0).v[0]), 12)
    0.99
    """
    size = checks.count("size", size)
    stochastic = checks.flag("stochastic", stochastic)
    check_table(f"size is {size}; such a sea", (size + 1) * size, 2, 1 + stochastic)
    rightward = np.ones((size, size), np.int64)  # the action that goes right
    if seed is not None:
        (drawn,) = uniform_draws(seed, (size, size))
        rightward = (drawn >= 0.5).astype(np.int64)

    row, column = np.indices((size, size))
    left, right = np.maximum(column - 1, 0), np.minimum(column + 1, size - 1)
    pays = np.where(column == size - 1, _TREASURE, 0.0) - _MOVE_COST / size
    column_after = np.stack([np.stack([left, left], 2), np.stack([right, column], 2)], 2)  # left and right, two chances
    reward = np.stack([np.zeros((size, size, 2)), np.stack([pays, pays], 2)], 2)
    chance = np.zeros(column_after.shape)
    chance[:] = (1.0 - 1.0 / size, 1.0 / size) if stochastic else (1.0, 0.0)
    if stochastic:
        chance[:, :, 0] = (1.0, 0.0)
        ends = np.unique([0, size - 1])
        chance[-1, ends] = 0.5  # the last step: where it leads no longer matters
        reward[-1, ends] += (1.0, -1.0)
    after = (row + 1)[..., None, None] * size + column_after
    acts = np.stack([1 - rightward, rightward], 2)[..., None]  # which of left and right each action is
    cells = [np.take_along_axis(array, acts, 2).reshape(-1, 2, 2) for array in (after, reward, chance)]
    over = np.zeros((size, 2, 2))
    floor = np.arange(size)[:, None, None] + size * size + over.astype(np.int64)
    certain = np.broadcast_to((1.0, 0.0), over.shape)
    tables = [np.concatenate(pair)[..., : 1 + stochastic] for pair in zip(cells, (floor, over, certain), strict=True)]
    marks = np.full((size + 1, size), ".")
    marks[0, 0], marks[-1, -1] = "S", "G"
    return TabularMDP(
        next_state=tables[0],
        reward=tables[1],
        terminated=tables[0] >= size * size,
        probability=tables[2],
        name="deep_sea" + ("_stochastic" if stochastic else ""),
        map=["".join(line) for line in marks],
        cells=np.argwhere(marks != ""),
    )

"""Grid worlds: an ASCII map becomes a TabularMDP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.system.memory import check_memory

__all__ = ["MOVES", "check_size", "from_map", "marks_of", "neighbours"]

# Up, right, down, left, as Gymnasium's CliffWalking numbers them: (rows, columns).
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))

_FLOOR, _START, _WALL, _CLIFF, _GOALS = ".", "S", "#", "C", "G0123456789"
_BLANKS = " \t"
_CELL_BYTES = 1000  # about what a cell takes while its moves are written down


def from_map(
    rows: str | Sequence[str],
    *,
    step_reward: float = -1.0,
    cliff_reward: float = -100.0,
    goal_reward: float | Mapping[str, float] = 0.0,
    slippery: bool = False,
    name: str = "map",
) -> TabularMDP:
    """Make a grid world from an ASCII map.

    Every cell that is not a wall is a state, numbered row by row. The four actions move up, right, down and left;
    a move into a wall or off the map leads nowhere.

    Parameters
    ----------
    rows : str or sequence of str
        The map: `.` floor, `S` start (several: each is equally likely), `#` wall, `C` cliff (stepping there pays
        `cliff_reward` and leads back to the start; the episode goes on), `G` or a digit 0 to 9 a goal (stepping there
        pays its reward and terminates). All rows have the same width. In a string each line is a row, ended by a
        newline, a carriage return or both. Blank lines before and after the map are ignored, and so is the indentation
        that all lines share; any other blank is refused.
    step_reward : float
        The reward of any other step.
    cliff_reward : float
        The reward of a step into the cliff.
    goal_reward : float or mapping of str to float
        The reward of a step into a goal; a mapping gives each goal, by its character on the map, its own.
    slippery : bool
        The intended move or one of its two neighbours, each with probability 1/3, as in Gymnasium.
    name : str
        Its name in figures and tables.

    Returns
    -------
    TabularMDP
        Goals are terminal states. `map` and `cells` say where each state lies.

    Raises
    ------
    ValueError
        An empty or ragged map, one too large for the memory there is, an unknown character or a blank, no start, a
        goal without a reward, several starts beside a cliff, a reward that is not finite or beyond ±1e100.
    TypeError
        `rows` must be strings, rewards numbers, `slippery` True or False, `name` a string.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> corridor = fsq.from_map("S..G")
    >>> corridor.n_states, corridor.outcomes(2, 1)
    (4, [Outcome(probability=1.0, next_state=3, reward=0.0, terminated=True)])

    >>> fsq.from_map(["S..G", "S.#G"]).map == fsq.from_map('''
    ...     S..G
    ...     S.#G
    ... ''').map
    True
    """
    lines = _lines(rows) if isinstance(rows, str) else checks.rows("rows", rows)
    check_size(f"rows has {sum(map(len, lines))} cells; it", sum(map(len, lines)))
    step_reward, cliff_reward = checks.reward("step_reward", step_reward), checks.reward("cliff_reward", cliff_reward)
    _check_map(lines)
    marks = marks_of(lines)
    cells = np.argwhere(marks != _WALL)
    mark = marks[marks != _WALL]
    starts, goal = mark == _START, np.isin(mark, list(_GOALS))
    pays = _goal_rewards(goal_reward, np.unique(mark[goal]).tolist())
    if (mark == _CLIFF).any() and starts.sum() > 1:
        raise ValueError(
            f"rows has {starts.sum()} starts and a cliff; a fall leads back to the start, so mark only one"
        )

    ahead = neighbours(marks != _WALL, MOVES)
    if checks.flag("slippery", slippery):
        next_state = np.stack([np.roll(ahead, -turn, axis=1) for turn in (-1, 0, 1)], axis=2)
    else:
        next_state = ahead[:, :, None]
    fallen, terminated = (mark == _CLIFF)[next_state], goal[next_state]
    reward = np.full(next_state.shape, step_reward)
    reward[fallen] = cliff_reward
    for goal_mark, value in pays.items():
        reward[(mark == goal_mark)[next_state]] = value
    next_state[fallen] = np.flatnonzero(starts)[0]
    next_state[goal], reward[goal], terminated[goal] = np.flatnonzero(goal)[:, None, None], 0.0, True
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=np.broadcast_to(1.0 / next_state.shape[2], next_state.shape),
        start=starts / starts.sum(),
        name=name,
        map=lines,
        cells=cells,
    )


def marks_of(lines: Sequence[str]) -> NDArray[np.str_]:
    """The characters of a map, shape [height, width].

    Parameters
    ----------
    lines : sequence of str
        All as long, none empty.

    Returns
    -------
    ndarray of str

    Examples
    --------
    >>> marks_of(["S.", ".G"]).tolist()
    [['S', '.'], ['.', 'G']]
    """
    return np.array(lines, f"U{len(lines[0])}").view("U1").reshape(len(lines), -1)


def neighbours(free: NDArray[np.bool_], moves: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Where moves lead in a grid; into a wall or off the grid they lead nowhere.

    Parameters
    ----------
    free : ndarray of bool, shape [height, width]
        Cells that are no walls: the states, numbered row by row.
    moves : sequence of (int, int)
        Rows and columns that each goes, at most as many as the grid has.

    Returns
    -------
    ndarray of int64, shape [states, moves]

    Examples
    --------
    >>> neighbours(np.array([[True, True, False]]), MOVES).tolist()
    [[0, 1, 0, 0], [1, 1, 1, 0]]
    """
    number = np.where(free, np.cumsum(free).reshape(free.shape) - 1, -1)
    y, x = np.nonzero(free)
    down, across = max(abs(dy) for dy, _ in moves), max(abs(dx) for _, dx in moves)
    bordered = np.pad(number, ((down, down), (across, across)), constant_values=-1)
    ahead = np.stack([bordered[y + down + dy, x + across + dx] for dy, dx in moves], axis=1)
    return np.where(ahead < 0, np.arange(y.size)[:, None], ahead)


def check_size(subject: str, cells: int) -> None:
    """Refuse a map with more cells than there is memory for.

    Parameters
    ----------
    subject : str
        How the message begins: the argument and its value.
    cells : int

    Raises
    ------
    TooLargeError
        It does not fit.

    Examples
    --------
    >>> check_size("size is 5; such a room", 25)
    """
    check_memory(subject, cells * _CELL_BYTES, "take a smaller one")


def _lines(text: str) -> tuple[str, ...]:
    """The rows of a map in a string."""
    lines = re.split("\r\n|\r|\n", text)
    filled = [y for y, line in enumerate(lines) if line.strip(_BLANKS)]
    indents = [lines[y][: -len(lines[y].lstrip(_BLANKS))] for y in filled]
    shared = min(map(len, indents), default=0)
    common = next((x for x, blanks in enumerate(zip(*indents, strict=False)) if len(set(blanks)) > 1), shared)
    rows = [line[common:] if line.strip(_BLANKS) else "" for line in lines]
    return tuple(rows[filled[0] : filled[-1] + 1]) if filled else ()


def _check_map(lines: tuple[str, ...]) -> None:
    if not lines or not lines[0]:
        raise ValueError("rows is empty; it must hold at least one row of the map")
    known = {_FLOOR, _START, _WALL, _CLIFF, *_GOALS}
    for y, line in enumerate(lines):
        if not known.issuperset(line):
            x, mark = next((x, mark) for x, mark in enumerate(line) if mark not in known)
            hint = "; each row is a string of its own" if mark in "\r\n" else "; floor is '.'" if mark.isspace() else ""
            raise ValueError(f"rows[{y}][{x}] is {mark!r}; it must be one of '.', 'S', '#', 'C', 'G' or a digit{hint}")
        if len(line) != len(lines[0]):
            raise ValueError(f"rows[{y}] has {len(line)} cells; rows[0] has {len(lines[0])}, and all must be as wide")
    if not any(_START in line for line in lines):
        raise ValueError("rows has no start; mark at least one cell 'S'")


def _goal_rewards(goal_reward: float | Mapping[str, float], goals: Sequence[str]) -> dict[str, float]:
    if not isinstance(goal_reward, Mapping):
        return dict.fromkeys(goals, checks.reward("goal_reward", goal_reward))
    if set(goal_reward) != set(goals):
        raise ValueError(f"goal_reward names {sorted(goal_reward, key=str)}; the goals on the map are {list(goals)}")
    return {goal: checks.reward(f"goal_reward[{goal!r}]", value) for goal, value in goal_reward.items()}

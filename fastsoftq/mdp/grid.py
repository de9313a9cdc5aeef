"""Grid worlds: an ASCII map becomes a TabularMDP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.system.memory import check_memory

__all__ = ["MOVES", "check_size", "from_map"]

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
    cells = [(y, x) for y, line in enumerate(lines) for x, mark in enumerate(line) if mark != _WALL]
    state_at = {cell: state for state, cell in enumerate(cells)}
    mark_of = [lines[y][x] for y, x in cells]
    starts = [state for state, mark in enumerate(mark_of) if mark == _START]
    goals = sorted({mark for mark in mark_of if _is_goal(mark)})
    pays = _goal_rewards(goal_reward, goals)
    if _CLIFF in mark_of and len(starts) > 1:
        raise ValueError(f"rows has {len(starts)} starts and a cliff; a fall leads back to the start, so mark only one")

    turns = (-1, 0, 1) if checks.flag("slippery", slippery) else (0,)
    shape = (len(cells), len(MOVES), len(turns))
    next_state, reward, terminated = (
        np.zeros(shape, np.int64),
        np.full(shape, step_reward),
        np.zeros(shape, bool),
    )
    for state, (y, x) in enumerate(cells):
        for action in range(len(MOVES)):
            for outcome, turn in enumerate(turns):
                dy, dx = MOVES[(action + turn) % len(MOVES)]
                ahead = state_at.get((y + dy, x + dx), state)
                here = (state, action, outcome)
                if _is_goal(mark_of[state]):
                    next_state[here], reward[here], terminated[here] = state, 0.0, True
                elif mark_of[ahead] == _CLIFF:
                    next_state[here], reward[here] = starts[0], cliff_reward
                else:
                    next_state[here], terminated[here] = ahead, _is_goal(mark_of[ahead])
                    if terminated[here]:
                        reward[here] = pays[mark_of[ahead]]
    start = np.zeros(len(cells))
    start[starts] = 1.0 / len(starts)
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=terminated,
        probability=np.full(shape, 1.0 / len(turns)),
        start=start,
        name=name,
        map=lines,
        cells=np.array(cells),
    )


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


def _is_goal(mark: str) -> bool:
    return mark in _GOALS


def _check_map(lines: tuple[str, ...]) -> None:
    if not lines or not lines[0]:
        raise ValueError("rows is empty; it must hold at least one row of the map")
    for y, line in enumerate(lines):
        for x, mark in enumerate(line):
            if not (mark in (_FLOOR, _START, _WALL, _CLIFF) or _is_goal(mark)):
                hint = (
                    "; each row is a string of its own"
                    if mark in "\r\n"
                    else "; floor is '.'"
                    if mark.isspace()
                    else ""
                )
                raise ValueError(
                    f"rows[{y}][{x}] is {mark!r}; it must be one of '.', 'S', '#', 'C', 'G' or a digit{hint}"
                )
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

"""Dyna's mazes (Sutton & Barto 2018, examples 8.1 to 8.3): a plain one, and two whose wall moves."""

from __future__ import annotations

from typing import overload

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.changing import ChangingMDP, EpisodicMDP
from fastsoftq.mdp.grid import from_map
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["dyna_maze"]

_PLAIN = (".......#G", "..#....#.", "S.#....#.", "..#......", ".....#...", ".........")
_OPEN = ("........G", ".........", ".........", "{}", ".........", "...S.....")
# The wall before and after the change.
_WALLS = {"blocking": ("########.", ".########"), "shortcut": (".########", ".#######.")}
_LAYOUTS = ("plain", *_WALLS)
_PLAIN_STAYS = f"the plain maze does not change, only {' and '.join(map(repr, _WALLS))} do"


@overload
def dyna_maze(
    layout: str = "plain",
    *,
    changed: bool = False,
    changes_at: None = None,
    step_reward: float = 0.0,
    goal_reward: float = 1.0,
) -> TabularMDP: ...


@overload
def dyna_maze(
    layout: str, *, changed: bool = False, changes_at: int, step_reward: float = 0.0, goal_reward: float = 1.0
) -> ChangingMDP: ...


def dyna_maze(
    layout: str = "plain",
    *,
    changed: bool = False,
    changes_at: int | None = None,
    step_reward: float = 0.0,
    goal_reward: float = 1.0,
) -> EpisodicMDP:
    """Make one of Dyna's mazes: from S to G, around walls.

    Cells that are not walls are states, numbered row by row, actions 0 up, 1 right, 2 down, 3 left. The shortest way
    takes 14 steps in the plain maze (example 8.1); in the blocking maze (8.2) 10, and 16 once the gap in the wall has
    moved to the other end; in the shortcut maze (8.3) 16, and 10 once a second gap has opened. With the book's discount
    of 0.95 the start is worth `0.95 ** (steps - 1)`.

    Parameters
    ----------
    layout : {"plain", "blocking", "shortcut"}
    changed : bool
        The maze after its change. States are the same before and after: a cell that is a wall at one of the two times
        only is a state that no move leads to at that time.
    changes_at : int, optional
        The episode, counted from 0, that the maze is changed before; at least 1. (The book changes it after so many
        time steps: 1000 and 3000.)
    step_reward, goal_reward : float
        The reward of any step, and of the one into the goal instead.

    Returns
    -------
    TabularMDP, or with `changes_at` ChangingMDP

    Raises
    ------
    ValueError
        An unknown layout; `changed` or `changes_at` with the plain maze, which does not change, or one with the other;
        an episode that is not positive; a reward that is not finite or beyond ±1e100.
    TypeError
        `layout` must be a string, `changed` True or False, `changes_at` an integer, rewards numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> before, after = fsq.dyna_maze("blocking"), fsq.dyna_maze("blocking", changed=True)
    >>> before.n_states == after.n_states
    True
    >>> start = before.start.argmax()
    >>> [round(float(fsq.value_iteration(maze, 0.95).v[start]), 4) for maze in (before, after)]  # 10 and 16 steps
    [0.6302, 0.4633]
    >>> fsq.dyna_maze("blocking", changes_at=300)
    <ChangingMDP 'dyna_maze_blocking': 47 states, 4 actions, deterministic, changes at episode 300>
    """
    layout = checks.choice("layout", layout, _LAYOUTS)
    if checks.flag("changed", changed) and layout == "plain":
        raise ValueError(f"changed is True; {_PLAIN_STAYS}")
    if changes_at is not None:
        changes_at = checks.count("changes_at", changes_at)
        if layout == "plain":
            raise ValueError(f"changes_at is {changes_at}; {_PLAIN_STAYS}")
        if changed:
            raise ValueError(f"changes_at is {changes_at} and changed is True; give one of them")
    step_reward = checks.reward("step_reward", step_reward)
    goal_reward = checks.reward("goal_reward", goal_reward)
    if layout == "plain":
        return from_map(_PLAIN, step_reward=step_reward, goal_reward=goal_reward, name="dyna_maze")
    if changes_at is None:
        return _with_wall(layout, changed, step_reward, goal_reward)
    phases = (_with_wall(layout, after, step_reward, goal_reward) for after in (False, True))
    return ChangingMDP(dict(zip((0, changes_at), phases, strict=True)), name=f"dyna_maze_{layout}")


def _with_wall(layout: str, changed: bool, step_reward: float, goal_reward: float) -> TabularMDP:
    walls = _WALLS[layout]
    ever_open = "".join("#" if set(marks) == {"#"} else "." for marks in zip(*walls, strict=True))
    free = from_map([row.format(ever_open) for row in _OPEN], step_reward=step_reward, goal_reward=goal_reward)
    rows = [row.format(walls[changed]) for row in _OPEN]
    shut = np.array([rows[y][x] == "#" for y, x in free.cells])  # type: ignore[union-attr]
    own = np.arange(free.n_states)[:, None, None]
    return TabularMDP(
        next_state=np.where(shut[free.next_state], own, free.next_state),
        reward=free.reward,
        terminated=free.terminated,
        start=free.start,
        name=f"dyna_maze_{layout}" + ("_changed" if changed else ""),
        map=rows,
        cells=free.cells,
    )

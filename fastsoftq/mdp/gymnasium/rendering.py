"""A state of an MDP shown: as text, and as a picture of its map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["MODES", "as_picture", "as_text", "checked_render_mode"]

MODES = ("ansi", "rgb_array")
"""What can be rendered: text, and pictures."""

_AGENT = "@"
_CELL = 32  # pixels a side of a cell
_LARGEST = 1024  # pixels a side of a picture, while a cell is more than one of them
_LINED = 8  # pixels a side of a cell from which on there are lines between cells

_INK, _LINE, _FLOOR, _START = (26, 26, 26), (214, 214, 214), (251, 251, 251), (186, 210, 235)
_GOAL, _WALL, _FALL = (0, 158, 115), (90, 90, 90), (227, 185, 160)
_COLOURS = {"S": _START, "#": _WALL, "C": _FALL, "H": _FALL} | dict.fromkeys("G0123456789", _GOAL)


def checked_render_mode(render_mode: Any) -> str | None:
    """Return `render_mode` if it is one of `MODES`, or None.

    Raises
    ------
    ValueError
        A mode that does not exist.
    TypeError
        Not a string.

    Examples
    --------
    >>> checked_render_mode("ansi")
    'ansi'
    """
    if render_mode == "human":
        raise ValueError(
            "render_mode is 'human'; it must be 'ansi' or 'rgb_array': gymnasium.wrappers.HumanRendering shows the "
            "pictures of 'rgb_array' in a window"
        )
    return None if render_mode is None else checks.choice("render_mode", render_mode, MODES)


def as_text(mdp: TabularMDP, state: int, last: tuple[int, float] | None = None) -> str:
    """Show a state as text.

    Parameters
    ----------
    mdp : TabularMDP
    state : int
    last : (int, float), optional
        The action that led there and its reward.

    Returns
    -------
    str
        The map, where there is one, with `@` at the state, and a line with its number and what happened last.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> print(as_text(fsq.from_map("S.G"), 1, (1, -1.0)))
    S@G
    state 1 after action 1: reward -1
    """
    shown = [list(row) for row in mdp.map or ()]
    if mdp.cells is not None:
        y, x = mdp.cells[state]
        shown[y][x] = _AGENT
    happened = "" if last is None else f" after action {last[0]}: reward {last[1]:g}"
    return "\n".join([*map("".join, shown), f"state {state}{happened}"])


def as_picture(mdp: TabularMDP, state: int) -> NDArray[np.uint8]:
    """Draw a state as a disc on the map.

    Cells are 32 pixels a side, fewer on maps of more than 32 rows or columns, and one at least.

    Parameters
    ----------
    mdp : TabularMDP
        With a map: walls are dark, cliffs and holes reddish, goals green, starts blue.
    state : int

    Returns
    -------
    ndarray of uint8, shape [height, width, 3]

    Raises
    ------
    ValueError
        An MDP without a map.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> picture = as_picture(fsq.from_map("S.G"), 1)
    >>> picture.shape, picture[16, 48].tolist()  # the middle of the cell in the middle
    ((32, 96, 3), [26, 26, 26])
    """
    if mdp.map is None or mdp.cells is None:
        raise ValueError(f"mdp is {mdp.name!r}; it must have a map to be drawn")
    colours = np.array([[_COLOURS.get(mark, _FLOOR) for mark in row] for row in mdp.map], np.uint8)
    side = int(np.clip(_LARGEST // max(colours.shape[:2]), 1, _CELL))
    picture = colours.repeat(side, axis=0).repeat(side, axis=1)
    if side >= _LINED:
        picture[::side] = _LINE
        picture[:, ::side] = _LINE
    y, x = mdp.cells[state] * side
    down, right = np.ogrid[:side, :side]
    disc = np.hypot(down - (side - 1) / 2.0, right - (side - 1) / 2.0) <= 0.3 * side
    picture[y : y + side, x : x + side][disc] = _INK
    return picture

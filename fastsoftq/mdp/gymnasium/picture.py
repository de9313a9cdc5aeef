"""A state of an MDP as a picture: on the map of a grid world, else among tiles, one for each state."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["as_picture"]

Pixels = NDArray[np.float64]

_CELL = 48  # pixels a side of a cell
_LARGEST = 1024  # pixels a side of a picture, while a cell is more than one of them
_SHAPED = 10  # pixels a side of a cell from which on there are shapes in it, and lines between cells
_NUMBERED = 32  # and from which on tiles have numbers
_ROW = 12  # tiles of a row, before there are several rows

_WHITE, _FLOOR, _LINE, _INK = (255, 255, 255), (250, 249, 246), (222, 220, 214), (84, 88, 96)
_START, _GOAL, _LAWN = (176, 206, 234), (0, 138, 101), (214, 236, 225)
_WALL, _LIT, _SHADE = (92, 99, 112), (122, 130, 144), (70, 76, 87)
_CLIFF, _CRACK, _HOLE, _RIM = (222, 140, 108), (203, 112, 78), (58, 72, 98), (158, 178, 206)
_TILE, _AHEAD, _AGENT = (233, 232, 227), (230, 159, 0), (20, 84, 148)

# Three columns and five rows of dots for each digit, row by row.
_DIGITS = (31599, 11415, 29671, 29647, 23497, 31183, 31215, 29257, 31727, 31695)


def as_picture(mdp: TabularMDP, state: int) -> NDArray[np.uint8]:
    """Draw a state.

    Cells are 48 pixels a side, fewer where the picture would be wider or higher than 1024, and one at least.

    Parameters
    ----------
    mdp : TabularMDP
        With a map: walls are grey, cliffs reddish, holes dark, starts blue, goals have a flag. Without one: a tile for
        each state, row by row in the order of their numbers, blue where episodes start, with a flag where they are
        over; yellow dots mark where the next action may lead, larger ones where it is likelier.
    state : int
        It has a blue disc.

    Returns
    -------
    ndarray of uint8, shape [height, width, 3]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> picture = as_picture(fsq.from_map("S.G"), 1)
    >>> picture.shape, picture[24, 72].tolist()  # the middle of the cell in the middle
    ((48, 144, 3), [20, 84, 148])
    """
    if mdp.map is None or mdp.cells is None:
        columns = mdp.n_states if mdp.n_states <= _ROW else math.ceil(math.sqrt(mdp.n_states * 4 / 3))
        rows = -(-mdp.n_states // columns)
        marks = np.full((rows, columns), " ")
        marks.flat[: mdp.n_states] = np.where(mdp.terminal, "e", np.where(mdp.start > 0.0, "s", "t"))
        cells = np.stack(np.divmod(np.arange(mdp.n_states), columns), axis=1)
    else:
        marks, cells = np.array([list(row) for row in mdp.map]), mdp.cells
    side = int(np.clip(_LARGEST // max(marks.shape), 1, _CELL))
    kinds, places = np.unique(marks, return_inverse=True)
    tiles = np.stack([_tile(str(kind), side) for kind in kinds])[places.reshape(marks.shape)]
    picture = np.ascontiguousarray(tiles.swapaxes(1, 2)).reshape(marks.shape[0] * side, marks.shape[1] * side, 3)

    def within(cell: NDArray[np.int64]) -> Pixels:
        y, x = cell * side
        return picture[y : y + side, x : x + side]

    if mdp.map is None and side >= _SHAPED:
        for number in range(mdp.n_states) if side >= _NUMBERED else ():
            _write(within(cells[number]), number)
        for ahead, chance in _ahead(mdp, state):
            _disc(within(cells[ahead]), 0.06 + 0.12 * math.sqrt(chance), _AHEAD)
    here = within(cells[state])
    if side >= _SHAPED:
        _disc(here, 0.34, _WHITE)
        _disc(here, 0.3, _AGENT)
    else:
        here[:] = _AGENT
    return np.rint(picture).astype(np.uint8)


def _ahead(mdp: TabularMDP, state: int) -> Iterable[tuple[int, float]]:
    """The states that an action leads to, with the highest probability of any action."""
    found: dict[int, float] = {}
    for action in range(mdp.n_actions):
        chances: dict[int, float] = {}
        for p, ahead, _, _ in mdp.outcomes(state, action):
            chances[ahead] = chances.get(ahead, 0.0) + p
        for ahead, chance in chances.items():
            found[ahead] = max(found.get(ahead, 0.0), min(chance, 1.0))
    return found.items()


def _tile(mark: str, side: int) -> Pixels:
    """The picture of a cell, or of a state's tile: `s` a start, `e` the end, `t` any other, blank none."""
    grounds = {"#": _WALL, "C": _CLIFF, " ": _WHITE, "s": _WHITE, "e": _WHITE, "t": _WHITE}
    goal = mark in "G0123456789"
    tile = np.empty((side, side, 3))
    tile[:] = _LAWN if goal else grounds.get(mark, _FLOOR)
    if side < _SHAPED:
        small = {"S": _START, "G": _GOAL, "H": _HOLE, "s": _START, "e": _GOAL, "t": _TILE}
        tile[:] = _GOAL if goal else small.get(mark, tile)
        return tile
    y, x = _places(side)
    if mark == "C":
        _paint(tile, np.abs((x + y) % 0.25 - 0.125) - 0.03, _CRACK)
    elif mark == "H":
        _disc(tile, 0.38, _RIM)
        _disc(tile, 0.34, _HOLE)
    elif mark == "S":
        _paint(tile, _square(y, x, 0.36), _START)
    elif mark in "set":
        _paint(tile, _square(y, x, 0.45), {"s": _START, "e": _LAWN, "t": _TILE}[mark])
    if goal or mark == "e":
        _flag(tile)
    if goal and mark != "G":
        _write(tile, int(mark))
    if mark == "#":
        tile[: side // 10] = _LIT
        tile[-(side // 10) :] = _SHADE
    elif mark not in " set":
        tile[0] = tile[:, 0] = _LINE
    return tile


def _places(side: int) -> tuple[Pixels, Pixels]:
    """Rows and columns of a cell's pixels, from -1/2 to 1/2."""
    along = (np.arange(side) + 0.5) / side - 0.5
    return along[:, None], along[None, :]


def _paint(tile: Pixels, distance: Pixels, colour: tuple[int, int, int]) -> None:
    """Paint where the distance from a shape's edge is negative, and smooth the edge."""
    cover = np.clip(0.5 - distance * len(tile), 0.0, 1.0)[:, :, None]
    tile += cover * (np.array(colour) - tile)


def _disc(tile: Pixels, radius: float, colour: tuple[int, int, int]) -> None:
    y, x = _places(len(tile))
    _paint(tile, np.hypot(y, x) - radius, colour)


def _square(y: Pixels, x: Pixels, half: float) -> Pixels:
    """The distance from a square with round corners."""
    corner = 0.12
    beyond_y, beyond_x = np.abs(y) - (half - corner), np.abs(x) - (half - corner)
    outside = np.hypot(np.maximum(beyond_y, 0.0), np.maximum(beyond_x, 0.0))
    return np.asarray(outside + np.minimum(np.maximum(beyond_y, beyond_x), 0.0) - corner)


def _flag(tile: Pixels) -> None:
    y, x = _places(len(tile))
    _paint(tile, np.maximum(np.abs(x + 0.13) - 0.025, np.abs(y) - 0.32), _INK)
    _paint(tile, np.maximum(-0.12 - x, np.abs(y + 0.16) + 0.4 * (x + 0.12) - 0.15), _GOAL)


def _write(tile: Pixels, number: int) -> None:
    """Write a number at the lower right."""
    dot = max(len(tile) // 24, 1)
    bottom, right = len(tile) - 2 * dot, len(tile) - 2 * dot
    for place, digit in enumerate(reversed(str(number))):
        dots = np.array([_DIGITS[int(digit)] >> 14 - i & 1 for i in range(15)], np.bool_).reshape(5, 3)
        left = right - (4 * place + 3) * dot
        if left >= 0:
            shape = tile[bottom - 5 * dot : bottom, left : left + 3 * dot]
            shape[dots.repeat(dot, axis=0).repeat(dot, axis=1)] = _INK

"""How numbers and names are written, cut and placed so that all can be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

__all__ = ["Marker", "apart", "beside", "shortened", "typeset"]

_ROWS = 8  # how many heights of a label it may be from its marker


def typeset(number: float, decimals: int = 0) -> str:
    """Write a number to be read: thousands apart, a minus sign as long as a plus, infinity as its sign.

    Parameters
    ----------
    number : float
    decimals : int

    Returns
    -------
    str

    Examples
    --------
    >>> typeset(-1234.5, 1), typeset(-0.004, 2), typeset(float("inf"))
    ('−1,234.5', '0.00', '∞')
    """
    text = f"{number:,.{decimals}f}"
    if math.isinf(number):
        return text.replace("inf", "\N{INFINITY}").replace("-", "\N{MINUS SIGN}")
    return text.replace("-", "\N{MINUS SIGN}") if float(text.replace(",", "")) else text.lstrip("-")


class Marker(NamedTuple):
    """A marker that a label is put near; in any unit of length, upwards."""

    x: float
    y: float
    radius: float
    width: float  # of its label
    upwards: bool  # where its label is best


def shortened(names: Sequence[str], longest: int) -> list[str]:
    """Cut names to the room there is, and keep different names different.

    Parameters
    ----------
    names : sequence of str
    longest : int
        Letters there is room for, at least 3; more are taken only where names would be the same otherwise.

    Returns
    -------
    list of str
        With an ellipsis for the end of a name; for its beginning, or its middle, where only that keeps names apart.

    Examples
    --------
    >>> shortened(["a long name=1", "a long name=2"], 8)
    ['… name=1', '… name=2']
    """
    for room in range(longest, max(map(len, names), default=0)):
        for before in (room - 1, 0, (room - 1) // 2):
            after = room - 1 - before
            short = [n if len(n) <= room else f"{n[:before]}…{n[len(n) - after :]}" for n in names]
            if len(set(short)) == len(set(names)):
                return short
    return list(names)


def apart(places: Sequence[float], gap: float) -> NDArray[np.float64]:
    """Move places as little as leaves a gap between any two.

    Parameters
    ----------
    places : sequence of float
        Ascending.
    gap : float

    Returns
    -------
    ndarray of float64, shape [places]

    Examples
    --------
    >>> apart([50.0, 50.0, 90.0], 10.0).tolist()
    [45.0, 55.0, 90.0]
    """
    offsets = np.arange(len(places)) * gap
    return np.asarray(isotonic_regression(np.asarray(places) - offsets).x + offsets)


def beside(
    markers: Sequence[Marker], height: float, within: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    """Place labels above or below their markers, clear of all markers, of each other and of the edges.

    Parameters
    ----------
    markers : sequence of Marker
    height : float
        Of a label.
    within : (float, float, float, float)
        Left, bottom, right and top of the space there is.

    Returns
    -------
    list of (float, float)
        The centre of each label; the preferred one where none is clear.

    Examples
    --------
    >>> beside([Marker(50.0, 50.0, 4.0, 20.0, upwards=True)], 10.0, (0.0, 0.0, 100.0, 100.0))
    [(50.0, 61.0)]
    """
    left, bottom, right, top = within
    rings = [(m.x - m.radius, m.y - m.radius, m.x + m.radius, m.y + m.radius) for m in markers]
    taken: list[tuple[float, float, float, float]] = []
    places = []
    for m in markers:
        x = min(max(m.x, left + m.width / 2.0), right - m.width / 2.0)
        near = m.radius + 0.7 * height
        sides = (1.0, -1.0) if m.upwards else (-1.0, 1.0)
        candidates = [(x, m.y + side * (near + row * height)) for row in range(_ROWS) for side in sides]

        def box(place: tuple[float, float], width: float = m.width) -> tuple[float, float, float, float]:
            return place[0] - width / 2.0, place[1] - height / 2.0, place[0] + width / 2.0, place[1] + height / 2.0

        clear = [
            place
            for place in candidates
            if bottom <= box(place)[1] and box(place)[3] <= top and not any(_meet(box(place), b) for b in rings + taken)
        ]
        place = clear[0] if clear else candidates[0]
        taken.append(box(place))
        places.append(place)
    return places


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

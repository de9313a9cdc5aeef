"""How labels are cut and where they go so that all can be read: names beside curves, numbers beside markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

__all__ = ["Marker", "apart", "beside", "shortened"]


_ROWS = 8  # how many heights of a label it may be from its marker


class Marker(NamedTuple):
    """A marker with a label to be put near it; in any unit of length, upwards."""

    x: float
    y: float
    radius: float
    width: float  # of its label
    upwards: bool  # where its label is best


def shortened(names: Sequence[str], longest: int) -> list[str]:
    """Names with an ellipsis for what there is no room for, and still as many different ones as before.

    Parameters
    ----------
    names : sequence of str
    longest : int
        Letters there is room for, at least 3; more are taken only where names would be the same otherwise.

    Returns
    -------
    list of str
        As many: without their ends where that tells them apart, or else without their beginnings, or their middles.

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
    """Places in ascending order, moved the least that leaves a gap between any two.

    Parameters
    ----------
    places : sequence of float
    gap : float

    Returns
    -------
    ndarray of float64, shape [places]
    """
    offsets = np.arange(len(places)) * gap
    return np.asarray(isotonic_regression(np.asarray(places) - offsets).x + offsets)


def beside(
    markers: Sequence[Marker], height: float, within: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    """Centres for labels above or below their markers, clear of all markers, of each other and of the edges.

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
        A place for each; the preferred one where none is clear.
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

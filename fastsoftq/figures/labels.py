"""How numbers and names are written, broken into lines and placed so that all can be read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

__all__ = ["Marker", "apart", "beside", "typeset", "value_text", "wrapped"]

_ROWS = 8  # how many heights of a label it may be from its marker


def typeset(number: float, decimals: int = 0) -> str:
    """Write a number to be read: thousands apart, a minus sign as long as a plus, infinity as its sign.

    Parameters
    ----------
    number : float
        From 1e15 on it is written with a power of ten, and four digits.
    decimals : int

    Returns
    -------
    str

    Examples
    --------
    >>> typeset(-1234.5, 1), typeset(-0.004, 2), typeset(float("inf")), typeset(-1e100)
    ('−1,234.5', '0.00', '∞', '−1e100')
    """
    if 1e15 <= abs(number) < math.inf:
        return value_text(float(f"{number:.4g}"))
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


def value_text(value: float | str) -> str:
    """Write a value that somebody chose, such as a step size, with as many digits as it has.

    Parameters
    ----------
    value : float or str
        Text stays as it is.

    Returns
    -------
    str

    Examples
    --------
    >>> [value_text(value) for value in (0.5, 10.0, -2000, 1e-7, True, "tied")]
    ['0.5', '10', '−2,000', '1e−7', 'true', 'tied']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    number = float(value)
    if not math.isfinite(number):
        return "\N{EN DASH}" if math.isnan(number) else typeset(number)
    if number and not 1e-5 <= abs(number) < 1e15:
        return re.sub(r"e([+-]?)0*", r"e\1", repr(number)).replace("e+", "e").replace("-", "\N{MINUS SIGN}")
    return typeset(number, max(0, -int(Decimal(repr(number)).normalize().as_tuple().exponent)))


def wrapped(text: str, letters: int) -> str:
    """Break a label into lines: after spaces, better after commas; within words only where one is too long.

    Parameters
    ----------
    text : str
    letters : int
        Of a line, at most; a number is never broken, and "k = 10" only where a line has no room for it.

    Returns
    -------
    str
        Its lines; spaces between them stay at their ends.

    Examples
    --------
    >>> wrapped("soft, k = 10, α = 0.5", 14).splitlines()
    ['soft, k = 10, ', 'α = 0.5']
    """
    lines = [""]
    for clause in _pieces(text, r"(?<=, )", letters):
        fits = len((lines[-1] + clause).rstrip()) <= letters
        for piece in [clause] if fits else _pieces(clause, r"(?<=[^=] )(?!=)|(?<=[,;/_=])(?![\d\s])", letters):
            short = [piece] if _NUMBER.fullmatch(piece) or len(piece.rstrip()) <= letters else _cut(piece, letters)
            for part in short:
                if lines[-1] and len((lines[-1] + part).rstrip()) > letters:
                    lines.append("")
                lines[-1] += part
    return "\n".join(lines)


_NUMBER = re.compile(r"[\s\d.,e%()\[\]+\N{MINUS SIGN}\N{INFINITY}-]*")


def _pieces(text: str, between: str, letters: int) -> list[str]:
    return [piece for piece in re.split(between, text) if piece] if len(text.rstrip()) > letters else [text]


def _cut(text: str, letters: int) -> list[str]:
    return [text[i : i + letters] for i in range(0, len(text), letters)]


def apart(
    places: Sequence[float], gap: float | Sequence[float], within: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Move places as little as leaves a gap between any two.

    Parameters
    ----------
    places : sequence of float
        Ascending.
    gap : float or sequence of float
        Between any two, or between each and the next.
    within : (float, float), optional
        The lowest and the highest place allowed, as far as there is room for all.

    Returns
    -------
    ndarray of float64, shape [places]

    Examples
    --------
    >>> apart([50.0, 50.0, 90.0], 10.0).tolist()
    [45.0, 55.0, 90.0]
    >>> apart([2.0, 2.0], 10.0, within=(0.0, 100.0)).tolist()
    [0.0, 10.0]
    """
    gaps = np.full(max(0, len(places) - 1), gap) if isinstance(gap, float) else np.asarray(gap)
    offsets = np.concatenate([[0.0], np.cumsum(gaps)])
    moved = np.asarray(isotonic_regression(np.asarray(places) - offsets).x)
    if within is not None:
        moved = np.maximum(np.minimum(moved, within[1] - offsets[-1]), within[0])
    return np.asarray(moved + offsets)


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

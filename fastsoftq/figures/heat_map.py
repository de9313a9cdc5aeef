"""Heat maps: a number for each pair of values of two hyperparameters, as SVG text."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import TICK_LETTER, Chart, Scale
from fastsoftq.figures.colours import heat_colour, ink_on
from fastsoftq.figures.labels import typeset, value_text, wrapped
from fastsoftq.figures.svg import AXIS_LETTER, WIDTH, text_element

__all__ = ["heat_map"]

_TOP, _RIGHT, _KEY = 8.0, 14.0, 40.0  # above the cells, at their right, of the key below
_LOWEST, _HIGHEST = 26.0, 46.0  # height of a cell
_CELLS = 320.0  # height of all, where there are many
_WRITTEN = 8  # cells either way that have their numbers within
_LETTERS = 16  # of a line of a row's label
_SHADES = 24  # of the key


def heat_map(
    values: NDArray[np.float64],
    xs: Sequence[float] | Sequence[str],
    ys: Sequence[float] | Sequence[str],
    xlabel: str,
    ylabel: str,
    what: str,
    best: Collection[tuple[int, int]] = (),
) -> str:
    """Draw a heat map as an SVG element: ever darker from the lowest to the highest.

    Parameters
    ----------
    values : ndarray of float64, shape [ny, nx]
        The first row is drawn lowest. NaN where there is none.
    xs, ys : sequence of float or str
        The values of the hyperparameters.
    xlabel, ylabel : str
    what : str
        What the numbers are.
    best : collection of (int, int)
        The cells (iy, ix) that cannot be told from the best: they are framed.

    Returns
    -------
    str
        Each cell has its number as a tooltip, and within it where there are at most 8 either way.

    Raises
    ------
    ValueError
        The shape of the values is not [ny, nx], or none is finite.

    Examples
    --------
    >>> drawn = heat_map(np.array([[-30.0, -20.0]]), [0.1, 0.5], [10.0], "step size", "reward scale", "mean return")
    >>> drawn.count('<rect class="cell"')
    2
    """
    if values.shape != (len(ys), len(xs)):
        raise ValueError(f"values has shape {values.shape}; it must be {(len(ys), len(xs))}, that of ys and xs")
    if not np.isfinite(values).any():
        raise ValueError("values: none is finite; a heat map needs one or more")
    return _HeatMap(values, list(map(value_text, xs)), list(map(value_text, ys)), best).drawn(xlabel, ylabel, what)


class _HeatMap:
    """A heat map laid out on a page."""

    def __init__(
        self, values: NDArray[np.float64], xs: list[str], ys: list[str], best: Collection[tuple[int, int]]
    ) -> None:
        finite = values[np.isfinite(values)]
        self._values, self._xs, self._ys, self._best = values, xs, [wrapped(y, _LETTERS) for y in ys], best
        self._low, self._high = float(finite.min()), float(finite.max())
        wide = Scale.of_values([finite], [self._high]).kind == "symlog"
        self._shade = Scale(self._low, self._high if self._high > self._low else self._low + 1.0,
                            "symlog" if wide else "linear")  # fmt: skip
        self._decimals = _decimals(finite)
        widest = max(len(line) for y in self._ys for line in y.split("\n"))
        self._left = 34.0 + TICK_LETTER * widest
        self._across = (WIDTH - self._left - _RIGHT) / len(xs)
        self._up = min(_HIGHEST, max(_LOWEST if len(ys) <= _WRITTEN else 4.0, _CELLS / len(ys)))
        self._bottom = _TOP + self._up * len(ys)

    def drawn(self, xlabel: str, ylabel: str, what: str) -> str:
        columns = Chart(Scale(-0.5, len(self._xs) - 0.5), Scale(0.0, 1.0), "", "",
                        xticks=[(float(i), x) for i, x in enumerate(self._xs)])  # fmt: skip
        ticks = columns.ticks_across(WIDTH - self._left - _RIGHT)
        deep = 13.0 * max(text.count("\n") for _, text in ticks)
        parts = [self._cell(iy, ix, xlabel, ylabel) for iy, ix in np.ndindex(self._values.shape)]
        parts += [self._frame(iy, ix) for iy, ix in sorted(self._best)]
        parts += [
            text_element("tick", self._left + (at + 0.5) * self._across, self._bottom + 16.0, text)
            for at, text in ticks
        ]
        every = math.ceil(14.0 / self._up)
        parts += [
            text_element("tick", self._left - 7.0, self._middle(iy) + 4.0 - 6.5 * y.count("\n"), y, "end")
            for iy, y in enumerate(self._ys)
            if iy % every == 0
        ]
        middle = (self._left + WIDTH - _RIGHT) / 2.0
        parts.append(text_element("axis", middle, self._bottom + deep + 34.0, xlabel))
        turned = wrapped(ylabel, max(6, int((self._bottom - _TOP) / AXIS_LETTER)))
        upright = text_element("axis", 0.0, 0.0, turned, line=15.0)
        parts.append(f'<g transform="translate(13 {(_TOP + self._bottom) / 2.0:g}) rotate(-90)">{upright}</g>')
        return self._framed(parts + self._key(self._bottom + deep + 46.0, what), deep, xlabel, ylabel, what)

    def _framed(self, parts: list[str], deep: float, xlabel: str, ylabel: str, what: str) -> str:
        at = np.unravel_index(int(np.nanargmax(self._values)), self._values.shape)
        alternative = (
            f"{what} over {xlabel} and {ylabel}: from {self._text(self._low)} to {self._text(self._high)}, "
            f"the highest at {xlabel} {self._xs[int(at[1])]} and {ylabel} {self._ys[int(at[0])]}."
        ).replace("\n", "")
        height = self._bottom + deep + 46.0 + _KEY
        return (
            f'<svg class="chart heat" viewBox="0 0 {WIDTH:g} {height:g}" role="img" '
            f'aria-label="{escape(alternative)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
        )

    def _middle(self, iy: int) -> float:
        return self._bottom - (iy + 0.5) * self._up

    def _text(self, value: float) -> str:
        return typeset(value, self._decimals)

    def _cell(self, iy: int, ix: int, xlabel: str, ylabel: str) -> str:
        value = float(self._values[iy, ix])
        known = math.isfinite(value)
        colour = heat_colour(float(self._shade(value))) if known else "none"
        text = self._text(value) if known else "no value"
        tip = f"{xlabel} {self._xs[ix]}, {ylabel} {self._ys[iy]}: {text}".replace("\n", "")
        x, y = self._left + ix * self._across, self._bottom - (iy + 1) * self._up
        cell = (
            f'<rect class="cell" x="{x:.1f}" y="{y:.1f}" width="{self._across:.1f}" height="{self._up:.1f}" '
            f'fill="{colour}"><title>{escape(tip)}</title></rect>'
        )
        if max(self._values.shape) > _WRITTEN or not known:
            return cell
        size = min(12.0, 1.6 * (self._across - 6.0) / len(text))
        within = text_element("within", x + self._across / 2.0, y + self._up / 2.0 + 4.0, text)
        return cell + within.replace(
            ' class="within"', f' class="within" fill="{ink_on(colour)}" font-size="{size:.3g}"'
        )

    def _frame(self, iy: int, ix: int) -> str:
        x, y = self._left + ix * self._across + 1.5, self._bottom - (iy + 1) * self._up + 1.5
        size = f'width="{self._across - 3.0:.1f}" height="{self._up - 3.0:.1f}"'
        return f'<rect class="among-best" x="{x:.1f}" y="{y:.1f}" {size}/>'

    def _key(self, top: float, what: str) -> list[str]:
        """The shades from the lowest to the highest, and what the frames say."""
        left, width = self._left, 120.0 / _SHADES
        shades = [
            f'<rect x="{left + i * width:.1f}" y="{top:.1f}" width="{width + 0.5:.1f}" height="10" '
            f'fill="{heat_colour(i / (_SHADES - 1))}"/>'
            for i in range(_SHADES)
        ]
        words = [
            text_element("tick", left, top + 23.0, self._text(self._low), "start"),
            text_element("tick", left + 120.0, top + 23.0, self._text(self._high), "end"),
            text_element("axis", left + 130.0, top + 9.0, what, "start"),
        ]
        if self._best:
            box = f'<rect class="among-best" x="{left + 131.5:.1f}" y="{top + 15.5:.1f}" width="12" height="9"/>'
            words += [box, text_element("axis", left + 150.0, top + 24.0, "cannot be told from the best", "start")]
        return shades + words


def _decimals(values: NDArray[np.float64]) -> int:
    """As many decimals as show differences of a hundredth of the range; a number has three digits or so."""
    reach = float(values.max() - values.min())
    return min(6, max(0, 2 - math.floor(math.log10(reach)))) if reach > 0.0 else 2

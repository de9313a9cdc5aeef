"""Charts as SVG text, for a page.

Colours and fonts are left to the page's style sheet, through classes and the custom property `--c`, so that a chart
follows the page from light to dark. Charts are small and there are several of them: side by side on a wide screen, one
below the other on a phone, and to be read on either.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import LETTER, RING, Band, Bar, Chart, Line, Tick
from fastsoftq.figures.labels import shortened

__all__ = ["HEIGHT", "svg"]

WIDTH, HEIGHT = 480.0, 300.0
_TOP, _BOTTOM = 12.0, 40.0
_TICK_LETTER = 6.8  # width of a letter of a tick, on average
_LONGEST = 20  # letters of a name; longer ones are cut, unless it takes more to tell them apart


def svg(chart: Chart, alternative: str, height: float = HEIGHT) -> str:
    """Draw a chart as an SVG element.

    Parameters
    ----------
    chart : Chart
    alternative : str
        What it shows, in words.
    height : float
        480 is its width.

    Returns
    -------
    str

    Examples
    --------
    >>> from fastsoftq.figures.chart import Scale
    >>> chart = Chart(Scale(1.0, 100.0, "log"), Scale(0.0, 1.0), "episode", "share")
    >>> svg(chart, "Nothing, on two axes.")[:52]
    '<svg class="chart" viewBox="0 0 480 300" role="img" '
    """
    return _Page(chart, height).drawn(alternative)


class _Page:
    """A chart laid out on a page."""

    def __init__(self, chart: Chart, height: float) -> None:
        self._chart, self._height = chart, height
        rows = chart.ticks_up(height - _BOTTOM - _TOP)
        short = shortened([text for _, text in rows], _LONGEST + 4)
        self._rows = [(value, text) for (value, _), text in zip(rows, short, strict=True)]
        names = list(dict.fromkeys(name.text for name in chart.names))
        self._names = dict(zip(names, shortened(names, _LONGEST), strict=True))
        longest = max((len(text) for _, text in self._rows), default=0)
        self._left = 12.0 + _TICK_LETTER * longest + (18.0 if chart.ylabel else 0.0)
        self._right = WIDTH - 12.0 - LETTER * max(map(len, self._names.values()), default=0)
        self._bottom = height - _BOTTOM

    def drawn(self, alternative: str) -> str:
        marks = "".join(map(self._mark, self._chart.marks))
        return (
            f'<svg class="chart" viewBox="0 0 {WIDTH:g} {self._height:g}" role="img" '
            f'aria-label="{escape(alternative)}" xmlns="http://www.w3.org/2000/svg">'
            f"{self._axes()}{marks}{self._rings()}{self._ends()}</svg>"
        )

    def _across(self, values: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return self._left + self._chart.x(values) * (self._right - self._left)

    def _up(self, values: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Places along the vertical axis; it begins below, and SVG above."""
        return self._bottom - self._chart.y(values) * (self._bottom - _TOP)

    def _mark(self, mark: Line | Band | Bar) -> str:
        if isinstance(mark, Line):
            label = f' data-name="{escape(mark.label)}"' if mark.label else ""
            points = _points(self._across(mark.x), self._up(mark.y))
            return f'<polyline class="{mark.kind}"{label}{_property(mark.colour)} points="{points}"/>'
        if isinstance(mark, Band):
            y = self._chart.y
            low, high = (self._up(np.clip(values, y.low, y.high)) for values in (mark.low, mark.high))
            x = self._across(mark.x)
            around = _points(np.append(x, x[::-1]), np.append(low, high[::-1]))
            return f'<polygon class="band"{_property(mark.colour)} points="{around}"/>'
        start, stop = float(self._across(mark.low)), float(self._across(mark.high))
        top = float(self._up(mark.y)) - mark.thickness / 2.0
        return (
            f'<rect class="{"bar" if mark.colour else "middle"}"{_property(mark.colour)} x="{start:.1f}" y="{top:.1f}" '
            f'height="{mark.thickness:g}" width="{max(stop - start, 1.5):.1f}"/>'
        )

    def _axes(self) -> str:
        chart, left, right, bottom = self._chart, self._left, self._right, self._bottom
        columns: Sequence[Tick] = chart.ticks_across(right - left)
        centre, middle = (left + right) / 2.0, (_TOP + bottom) / 2.0
        parts = []
        for value, text in self._rows:
            at = float(self._up(value))
            parts += [_grid(left, right, at, at), _text("tick", left - 6.0, at + 4.0, text, "end")]
        for value, text in columns:
            at = float(self._across(value))
            parts += [_grid(at, at, _TOP, bottom), _text("tick", at, bottom + 15.0, text)]
        parts.append(_text("axis", centre, self._height - 6.0, chart.xlabel))
        if chart.ylabel:
            parts.append(
                f'<text class="axis" transform="translate(13 {middle:g}) rotate(-90)" text-anchor="middle">'
                f"{escape(chart.ylabel)}</text>"
            )
        return "".join(parts)

    def _rings(self) -> str:
        rings = "".join(
            f'<circle class="ring"{_property(ring.colour)} cx="{float(self._across(ring.x)):.1f}" '
            f'cy="{float(self._up(ring.y)):.1f}" r="{RING:g}"/>'
            for ring in self._chart.rings
        )
        numbers = self._chart.numbered(self._right - self._left, self._bottom - _TOP)
        return rings + "".join(
            _text("at", self._left + x, self._bottom - y + 4.0, ring.text, colour=ring.colour)
            for (x, y), ring in numbers
        )

    def _ends(self) -> str:
        return "".join(
            f'<text class="name"{_property(name.colour)} x="{self._right + 7.0:.1f}" '
            f'y="{self._bottom - place + 4.0:.1f}"><title>{escape(name.text)}</title>'
            f"{escape(self._names[name.text])}</text>"
            for place, name in self._chart.named(self._bottom - _TOP)
        )


def _grid(x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle", colour: str = "") -> str:
    return (
        f'<text class="{kind}"{_property(colour)} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _property(colour: str) -> str:
    """A colour by its name in the style sheet, which has one for light and one for dark."""
    return f' style="--c:var(--c-{colour.lstrip("#")})"' if colour else ""


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))

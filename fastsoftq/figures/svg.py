"""Charts as SVG text, for a page.

Colours and fonts are left to the page's style sheet, through classes and the custom property `--c`, so that a chart
follows the page from light to dark. Charts are small and there are several of them: side by side on a wide screen, one
below the other on a phone, and to be read on either.
"""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.chart import LETTER, LINE, RING, ROW_LETTERS, TICK_LETTER, Band, Bar, Chart, Line
from fastsoftq.figures.labels import wrapped

__all__ = ["AXIS_LETTER", "HEIGHT", "WIDTH", "svg", "text_element"]

WIDTH, HEIGHT = 480.0, 300.0
_TOP, _BOTTOM = 12.0, 40.0
_TICK_LINE = 13.0  # height of a line of a tick
AXIS_LETTER = 6.9  # width of a letter of an axis's label
_NAME = 17  # letters of a line of a name
_SAMPLE = 24.0  # of a line, before its name
_EDGE = 4.0
_DOT = 3.2  # radius


def svg(chart: Chart, alternative: str, height: float | None = None) -> str:
    """Draw a chart as an SVG element.

    Parameters
    ----------
    chart : Chart
    alternative : str
        What it shows, in words.
    height : float, optional
        The chart's own, or 300, if not given; 480 is its width. More is taken where names or ticks need it.

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
    return _Page(chart, height or chart.height or HEIGHT).drawn(alternative)


class _Page:
    """A chart laid out on a page."""

    def __init__(self, chart: Chart, height: float) -> None:
        self._chart = chart
        longest = max((len(line) for _, name in chart.named(1.0, _NAME) for line in name.text.split("\n")), default=0)
        lines = sum(1 + name.text.count("\n") for _, name in chart.named(1.0, _NAME))
        inner = max(height - _TOP - _BOTTOM, LINE * (lines - 1))
        rows = chart.ticks_up(inner)
        self._rows = [(value, wrapped(text, ROW_LETTERS) if chart.yticks else text) for value, text in rows]
        widest = max((len(line) for _, text in self._rows for line in text.split("\n")), default=0)
        ylabel = wrapped(chart.ylabel, int(inner / AXIS_LETTER)) if chart.ylabel else ""
        self._left = 12.0 + TICK_LETTER * widest + (LINE * (1 + ylabel.count("\n")) + 3.0 if ylabel else 0.0)
        self._right = WIDTH - 12.0 - (LETTER * longest + _SAMPLE if longest else 0.0)
        columns = chart.ticks_across(self._right - self._left)
        if columns:  # what stands below the right end of the axis needs room beside it
            over = TICK_LETTER * max(map(len, columns[-1][1].split("\n"))) / 2.0
            self._right = min(self._right, max(WIDTH - _EDGE - over, self._left + 40.0))
        self._columns = chart.ticks_across(self._right - self._left)
        self._xlabel = wrapped(chart.xlabel, int((WIDTH - self._left) / AXIS_LETTER))
        self._ylabel = ylabel
        self._deep = max((text.count("\n") for _, text in self._columns), default=0)
        self._bottom = _TOP + inner
        self._height = self._bottom + _BOTTOM + _TICK_LINE * self._deep + LINE * self._xlabel.count("\n")

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
            style = f"{_dashed(mark.dash)}{_property(mark.colour)}"
            return f'<polyline class="{mark.kind}"{label}{style} points="{points}"/>'
        if isinstance(mark, Band):
            y = self._chart.y
            low, high = (self._up(np.clip(values, y.low, y.high)) for values in (mark.low, mark.high))
            x = self._across(mark.x)
            around = _points(np.append(x, x[::-1]), np.append(low, high[::-1]))
            return f'<polygon class="{mark.kind}"{_property(mark.colour)} points="{around}"/>'
        start, stop = float(self._across(mark.low)), float(self._across(mark.high))
        top = float(self._up(mark.y)) - mark.thickness / 2.0
        return (
            f'<rect class="{"bar" if mark.colour else "middle"}"{_property(mark.colour)} x="{start:.1f}" y="{top:.1f}" '
            f'height="{mark.thickness:g}" width="{max(stop - start, 1.5):.1f}"/>'
        )

    def _axes(self) -> str:
        left, right, bottom = self._left, self._right, self._bottom
        parts = []
        for value, text in self._rows:
            at = float(self._up(value))
            middle = at + 4.0 - _TICK_LINE * text.count("\n") / 2.0
            parts += [_grid(left, right, at, at), text_element("tick", left - 6.0, middle, text, "end")]
        for value, text in self._columns:
            at = float(self._across(value))
            parts += [_grid(at, at, _TOP, bottom), text_element("tick", at, bottom + 15.0, text)]
        half = AXIS_LETTER * max(map(len, self._xlabel.split("\n"))) / 2.0
        centre = min(max((left + right) / 2.0, half + _EDGE), WIDTH - half - _EDGE)
        below = self._height - 6.0 - LINE * self._xlabel.count("\n")
        parts.append(text_element("axis", centre, below, self._xlabel, line=LINE))
        if self._ylabel:
            turned = text_element("axis", 0.0, 0.0, self._ylabel, line=LINE)
            parts.append(f'<g transform="translate(13 {(_TOP + bottom) / 2.0:g}) rotate(-90)">{turned}</g>')
        return "".join(parts)

    def _rings(self) -> str:
        rings = "".join(
            f'<circle class="{"dot" if ring.filled else "ring"}"{_property(ring.colour)} '
            f'cx="{float(self._across(ring.x)):.1f}" cy="{float(self._up(ring.y)):.1f}" '
            f'r="{_DOT if ring.filled else RING:g}"/>'
            for ring in self._chart.rings
        )
        numbers = self._chart.numbered(self._right - self._left, self._bottom - _TOP)
        return rings + "".join(
            text_element("at", self._left + x, self._bottom - y + 4.0, ring.text, colour=ring.colour)
            for (x, y), ring in numbers
        )

    def _ends(self) -> str:
        """Names, each behind a sample of its line."""
        parts, x = [], self._right + 7.0
        for place, name in self._chart.named(self._bottom - _TOP, _NAME):
            y = self._bottom - place - LINE * name.text.count("\n") / 2.0
            sample = f'x1="{x:.1f}" x2="{x + _SAMPLE - 4.0:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
            parts.append(f'<line class="mean"{_dashed(name.dash)}{_property(name.colour)} {sample}/>')
            parts.append(text_element("name", x + _SAMPLE, y + 4.0, name.text, "start", line=LINE))
        return "".join(parts)


def _grid(x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def text_element(
    kind: str, x: float, y: float, text: str, anchor: str = "middle", colour: str = "", line: float = _TICK_LINE
) -> str:
    r"""Write text, line below line, as an SVG element.

    Parameters
    ----------
    kind : str
        Its class.
    x, y : float
        Where its first line stands.
    text : str
        Lines end with "\n".
    anchor : {"start", "middle", "end"}
    colour : str
        As "#rrggbb"; left to the style sheet if empty.
    line : float
        From one line to the next.

    Returns
    -------
    str

    Examples
    --------
    >>> text_element("tick", 10.0, 20.0, "a < b")
    '<text class="tick" x="10.0" y="20.0" text-anchor="middle">a &lt; b</text>'
    """
    lines = [escape(each if anchor == "start" else each.rstrip()) for each in text.split("\n")]
    rest = "".join(f'<tspan x="{x:.1f}" dy="{line:g}">{each}</tspan>' for each in lines[1:])
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}"{_property(colour)} {place}>{lines[0]}{rest}</text>'


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _property(colour: str) -> str:
    """A colour by its name in the style sheet, which has one for light and one for dark."""
    return f' style="--c:var(--c-{colour.lstrip("#")})"' if colour else ""


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))

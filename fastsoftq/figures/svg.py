"""Charts as SVG text: scales with their ticks, axes, lines, bands and names at their ends.

Colours and fonts are left to the page's style sheet, through classes and the custom property `--c`, so that a chart
follows the page from light to dark. Charts are small and there are several of them: side by side on a wide screen, one
below the other on a phone, and to be read on either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.labels import Marker, apart, beside, shortened

__all__ = ["Chart", "Scale", "typeset"]

WIDTH, HEIGHT = 480.0, 300.0
_TOP, _BOTTOM = 12.0, 40.0
_LETTER, _BOLD, _LINE = 6.8, 8.0, 15.0  # widths of letters in a wide font, on average; height of a line
_RING = 4.5  # radius
_LONGEST = 20  # letters of a name; longer ones are cut, unless it takes more to tell them apart
_KNEE = 10.0  # a symmetric logarithmic scale is about linear up to here


def typeset(number: float, decimals: int = 0) -> str:
    """A number to be read: thousands apart, a minus sign as long as a plus, infinity as its sign."""
    text = f"{number:,.{decimals}f}"
    if math.isinf(number):
        return text.replace("inf", "\N{INFINITY}").replace("-", "\N{MINUS SIGN}")
    return text.replace("-", "\N{MINUS SIGN}") if float(text.replace(",", "")) else text.lstrip("-")


@dataclass(frozen=True)
class Scale:
    """From values to places on the chart.

    Parameters
    ----------
    low, high : float
        The values at its ends.
    kind : {"linear", "log", "symlog"}
    """

    low: float
    high: float
    kind: str = "linear"

    @classmethod
    def over(cls, values: Sequence[NDArray[np.float64]], *, wide: bool, margin: float = 0.04) -> Scale:
        """The scale that holds all values, with a margin; symmetric logarithmic if `wide`."""
        kind = "symlog" if wide else "linear"
        low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
        ends = cls(0.0, 1.0, kind)._warped(np.array([low, high]))
        room = margin * (float(ends[1] - ends[0]) or max(1.0, abs(float(ends[0]))))
        low, high = (float(ends[0]) - room, float(ends[1]) + room)
        if wide:
            low, high = _KNEE * math.sinh(low), _KNEE * math.sinh(high)
        return cls(low, high, kind)

    def __call__(self, values: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Where values lie, 0 at the lower end and 1 at the upper."""
        low, high = self._warped(np.array([self.low, self.high]))
        return np.asarray((self._warped(np.asarray(values, dtype=np.float64)) - low) / (high - low))

    def _warped(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kind == "log":
            return np.asarray(np.log10(values))
        return np.asarray(np.arcsinh(values / _KNEE)) if self.kind == "symlog" else values

    def ticks(self, length: float, gap: float) -> list[float]:
        """Round values, at least `gap` apart on an axis of this length; rounder ones first where not all fit."""
        taken: list[float] = []
        for candidates in self._round():
            for value in candidates:
                clear = all(abs(float(self(value) - self(other))) * length >= gap for other in taken)
                if clear and self.low <= value <= self.high:
                    taken.append(value)
        return sorted(taken)

    def _round(self) -> list[list[float]]:
        """Round values within reach, the roundest first."""
        if self.kind == "linear":
            step = 10.0 ** math.floor(math.log10((self.high - self.low) / 2.0))
            for part in (1.0, 0.5, 0.25):
                inside = range(math.ceil(self.low / (step * part)), math.floor(self.high / (step * part)) + 1)
                if len(inside) >= 4:
                    break
            return [[i * step * part for i in inside]]
        powers = [10.0**p for p in range(math.ceil(math.log10(max(abs(self.low), abs(self.high), 10.0))) + 1)]
        mantissas = [[m * p for p in powers] for m in (1.0, 2.0, 5.0)]
        signed = [[v for x in values for v in ((x, -x) if self.kind == "symlog" else (x,))] for values in mantissas]
        return [[0.0], *signed] if self.kind == "symlog" else signed


@dataclass
class Chart:
    """A chart to be drawn on.

    Parameters
    ----------
    x, y : Scale
    xlabel, ylabel : str
    names : sequence of str
        What `end` will write beside the chart.
    height : float
    yticks : sequence of (float, str), optional
        Words in the place of numbers.
    """

    x: Scale
    y: Scale
    xlabel: str
    ylabel: str
    names: Sequence[str] = ()
    height: float = HEIGHT
    yticks: Sequence[tuple[float, str]] | None = None
    _parts: list[str] = field(default_factory=list)
    _ends: list[tuple[float, str, str]] = field(default_factory=list)
    _rings: list[tuple[float, float, str, str]] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Where the axes begin."""
        letters = max((len(text) for _, text in self._rows), default=0)
        return 12.0 + _LETTER * letters + (18.0 if self.ylabel else 0.0)

    @property
    def _rows(self) -> Sequence[tuple[float, str]]:
        """Ticks of the vertical axis."""
        if self.yticks is None:
            return _texts(self.y.ticks(self.height - _BOTTOM - _TOP, 20.0))
        texts = shortened([text for _, text in self.yticks], _LONGEST + 4)
        return [(value, text) for (value, _), text in zip(self.yticks, texts, strict=True)]

    @property
    def right(self) -> float:
        """Where the axes end."""
        return WIDTH - 12.0 - _BOLD * max(map(len, shortened(self.names, _LONGEST)), default=0)

    def across(self, values: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Places along the horizontal axis."""
        return self.left + self.x(values) * (self.right - self.left)

    def up(self, values: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Places along the vertical axis; it begins below, and SVG above."""
        return self.height - _BOTTOM - self.y(values) * (self.height - _BOTTOM - _TOP)

    def line(self, x: NDArray[np.float64], y: NDArray[np.float64], kind: str, colour: str = "", name: str = "") -> None:
        """Draw a line; `kind` is its class in the style sheet, and a `name` has its values shown where one points."""
        named = f' data-name="{escape(name)}"' if name else ""
        points = _points(self.across(x), self.up(y))
        self._add(f'<polyline class="{kind}"{named}{_property(colour)} points="{points}"/>')

    def steps(self, x: NDArray[np.float64], y: NDArray[np.float64], kind: str, colour: str = "") -> None:
        """Draw a line that keeps to a value until the next one."""
        self.line(np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1], kind, colour)

    def band(
        self, x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], kind: str, colour: str
    ) -> None:
        """Fill what lies between two lines, as far as the axes go."""
        low, high = (np.clip(values, self.y.low, self.y.high) for values in (low, high))
        around = _points(np.append(self.across(x), self.across(x)[::-1]), np.append(self.up(low), self.up(high)[::-1]))
        self._add(f'<polygon class="{kind}"{_property(colour)} points="{around}"/>')

    def bar(self, low: float, high: float, y: float, thickness: float, colour: str, kind: str) -> None:
        """Draw a horizontal bar around a height, at least as long as can be seen."""
        start, stop = float(self.across(low)), float(self.across(high))
        place = f'x="{start:.1f}" y="{float(self.up(y)) - thickness / 2.0:.1f}" height="{thickness:g}"'
        self._add(f'<rect class="{kind}"{_property(colour)} {place} width="{max(stop - start, 1.5):.1f}"/>')

    def dot(self, x: float, y: float, colour: str, text: str = "") -> None:
        """Draw a ring, with text above or below it."""
        self._rings.append((float(self.across(x)), float(self.up(y)), colour, text))

    def end(self, y: float, name: str, colour: str) -> None:
        """Write a name at the right of the height where its line ends."""
        self._ends.append((float(self.up(y)), name, colour))

    def svg(self, alternative: str) -> str:
        """The chart as an SVG element.

        Parameters
        ----------
        alternative : str
            What it shows, in words.

        Returns
        -------
        str
        """
        return (
            f'<svg class="chart" viewBox="0 0 {WIDTH:g} {self.height:g}" role="img" '
            f'aria-label="{escape(alternative)}" xmlns="http://www.w3.org/2000/svg">'
            f"{self._axes()}{''.join(self._parts)}{self._dots()}{self._names()}</svg>"
        )

    def _add(self, part: str) -> None:
        self._parts.append(part)

    def _axes(self) -> str:
        bottom, middle = self.height - _BOTTOM, (_TOP + self.height - _BOTTOM) / 2.0
        parts = []
        for value, text in self._rows:
            at = float(self.up(value))
            parts.append(f'<line class="grid" x1="{self.left:.1f}" x2="{self.right:.1f}" y1="{at:.1f}" y2="{at:.1f}"/>')
            parts.append(
                f'<text class="tick" x="{self.left - 6.0:.1f}" y="{at + 4.0:.1f}" text-anchor="end">'
                f"{escape(text)}</text>"
            )
        for value, text in _texts(self.x.ticks(self.right - self.left, 38.0)):
            at = float(self.across(value))
            parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP:g}" y2="{bottom:g}"/>')
            parts.append(
                f'<text class="tick" x="{at:.1f}" y="{bottom + 15.0:g}" text-anchor="middle">{escape(text)}</text>'
            )
        centre = (self.left + self.right) / 2.0
        parts.append(
            f'<text class="axis" x="{centre:.1f}" y="{self.height - 6.0:g}" text-anchor="middle">'
            f"{escape(self.xlabel)}</text>"
        )
        if self.ylabel:
            parts.append(
                f'<text class="axis" transform="translate(13 {middle:g}) rotate(-90)" text-anchor="middle">'
                f"{escape(self.ylabel)}</text>"
            )
        return "".join(parts)

    def _dots(self) -> str:
        markers = [Marker(x, -y, _RING, _BOLD * len(text), upwards=True) for x, y, _, text in self._rings]
        places = beside(markers, _LINE, (self.left, _BOTTOM - self.height, self.right, -_TOP))
        rings = "".join(
            f'<circle class="ring"{_property(colour)} cx="{x:.1f}" cy="{y:.1f}" r="{_RING:g}"/>'
            for x, y, colour, _ in self._rings
        )
        return rings + "".join(
            f'<text class="at"{_property(colour)} x="{x:.1f}" y="{4.0 - y:.1f}" text-anchor="middle">'
            f"{escape(text)}</text>"
            for (x, y), (_, _, colour, text) in zip(places, self._rings, strict=True)
            if text
        )

    def _names(self) -> str:
        ends = sorted(self._ends)
        places = apart([end[0] for end in ends], _LINE).tolist() if ends else []
        short = dict(zip(self.names, shortened(self.names, _LONGEST), strict=True))
        return "".join(
            f'<text class="name"{_property(colour)} x="{self.right + 7.0:.1f}" y="{place + 4.0:.1f}">'
            f"<title>{escape(name)}</title>{escape(short[name])}</text>"
            for place, (_, name, colour) in zip(places, ends, strict=True)
        )


def _texts(ticks: list[float]) -> list[tuple[float, str]]:
    """Ticks as text, with as many decimals as tell them apart."""
    steps = np.diff(ticks)
    least = float(steps.min()) if len(steps) else 1.0
    decimals = next((d for d in range(8) if abs(round(least, d) - least) < 1e-9 * least), 8)
    return [(tick, typeset(tick, decimals)) for tick in ticks]


def _property(colour: str) -> str:
    return f' style="--c:var(--{colour})"' if colour else ""


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))

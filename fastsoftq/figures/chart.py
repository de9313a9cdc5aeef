"""A chart as data: scales, lines, bands and names. `svg` draws it for a page and `learning_figure` with Matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.figures.labels import Marker, apart, beside, typeset, value_text, wrapped

__all__ = [
    "KNEE",
    "LETTER",
    "LINE",
    "RING",
    "TICK_LETTER",
    "Band",
    "Bar",
    "Chart",
    "Line",
    "Name",
    "Ring",
    "Scale",
    "Tick",
]

# Lengths are in pixels of a page whose text is 11.5 pixels high. Other drawers scale them to the text they write.
LINE, LETTER = 15.0, 8.0  # height of a line; width of a bold letter, on average
TICK_LETTER = 6.8  # width of a letter of a tick, on average
ROW_LETTERS = 28  # of a line of a row's label
RING = 4.5  # radius
_ACROSS, _UP = 38.0, 20.0  # between the ticks of an axis
_ROW, _ENDS = 27.0, 60.0  # height of a row, and of what is above and below all of them
_SHORTEST = 6  # letters of a line of a tick that is broken
_CLEAR = 7.0  # between the texts of neighbouring ticks
_MARGIN = 0.04  # of the values' range, beyond either end
KNEE = 10.0  # a symmetric logarithmic scale is about linear up to here

Tick = tuple[float, str]


@dataclass(frozen=True)
class Scale:
    """From values to places on an axis.

    Parameters
    ----------
    low, high : float
        The values at its ends.
    kind : {"linear", "log", "symlog"}

    Examples
    --------
    >>> scale = Scale(1.0, 1000.0, "log")
    >>> float(scale(10.0)), scale.ticks(250.0, 38.0)
    (0.3333333333333333, [1.0, 10.0, 100.0, 1000.0])
    """

    low: float
    high: float
    kind: str = "linear"

    @classmethod
    def over(cls, values: Sequence[NDArray[np.float64]], *, wide: bool) -> Scale:
        """The scale that holds all values, with a margin; symmetric logarithmic if `wide`."""
        kind = "symlog" if wide else "linear"
        low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
        ends = cls(0.0, 1.0, kind).warped(np.array([low, high]))
        room = _MARGIN * (float(ends[1] - ends[0]) or max(1.0, abs(float(ends[0]))))
        low, high = (float(ends[0]) - room, float(ends[1]) + room)
        if wide:
            low, high = KNEE * math.sinh(low), KNEE * math.sinh(high)
        return cls(low, high, kind)

    @classmethod
    def of_values(cls, values: Sequence[NDArray[np.float64]], ends: Sequence[float]) -> Scale:
        """The scale that holds all values; symmetric logarithmic where they exceed the curves' ends by far."""
        largest = max(float(np.abs(v).max()) for v in values)
        return cls.over(values, wide=largest > 100.0 and largest > 8.0 * float(np.abs(ends).min()))

    def __call__(self, values: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Where values lie, 0 at the lower end and 1 at the upper."""
        low, high = self.warped(np.array([self.low, self.high]))
        return np.asarray((self.warped(np.asarray(values, dtype=np.float64)) - low) / (high - low))

    def warped(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values as lengths along the axis, up to a linear function."""
        if self.kind == "log":
            return np.asarray(np.log10(values))
        return np.asarray(np.arcsinh(values / KNEE)) if self.kind == "symlog" else values

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
        last = math.ceil(math.log10(max(abs(self.low), abs(self.high), 10.0)))
        first = min(0, math.floor(math.log10(self.low))) if self.kind == "log" else 0
        powers = [float(f"1e{p}") for p in range(first, last + 1)]
        mantissas = [[m * p for p in powers] for m in (1.0, 2.0, 5.0)]
        signed = [[v for x in values for v in ((x, -x) if self.kind == "symlog" else (x,))] for values in mantissas]
        return [[0.0], *signed] if self.kind == "symlog" else signed


class Line(NamedTuple):
    """A line through points; `label` is what it is of.

    Its `kind` is "mean", "median", "exact", "zero", "whisker" (an interval) or "stroke" (at an exact answer).
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    kind: str
    colour: str = ""  # as "#rrggbb"; ink if empty
    label: str = ""
    dash: str = ""  # lengths of strokes and gaps; whole if empty


class Band(NamedTuple):
    """What lies between two lines; `kind` is "band", or "spread" for what is paler."""

    x: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    colour: str
    kind: str = "band"


class Bar(NamedTuple):
    """A horizontal bar around a height."""

    low: float
    high: float
    y: float
    thickness: float
    colour: str = ""


class Ring(NamedTuple):
    """A ring with a number beside it."""

    x: float
    y: float
    colour: str
    text: str = ""
    upwards: bool = True  # where the number is best
    filled: bool = False


class Name(NamedTuple):
    """A name at the right of the height where its line ends."""

    y: float
    text: str
    colour: str
    dash: str = ""  # of its line


@dataclass
class Chart:
    """A chart.

    Attributes
    ----------
    x, y : Scale
    xlabel, ylabel : str
    xticks, yticks : sequence of (float, str), optional
        Where the axis is marked, and with which words; round numbers if not given. Of `xticks` those are shown that
        have room, the first and the last before others.
    marks : list of Line, Band or Bar
        In the order in which they are drawn.
    rings : list of Ring
        On top of all marks.
    names : list of Name
        At the right.
    height : float or None
        Of the drawing, at least; as of any other if None.
    """

    x: Scale
    y: Scale
    xlabel: str
    ylabel: str
    xticks: Sequence[Tick] | None = None
    yticks: Sequence[Tick] | None = None
    marks: list[Line | Band | Bar] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    height: float | None = None

    def ticks_across(self, width: float) -> Sequence[Tick]:
        """The ticks of the horizontal axis, where axes are so wide; their texts keep clear of each other."""
        if self.xticks is not None:
            letters = max(_SHORTEST, int(width / max(1, len(self.xticks)) / TICK_LETTER) - 1)
            return self._with_room([(value, wrapped(text, letters)) for value, text in self.xticks], width)
        gap = _ACROSS
        while True:
            ticks = _texts(self.x.ticks(width, gap))
            if len(ticks) < 2 or len(self._with_room(ticks, width)) == len(ticks):
                return ticks
            gap *= 1.2

    def _with_room(self, ticks: Sequence[Tick], width: float) -> list[Tick]:
        """The ticks whose texts have room: the first and the last, the middle, and so on."""
        taken: dict[int, tuple[float, float]] = {}
        for i in _outside_in(len(ticks)):
            at = width * float(self.x(ticks[i][0]))
            half = (TICK_LETTER * max(map(len, ticks[i][1].split("\n"))) + _CLEAR) / 2.0
            if all(abs(at - other) >= half + others for other, others in taken.values()):
                taken[i] = (at, half)
        return [ticks[i] for i in sorted(taken)]

    def ticks_up(self, height: float) -> Sequence[Tick]:
        """The ticks of the vertical axis, where axes are so high."""
        return _texts(self.y.ticks(height, _UP)) if self.yticks is None else self.yticks

    def named(self, height: float, letters: int | None = None) -> list[tuple[float, Name]]:
        """The names, each with the place of its middle above the lower end of axes so high, clear of each other.

        Names are broken into lines of so many letters, if given.
        """
        names = sorted(self.names, key=lambda name: (float(self.y(name.y)), *name))
        if letters is not None:
            names = [name._replace(text=wrapped(name.text, letters)) for name in names]
        heights = [LINE * (1 + name.text.count("\n")) for name in names]
        if not names:
            return []
        between = [(a + b) / 2.0 for a, b in pairwise(heights)]
        wanted = [height * min(1.0, max(0.0, float(self.y(name.y)))) for name in names]
        ends = ((heights[0] - LINE) / 2.0, height - (heights[-1] - LINE) / 2.0)
        return list(zip(apart(wanted, between, ends).tolist(), names, strict=True))

    def numbered(self, width: float, height: float) -> list[tuple[tuple[float, float], Ring]]:
        """The rings that have a number, each with the number's place in axes of this size, clear of each other."""
        markers = [
            Marker(width * float(self.x(r.x)), height * float(self.y(r.y)), RING, LETTER * len(r.text), r.upwards)
            for r in self.rings
        ]
        told: list[tuple[Marker, Ring]] = []  # of rings upon each other that have the same number, one tells it
        for m, ring in zip(markers, self.rings, strict=True):
            if not any(r.text == ring.text and math.hypot(m.x - o.x, m.y - o.y) < 2.0 * RING for o, r in told):
                told.append((m, ring))
        places = beside([m for m, _ in told], LINE, (0.0, 0.0, width, height))
        return [(place, ring) for place, (_, ring) in zip(places, told, strict=True) if ring.text]


def _outside_in(count: int) -> Iterator[int]:
    """The first and the last of so many, then the middle of each gap."""
    yield from range(min(count, 1))
    if count > 1:
        yield count - 1
    gaps = [(0, count - 1)]
    while gaps:
        low, high = gaps.pop(0)
        if high - low > 1:
            middle = (low + high) // 2
            yield middle
            gaps += [(low, middle), (middle, high)]


def rows_chart(x: Scale, xlabel: str, labels: Sequence[str]) -> tuple[Chart, list[float]]:
    """A chart with a row for each label, as high as the label's lines.

    Parameters
    ----------
    x : Scale
    xlabel : str
    labels : sequence of str
        From the top; one or more.

    Returns
    -------
    chart : Chart
    places : list of float
        Where each row has its middle, on the vertical axis.

    Examples
    --------
    >>> chart, places = rows_chart(Scale(0.0, 1.0), "score", ["hard", "soft"])
    >>> places, chart.height
    ([0.0, -1.0], 114.0)
    """
    heights = [max(1.0, LINE * (1 + wrapped(label, ROW_LETTERS).count("\n")) / _ROW) for label in labels]
    middles = np.cumsum(heights) - np.array(heights) / 2.0
    places = [float(middles[0] - middle) for middle in middles]
    y = Scale(places[-1] - (heights[-1] / 2.0 + 0.1), heights[0] / 2.0 + 0.1)
    ticks = list(zip(places, labels, strict=True))
    return Chart(x, y, xlabel, "", yticks=ticks, height=_ENDS + _ROW * sum(heights)), places


def _texts(ticks: list[float]) -> list[Tick]:
    """Ticks as text, with as many decimals as tell them apart, or with powers of ten where these would be many."""
    steps = np.diff(ticks)
    least = float(steps.min()) if len(steps) else 1.0
    if least < 1e-7 or max(map(abs, ticks), default=0.0) >= 1e15:
        exact = [0.0 if abs(tick) < 1e-9 * least else float(f"{tick:.12g}") for tick in ticks]
        return [(tick, value_text(value)) for tick, value in zip(ticks, exact, strict=True)]
    decimals = next((d for d in range(8) if abs(round(least, d) - least) < 1e-9 * least), 8)
    return [(tick, typeset(tick, decimals)) for tick in ticks]

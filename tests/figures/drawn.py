"""What a drawn chart holds, read from its SVG: texts with their boxes, as wide as the page's font may make them."""

import xml.etree.ElementTree as ET
from typing import NamedTuple

from fastsoftq.figures.chart import TICK_LETTER

SVG = "{http://www.w3.org/2000/svg}"
NARROW = 0.8 * TICK_LETTER  # width of a letter, as it is drawn at the least


class Text(NamedTuple):
    kind: str
    words: str
    x: float
    y: float
    anchor: str
    lines: int
    longest: int

    @property
    def box(self):
        width = NARROW * self.longest
        left = self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * width
        return left, self.y - 9.0, left + width, self.y + 2.0 + 13.0 * (self.lines - 1)


def texts(drawing, kind=None):
    """Its texts that are not turned, those of a kind only if one is given."""
    found = []
    for element in ET.fromstring(drawing).findall(f"{SVG}text"):
        lines = list(element.itertext())
        place = float(element.get("x")), float(element.get("y"))
        of = element.get("class")
        joined = " ".join(" ".join(lines).split())
        text = Text(of, joined, *place, element.get("text-anchor"), len(lines), max(map(len, lines)))
        if kind in (None, of):
            found.append(text)
    return found


def elements(drawing, kind):
    """Its elements of a class."""
    return [element for element in ET.fromstring(drawing).iter() if element.get("class") == kind]


def meet(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

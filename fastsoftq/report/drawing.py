"""A drawing: a chart on the page, and the numbers behind it as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fastsoftq.system.csv_cells import plain_cell

__all__ = ["Column", "Drawing", "csv_text"]

Column = tuple[str, Iterable[float | str]]


class Drawing(NamedTuple):
    """A chart on the page."""

    title: str
    svg: str
    file: str  # the name of its data
    data: str  # CSV


def csv_text(columns: Sequence[Column]) -> str:
    """Write columns as CSV; ten significant digits, nothing for NaN, and no text that is a formula.

    Parameters
    ----------
    columns : sequence of (str, iterable of float or str)
        Names, and as many values for each.

    Returns
    -------
    str

    Examples
    --------
    >>> csv_text([("agent", ["soft"]), ("return", [-12.0])]).split()
    ['agent,return', 'soft,-12']
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([plain_cell(name) for name, _ in columns])
    for row in zip(*(values for _, values in columns), strict=True):
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return plain_cell(value)
    return "" if math.isnan(value) else f"{value:.10g}"

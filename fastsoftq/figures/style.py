"""How Matplotlib's figures look: their style and frame, how they are saved, how they show themselves in a notebook."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import Any, BinaryIO

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from fastsoftq.figures.colours import GREY, INK

__all__ = [
    "STYLE",
    "ShownAxes",
    "ShownFigure",
    "count_on_logarithmic_axis",
    "dashed",
    "key_below",
    "save",
    "titled_figure",
]

STYLE: Any = {  # Matplotlib types its settings by name
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.dpi": 100,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with Matplotlib: the same figure on every machine
    "font.size": 9.5,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.title_fontsize": 8.5,
    "savefig.dpi": 160,
    "svg.fonttype": "path",
    "svg.hashsalt": "fastsoftq",  # identifiers in an SVG are random otherwise
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
}


class ShownFigure(Figure):
    """A figure that a notebook shows, without pyplot and its list of open figures.

    Examples
    --------
    >>> ShownFigure(figsize=(1.0, 1.0))._repr_png_()[1:4]
    b'PNG'
    """

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(file, format="png", dpi="figure")
        return file.getvalue()


class ShownAxes(Axes):
    """Axes that a notebook shows, as the figure they are in.

    Examples
    --------
    >>> ShownFigure(figsize=(1.0, 1.0)).add_subplot(axes_class=ShownAxes)._repr_png_()[1:4]
    b'PNG'
    """

    def _repr_png_(self) -> bytes | None:
        figure = self.get_figure(root=True)
        return figure._repr_png_() if isinstance(figure, ShownFigure) else None


def save(figure: Figure, file: BinaryIO, kind: str) -> None:
    """Write a figure into an open file, without a date or anything else that changes from run to run.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    file : binary file
    kind : {"svg", "png"}

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> save(Figure(figsize=(1.0, 1.0)), file, "png")
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    metadata = {"Title": figure.get_suptitle()} | ({"Date": None} if kind == "svg" else {})
    picture = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        _settle(figure)
        figure.savefig(picture, format=kind, metadata=metadata)
    file.write(_named_in_order(picture.getvalue()) if kind == "svg" else picture.getvalue())


def _settle(figure: Figure) -> None:
    """Lay a figure out for good, to nine digits: the last bits of a layout vary from run to run."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position(tuple(np.round(ax.get_position(original=True).bounds, 9)))
    for text in figure.texts:
        text.set_position(tuple(np.round(text.get_position(), 9)))


def _named_in_order(svg: bytes) -> bytes:
    """Name clipping paths by their order: Matplotlib names them by the last bits of where they lie, which vary."""
    names = dict.fromkeys(re.findall(rb'<clipPath id="(p[0-9a-f]{10})"', svg))
    for place, name in enumerate(names):
        svg = svg.replace(name, b"clip%d" % place)
    return svg


_LETTERS = 15.5  # of a note, an inch


@contextlib.contextmanager
def titled_figure(
    width: float, height: float, title: str, note: str = "", layout: Any = "constrained"
) -> Iterator[Figure]:
    """A figure to draw into, in the style of all of them.

    Parameters
    ----------
    width, height : float
        Inches.
    title : str
    note : str
        How to read it; broken into lines.
    layout : str or matplotlib.layout_engine.LayoutEngine

    Yields
    ------
    matplotlib.figure.Figure

    Examples
    --------
    >>> with titled_figure(6.0, 4.0, "Returns", "Ten seeds.") as figure:
    ...     ax = figure.subplots()
    >>> figure.get_suptitle()
    'Returns'
    """
    with matplotlib.rc_context(STYLE):
        figure = ShownFigure(figsize=(width, height), layout=layout)
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        if note:
            figure.supxlabel(_lines(figure, note), x=0.01, ha="left", fontsize=8.5, color=GREY)
        yield figure


def dashed(dash: str) -> dict[str, Any]:
    """How Matplotlib draws a line of dashes.

    Parameters
    ----------
    dash : str
        Lengths of strokes and gaps, as `dashes` gives them; empty for a whole line.

    Returns
    -------
    dict
        Keyword arguments of `plot`; none for a whole line.

    Examples
    --------
    >>> dashed("6 2.5"), dashed("")
    ({'linestyle': (0, [3.0, 1.25])}, {})
    """
    return {"linestyle": (0, [float(part) / 2.0 for part in dash.split()])} if dash else {}


def key_below(figure: Figure, handles: Sequence[Artist], note: str) -> None:
    """Explain below a figure, in place of a note alone, what is drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    handles : sequence of matplotlib.artist.Artist
        What has a label.
    note : str
        Broken into lines.

    Examples
    --------
    >>> with titled_figure(6.0, 4.0, "Returns") as figure:
    ...     key_below(figure, figure.subplots().plot([1, 2], label="hard"), "Ten seeds.")
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['hard']
    """
    text = _lines(figure, note)
    legend = figure.legend(
        handles=handles, loc="outside lower left", ncols=len(handles), title=text, alignment="left", borderaxespad=0.2
    )
    legend.get_title().set_color(GREY)


def count_on_logarithmic_axis(ax: Axes) -> None:
    """Write episodes on a logarithmic x axis as plain numbers.

    Parameters
    ----------
    ax : matplotlib.axes.Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> count_on_logarithmic_axis(ax)
    >>> ax.get_xscale()
    'log'
    """
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.xaxis.set_minor_formatter(NullFormatter())


def _lines(figure: Figure, text: str) -> str:
    return fill(text.replace(" %", "\N{NO-BREAK SPACE}%"), int(_LETTERS * figure.get_figwidth()))

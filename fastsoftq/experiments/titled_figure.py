"""The frame of an experiment's figure: its style, its title, and below it a note and the key to what is drawn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from textwrap import fill

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from fastsoftq.figures.colours import GREY
from fastsoftq.figures.style import STYLE, ShownFigure

__all__ = ["count_on_logarithmic_axis", "key_below", "titled_figure"]

_LETTERS = 15.5  # of a note, an inch


@contextlib.contextmanager
def titled_figure(width: float, height: float, title: str, note: str = "") -> Iterator[Figure]:
    """A figure to draw into, in the style of all of them.

    Parameters
    ----------
    width, height : float
        Inches.
    title : str
    note : str
        How to read it; broken into lines.

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
        figure = ShownFigure(figsize=(width, height), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        if note:
            figure.supxlabel(_lines(figure, note), x=0.01, ha="left", fontsize=8.5, color=GREY)
        yield figure


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
    return fill(text, int(_LETTERS * figure.get_figwidth()))

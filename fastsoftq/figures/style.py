"""How Matplotlib's figures look, are saved, no byte left to chance, and show themselves in a notebook."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastsoftq.figures.colours import GREY, INK, agent_colour

__all__ = ["GREY", "INK", "STYLE", "ShownAxes", "ShownFigure", "agent_colour", "save"]

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
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format=kind, metadata=metadata)

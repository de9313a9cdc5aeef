"""How figures look: one colour for an agent wherever it appears, safe for the colour-blind; no bytes left to chance."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

from fastsoftq.agents import ExpectedSarsa, QLearning, Sarsa, SoftQLearning

__all__ = ["GREY", "INK", "STYLE", "agent_colour", "on_dark", "save"]

INK, GREY = "#1a1a1a", "#6b6b6b"

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

# Vermilion and reddish purple of Okabe & Ito (2008) for agents that maximise, and blues, darker the colder, for soft
# ones: warm against cold also tells them apart for the colour-blind, light against dark in grey.
_MAXIMISING = {QLearning: "#d55e00", Sarsa: "#cc79a7", ExpectedSarsa: "#8a3f6b"}
_SOFT = LinearSegmentedColormap.from_list("soft", ["#8cc8ef", "#3d9fd9", "#0064a0", "#082a5a"])
_OTHER = "#4d4d4d"
_LIFT = 0.17  # of full luminance: contrast of 3.5 at least with the page's dark ground
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear red, green and blue


def agent_colour(agent: Any) -> str:
    """The colour of an agent, from what it learns; exploration on top does not change it.

    Parameters
    ----------
    agent : NamedTuple
        With a soft agent, reward_scale / temperature counts: from 0.3, light, to 30, dark.

    Returns
    -------
    str
        As "#rrggbb".
    """
    if isinstance(agent, SoftQLearning):
        temperature = agent.temperature if isinstance(agent.temperature, float | int) else agent.temperature.stop
        coldness = math.log10(agent.reward_scale / temperature)
        return to_hex(_SOFT((coldness + 0.5) / 2.0))
    return _MAXIMISING.get(type(agent), _OTHER)


def on_dark(colour: str) -> str:
    """A colour for dark ground: lighter, so that the darkest can be seen, and in the same order of lightness.

    Parameters
    ----------
    colour : str
        As "#rrggbb".

    Returns
    -------
    str
        As "#rrggbb".
    """
    encoded = np.array(to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ _LUMINANCE
    wanted = luminance + _LIFT * (1.0 - luminance)
    lifted = linear * min(wanted / luminance, 1.0 / linear.max()) if luminance > 0.0 else linear  # of the same hue,
    luminance = lifted @ _LUMINANCE
    lifted = lifted + (1.0 - lifted) * (wanted - luminance) / (1.0 - luminance)  # and white where that cannot do
    return to_hex(np.where(lifted <= 0.0031308, lifted * 12.92, 1.055 * lifted ** (1.0 / 2.4) - 0.055))


def save(figure: Figure, file: BinaryIO, kind: str) -> None:
    """Write a figure into an open file, without a date or anything else that changes from run to run.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    file : binary file
    kind : {"svg", "png"}
    """
    metadata = {"Title": figure.get_suptitle()} | ({"Date": None} if kind == "svg" else {})
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format=kind, metadata=metadata)

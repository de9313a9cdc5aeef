"""Colours: one for an agent wherever it is drawn, safe for the colour-blind, on light ground and on dark."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import ExpectedSarsa, QLearning, Sarsa, SoftQLearning
from fastsoftq.deep.learner import Deep

__all__ = ["DASHES", "GREY", "INK", "agent_colour", "dashes", "heat_colour", "ink_on", "on_dark"]

INK, GREY = "#1a1a1a", "#6b6b6b"

DASHES = ("", "6 2.5", "7 2 1.5 2", "2 2", "4 1.5", "9 2 1.5 2 1.5 2")  # lengths of strokes and gaps, in pixels

# Vermilion and reddish purple of Okabe & Ito (2008) for agents that maximise, and blues, darker the colder, for soft
# ones: warm against cold also tells them apart for the colour-blind, light against dark in grey.
_MAXIMISING = {QLearning: "#d55e00", Sarsa: "#cc79a7", ExpectedSarsa: "#8a3f6b"}
_SOFT = ("#8cc8ef", "#3d9fd9", "#0064a0", "#082a5a")
_SHADES = 256  # between the first blue and the last
_HEAT = ("#f2f5f8", *_SOFT)  # from low to high: ever darker, so that it can be read in grey
_OTHER = "#4d4d4d"
_LIFT = 0.17  # of full luminance: contrast of 3.5 at least with the page's dark ground
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear red, green and blue


def agent_colour(agent: Any) -> str:
    """The colour of an agent, from what it learns; exploration on top does not change it.

    Parameters
    ----------
    agent : NamedTuple
        Of a soft agent reward_scale / temperature counts: from 0.3, light, to 30, dark. A deep agent has the colour of
        the one whose rules it plays by.

    Returns
    -------
    str
        As "#rrggbb".

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent_colour(fsq.QLearning(step_size=0.8, discount=0.95))
    '#d55e00'
    """
    if isinstance(agent, Deep):
        return agent_colour(agent.agent)
    if isinstance(agent, SoftQLearning):
        temperature = agent.temperature if isinstance(agent.temperature, float | int) else agent.temperature.stop
        return _blue((math.log10(agent.reward_scale / temperature) + 0.5) / 2.0)
    return _MAXIMISING.get(type(agent), _OTHER)


def dashes(colours: Sequence[str]) -> list[str]:
    """Lines that tell apart what has the same colour: whole, dashed, dotted; over again after six.

    Parameters
    ----------
    colours : sequence of str

    Returns
    -------
    list of str
        The dashes of each, as SVG has them; empty for a whole line.

    Examples
    --------
    >>> dashes(["#d55e00", "#0064a0", "#0064a0"])
    ['', '', '6 2.5']
    """
    seen: Counter[str] = Counter()
    found = []
    for colour in colours:
        found.append(DASHES[seen[colour] % len(DASHES)])
        seen[colour] += 1
    return found


def heat_colour(share: float) -> str:
    """The colour of a cell of a heat map, the darker the higher.

    Parameters
    ----------
    share : float
        From 0, the lowest, to 1.

    Returns
    -------
    str
        As "#rrggbb".

    Examples
    --------
    >>> heat_colour(0.0), heat_colour(1.0)
    ('#f2f5f8', '#082a5a')
    """
    return _between(_HEAT, min(max(share, 0.0), 1.0))


def ink_on(colour: str) -> str:
    """Black or white, whichever is read more easily on a colour.

    Parameters
    ----------
    colour : str
        As "#rrggbb".

    Returns
    -------
    str
        Its contrast is at least 4.5, that of level AA.

    Examples
    --------
    >>> ink_on("#f2f5f8"), ink_on("#082a5a")
    ('#000000', '#ffffff')
    """
    luminance = float(_linear(colour) @ _LUMINANCE)
    return "#000000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#ffffff"


def on_dark(colour: str) -> str:
    """The colour that stands for another on dark ground: lighter, and in the same order of lightness.

    Parameters
    ----------
    colour : str
        As "#rrggbb".

    Returns
    -------
    str
        As "#rrggbb".

    Examples
    --------
    >>> on_dark("#000000")
    '#737373'
    """
    linear = _linear(colour)
    luminance = linear @ _LUMINANCE
    wanted = luminance + _LIFT * (1.0 - luminance)
    lifted = linear * min(wanted / luminance, 1.0 / linear.max()) if luminance > 0.0 else linear  # of the same hue
    missing = max(0.0, float(wanted - lifted @ _LUMINANCE))
    if missing > 0.0:  # and nearer to white where the hue cannot do alone
        lifted = lifted + (1.0 - lifted) * missing / (missing + 1.0 - wanted)
    return _hex(np.where(lifted <= 0.0031308, lifted * 12.92, 1.055 * lifted ** (1.0 / 2.4) - 0.055))


def _blue(coldness: float) -> str:
    """A blue, from the lightest at 0 to the darkest at 1."""
    shade = min(max(int(coldness * _SHADES), 0), _SHADES - 1) / (_SHADES - 1)
    return _between(_SOFT, shade)


def _between(colours: Sequence[str], share: float) -> str:
    """The colour at a share of the way through some, evenly placed."""
    anchors = np.linspace(0.0, 1.0, len(colours))
    return _hex(np.array([np.interp(share, anchors, channel) for channel in np.transpose([_rgb(c) for c in colours])]))


def _linear(colour: str) -> NDArray[np.float64]:
    """Red, green and blue as amounts of light, each from 0 to 1."""
    encoded = _rgb(colour)
    return np.asarray(np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4))


def _rgb(colour: str) -> NDArray[np.float64]:
    """Red, green and blue, each from 0 to 1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def _hex(rgb: NDArray[np.float64]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in (255.0 * rgb).tolist())

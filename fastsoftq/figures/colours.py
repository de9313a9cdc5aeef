"""Colours: one for an agent wherever it is drawn, safe for the colour-blind, on light ground and on dark."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import ExpectedSarsa, QLearning, Sarsa, SoftQLearning

__all__ = ["GREY", "INK", "agent_colour", "on_dark"]

INK, GREY = "#1a1a1a", "#6b6b6b"

# Vermilion and reddish purple of Okabe & Ito (2008) for agents that maximise, and blues, darker the colder, for soft
# ones: warm against cold also tells them apart for the colour-blind, light against dark in grey.
_MAXIMISING = {QLearning: "#d55e00", Sarsa: "#cc79a7", ExpectedSarsa: "#8a3f6b"}
_SOFT = ("#8cc8ef", "#3d9fd9", "#0064a0", "#082a5a")
_SHADES = 256  # between the first blue and the last
_OTHER = "#4d4d4d"
_LIFT = 0.17  # of full luminance: contrast of 3.5 at least with the page's dark ground
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear red, green and blue


def agent_colour(agent: Any) -> str:
    """The colour of an agent, from what it learns; exploration on top does not change it.

    Parameters
    ----------
    agent : NamedTuple
        Of a soft agent reward_scale / temperature counts: from 0.3, light, to 30, dark.

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
    if isinstance(agent, SoftQLearning):
        temperature = agent.temperature if isinstance(agent.temperature, float | int) else agent.temperature.stop
        return _blue((math.log10(agent.reward_scale / temperature) + 0.5) / 2.0)
    return _MAXIMISING.get(type(agent), _OTHER)


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
    encoded = _rgb(colour)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
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
    anchors = np.linspace(0.0, 1.0, len(_SOFT))
    return _hex(np.array([np.interp(shade, anchors, channel) for channel in np.transpose([_rgb(c) for c in _SOFT])]))


def _rgb(colour: str) -> NDArray[np.float64]:
    """Red, green and blue, each from 0 to 1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def _hex(rgb: NDArray[np.float64]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in (255.0 * rgb).tolist())

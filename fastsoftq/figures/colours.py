"""Colours: one for an agent wherever it is drawn, safe for the colour-blind, on light ground and on dark.

Agents that maximise are warm, from yellow over red to purple, and soft ones cool, from blue to green. No eighteen
colours can be told apart by everybody: lines that some would confuse are dashed (`dashes`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import (
    ActorCritic,
    DoubleQLearning,
    DoubleSoftQLearning,
    DynaQ,
    DynaSoftQ,
    ExpectedSarsa,
    MellowmaxQLearning,
    NStepSarsa,
    NStepSoftQLearning,
    NStepTreeBackup,
    PathConsistency,
    PrioritizedSweeping,
    QLambda,
    QLearning,
    Sarsa,
    SarsaLambda,
    SoftQLambda,
    SoftQLearning,
)
from fastsoftq.figures.colour_vision import alike, linear_light, rgb_of

__all__ = ["DASHES", "GREY", "INK", "agent_colour", "dashes", "heat_colour", "ink_on", "on_dark"]

INK, GREY = "#1a1a1a", "#6b6b6b"

DASHES = ("", "6 2.5", "7 2 1.5 2", "2 2", "4 1.5", "9 2 1.5 2 1.5 2")  # lengths of strokes and gaps, in pixels

# Vermilion and reddish purple are those of Okabe & Ito (2008). The others are such that the least difference of any two
# is about as large as can be (`colour_vision.difference`) where all have to be warm or cool.
_KINDS: dict[type, str] = {
    QLearning: "#d55e00",
    Sarsa: "#cc79a7",
    ExpectedSarsa: "#8a3f6b",
    DoubleQLearning: "#810f11",
    NStepSarsa: "#dd376d",
    NStepTreeBackup: "#d98202",
    SarsaLambda: "#7f0878",
    QLambda: "#9e7d3d",
    DynaQ: "#af1a09",
    PrioritizedSweeping: "#4c0519",
    ActorCritic: "#c5b203",
    MellowmaxQLearning: "#7865fc",
    DoubleSoftQLearning: "#3415c1",
    NStepSoftQLearning: "#2d9b91",
    PathConsistency: "#5ac9a0",
    SoftQLambda: "#28b173",
    DynaSoftQ: "#0c5a50",
}
_ACTOR_WITH_ENTROPY = "#167690"
_SOFT = ("#8cc8ef", "#3d9fd9", "#0064a0", "#082a5a")  # of soft Q-learning, the darker the colder
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
        Of soft Q-learning reward_scale / temperature counts: from 0.3, light, to 30, dark; of other agents their kind
        alone. An agent around another has the colour of the one within, and a deep agent that of the one whose rules it
        plays by. Kinds that are not of this package are grey.

    Returns
    -------
    str
        As "#rrggbb": warm of agents that maximise, cool of soft ones.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> agent_colour(hard), agent_colour(fsq.VisitStepSize(hard, power=0.8))
    ('#d55e00', '#d55e00')
    """
    if hasattr(agent, "agent"):
        return agent_colour(agent.agent)
    if isinstance(agent, SoftQLearning):
        temperature = agent.temperature if isinstance(agent.temperature, float | int) else agent.temperature.stop
        return _blue((math.log10(agent.reward_scale / temperature) + 0.5) / 2.0)
    if isinstance(agent, ActorCritic) and agent.temperature != 0.0:
        return _ACTOR_WITH_ENTROPY
    return _KINDS.get(type(agent), _OTHER)


def dashes(colours: Sequence[str]) -> list[str]:
    """Lines that tell apart what has the same colour, or one that somebody takes for it: whole, dashed, dotted.

    Parameters
    ----------
    colours : sequence of str

    Returns
    -------
    list of str
        The dashes of each, as SVG has them; empty for a whole line. The first that none before it has whose colour is
        `alike`; where all six are taken, the one that fewest of those have.

    Examples
    --------
    >>> dashes(["#d55e00", "#0064a0", "#0064a0", "#00659f"])
    ['', '', '6 2.5', '7 2 1.5 2']
    """
    found: list[str] = []
    for colour in colours:
        taken = [dash for dash, before in zip(found, colours, strict=False) if alike(before, colour)]
        found.append(min(DASHES, key=taken.count))
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
    luminance = float(linear_light(colour) @ _LUMINANCE)
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
    linear = linear_light(colour)
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
    anchors, channels = np.linspace(0.0, 1.0, len(colours)), np.transpose([rgb_of(colour) for colour in colours])
    return _hex(np.array([np.interp(share, anchors, channel) for channel in channels]))


def _hex(rgb: NDArray[np.float64]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in (255.0 * rgb).tolist())

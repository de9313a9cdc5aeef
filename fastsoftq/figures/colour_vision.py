"""How colours look: to whom two are alike, all kinds of colour vision considered."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["alike", "difference", "linear_light", "rgb_of"]

# What is left of linear red, green and blue without one kind of cones: Machado, Oliveira & Fernandes (2009), table 1.
_VISIONS = np.array(
    [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
)
# Oklab (Ottosson 2020): places in which equal distances look about equally large; black and white are 1 apart.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_ALIKE = 0.06  # some three times what is just noticed side by side: lines are thin, and apart


def difference(one: str, other: str) -> float:
    """By how much two colours differ to whoever tells them apart least: all cones, or one kind missing.

    Parameters
    ----------
    one, other : str
        As "#rrggbb".

    Returns
    -------
    float
        A distance in Oklab (Ottosson 2020); 1 from black to white. Eyes without one kind of cones are those of Machado,
        Oliveira & Fernandes (2009).

    Examples
    --------
    >>> round(difference("#000000", "#ffffff"), 3)
    1.0
    >>> difference("#cc0000", "#557700") < 0.1 < difference("#d55e00", "#0064a0")
    True
    """
    return float(np.linalg.norm(_seen(one) - _seen(other), axis=-1).min())


def alike(one: str, other: str) -> bool:
    """Whether somebody takes lines of two colours for the same.

    Parameters
    ----------
    one, other : str
        As "#rrggbb".

    Returns
    -------
    bool

    Examples
    --------
    >>> alike("#0064a0", "#00659f"), alike("#d55e00", "#0064a0")
    (True, False)
    """
    return difference(one, other) < _ALIKE


def linear_light(colour: str) -> NDArray[np.float64]:
    """Red, green and blue of a colour as amounts of light.

    Parameters
    ----------
    colour : str
        As "#rrggbb".

    Returns
    -------
    ndarray of float64, shape [3]
        Each from 0 to 1.

    Examples
    --------
    >>> linear_light("#ff0000").tolist()
    [1.0, 0.0, 0.0]
    """
    encoded = rgb_of(colour)
    return np.asarray(np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4))


def rgb_of(colour: str) -> NDArray[np.float64]:
    """Red, green and blue of a colour, as it is written.

    Parameters
    ----------
    colour : str
        As "#rrggbb".

    Returns
    -------
    ndarray of float64, shape [3]
        Each from 0 to 1.

    Examples
    --------
    >>> rgb_of("#ff0033").tolist()
    [1.0, 0.0, 0.2]
    """
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


@cache
def _seen(colour: str) -> NDArray[np.float64]:
    """Where a colour lies in Oklab, to each kind of eyes, [kinds, 3]."""
    light = np.clip(_VISIONS @ linear_light(colour), 0.0, 1.0)
    return np.asarray(np.cbrt(light @ _TO_CONES.T) @ _TO_LAB.T)

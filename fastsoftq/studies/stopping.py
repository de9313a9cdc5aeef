"""Stopping: seeds are added in rounds until it is answered what differs, or the budget is spent."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from fastsoftq import checks

__all__ = ["Stop"]


@dataclass(frozen=True)
class Stop:
    """When a study has enough seeds.

    Parameters
    ----------
    difference : float
        The least difference of the study's main measure that matters, in its unit; above 0.
    confidence : float
        The probability, between 0 and 1, that nothing false is said of any pair in any round.
    most : int
        The most seeds.

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Out of bounds.

    Examples
    --------
    >>> Stop(difference=1.0)
    Stop(difference=1.0, confidence=0.95, most=10000)
    """

    difference: float
    confidence: float = 0.95
    most: int = 10_000

    def __post_init__(self) -> None:
        def fix(field: str, value: float | int) -> None:
            object.__setattr__(self, field, value)

        fix("difference", checks.positive("difference", self.difference))
        fix("confidence", checks.in_unit_interval("confidence", self.confidence, open_below=True, open_above=True))
        fix("most", checks.count("most", self.most, most=sys.maxsize))

"""Selection: on how many seeds hyperparameters are chosen, and on how many others what was chosen is compared."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from fastsoftq import checks

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """The first seeds tune and the next test, so that nothing is compared on the seeds it was chosen by.

    Parameters
    ----------
    tune : int
        How many of the study's first seeds hyperparameters are chosen on.
    test : int
        How many of the next seeds what was chosen is compared on, at least: later ones count, too.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Below 1, or 2 that test.

    Examples
    --------
    >>> Selection(tune=200, test=1000).seeds
    1200
    """

    tune: int
    test: int

    def __post_init__(self) -> None:
        for field, least in (("tune", 1), ("test", 2)):  # one run compares nothing
            number = checks.count(field, getattr(self, field), least=least, most=sys.maxsize // 2)
            object.__setattr__(self, field, number)

    @property
    def seeds(self) -> int:
        """How many seeds both take together."""
        return self.tune + self.test

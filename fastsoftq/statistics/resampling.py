"""How many resamples and permutations tell of a small chance of error."""

import math

__all__ = ["permutations_for", "resamples_for"]

_BAND = 2000, 20_000  # resamples at least, and at most
_BEYOND = 3  # of them lie beyond what a band keeps within
_TEST = 9999, 1_000_000  # permutations at least, and at most


def resamples_for(error: float) -> int:
    """How many resamples a band takes for so small an error, or as many as one has time for.

    Parameters
    ----------
    error : float
        In (0, 1).
    """
    return min(max(_BAND[0], math.ceil(_BEYOND / error)), _BAND[1])


def permutations_for(error: float) -> int:
    """How many permutations can tell of so small an error, and of half of it.

    Parameters
    ----------
    error : float
        In (0, 1).
    """
    return min(max(_TEST[0], math.ceil(2.0 / error)), _TEST[1])

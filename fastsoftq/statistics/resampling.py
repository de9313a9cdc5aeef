"""How many resamples and permutations a small chance of error takes."""

import math

__all__ = ["permutations_for", "resamples_for"]

_BAND = 2000, 20_000  # resamples at least, and at most
_BEYOND = 3  # of them lie beyond what a band keeps within
_TEST = 9999, 1_000_000  # permutations at least, and at most


def resamples_for(error: float) -> int:
    """How many resamples a band takes: 3 beyond it on average, 2000 at least and 20,000 at most.

    Parameters
    ----------
    error : float
        Of the band, in (0, 1).

    Examples
    --------
    >>> resamples_for(0.05), resamples_for(0.001), resamples_for(0.0001)
    (2000, 3000, 20000)
    """
    return min(max(_BAND[0], math.ceil(_BEYOND / error)), _BAND[1])


def permutations_for(error: float) -> int:
    """How many permutations a test takes: enough for p-values of half the error, 9999 at least and a million at most.

    Parameters
    ----------
    error : float
        Of the test, in (0, 1).

    Examples
    --------
    >>> permutations_for(0.05), permutations_for(0.0001)
    (9999, 20000)
    """
    return min(max(_TEST[0], math.ceil(2.0 / error)), _TEST[1])
